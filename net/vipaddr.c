/* SPDX-License-Identifier: MIT */
#include "net/vipaddr.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#define FLAGS6 (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_DEPRECATED)

const struct vip_link vip_link_lo = { NLADDR_LO_IFINDEX, "lo" };

void vipaddr_label(const struct prefix *vip, const char *ifname, const char *app_name,
		   char ret[static IFNAMSIZ])
{
	size_t len = strlen(ifname);
	ret[0] = 0;
	if (vip->addr.family != AF_INET)
		return;
	if (len + 2 < IFNAMSIZ)
		snprintf(ret, IFNAMSIZ, "%s:%.*s", ifname, (int)(IFNAMSIZ - 2 - len), app_name);
	else
		snprintf(ret, IFNAMSIZ, "%s", ifname);
}

uint8_t vipaddr_parts(const struct prefix *vip, bool on_lo)
{
	bool network4 = vip->addr.family == AF_INET && vip->len < 32;
	if (!on_lo)
		return VIP_ADDRESS;
	return network4 ? VIP_ROUTE : VIP_ADDRESS | VIP_ROUTE;
}

static uint8_t scope_of(uint8_t family)
{
	return family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

struct nladdr vipaddr_make(const struct prefix *vip, const struct vip_link *link,
			   const char *app_name)
{
	struct nladdr a = {
		.prefix = *vip,
		.ifindex = link->ifindex,
		.proto = NLADDR_PROTO_OURS,
		.scope = scope_of(vip->addr.family),
	};
	if (vip->addr.family == AF_INET6)
		a.flags = FLAGS6;
	else if (app_name)
		vipaddr_label(vip, link->name, app_name, a.label);
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
