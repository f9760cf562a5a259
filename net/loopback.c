/* SPDX-License-Identifier: MIT */
/*
 * Binding VIPs to an interface.
 *
 * The kernel decides who comes first: every add is exclusive, so that an address that another
 * process put there is never taken over. A mirror (net/lo_mirror.h) says what is ours, so that
 * nothing is scanned per VIP; net/lo_follow.h keeps it true.
 */
#include "net/loopback.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "net/lo_mirror.h"
#include "net/nlroute.h"
#include "net/nlvip.h"

struct loopback {
	struct lo_follow follow;
};

int loopback_new(sd_event *loop, const char *ifname, loopback_lost_cb *lost, void *userdata,
		 struct loopback **ret, struct err *err)
{
	struct loopback *lo = mem_new(1, sizeof(*lo));
	int r = lo_follow_init(&lo->follow, loop, ifname, lost, userdata, err);
	if (r < 0) {
		loopback_free(lo);
		return r;
	}
	*ret = lo;
	return 0;
}

void loopback_free(struct loopback *lo)
{
	if (!lo)
		return;
	lo_follow_done(&lo->follow);
	free(lo);
}

/* Queries */

bool loopback_has_tags(const struct loopback *lo)
{
	return lo->follow.mirror.tags;
}

bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label)
{
	return lo_mirror_adopt(&lo->follow.mirror, vip, label);
}

bool loopback_owns(const struct loopback *lo, const struct prefix *vip)
{
	return lo_mirror_owns(&lo->follow.mirror, vip);
}

bool loopback_has_foreign(const struct loopback *lo, const struct prefix *vip, const char *app_name)
{
	char label[IFNAMSIZ];
	const struct lo_entry *e = lo_mirror_conflict(&lo->follow.mirror, vip);
	if (!e || e->origin != LO_FOREIGN || !e->there)
		return false;
	vipaddr_label(vip, lo->follow.link.name, app_name, label);
	return !label[0] || !str_equal(e->label, label);
}

bool loopback_is_up(const struct loopback *lo)
{
	return lo->follow.up;
}

const char *loopback_name(const struct loopback *lo)
{
	return lo->follow.link.name;
}

bool loopback_is_unused(const struct loopback *lo)
{
	for (const struct lo_entry *e = lo->follow.mirror.entries; e; e = e->hh.next)
		if (e->origin != LO_FOREIGN)
			return false;
	return true;
}

/* Adding */

static int explain(const struct loopback *lo, struct err *err, int r, const char *what,
		   const struct prefix *vip)
{
	char text[PREFIX_TEXT_MAX];
	const char *name = lo->follow.link.name;
	prefix_format(vip, text);
	if (r == -EPERM)
		return err_set(
			err, r,
			"cannot %s %s: this needs the capability CAP_NET_ADMIN. Run as root, "
			"with 'AmbientCapabilities=CAP_NET_ADMIN' in the systemd unit, after "
			"'setcap cap_net_admin+ep' on the program, or with "
			"'--cap-add=NET_ADMIN' for a container",
			what, text);
	if (r == -EACCES && vip->addr.family == AF_INET6)
		return err_set(err, r,
			       "cannot %s %s: IPv6 is disabled on %s. Enable it with "
			       "'sysctl -w net.ipv6.conf.%s.disable_ipv6=0'",
			       what, text, name, name);
	return err_set(err, r, "cannot %s %s: %s", what, text, strerror(-r));
}

/* The previous instance bound this IPv6 address with another length. */
static int replace_leftover(struct loopback *lo, const struct lo_entry *e, const struct prefix *vip,
			    const char *app_name)
{
	struct prefix old = e->prefix;
	int r = loopback_del(lo, &old, NULL);
	return r < 0 ? r : nlvip_add(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link, app_name);
}

/* The kernel says that the address is there. 0 if it is ours all the same. */
static int settle_conflict(struct loopback *lo, const struct prefix *vip, const char *app_name,
			   struct err *err)
{
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	if (e && e->origin == LO_OURS) { /* was removed: forget it, and judge by the tag */
		if (e->there & VIP_ROUTE)
			nlvip_del(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link);
		lo_mirror_forget(&lo->follow.mirror, vip);
	}
	e = lo_mirror_conflict(&lo->follow.mirror, vip);
	if (!e && lo_follow_dump(&lo->follow) == 0)
		e = lo_mirror_conflict(&lo->follow.mirror, vip);
	lo_follow_report(&lo->follow);
	if (e && e->origin == LO_LEFTOVER &&
	    (prefix_equal(&e->prefix, vip) || replace_leftover(lo, e, vip, app_name) == 0))
		return 0;
	return lo_mirror_explain(e, vip, lo->follow.link.name, err);
}

/* The kernel ignores a change of scope, so the address is deleted and added; our local route
 * delivers to it in between. */
static int change_scope(struct loopback *lo, const struct prefix *vip, const char *app_name)
{
	int r = nlvip_add(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link, NULL);
	if (r == 0)
		r = nlvip_del(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link);
	if (r == 0)
		r = nlvip_add(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link, app_name);
	lo_follow_read(&lo->follow); /* the removal is our own */
	return r;
}

