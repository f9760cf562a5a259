/* SPDX-License-Identifier: MIT */
/*
 * Whose an address on lo is, and keeping it there.
 *
 * The kernel decides who comes first: every add is exclusive, so that an address that somebody
 * else put there is never taken over. A table mirrors what is on lo. It says what is ours, so that
 * nothing is scanned per VIP, and remembers foreign addresses only to explain a conflict.
 *
 * The mirror is kept true by notifications. Those of our own IPv4 additions are filtered out in the
 * kernel, which says whose they are; for IPv6 it does not, and they are passed over as what they
 * should be. Those of our own removals are told from others' by order: loopback_del() empties the
 * queue before it removes a VIP and again after, so a removal that is read later cannot be its own.
 * When notifications are lost all the same, one dump sets the mirror right.
 *
 * What a VIP consists of is net/vipaddr.h's: `there` says which of its parts are.
 */
#include "net/loopback.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"
#include "net/vipaddr.h"
#include "process/loop.h"

#define EVENTS_PER_TURN 64
#define LOOK_RETRY      USEC_PER_SEC

enum owner { OWNER_FOREIGN, OWNER_LEFTOVER, OWNER_US };

struct entry {
	struct prefix prefix; /* the key; no padding in it */
	enum owner owner;
	uint8_t there; /* parts of it; ours by right, but somebody may have removed some */
	uint8_t seen;  /* during a full look */
	bool altered;  /* the address is there, and not as we made it */
	enum loopback_loss why;
	char label[IFNAMSIZ];
	bool as_made;          /* the address is as we would make it, but for label and tag */
	struct list_node lost; /* to be reported */
	UT_hash_handle hh;
};

struct loopback {
	sd_event *loop;
	struct nlsock *ask, *watch;
	struct entry *entries;
	struct list lost;
	size_t networks; /* of ours, IPv4 */
	bool tags;       /* the kernel knows IFA_PROTO */
	bool up;
	bool stale;        /* notifications were lost, or lo went down or up: look at everything */
	bool link_flipped; /* lo went down or up and nobody was told yet */
	sd_event_source *watch_source, *report_source, *retry_source;
	loopback_lost_cb *lost_cb;
	void *userdata;
};

_Static_assert(sizeof(struct prefix) == 18, "struct prefix is hashed as memory");

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct entry *entry_find(const struct loopback *lo, const struct prefix *p)
{
	struct entry *e;
	HASH_FIND(hh, lo->entries, p, sizeof(*p), e);
	return e;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct entry *entry_get(struct loopback *lo, const struct prefix *p, enum owner owner)
{
	struct entry *e = entry_find(lo, p);
	if (!e) {
		e = mem_new(1, sizeof(*e));
		e->prefix = *p;
		HASH_ADD(hh, lo->entries, prefix, sizeof(e->prefix), e);
	}
	e->owner = owner;
	return e;
}

/* The kernel drops the routes of an interface without a word when its last IPv4 address goes; that
 * of a single address goes with the address itself, and is made anew with it. */
static bool is_network(const struct entry *e)
{
	return e->owner == OWNER_US && e->prefix.addr.family == AF_INET && e->prefix.len < 32;
}

static void entry_drop(struct loopback *lo, struct entry *e)
{
	if (!e)
		return;
	lo->networks -= is_network(e);
	list_remove(&e->lost);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, lo->entries, e);
	free(e);
}

static bool complete(const struct entry *e)
{
	uint8_t parts = vipaddr_parts(&e->prefix);
	return (e->there & parts) == parts && !e->altered;
}

static void entry_lost(struct loopback *lo, struct entry *e, enum loopback_loss why)
{
	if (list_linked(&e->lost))
		return;
	e->why = why;
	list_append(&lo->lost, &e->lost);
}

