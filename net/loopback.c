/* SPDX-License-Identifier: MIT */
/*
 * Binding VIPs to lo, and noticing what other processes do to them.
 *
 * The kernel decides who comes first: every add is exclusive, so that an address that another
 * process put there is never taken over. A mirror (net/lo_mirror.h) says what is ours, so that
 * nothing is scanned per VIP.
 *
 * The mirror is kept true by notifications. Those of our own IPv4 additions are filtered out in the
 * kernel, by the port id of their request; for IPv6 it has none, and they are ignored because they
 * are as they should be. Those of our own removals are told from others' by order: loopback_del()
 * empties the queue before it removes a VIP and again after, so a removal that is read later is not
 * its own. When notifications are lost all the same, one dump sets the mirror right.
 */
#include "net/loopback.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"
#include "net/nlvip.h"
#include "process/loop.h"

#define EVENTS_PER_TURN 64
#define DUMP_RETRY      USEC_PER_SEC

struct loopback {
	sd_event *loop;
	struct nlsock *ask, *watch;
	struct lo_mirror mirror;
	bool up;
	bool link_flipped; /* lo went down or up, and the owner was not told yet */
	sd_event_source *watch_source, *report_source, *retry_source;
	loopback_lost_cb *lost_cb;
	void *userdata;
};

/* Asking the kernel */

static int on_dumped_address(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) == 0 && a.ifindex == NLADDR_LO_IFINDEX)
		lo_mirror_dump_address(&lo->mirror, &a);
	return 0;
}

static int on_dumped_route(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nlroute r;
	if (nlroute_parse(msg, &r) == 0 && nlroute_is_our_local(&r))
		lo_mirror_dump_route(&lo->mirror, &r.dst);
	return 0;
}

static int on_link(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	if (msg->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct ifinfomsg))
		return 0;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	bool up = ifi->ifi_flags & IFF_UP;
	if (ifi->ifi_index != NLADDR_LO_IFINDEX || up == lo->up)
		return 0;
	lo->up = up;
	lo->mirror.stale = lo->link_flipped = true;
	return 0;
}

static int ask_link(struct loopback *lo)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_GETLINK;
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = NLADDR_LO_IFINDEX;
	return nlsock_request(lo->ask, msg, on_link, lo);
}

/* Makes the mirror true. */
static int dump_all(struct loopback *lo)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	int r = ask_link(lo);
	lo_mirror_dump_begin(&lo->mirror);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(lo->ask, nladdr_build_dump(buf, families[i], NLADDR_LO_IFINDEX),
				   on_dumped_address, lo);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(lo->ask, nlroute_build_dump_local(buf, families[i]),
				   on_dumped_route, lo);
	if (r == 0)
		lo_mirror_dump_end(&lo->mirror);
	return r;
}

/* Notifications */

static void on_address(struct loopback *lo, const struct nlmsghdr *msg)
{
	struct nladdr a;
	if (nladdr_parse(msg, &a) == 0 && a.ifindex == NLADDR_LO_IFINDEX)
		lo_mirror_on_address(&lo->mirror, &a, msg->nlmsg_type == RTM_DELADDR);
}

static void on_route_removed(struct loopback *lo, const struct nlmsghdr *msg)
{
	struct nlroute r;
	if (nlroute_parse(msg, &r) == 0 && nlroute_is_our_local(&r))
		lo_mirror_on_route_removed(&lo->mirror, &r.dst);
}

static int on_event(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
		return on_link(msg, lo);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_address(lo, msg);
		break;
	case RTM_DELROUTE:
		on_route_removed(lo, msg);
		break;
	}
	return 0;
}

static void report_later(struct loopback *lo);

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	report_later(userdata);
	return 0;
}

static void report_losses(struct loopback *lo)
{
	struct prefix vip;
	enum loopback_loss why;
	while (lo_mirror_next_loss(&lo->mirror, &vip, &why))
		lo->lost_cb(&vip, why, lo->userdata);
}

/* Losses that come with lo going down or up are not reported one by one. */
static void report_flip(struct loopback *lo)
{
	lo->link_flipped = false;
	lo_mirror_drop_losses(&lo->mirror);
	lo->lost_cb(NULL, LOOPBACK_REMOVED, lo->userdata);
}

/* Tells the owner what was lost. Not from inside loopback_del(), whose caller does not expect it,
 * so always from a turn of its own. */
static int on_report(sd_event_source *source, void *userdata)
{
	(void)source;
	struct loopback *lo = userdata;
	/* A loss may be read before the reason for it: that lo went down. */
	if (!list_empty(&lo->mirror.lost) && ask_link(lo) < 0)
		lo->mirror.stale = true;
	if (lo->mirror.stale && dump_all(lo) < 0)
		loop_timer_set(lo->loop, &lo->retry_source, usec_add(loop_clock(), DUMP_RETRY),
			       LOOP_APPLY, on_retry, lo);
	if (lo->link_flipped)
		report_flip(lo);
	else
		report_losses(lo);
	return 0;
}