/* Until the kernel has the address, or it turns out to be one of the previous instance. */
static int bind_address(struct loopback *lo, const struct prefix *vip, const char *app_name,
			struct err *err)
{
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	if (e && e->origin != LO_FOREIGN && (e->there & VIP_ADDRESS)) {
		int r = !e->altered      ? 0
			: e->wrong_scope ? change_scope(lo, vip, app_name)
					 : nlvip_repair(lo->follow.ask, vip, &lo->follow.link);
		return r < 0 ? explain(lo, err, r, "repair", vip) : 0;
	}
	int r = nlvip_add(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link, app_name);
	if (r == -EEXIST)
		return settle_conflict(lo, vip, app_name, err);
	return r < 0 ? explain(lo, err, r, "bind", vip) : 0;
}

/* Local routes of one network stand side by side, so the kernel would not tell of a conflict. */
static int check_network(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	int r = lo_follow_dump(&lo->follow);
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	lo_follow_report(&lo->follow);
	if (r < 0)
		return explain(lo, err, r, "check", vip);
	return e && e->origin == LO_FOREIGN ? lo_mirror_explain(e, vip, lo->follow.link.name, err)
					    : 0;
}

/* All parts, the address first: whose it is decides. */
static int bind_parts(struct loopback *lo, const struct prefix *vip, const char *app_name,
		      struct err *err)
{
	uint8_t parts = vipaddr_parts(vip, lo->follow.mirror.on_lo);
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	/* The kernel drops the routes of an interface without a notification when its last IPv4
	 * address goes, which may have been this one. */
	bool was_bound =
		e && !e->wrong_scope && ((e->there & parts) & VIP_ADDRESS) == (parts & VIP_ADDRESS);
	int r = parts & VIP_ADDRESS ? bind_address(lo, vip, app_name, err)
				    : check_network(lo, vip, err);
	e = lo_mirror_find(&lo->follow.mirror, vip);
	bool has_route = was_bound && e && e->origin != LO_FOREIGN && (e->there & VIP_ROUTE);
	if (r < 0 || !(parts & VIP_ROUTE) || has_route)
		return r;
	r = nlvip_add(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link, NULL);
	if (r < 0 && (parts & VIP_ADDRESS))
		nlvip_del(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link);
	return r < 0 ? explain(lo, err, r, "route locally", vip) : 0;
}

/* Whether the interface is one on which a VIP serves. */
static int check_link(const struct loopback *lo, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	const struct vip_link *link = &lo->follow.link;
	prefix_format(vip, text);
	if (!lo->follow.mirror.on_lo && vip->len < addr_size(vip->addr.family) * 8)
		return err_set(err, -EINVAL,
			       "cannot bind %s to interface %s: expected a VIP of a single address "
			       "(/32 or /128); a network is bound to lo",
			       text, link->name);
	if (!link->ifindex)
		return err_set(err, -ENODEV,
			       "cannot bind %s: there is no interface %s; it is bound when the "
			       "interface appears",
			       text, link->name);
	if (!lo->follow.up)
		return err_set(err, -ENETDOWN,
			       "cannot bind %s: the interface %s is down. Bring it up with "
			       "'ip link set %s up'",
			       text, link->name, link->name);
	return 0;
}

/* The kernel has taken the address, and makes its route later (net/vipaddr.h). */
static bool settles(const struct loopback *lo, const struct prefix *vip, bool was_there)
{
	return !lo->follow.mirror.on_lo && vip->addr.family == AF_INET6 && !was_there;
}

int loopback_add(struct loopback *lo, const struct prefix *vip, const char *app_name,
		 struct err *err)
{
	uint8_t parts = vipaddr_parts(vip, lo->follow.mirror.on_lo);
	/* A removal that is read after we added would pass for a removal of what we add now. */
	lo_follow_read(&lo->follow);
	int r = check_link(lo, vip, err);
	if (r < 0 || lo_mirror_is_bound(&lo->follow.mirror, vip, parts))
		return r;
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	if (e && e->settling)
		return -EINPROGRESS;
	bool was_there = e && e->origin != LO_FOREIGN && e->there & VIP_ADDRESS;
	r = bind_parts(lo, vip, app_name, err);
	if (r < 0)
		return r;
	if (settles(lo, vip, was_there)) {
		lo_mirror_settle(&lo->follow.mirror, vip);
		return -EINPROGRESS;
	}
	lo_mirror_bound(&lo->follow.mirror, vip, parts);
	return 0;
}

/* A local route alone */

static int on_match(const struct nlmsghdr *msg, void *userdata)
{
	return nlroute_parse(msg, userdata);
}

/* A route of table local for just this prefix that another process has added, or that the kernel
 * has for such an address on lo. That of an address on another interface is not in the way, as it
 * is not of an address on lo. */