/* The kernel no longer has these parts of it. */
static void entry_gone(struct loopback *lo, struct entry *e, uint8_t parts)
{
	bool was_complete = complete(e);
	e->there &= (uint8_t)~parts;
	if (e->owner != OWNER_US && !e->there)
		entry_drop(lo, e);
	else if (e->owner == OWNER_US && was_complete && !complete(e))
		entry_lost(lo, e, parts & VIP_ADDRESS ? LOOPBACK_REMOVED : LOOPBACK_UNROUTED);
}

/* Somebody else may have given it another lifetime, at the end of which the kernel would remove it,
 * or taken the tag off it, by which a later run knows it. */
static void entry_look(struct loopback *lo, struct entry *e, const struct nladdr *a)
{
	if (e->owner == OWNER_FOREIGN || e->altered || !(e->there & VIP_ADDRESS) ||
	    vipaddr_intact(a, lo->tags))
		return;
	bool was_complete = complete(e);
	e->altered = true;
	if (e->owner == OWNER_US && was_complete)
		entry_lost(lo, e, LOOPBACK_ALTERED);
}

/* One of ours that somebody removed and that is there again is decided by the next add. */
static void entry_seen(struct entry *e, uint8_t part)
{
	e->seen |= part;
	if (e->owner != OWNER_US)
		e->there |= part;
}

static int take_dumped(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || a.ifindex != NLADDR_LO_IFINDEX)
		return 0;
	struct entry *e = entry_find(lo, &a.prefix);
	if (!e)
		e = entry_get(lo, &a.prefix,
			      a.proto == NLADDR_PROTO_OURS ? OWNER_LEFTOVER : OWNER_FOREIGN);
	entry_seen(e, VIP_ADDRESS);
	entry_look(lo, e, &a);
	memcpy(e->label, a.label, sizeof(e->label));
	e->as_made = vipaddr_as_made(&a);
	return 0;
}

static int take_dumped_route(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nlroute r;
	if (nlroute_parse(msg, &r) < 0 || !nlroute_is_our_local(&r))
		return 0;
	struct entry *e = entry_find(lo, &r.dst);
	entry_seen(e ? e : entry_get(lo, &r.dst, OWNER_LEFTOVER), VIP_ROUTE);
	return 0;
}

static int take_link(const struct nlmsghdr *msg, void *userdata)
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
	lo->stale = lo->link_flipped = true;
	return 0;
}

static int ask_link(struct loopback *lo)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_GETLINK;
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_index = NLADDR_LO_IFINDEX;
	return nlsock_request(lo->ask, msg, take_link, lo);
}

/* Makes the mirror true, from a dump. */
static int look_at_all(struct loopback *lo)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct entry *e, *next;
	int r = ask_link(lo);
	HASH_ITER (hh, lo->entries, e, next)
		e->seen = 0;
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(lo->ask, nladdr_build_dump(buf, families[i], NLADDR_LO_IFINDEX),
				   take_dumped, lo);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(lo->ask, nlroute_build_dump_local(buf, families[i]),
				   take_dumped_route, lo);
	if (r < 0)
		return r;
	HASH_ITER (hh, lo->entries, e, next)
		if (e->there & ~e->seen)
			entry_gone(lo, e, e->there & (uint8_t)~e->seen);
	lo->stale = false;
	return 0;
}

static void take_address(struct loopback *lo, const struct nlmsghdr *msg)
{
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || a.ifindex != NLADDR_LO_IFINDEX)
		return;
	bool removed = msg->nlmsg_type == RTM_DELADDR;
	struct entry *e = entry_find(lo, &a.prefix);
	if (removed && a.prefix.addr.family == AF_INET && lo->networks > 0)
		lo->stale = true;
	if (e && removed && (e->there & VIP_ADDRESS))
		entry_gone(lo, e, VIP_ADDRESS);
	else if (e && !removed)
		entry_look(lo, e, &a);
}

