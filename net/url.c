/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/str.h"

static const char host_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

static const char *authority(const char *url, size_t *ret_len)
{
	const char *start = strstr(url, "://");
	start = start ? start + 3 : url;
	size_t len = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', len);
	if (at) {
		len -= (size_t)(at + 1 - start);
		start = at + 1;
	}
	*ret_len = len;
	return start;
}

int url_server(const char *url, char ret_host[static URL_HOST_MAX], uint16_t *ret_port,
	       struct err *err)
{
	struct addr addr;
	size_t len;
	const char *start = authority(url, &len);
	size_t n = strcspn(start, ":/?#");
	*ret_host = 0;
	*ret_port = str_starts(url, "https://") ? 443 : 80;
	if (n == 0 || *start == '[')
		return 0;
	if (n >= URL_HOST_MAX || strspn(start, host_characters) < n)
		return err_set(err, -EINVAL,
			       "'%.*s' is not a host name, expected letters, digits, '-', '_' and "
			       "'.' (a name in another script as xn--…)",
			       (int)(n < 80 ? n : 80), start);
	if (n + 1 < len)
		*ret_port = (uint16_t)strtoul(start + n + 1, NULL, 10);
	memcpy(ret_host, start, n);
	ret_host[n] = 0;
	if (addr_parse(ret_host, &addr) == 0)
		*ret_host = 0;
	return 0;
}
