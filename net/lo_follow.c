/* SPDX-License-Identifier: MIT */
/*
 * Notifications of our own IPv4 additions are filtered out in the kernel, by the port id of their
 * request; for IPv6 it has none, and they are ignored because they are as they should be. Those of
 * our own removals are told from others' by order: the owner empties the queue before it removes a
 * VIP and again after, so a removal that is read later is not its own. When notifications are lost
 * all the same, one dump sets the mirror right.
 */
#include "net/lo_follow.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/array.h"
#include "lib/str.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlvip.h"
#include "process/loop.h"

#define EVENTS_PER_TURN 64
#define DUMP_RETRY      USEC_PER_SEC

/* Asking the kernel */

static int on_dumped_address(const struct nlmsghdr *msg, void *userdata)
{
	struct lo_follow *f = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) == 0 && a.ifindex == f->link.ifindex)
		lo_mirror_dump_address(&f->mirror, &a);
	return 0;
}

static int on_dumped_route(const struct nlmsghdr *msg, void *userdata)
{
	struct lo_follow *f = userdata;
	struct nlroute r;
	if (nlroute_parse(msg, &r) == 0 && nlroute_is_our_local(&r))
		lo_mirror_dump_route(&f->mirror, &r.dst);
	return 0;
}

static int set_filter(struct lo_follow *f);

/* Index 0: there is no such interface. Another index is another interface. */
static int set_link(struct lo_follow *f, uint32_t ifindex, bool up)
{
	bool moved = ifindex != f->link.ifindex;
	if (!moved && up == f->up)
		return 0;
	f->link.ifindex = ifindex;
	f->up = up;
	f->mirror.stale = f->link_flipped = true;
	return moved ? set_filter(f) : 0;
}

static int on_link(const struct nlmsghdr *msg, void *userdata)
{
	if (msg->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct ifinfomsg))
		return 0;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	return set_link(userdata, (uint32_t)ifi->ifi_index, ifi->ifi_flags & IFF_UP);
}

static int ask_link(struct lo_follow *f)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_GETLINK;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(msg, IFLA_IFNAME, f->link.name);
	int r = nlsock_request(f->ask, msg, on_link, f);
	return r == -ENODEV ? set_link(f, 0, false) : r;
}

static int dump_addresses(struct lo_follow *f)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	int r = 0;
	for (size_t i = 0; i < 2 && r == 0 && f->link.ifindex; i++)
		r = nlsock_request(f->ask, nladdr_build_dump(buf, families[i], f->link.ifindex),
				   on_dumped_address, f);
	return r == -ENODEV ? 0 : r;
}

int lo_follow_dump(struct lo_follow *f)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	int r = ask_link(f);
	lo_mirror_dump_begin(&f->mirror);
	if (r == 0)
		r = dump_addresses(f);
	for (size_t i = 0; i < 2 && r == 0 && f->mirror.on_lo; i++)
		r = nlsock_request(f->ask, nlroute_build_dump_local(buf, families[i]),
				   on_dumped_route, f);
	if (r == 0)
		lo_mirror_dump_end(&f->mirror);
	return r;
}

/* Notifications */

static void on_address(struct lo_follow *f, const struct nlmsghdr *msg)
{
	struct nladdr a;
	if (nladdr_parse(msg, &a) == 0 && a.ifindex == f->link.ifindex)
		lo_mirror_on_address(&f->mirror, &a, msg->nlmsg_type == RTM_DELADDR);
}

static void on_route_removed(struct lo_follow *f, const struct nlmsghdr *msg)
{
	struct nlroute r;
	if (nlroute_parse(msg, &r) == 0 && nlroute_is_our_local(&r))
		lo_mirror_on_route_removed(&f->mirror, &r.dst);
}

/* Down and up again is told as well. Any other interface may have got its name. */
static int on_link_event(struct lo_follow *f, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*ifi))
		return 0;
	bool is_ours = (uint32_t)ifi->ifi_index == f->link.ifindex;
	if (is_ours && msg->nlmsg_type == RTM_DELLINK)
		set_link(f, 0, false);
	else if (is_ours)
		on_link(msg, f);
	if (!f->mirror.on_lo && ask_link(f) < 0)
		f->mirror.stale = true;
	return 0;
}

static int on_event(const struct nlmsghdr *msg, void *userdata)
{
	struct lo_follow *f = userdata;
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return on_link_event(f, msg);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		on_address(f, msg);
		break;
	case RTM_DELROUTE:
		on_route_removed(f, msg);
		break;
	}
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	lo_follow_report(userdata);
	return 0;
}