static void take_route(struct loopback *lo, const struct nlmsghdr *msg)
{
	struct nlroute r;
	if (nlroute_parse(msg, &r) < 0 || !nlroute_is_our_local(&r))
		return;
	struct entry *e = entry_find(lo, &r.dst);
	if (e)
		entry_gone(lo, e, VIP_ROUTE);
}

static int take_event(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
		return take_link(msg, lo);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(lo, msg);
		break;
	case RTM_DELROUTE:
		take_route(lo, msg);
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

static void report_lost(struct loopback *lo)
{
	struct entry *e;
	while ((e = list_first(&lo->lost, struct entry, lost))) {
		struct prefix p = e->prefix; /* the callback may drop the entry */
		list_remove(&e->lost);
		lo->lost_cb(&p, e->why, lo->userdata);
	}
}

/* lo went down or up, and what went with it is no news of its own. */
static void report_flip(struct loopback *lo)
{
	struct entry *e;
	lo->link_flipped = false;
	while ((e = list_first(&lo->lost, struct entry, lost)))
		list_remove(&e->lost);
	lo->lost_cb(NULL, LOOPBACK_REMOVED, lo->userdata);
}

/* Tells the owner what was lost. Not from inside loopback_del(), whose caller does not expect it,
 * so always from a turn of its own. */
static int on_report(sd_event_source *source, void *userdata)
{
	(void)source;
	struct loopback *lo = userdata;
	/* A loss may be read before the reason for it: that lo went down. */
	if (!list_empty(&lo->lost) && ask_link(lo) < 0)
		lo->stale = true;
	if (lo->stale && look_at_all(lo) < 0)
		loop_timer_set(lo->loop, &lo->retry_source, usec_add(loop_clock(), LOOK_RETRY),
			       LOOP_APPLY, on_retry, lo);
	if (lo->link_flipped)
		report_flip(lo);
	else
		report_lost(lo);
	return 0;
}

static void report_later(struct loopback *lo)
{
	if (lo->stale || lo->link_flipped || !list_empty(&lo->lost))
		loop_defer(lo->loop, &lo->report_source, LOOP_APPLY, on_report, lo);
}

/* Takes at most `max` notifications. */
static void take_events(struct loopback *lo, unsigned max)
{
	if (nlsock_receive(lo->watch, max, take_event, lo) == -ENOBUFS)
		lo->stale = true;
	report_later(lo);
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	take_events(userdata, EVENTS_PER_TURN);
	return 0;
}

/* Lets through what concerns lo, but for additions of our own, and removals of local routes of
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
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
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
	lo->tags = vipaddr_kernel_tags();
	list_init(&lo->lost);
	int r = nlsock_open(NETLINK_ROUTE, NULL, &lo->ask, err);
	if (r < 0)
		goto fail;
	r = nlsock_open(NETLINK_ROUTE, groups, &lo->watch, err);
	if (r < 0)
		goto fail;
	r = set_filter(lo);
	/* Watch first, then look: what changes in between is seen twice, not missed. */
	if (r == 0)
		r = loop_io_add(loop, &lo->watch_source, nlsock_fd(lo->watch), EPOLLIN, LOOP_APPLY,
				on_watch, lo);
	if (r == 0)
		r = look_at_all(lo);
	if (r < 0) {
		err_set(err, r, "cannot watch the addresses on lo: %s", strerror(-r));
		goto fail;
	}
	lo->link_flipped = false; /* this was the first look */
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
	struct entry *e, *next;
	sd_event_source_disable_unref(lo->watch_source);
	sd_event_source_disable_unref(lo->report_source);
	sd_event_source_disable_unref(lo->retry_source);
	HASH_ITER (hh, lo->entries, e, next)
		entry_drop(lo, e);
	nlsock_free(lo->ask);
	nlsock_free(lo->watch);
	sd_event_unref(lo->loop);
	free(lo);
}

bool loopback_has_tags(const struct loopback *lo)
{
	return lo->tags;
}

bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label)
{
	struct entry *e = entry_find(lo, vip);
	if (lo->tags || !e || e->owner != OWNER_FOREIGN || !e->as_made ||
	    strcmp(e->label, label) != 0)
		return false;
	e->owner = OWNER_LEFTOVER;
	return true;
}

/* The one that is in the way: IPv6 allows an address only once whatever its length. */
static struct entry *conflicting(struct loopback *lo, const struct prefix *vip)
{
	struct entry *e = entry_find(lo, vip), *next;
	if (e || vip->addr.family == AF_INET)
		return e;
	HASH_ITER (hh, lo->entries, e, next)
		if (addr_equal(&e->prefix.addr, &vip->addr))
			return e;
	return NULL;
}

/* A former run bound this IPv6 address with another length. */
static int replace_leftover(struct loopback *lo, const struct entry *e, const struct prefix *vip,
			    const char *app_name)
{
	struct prefix old = e->prefix;
	int r = loopback_del(lo, &old, NULL);
	return r < 0 ? r : vipaddr_add(lo->ask, vip, VIP_ADDRESS, app_name);
}

static int explain_conflict(const struct entry *e, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX], there[PREFIX_TEXT_MAX];
	prefix_format(vip, text);
	prefix_format(e ? &e->prefix : vip, there);
	if (e && e->owner == OWNER_US)
		return err_set(err, -EEXIST, "%s is on lo already, bound as %s for another app",
			       text, there);
	return err_set(err, -EEXIST,
		       "%s is on lo already (%s%s%s) and was not put there by vipherald: it is "
		       "left alone. Remove it with 'ip address del %s dev lo' to let vipherald "
		       "have it",
		       text, there, e && e->label[0] ? ", label " : "", e ? e->label : "", there);
}

/* The kernel says that the address is there. 0 if it is ours all the same. */
static int settle_conflict(struct loopback *lo, const struct prefix *vip, const char *app_name,
			   struct err *err)
{
	struct entry *e = entry_find(lo, vip);
	if (e && e->owner == OWNER_US) { /* was removed: forget, and judge by the tag */
		if (e->there & VIP_ROUTE)
			vipaddr_del(lo->ask, vip, VIP_ROUTE);
		entry_drop(lo, e);
	}
	e = conflicting(lo, vip);
	if (!e && look_at_all(lo) == 0)
		e = conflicting(lo, vip);
	report_later(lo);
	if (e && e->owner == OWNER_LEFTOVER &&
	    (prefix_equal(&e->prefix, vip) || replace_leftover(lo, e, vip, app_name) == 0))
		return 0;
	return explain_conflict(e, vip, err);
}

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

/* Until the kernel has the address, or it turns out to be ours from a former run. */
static int bind_address(struct loopback *lo, const struct prefix *vip, const char *app_name,
			struct err *err)
{
	const struct entry *e = entry_find(lo, vip);
	if (e && e->owner != OWNER_FOREIGN && (e->there & VIP_ADDRESS)) {
		int r = e->altered ? vipaddr_mend(lo->ask, vip) : 0;
		return r < 0 ? explain(err, r, "set right", vip) : 0;
	}
	int r = vipaddr_add(lo->ask, vip, VIP_ADDRESS, app_name);
	if (r == -EEXIST)
		return settle_conflict(lo, vip, app_name, err);
	return r < 0 ? explain(err, r, "bind", vip) : 0;
}

/* Local routes of one network stand side by side, so the kernel would not tell of a conflict. */
static int check_network(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	int r = look_at_all(lo);
	const struct entry *e = entry_find(lo, vip);
	report_later(lo);
	if (r < 0)
		return explain(err, r, "look for", vip);
	return e && e->owner == OWNER_FOREIGN ? explain_conflict(e, vip, err) : 0;
}