static bool find_foreign(const struct loopback *lo, const struct prefix *vip, struct nlroute *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	*ret = (struct nlroute){ 0 };
	/* Its table is not asked for: as long as there are no rules, the kernel keeps table local
	 * in table main. */
	return nlsock_request(lo->follow.ask, nlroute_build_match(buf, vip), on_match, ret) == 0 &&
	       ret->type == RTN_LOCAL && ret->dst.len == vip->len &&
	       ret->protocol != NLADDR_PROTO_OURS &&
	       (ret->protocol != RTPROT_KERNEL || ret->ifindex == lo->follow.link.ifindex);
}

static int explain_foreign(const struct nlroute *r, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX], ifname[IF_NAMESIZE] = "?";
	bool single = vip->len == addr_size(vip->addr.family) * 8;
	if_indextoname(r->ifindex, ifname);
	return err_set(
		err, -EEXIST,
		"%s has a local route already (protocol %u, interface %s) that was not put "
		"there by vipherald: it is left alone. Set 'bind: %s' to announce the VIP as "
		"it is",
		prefix_format(vip, text), r->protocol, ifname, single ? "present" : "none");
}

/* The kernel refuses a second IPv4 route of one prefix; of IPv6, only one with the same metric. */
static int claim_route(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct nlroute foreign;
	if (vip->addr.family == AF_INET6 && find_foreign(lo, vip, &foreign))
		return explain_foreign(&foreign, vip, err);
	struct nlmsghdr *msg = nlroute_build_claim_local(buf, vip, lo->follow.link.ifindex);
	int r = nlsock_request(lo->follow.ask, msg, NULL, NULL);
	if (r == -EEXIST && find_foreign(lo, vip, &foreign))
		return explain_foreign(&foreign, vip, err);
	if (r == -EEXIST) /* beside the kernel's */
		r = nlvip_add(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link, NULL);
	return r < 0 ? explain(lo, err, r, "route locally", vip) : 0;
}

/* The route serves before the address goes; and it is there again if the kernel has dropped it
 * together with the last IPv4 address of lo. */
static int exchange_address(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	int r = nlvip_add(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link, NULL);
	if (r == 0)
		r = nlvip_del(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link);
	if (r == 0)
		r = nlvip_add(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link, NULL);
	lo_follow_read(&lo->follow); /* the removal is our own */
	return r < 0 ? explain(lo, err, r, "route locally", vip) : 0;
}

int loopback_add_route(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	int r;
	lo_follow_read(&lo->follow);
	r = check_link(lo, vip, err);
	if (r < 0 || lo_mirror_is_bound(&lo->follow.mirror, vip, VIP_ROUTE))
		return r;
	const struct lo_entry *e = lo_mirror_conflict(&lo->follow.mirror, vip);
	if (e && e->origin == LO_FOREIGN)
		return lo_mirror_explain(e, vip, lo->follow.link.name, err);
	e = lo_mirror_find(&lo->follow.mirror, vip);
	if (e && e->there & VIP_ADDRESS)
		r = exchange_address(lo, vip, err);
	else if (!e || !(e->there & VIP_ROUTE))
		r = claim_route(lo, vip, err);
	if (r == 0)
		lo_mirror_bound(&lo->follow.mirror, vip, VIP_ROUTE);
	return r;
}

/* Removing */

int loopback_del(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	int r = 0;
	lo_follow_read(&lo->follow);
	const struct lo_entry *e = lo_mirror_find(&lo->follow.mirror, vip);
	if (!e || e->origin == LO_FOREIGN)
		return err_set(err, -ENOENT, "%s on %s is not ours", prefix_format(vip, text),
			       lo->follow.link.name);
	if (e->there & VIP_ROUTE)
		r = nlvip_del(lo->follow.ask, vip, VIP_ROUTE, &lo->follow.link);
	if ((e->there & VIP_ADDRESS) && r == 0)
		r = nlvip_del(lo->follow.ask, vip, VIP_ADDRESS, &lo->follow.link);
	if (r < 0)
		return explain(lo, err, r, "remove", vip);
	lo_mirror_forget(&lo->follow.mirror, vip);
	lo_follow_read(&lo->follow);
	return 0;
}

/* Another process has the address of a killed instance, and our route to it is still there. */
static void remove_stray_route(struct loopback *lo, const struct lo_entry *e)
{
	if (e->origin == LO_FOREIGN && (e->there & VIP_ROUTE) &&
	    nlvip_del(lo->follow.ask, &e->prefix, VIP_ROUTE, &lo->follow.link) == 0)
		lo_mirror_route_removed(&lo->follow.mirror, &e->prefix);
}

void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata)
{
	struct lo_entry *e, *next;
	size_t n = 0;
	/* The callback changes the table: walk a copy. */
	struct prefix *found = mem_new(HASH_COUNT(lo->follow.mirror.entries), sizeof(*found));
	HASH_ITER (hh, lo->follow.mirror.entries, e, next) {
		remove_stray_route(lo, e);
		if (e->origin == LO_LEFTOVER)
			found[n++] = e->prefix;
	}
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}
