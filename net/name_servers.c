/* SPDX-License-Identifier: MIT */
/*
 * glibc keeps an IPv4 server in nsaddr_list, and for an IPv6 one an entry without a family there
 * and the address in _u._ext.nsaddrs. It uses what it finds changed, and with RES_NORELOAD never
 * reads resolv.conf again.
 */
#include "net/name_servers.h"

#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/source.h"

static bool is_unfit(const struct sockaddr_in6 *server)
{
	const struct addr to = addr_from_bytes(AF_INET6, &server->sin6_addr);
	return source_is_only_vip(&to);
}

int name_servers_avoid_vips(void)
{
	int kept = 0;
	if (res_init() != 0)
		return 0;
	int all = _res.nscount;
	for (int i = 0; i < all; i++) {
		struct sockaddr_in6 *six = _res._u._ext.nsaddrs[i];
		if (_res.nsaddr_list[i].sin_family == 0 && six && is_unfit(six))
			continue;
		_res.nsaddr_list[kept] = _res.nsaddr_list[i];
		_res._u._ext.nsaddrs[kept++] = six;
	}
	if (kept < all)
		_res.options |= RES_NORELOAD;
	_res.nscount = kept;
	return all - kept;
}