static void report_later(struct loopback *lo)
{
	if (lo->mirror.stale || lo->link_flipped || !list_empty(&lo->mirror.lost))
		loop_defer(lo->loop, &lo->report_source, LOOP_APPLY, on_report, lo);
}

/* Reads at most `max` notifications. */
static void read_events(struct loopback *lo, unsigned max)
{
	if (nlsock_receive(lo->watch, max, on_event, lo) == -ENOBUFS)
		lo->mirror.stale = true;
	report_later(lo);
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	read_events(userdata, EVENTS_PER_TURN);
	return 0;
}

/* Accepts messages about lo except for additions of our own, and removals of local routes of
 * ours. Loads are big-endian while netlink is in host order, hence the htons() and htonl().
 * ifa_index and ifi_index stand at the same place, rtm_table and rtm_protocol there too. */
static int set_filter(struct loopback *lo)
{
	enum {
		TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type),
		PID_AT = offsetof(struct nlmsghdr, nlmsg_pid),
		INDEX_AT = NLMSG_HDRLEN + 4
	};
	const uint16_t ours = RT_TABLE_LOCAL << 8 | NLADDR_PROTO_OURS;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PID_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(nlsock_port(lo->ask)), 4, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(NLADDR_LO_IFINDEX), 3, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ours, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	if (setsockopt(nlsock_fd(lo->watch), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

int loopback_new(sd_event *loop, loopback_lost_cb *lost, void *userdata, struct loopback **ret,
		 struct err *err)
{
	static const int groups[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  0 };
	struct loopback *lo = mem_new(1, sizeof(*lo));
	lo->loop = sd_event_ref(loop);
	lo->lost_cb = lost;
	lo->userdata = userdata;
	lo_mirror_init(&lo->mirror, nlvip_kernel_has_tags());
	int r = nlsock_open(NETLINK_ROUTE, NULL, &lo->ask, err);
	if (r < 0)
		goto fail;
	r = nlsock_open(NETLINK_ROUTE, groups, &lo->watch, err);
	if (r < 0)
		goto fail;
	r = set_filter(lo);
	/* Watch first, then dump: a change in between is seen twice, not missed. */
	if (r == 0)
		r = loop_io_add(loop, &lo->watch_source, nlsock_fd(lo->watch), EPOLLIN, LOOP_APPLY,
				on_watch, lo);
	if (r == 0)
		r = dump_all(lo);
	if (r < 0) {
		err_set(err, r, "cannot watch the addresses on lo: %s", strerror(-r));
		goto fail;
	}
	lo->link_flipped = false; /* this was the first dump */
	*ret = lo;
	return 0;
fail:
	loopback_free(lo);
	return r;
}

void loopback_free(struct loopback *lo)
{
	if (!lo)
		return;
	sd_event_source_disable_unref(lo->watch_source);
	sd_event_source_disable_unref(lo->report_source);
	sd_event_source_disable_unref(lo->retry_source);
	lo_mirror_done(&lo->mirror);
	nlsock_free(lo->ask);
	nlsock_free(lo->watch);
	sd_event_unref(lo->loop);
	free(lo);
}

/* Queries */

bool loopback_has_tags(const struct loopback *lo)
{
	return lo->mirror.tags;
}

bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label)
{
	return lo_mirror_adopt(&lo->mirror, vip, label);
}

bool loopback_owns(const struct loopback *lo, const struct prefix *vip)
{
	return lo_mirror_owns(&lo->mirror, vip);
}

bool loopback_is_up(const struct loopback *lo)
{
	return lo->up;
}

/* Adding */

static int explain(struct err *err, int r, const char *what, const struct prefix *vip)
{
	char text[PREFIX_TEXT_MAX];
	prefix_format(vip, text);
	if (r == -EPERM)
		return err_set(
			err, r,
			"cannot %s %s: this needs the capability CAP_NET_ADMIN. Run as root, "
			"with 'AmbientCapabilities=CAP_NET_ADMIN' in the systemd unit, after "
			"'setcap cap_net_admin+ep' on the program, or with "
			"'--cap-add=NET_ADMIN' for a container",
			what, text);
	return err_set(err, r, "cannot %s %s: %s", what, text, strerror(-r));
}

/* The previous instance bound this IPv6 address with another length. */
static int replace_leftover(struct loopback *lo, const struct lo_entry *e, const struct prefix *vip,
			    const char *app_name)
{
	struct prefix old = e->prefix;
	int r = loopback_del(lo, &old, NULL);
	return r < 0 ? r : nlvip_add(lo->ask, vip, VIP_ADDRESS, app_name);
}

/* The kernel says that the address is there. 0 if it is ours all the same. */
static int settle_conflict(struct loopback *lo, const struct prefix *vip, const char *app_name,
			   struct err *err)
{
	const struct lo_entry *e = lo_mirror_find(&lo->mirror, vip);
	if (e && e->origin == LO_OURS) { /* was removed: forget it, and judge by the tag */
		if (e->there & VIP_ROUTE)
			nlvip_del(lo->ask, vip, VIP_ROUTE);
		lo_mirror_forget(&lo->mirror, vip);
	}
	e = lo_mirror_conflict(&lo->mirror, vip);
	if (!e && dump_all(lo) == 0)
		e = lo_mirror_conflict(&lo->mirror, vip);
	report_later(lo);
	if (e && e->origin == LO_LEFTOVER &&
	    (prefix_equal(&e->prefix, vip) || replace_leftover(lo, e, vip, app_name) == 0))
		return 0;
	return lo_mirror_explain(e, vip, err);
}

/* Until the kernel has the address, or it turns out to be one of the previous instance. */
static int bind_address(struct loopback *lo, const struct prefix *vip, const char *app_name,
			struct err *err)
{
	const struct lo_entry *e = lo_mirror_find(&lo->mirror, vip);
	if (e && e->origin != LO_FOREIGN && (e->there & VIP_ADDRESS)) {
		int r = e->altered ? nlvip_repair(lo->ask, vip) : 0;
		return r < 0 ? explain(err, r, "repair", vip) : 0;
	}
	int r = nlvip_add(lo->ask, vip, VIP_ADDRESS, app_name);
	if (r == -EEXIST)
		return settle_conflict(lo, vip, app_name, err);
	return r < 0 ? explain(err, r, "bind", vip) : 0;
}

/* Local routes of one network stand side by side, so the kernel would not tell of a conflict. */
static int check_network(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	int r = dump_all(lo);
	const struct lo_entry *e = lo_mirror_find(&lo->mirror, vip);
	report_later(lo);
	if (r < 0)
		return explain(err, r, "check", vip);
	return e && e->origin == LO_FOREIGN ? lo_mirror_explain(e, vip, err) : 0;
}

/* All parts, the address first: whose it is decides. */
static int bind_parts(struct loopback *lo, const struct prefix *vip, const char *app_name,
		      struct err *err)
{
	uint8_t parts = vipaddr_parts(vip);
	const struct lo_entry *e = lo_mirror_find(&lo->mirror, vip);
	/* The kernel drops the routes of an interface without a notification when its last IPv4
	 * address goes, which may have been this one. */
	bool was_bound = e && ((e->there & parts) & VIP_ADDRESS) == (parts & VIP_ADDRESS);
	int r = parts & VIP_ADDRESS ? bind_address(lo, vip, app_name, err)
				    : check_network(lo, vip, err);
	e = lo_mirror_find(&lo->mirror, vip);
	bool has_route = was_bound && e && e->origin != LO_FOREIGN && (e->there & VIP_ROUTE);
	if (r < 0 || !(parts & VIP_ROUTE) || has_route)
		return r;
	r = nlvip_add(lo->ask, vip, VIP_ROUTE, NULL);
	if (r < 0 && (parts & VIP_ADDRESS))
		nlvip_del(lo->ask, vip, VIP_ADDRESS);
	return r < 0 ? explain(err, r, "route locally", vip) : 0;
}

int loopback_add(struct loopback *lo, const struct prefix *vip, const char *app_name,
		 struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	/* A removal that is read after we added would pass for a removal of what we add now. */
	read_events(lo, UINT32_MAX);
	if (!lo->up)
		return err_set(err, -ENETDOWN,
			       "cannot bind %s: the interface lo is down. Bring it up with "
			       "'ip link set lo up'",
			       prefix_format(vip, text));
	if (lo_mirror_is_bound(&lo->mirror, vip))
		return 0;
	int r = bind_parts(lo, vip, app_name, err);
	if (r == 0)
		lo_mirror_bound(&lo->mirror, vip);
	return r;
}

/* Removing */

int loopback_del(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	int r = 0;
	read_events(lo, UINT32_MAX);
	const struct lo_entry *e = lo_mirror_find(&lo->mirror, vip);
	if (!e || e->origin == LO_FOREIGN)
		return err_set(err, -ENOENT, "%s on lo is not ours", prefix_format(vip, text));
	if (e->there & VIP_ROUTE)
		r = nlvip_del(lo->ask, vip, VIP_ROUTE);
	if ((e->there & VIP_ADDRESS) && r == 0)
		r = nlvip_del(lo->ask, vip, VIP_ADDRESS);
	if (r < 0)
		return explain(err, r, "remove", vip);
	lo_mirror_forget(&lo->mirror, vip);
	read_events(lo, UINT32_MAX);
	return 0;
}

/* Another process has the address of a killed instance, and our route to it is still there. */
static void remove_stray_route(struct loopback *lo, const struct lo_entry *e)
{
	if (e->origin == LO_FOREIGN && (e->there & VIP_ROUTE) &&
	    nlvip_del(lo->ask, &e->prefix, VIP_ROUTE) == 0)
		lo_mirror_route_removed(&lo->mirror, &e->prefix);
}

void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata)
{
	struct lo_entry *e, *next;
	size_t n = 0;
	/* The callback changes the table: walk a copy. */
	struct prefix *found = mem_new(HASH_COUNT(lo->mirror.entries), sizeof(*found));
	HASH_ITER (hh, lo->mirror.entries, e, next) {
		remove_stray_route(lo, e);
		if (e->origin == LO_LEFTOVER)
			found[n++] = e->prefix;
	}
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}