static void report_losses(struct lo_follow *f)
{
	struct prefix vip;
	enum loopback_loss why;
	while (lo_mirror_next_loss(&f->mirror, &vip, &why))
		f->lost_cb(&vip, why, f->userdata);
	while (lo_mirror_next_settled(&f->mirror, &vip))
		f->lost_cb(&vip, LOOPBACK_SETTLED, f->userdata);
}

/* Losses that come with lo going down or up are not reported one by one. */
static void report_flip(struct lo_follow *f)
{
	f->link_flipped = false;
	lo_mirror_drop_losses(&f->mirror);
	f->lost_cb(NULL, LOOPBACK_REMOVED, f->userdata);
}

/* Tells the owner what was lost. Not from inside loopback_del(), whose caller does not expect it,
 * so always from a turn of its own. */
static int on_report(sd_event_source *source, void *userdata)
{
	(void)source;
	struct lo_follow *f = userdata;
	/* A loss may be read before the reason for it: that lo went down. */
	if (!list_empty(&f->mirror.lost) && ask_link(f) < 0)
		f->mirror.stale = true;
	if (f->mirror.stale && lo_follow_dump(f) < 0)
		loop_timer_set(f->loop, &f->retry_source, usec_add(loop_clock(), DUMP_RETRY),
			       LOOP_APPLY, on_retry, f);
	if (f->link_flipped)
		report_flip(f);
	else
		report_losses(f);
	return 0;
}

void lo_follow_report(struct lo_follow *f)
{
	if (f->mirror.stale || f->link_flipped || !list_empty(&f->mirror.lost) ||
	    !list_empty(&f->mirror.settled))
		loop_defer(f->loop, &f->report_source, LOOP_APPLY, on_report, f);
}

/* Reads at most `max` notifications. */
static void read_events(struct lo_follow *f, unsigned max)
{
	if (nlsock_receive(f->watch, max, on_event, f) == -ENOBUFS) {
		nlsock_discard(f->watch);
		f->mirror.stale = true;
	}
	lo_follow_report(f);
}

void lo_follow_read(struct lo_follow *f)
{
	read_events(f, UINT32_MAX);
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	read_events(userdata, EVENTS_PER_TURN);
	return 0;
}

/* Accepts messages about the addresses of the interface except for additions of our own, about
 * links, of lo about itself only, and removals of our local routes. Loads are big-endian while
 * netlink is in host order, hence the htons() and htonl(). ifa_index and ifi_index stand at the
 * same place, rtm_table and rtm_protocol there too. */
static int set_filter(struct lo_follow *f)
{
	enum {
		TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type),
		PID_AT = offsetof(struct nlmsghdr, nlmsg_pid),
		INDEX_AT = NLMSG_HDRLEN + 4
	};
	const uint16_t ours = RT_TABLE_LOCAL << 8 | NLADDR_PROTO_OURS;
	const uint8_t any_link = f->mirror.on_lo ? 2 : 7;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 10, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), any_link + 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), any_link + 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 0, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, PID_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(nlsock_port(f->ask)), 4, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(f->link.ifindex), 3, 2),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ours, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	if (setsockopt(nlsock_fd(f->watch), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

int lo_follow_init(struct lo_follow *f, sd_event *loop, const char *ifname, loopback_lost_cb *lost,
		   void *userdata, struct err *err)
{
	static const int groups[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  0 };
	*f = (struct lo_follow){ .loop = sd_event_ref(loop),
				 .lost_cb = lost,
				 .userdata = userdata };
	bool on_lo = str_equal(ifname, vip_link_lo.name);
	lo_mirror_init(&f->mirror, on_lo, nlvip_kernel_has_tags());
	str_copy(f->link.name, sizeof(f->link.name), ifname);
	int r = nlsock_open(NETLINK_ROUTE, NULL, &f->ask, err);
	if (r == 0)
		r = nlsock_open(NETLINK_ROUTE, groups, &f->watch, err);
	if (r < 0)
		return r;
	r = set_filter(f);
	/* Watch first, then dump: a change in between is seen twice, not missed. */
	if (r == 0)
		r = loop_io_add(loop, &f->watch_source, nlsock_fd(f->watch), EPOLLIN, LOOP_APPLY,
				on_watch, f);
	if (r == 0)
		r = lo_follow_dump(f);
	if (r < 0)
		return err_set(err, r, "cannot watch the addresses on %s: %s", ifname,
			       strerror(-r));
	f->link_flipped = false; /* this was the first dump */
	return 0;
}

void lo_follow_done(struct lo_follow *f)
{
	sd_event_source_disable_unref(f->watch_source);
	sd_event_source_disable_unref(f->report_source);
	sd_event_source_disable_unref(f->retry_source);
	lo_mirror_done(&f->mirror);
	nlsock_free(f->ask);
	nlsock_free(f->watch);
	sd_event_unref(f->loop);
}
