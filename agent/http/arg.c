/* SPDX-License-Identifier: MIT */
#include "agent/http/arg.h"

#include <errno.h>
#include <string.h>

#include "agent/config/types.h"
#include "bgp/wire.h"
#include "lib/str.h"
#include "lib/utf8.h"

int api_arg_text(const struct api_arg *arg, const char **ret, struct err *err)
{
	struct err found;
	*ret = arg->value ? arg->value : "";
	if (strlen(*ret) != arg->len)
		return err_set(err, -EINVAL, "%.80s holds U+0000, a control character", arg->name);
	if (utf8_check(*ret, &found) < 0)
		return err_set(err, -EINVAL, "%.80s holds %s", arg->name, found.text);
	return 0;
}

/* One octet has its length. */
int api_arg_shutdown_text(const struct api_arg *arg, const char **ret, struct err *err)
{
	int rc = api_arg_text(arg, ret, err);
	if (rc == 0 && strlen(*ret) > BGP_SHUTDOWN_TEXT_MAX)
		return err_set(err, -EINVAL, "%s: %zu octets, at most %d fit into a NOTIFICATION",
			       arg->name, strlen(*ret), BGP_SHUTDOWN_TEXT_MAX);
	return rc;
}

int api_arg_port(const struct api_arg *arg, uint16_t *ret, struct err *err)
{
	uint64_t port = 0;
	const char *value = arg->value ? arg->value : "";
	if (str_to_u64(value, UINT16_MAX, &port) < 0 || port == 0)
		return err_set(err, -EINVAL, "%s: '%.80s' is not a port, expected 1 to 65535",
			       arg->name, value);
	*ret = (uint16_t)port;
	return 0;
}

int api_arg_flag(const struct api_arg *arg, bool *ret, struct err *err)
{
	*ret = true;
	if (!arg->value || !*arg->value || config_parse_bool(arg->value, ret))
		return 0;
	return err_set(err, -EINVAL, "%s: '%.80s' is neither true nor false", arg->name,
		       arg->value);
}
