/* SPDX-License-Identifier: MIT */
#include "net/vipaddr.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#define FLAGS6 (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_DEPRECATED)

void vipaddr_label(const struct prefix *vip, const char *app_name, char ret[static IFNAMSIZ])
{
	ret[0] = 0;
	if (vip->addr.family == AF_INET)
		snprintf(ret, IFNAMSIZ, "lo:%.*s", IFNAMSIZ - 4, app_name);
}

uint8_t vipaddr_parts(const struct prefix *vip)
{
	bool network4 = vip->addr.family == AF_INET && vip->len < 32;
	return network4 ? VIP_ROUTE : VIP_ADDRESS | VIP_ROUTE;
}

static uint8_t scope_of(uint8_t family)
{
	return family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

struct nladdr vipaddr_make(const struct prefix *vip, const char *app_name)
{
	struct nladdr a = {
		.prefix = *vip,
		.ifindex = NLADDR_LO_IFINDEX,
		.proto = NLADDR_PROTO_OURS,
		.scope = scope_of(vip->addr.family),
	};
	if (vip->addr.family == AF_INET6)
		a.flags = FLAGS6;
	else if (app_name)
		vipaddr_label(vip, app_name, a.label);
	return a;
}

bool vipaddr_wrong_scope(const struct nladdr *a)
{
	return a->scope != scope_of(a->prefix.addr.family);
}

static bool lasts(const struct nladdr *a)
{
	bool v6 = a->prefix.addr.family == AF_INET6;
	return a->valid == NLADDR_FOR_EVER && a->preferred == (v6 ? 0 : NLADDR_FOR_EVER);
}

bool vipaddr_intact(const struct nladdr *a, bool tags)
{
	return lasts(a) && !vipaddr_wrong_scope(a) && (!tags || a->proto == NLADDR_PROTO_OURS);
}

bool vipaddr_as_made(const struct nladdr *a)
{
	uint32_t flags = a->prefix.addr.family == AF_INET6 ? FLAGS6 : 0;
	return lasts(a) && (a->flags & flags) == flags &&
	       (!vipaddr_wrong_scope(a) || a->scope == RT_SCOPE_UNIVERSE);
}
