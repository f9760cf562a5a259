/* SPDX-License-Identifier: MIT */
#include "lib/scoped_addr.h"

#include <errno.h>
#include <string.h>

bool ifname_is_valid(const char *name)
{
	return *name && strlen(name) < IF_NAMESIZE && !strpbrk(name, "/: %") &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int scoped_addr_parse(const char *text, struct addr *ret, char *ret_ifname)
{
	char host[ADDR_TEXT_MAX] = "";
	struct addr addr;
	const char *percent = strchr(text, '%');
	size_t n = percent ? (size_t)(percent - text) : strlen(text);
	if (n < sizeof(host))
		memcpy(host, text, n);
	if (addr_parse(host, &addr) < 0)
		return -EINVAL;
	if (percent && !ifname_is_valid(percent + 1))
		return -ENODEV;
	*ret = addr;
	memset(ret_ifname, 0, IF_NAMESIZE);
	if (percent)
		memcpy(ret_ifname, percent + 1, strlen(percent + 1));
	return 0;
}
