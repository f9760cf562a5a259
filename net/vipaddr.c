/* SPDX-License-Identifier: MIT */
/*
 * IPv6 addresses are added with a preferred lifetime of 0 ("deprecated"): they serve whoever
 * connects to them, but the host does not choose them as the source of its own connections, whose
 * answers might reach another host that announces the same VIP (RFC 6724 rule 3).
 */
#include "net/vipaddr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "net/nlroute.h"

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

static struct nladdr address_of(const struct prefix *vip, const char *app_name)
{
	struct nladdr a = {
		.prefix = *vip,
		.ifindex = NLADDR_LO_IFINDEX,
		.proto = NLADDR_PROTO_OURS,
		.scope = RT_SCOPE_UNIVERSE, /* as `ip address add` has it */
	};
	if (vip->addr.family == AF_INET6)
		a.flags = FLAGS6;
	else if (app_name)
		vipaddr_label(vip, app_name, a.label);
	return a;
}

int vipaddr_add(struct nlsock *s, const struct prefix *vip, uint8_t part, const char *app_name)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX + NLADDR_MSG_MAX];
	struct nladdr a = address_of(vip, app_name);
	if (part == VIP_ADDRESS)
		return nlsock_request(s, nladdr_build_add(buf, &a), NULL, NULL);
	int r = nlsock_request(s, nlroute_build_add_local(buf, vip, NLADDR_LO_IFINDEX), NULL, NULL);
	return r == -EEXIST ? 0 : r;
}

int vipaddr_del(struct nlsock *s, const struct prefix *vip, uint8_t part)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX + NLADDR_MSG_MAX];
	struct nladdr a = address_of(vip, NULL);
	int r;
	if (part == VIP_ADDRESS) {
		r = nlsock_request(s, nladdr_build_del(buf, &a), NULL, NULL);
		return r == -EADDRNOTAVAIL ? 0 : r;
	}
	r = nlsock_request(s, nlroute_build_del_local(buf, vip, NLADDR_LO_IFINDEX), NULL, NULL);
	return r == -ESRCH ? 0 : r;
}

int vipaddr_mend(struct nlsock *s, const struct prefix *vip)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = address_of(vip, NULL);
	return nlsock_request(s, nladdr_build_replace(buf, &a), NULL, NULL);
}

bool vipaddr_intact(const struct nladdr *a, bool tags)
{
	bool v6 = a->prefix.addr.family == AF_INET6;
	return a->valid == NLADDR_FOR_EVER && a->preferred == (v6 ? 0 : NLADDR_FOR_EVER) &&
	       (!tags || a->proto == NLADDR_PROTO_OURS);
}

bool vipaddr_as_made(const struct nladdr *a)
{
	uint32_t flags = a->prefix.addr.family == AF_INET6 ? FLAGS6 : 0;
	return vipaddr_intact(a, false) && (a->flags & flags) == flags &&
	       a->scope == RT_SCOPE_UNIVERSE;
}

bool vipaddr_kernel_tags(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;
	return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 18));
}