/* All parts, the address first: whose it is decides. */
static int bind_parts(struct loopback *lo, const struct prefix *vip, const char *app_name,
		      struct err *err)
{
	uint8_t parts = vipaddr_parts(vip);
	const struct entry *e = entry_find(lo, vip);
	/* The kernel drops the routes of an interface without a word when its last IPv4 address
	 * goes, which may have been this one. */
	bool was_bound = e && ((e->there & parts) & VIP_ADDRESS) == (parts & VIP_ADDRESS);
	int r = parts & VIP_ADDRESS ? bind_address(lo, vip, app_name, err)
				    : check_network(lo, vip, err);
	e = entry_find(lo, vip);
	bool has_route = was_bound && e && e->owner != OWNER_FOREIGN && (e->there & VIP_ROUTE);
	if (r < 0 || !(parts & VIP_ROUTE) || has_route)
		return r;
	r = vipaddr_add(lo->ask, vip, VIP_ROUTE, NULL);
	if (r < 0 && (parts & VIP_ADDRESS))
		vipaddr_del(lo->ask, vip, VIP_ADDRESS);
	return r < 0 ? explain(err, r, "route locally", vip) : 0;
}

int loopback_add(struct loopback *lo, const struct prefix *vip, const char *app_name,
		 struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	/* A removal that is read after we added would pass for a removal of what we add now. */
	take_events(lo, UINT32_MAX);
	struct entry *e = entry_find(lo, vip);
	if (!lo->up)
		return err_set(err, -ENETDOWN,
			       "cannot bind %s: the interface lo is down. Bring it up with "
			       "'ip link set lo up'",
			       prefix_format(vip, text));
	if (e && e->owner == OWNER_US && complete(e))
		return 0;
	int r = bind_parts(lo, vip, app_name, err);
	if (r < 0)
		return r;
	e = entry_find(lo, vip);
	bool was_network = e && is_network(e);
	e = entry_get(lo, vip, OWNER_US);
	lo->networks += !was_network && is_network(e);
	e->there |= vipaddr_parts(vip);
	e->altered = false;
	list_remove(&e->lost);
	return 0;
}

int loopback_del(struct loopback *lo, const struct prefix *vip, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	int r = 0;
	take_events(lo, UINT32_MAX);
	struct entry *e = entry_find(lo, vip);
	if (!e || e->owner == OWNER_FOREIGN)
		return err_set(err, -ENOENT, "%s on lo is not ours", prefix_format(vip, text));
	if (e->there & VIP_ROUTE)
		r = vipaddr_del(lo->ask, vip, VIP_ROUTE);
	if ((e->there & VIP_ADDRESS) && r == 0)
		r = vipaddr_del(lo->ask, vip, VIP_ADDRESS);
	if (r < 0)
		return explain(err, r, "remove", vip);
	entry_drop(lo, e);
	take_events(lo, UINT32_MAX);
	return 0;
}

bool loopback_owns(const struct loopback *lo, const struct prefix *vip)
{
	const struct entry *e = entry_find(lo, vip);
	return e && e->owner != OWNER_FOREIGN && complete(e);
}

bool loopback_is_up(const struct loopback *lo)
{
	return lo->up;
}

/* Somebody took the address of a killed run, and our route to it is still there. */
static void drop_stray_route(struct loopback *lo, struct entry *e)
{
	if (e->owner == OWNER_FOREIGN && (e->there & VIP_ROUTE) &&
	    vipaddr_del(lo->ask, &e->prefix, VIP_ROUTE) == 0)
		e->there &= (uint8_t)~VIP_ROUTE;
}

void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata)
{
	struct entry *e, *next;
	size_t n = 0;
	/* The callback changes the table: walk a copy. */
	struct prefix *found = mem_new(HASH_COUNT(lo->entries), sizeof(*found));
	HASH_ITER (hh, lo->entries, e, next) {
		drop_stray_route(lo, e);
		if (e->owner == OWNER_LEFTOVER)
			found[n++] = e->prefix;
	}
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}
