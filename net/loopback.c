/* SPDX-License-Identifier: MIT */
/*
 * Whose an address on lo is, and keeping it there.
 *
 * The kernel decides who comes first: every add is exclusive, so that an address that somebody
 * else put there is never taken over. A table mirrors what is on lo. It says what is ours, so that
 * nothing is scanned per VIP, and remembers foreign addresses only to explain a conflict.
 *
 * The mirror is kept true by notifications. Those of additions are filtered out in the kernel: we
 * make most of them, and 10,000 at once would overflow the queue. Those of our own removals are
 * told from others' by order: loopback_del() empties the queue before it removes an address and
 * again after, so a removal that is read later cannot be its own. When notifications are lost all
 * the same, one dump sets the mirror right.
 *
 * IPv6 addresses are added with a preferred lifetime of 0 ("deprecated"): they serve whoever
 * connects to them, but the host does not choose them as the source of its own connections, whose
 * answers might reach another host that announces the same VIP (RFC 6724 rule 3). They also need
 * a `local` route if the prefix is shorter than /128; for IPv4 the kernel makes that itself.
 */
#include "net/loopback.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "net/loop.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

#define EVENTS_PER_TURN 64
#define LOOK_RETRY      USEC_PER_SEC

enum owner { OWNER_FOREIGN, OWNER_LEFTOVER, OWNER_US };

struct entry {
	struct prefix prefix; /* the key; no padding in it */
	enum owner owner;
	bool bound; /* false: ours by right, but somebody removed it */
	bool seen;  /* during a full look */
	char label[IFNAMSIZ];
	uint32_t flags;        /* IFA_F_* */
	struct list_node lost; /* to be reported */
	UT_hash_handle hh;
};

struct loopback {
	sd_event *loop;
	struct nlsock *ask, *watch;
	struct entry *entries;
	struct list lost;
	bool up;
	bool has_tags;
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

static void entry_drop(struct loopback *lo, struct entry *e)
{
	if (!e)
		return;
	list_remove(&e->lost);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, lo->entries, e);
	free(e);
}

/* The kernel no longer has it. */
static void entry_gone(struct loopback *lo, struct entry *e)
{
	if (e->owner != OWNER_US) {
		entry_drop(lo, e);
		return;
	}
	if (e->bound && !list_linked(&e->lost))
		list_append(&lo->lost, &e->lost);
	e->bound = false;
}

static int take_dumped(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || a.ifindex != NLADDR_LO_IFINDEX)
		return 0;
	struct entry *e = entry_find(lo, &a.prefix);
	/* The kernel tags what it adds itself, 127.0.0.1 and ::1, if it has tags at all. */
	lo->has_tags = lo->has_tags || a.proto != 0;
	if (!e)
		e = entry_get(lo, &a.prefix,
			      a.proto == NLADDR_PROTO_OURS ? OWNER_LEFTOVER : OWNER_FOREIGN);
	/* One of ours that somebody removed and that is there again is decided by the next add. */
	if (e->owner != OWNER_US)
		e->bound = true;
	e->seen = true;
	memcpy(e->label, a.label, sizeof(e->label));
	e->flags = a.flags;
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
		e->seen = false;
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(lo->ask, nladdr_build_dump(buf, families[i], NLADDR_LO_IFINDEX),
				   take_dumped, lo);
	if (r < 0)
		return r;
	HASH_ITER (hh, lo->entries, e, next)
		if (!e->seen)
			entry_gone(lo, e);
	lo->stale = false;
	return 0;
}

static int take_event(const struct nlmsghdr *msg, void *userdata)
{
	struct loopback *lo = userdata;
	struct nladdr a;
	if (msg->nlmsg_type == RTM_NEWLINK)
		return take_link(msg, lo);
	if (msg->nlmsg_type != RTM_DELADDR || nladdr_parse(msg, &a) < 0 ||
	    a.ifindex != NLADDR_LO_IFINDEX)
		return 0;
	struct entry *e = entry_find(lo, &a.prefix);
	if (e)
		entry_gone(lo, e);
	return 0;
}

static void report_later(struct loopback *lo);

static int on_retry(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	report_later(userdata);
	return 0;
}

/* Tells the owner what was lost. Not from inside loopback_del(), whose caller does not expect it,
 * so always from a turn of its own. */
static int on_report(sd_event_source *source, void *userdata)
{
	(void)source;
	struct loopback *lo = userdata;
	struct entry *e;
	if (lo->stale && look_at_all(lo) < 0)
		loop_timer_set(lo->loop, &lo->retry_source, usec_add(loop_clock(), LOOK_RETRY),
			       LOOP_APPLY, on_retry, lo);
	while ((e = list_first(&lo->lost, struct entry, lost))) {
		struct prefix p = e->prefix; /* the callback may drop the entry */
		list_remove(&e->lost);
		lo->lost_cb(&p, lo->userdata);
	}
	if (lo->link_flipped) {
		lo->link_flipped = false;
		lo->lost_cb(NULL, lo->userdata);
	}
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

/* Lets through what concerns lo and is not the addition of an address. Loads are big-endian while
 * netlink is in host order, hence the htons() and htonl(). ifa_index and ifi_index stand at the
 * same place. */
static int set_filter(struct loopback *lo)
{
	enum { TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type), INDEX_AT = NLMSG_HDRLEN + 4 };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(NLADDR_LO_IFINDEX), 1, 0),
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
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0 };
	struct loopback *lo = mem_new(1, sizeof(*lo));
	lo->loop = sd_event_ref(loop);
	lo->lost_cb = lost;
	lo->userdata = userdata;
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

#define FLAGS6 (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_DEPRECATED)

void loopback_label(const struct prefix *vip, const char *app_name, char ret[static IFNAMSIZ])
{
	ret[0] = 0;
	if (vip->addr.family == AF_INET && app_name)
		snprintf(ret, IFNAMSIZ, "lo:%.*s", IFNAMSIZ - 4, app_name);
}

bool loopback_has_tags(const struct loopback *lo)
{
	return lo->has_tags;
}

static bool looks_ours(const struct entry *e, const char *label)
{
	if (e->prefix.addr.family == AF_INET6)
		return (e->flags & FLAGS6) == FLAGS6;
	return label[0] && strcmp(e->label, label) == 0;
}

bool loopback_adopt(struct loopback *lo, const struct prefix *vip, const char *label)
{
	struct entry *e = entry_find(lo, vip);
	if (lo->has_tags || !e || e->owner != OWNER_FOREIGN || !looks_ours(e, label))
		return false;
	e->owner = OWNER_LEFTOVER;
	return true;
}

/* What is asked of the kernel for a VIP. */
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
	loopback_label(vip, app_name, a.label);
	return a;
}

static bool needs_local_route(const struct prefix *vip)
{
	return vip->addr.family == AF_INET6 && vip->len < 128;
}

/* One that is there already serves as well; if it is not tagged as ours it will not be removed. */
static int add_local_route(struct loopback *lo, const struct prefix *vip)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	int r = nlsock_request(lo->ask, nlroute_build_add_local(buf, vip, NLADDR_LO_IFINDEX), NULL,
			       NULL);
	return r == -EEXIST ? 0 : r;
}

static int del_local_route(struct loopback *lo, const struct prefix *vip)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	int r = nlsock_request(lo->ask, nlroute_build_del_local(buf, vip, NLADDR_LO_IFINDEX), NULL,
			       NULL);
	return r == -ESRCH ? 0 : r;
}

static int del_address(struct loopback *lo, const struct prefix *vip)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = address_of(vip, NULL);
	int r = nlsock_request(lo->ask, nladdr_build_del(buf, &a), NULL, NULL);
	return r == -EADDRNOTAVAIL ? 0 : r;
}

static int add_address(struct loopback *lo, const struct prefix *vip, const char *app_name)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nladdr a = address_of(vip, app_name);
	return nlsock_request(lo->ask, nladdr_build_add(buf, &a), NULL, NULL);
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
	return r < 0 ? r : add_address(lo, vip, app_name);
}

/* The kernel says that the address is there. 0 if it is ours all the same. */
static int settle_conflict(struct loopback *lo, const struct prefix *vip, const char *app_name,
			   struct err *err)
{
	char text[PREFIX_TEXT_MAX], there[PREFIX_TEXT_MAX];
	struct entry *e = entry_find(lo, vip);
	if (e && e->owner == OWNER_US) /* was ours and was removed: forget, and judge by the tag */
		entry_drop(lo, e);
	e = conflicting(lo, vip);
	if (!e && look_at_all(lo) == 0)
		e = conflicting(lo, vip);
	report_later(lo);
	if (e && e->owner == OWNER_LEFTOVER &&
	    (prefix_equal(&e->prefix, vip) || replace_leftover(lo, e, vip, app_name) == 0))
		return 0;
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

/* Until the kernel has it, or it turns out to be ours from a former run. */
static int bind_address(struct loopback *lo, const struct prefix *vip, const char *app_name,
			struct err *err)
{
	const struct entry *e = entry_find(lo, vip);
	if (e && e->owner == OWNER_LEFTOVER)
		return 0;
	int r = add_address(lo, vip, app_name);
	if (r == -EEXIST)
		return settle_conflict(lo, vip, app_name, err);
	return r < 0 ? explain(err, r, "bind", vip) : 0;
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
	if (e && e->owner == OWNER_US && e->bound)
		return 0;
	int r = bind_address(lo, vip, app_name, err);
	if (r < 0)
		return r;
	r = needs_local_route(vip) ? add_local_route(lo, vip) : 0;
	if (r < 0) {
		del_address(lo, vip);
		return explain(err, r, "route locally", vip);
	}
	e = entry_get(lo, vip, OWNER_US);
	e->bound = true;
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
	if (needs_local_route(vip))
		r = del_local_route(lo, vip);
	if (e->bound && r == 0)
		r = del_address(lo, vip);
	if (r < 0)
		return explain(err, r, "remove", vip);
	entry_drop(lo, e);
	take_events(lo, UINT32_MAX);
	return 0;
}

bool loopback_owns(const struct loopback *lo, const struct prefix *vip)
{
	const struct entry *e = entry_find(lo, vip);
	return e && e->owner != OWNER_FOREIGN && e->bound;
}

void loopback_walk_leftovers(struct loopback *lo, loopback_walk_cb *cb, void *userdata)
{
	struct entry *e, *next;
	size_t n = 0;
	/* The callback changes the table: walk a copy. */
	struct prefix *found = mem_new(HASH_COUNT(lo->entries), sizeof(*found));
	HASH_ITER (hh, lo->entries, e, next)
		if (e->owner == OWNER_LEFTOVER)
			found[n++] = e->prefix;
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}
