/* SPDX-License-Identifier: MIT */
#include "net/addr_watch.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/mem.h"
#include "net/nladdr.h"
#include "net/nlsock.h"
#include "process/loop.h"

/* Datagrams of one turn. */
#define EVENTS_PER_TURN 64
#define DUMP_RETRY      USEC_PER_SEC

struct addr_watch {
	sd_event *loop;
	struct nlsock *ask, *watch;
	struct addr_table table;
	addr_watch_cb *changed;
	void *userdata;
	sd_event_source *watch_source, *retry_source;
};

/* Links */

static int parse_name(const struct nlattr *attr, void *userdata)
{
	if (mnl_attr_get_type(attr) == IFLA_IFNAME &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
		*(const char **)userdata = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

/* True when it matters. A message without a name is about something else of the link. */
static bool update_link(struct addr_watch *w, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	const char *name = NULL;
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return false;
	if (msg->nlmsg_type == RTM_DELLINK)
		return addr_table_remove_link(&w->table, (uint32_t)ifi->ifi_index);
	mnl_attr_parse(msg, sizeof(*ifi), parse_name, &name);
	return name && addr_table_set_link(&w->table, (uint32_t)ifi->ifi_index, name,
					   ifi->ifi_flags & IFF_UP);
}

/* Dumps */

static int on_dumped(const struct nlmsghdr *msg, void *userdata)
{
	struct addr_watch *w = userdata;
	struct nladdr a;
	if (msg->nlmsg_type == RTM_NEWLINK)
		update_link(w, msg);
	else if (nladdr_parse(msg, &a) == 0)
		addr_table_set(&w->table, &a);
	return 0;
}

static struct nlmsghdr *build_link_dump(void *buf)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = RTM_GETLINK;
	msg->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(msg, sizeof(struct ifinfomsg));
	return msg;
}

static int dump(struct addr_watch *w)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	addr_table_dump_begin(&w->table);
	int r = nlsock_request(w->ask, build_link_dump(buf), on_dumped, w);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(w->ask, nladdr_build_dump(buf, families[i], 0), on_dumped, w);
	if (r == 0)
		addr_table_dump_end(&w->table);
	return r;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata);

/* Notifications were lost. */
static void resync(struct addr_watch *w)
{
	if (dump(w) < 0)
		loop_timer_set(w->loop, &w->retry_source, usec_add(loop_clock(), DUMP_RETRY),
			       LOOP_HEALTH, on_retry, w);
	w->changed(NULL, w->userdata);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	resync(userdata);
	return 0;
}

/* Notifications */

static int on_event(const struct nlmsghdr *msg, void *userdata)
{
	struct addr_watch *w = userdata;
	struct nladdr a;
	bool changed = false;
	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (update_link(w, msg))
			w->changed(NULL, w->userdata);
		return 0;
	case RTM_NEWADDR:
		changed = nladdr_parse(msg, &a) == 0 && addr_table_set(&w->table, &a);
		break;
	case RTM_DELADDR:
		changed = nladdr_parse(msg, &a) == 0 && addr_table_remove(&w->table, &a);
		break;
	}
	if (changed)
		w->changed(&a.prefix.addr, w->userdata);
	return 0;
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct addr_watch *w = userdata;
	if (nlsock_receive(w->watch, EVENTS_PER_TURN, on_event, w) == -ENOBUFS) {
		nlsock_discard(w->watch);
		resync(w);
	}
	return 0;
}

int addr_watch_new(sd_event *loop, addr_watch_cb *changed, void *userdata, struct addr_watch **ret,
		   struct err *err)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0 };
	struct addr_watch *w = mem_new(1, sizeof(*w));
	w->loop = sd_event_ref(loop);
	w->changed = changed;
	w->userdata = userdata;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &w->ask, err);
	if (r == 0)
		r = nlsock_open(NETLINK_ROUTE, groups, &w->watch, err);
	/* Watch first, then dump: a change in between is seen twice, not missed. */
	if (r == 0)
		r = loop_io_add(loop, &w->watch_source, nlsock_fd(w->watch), EPOLLIN, LOOP_HEALTH,
				on_watch, w);
	if (r == 0 && (r = dump(w)) < 0)
		err_set(err, r, "cannot list the addresses of this host: %s", strerror(-r));
	if (r < 0) {
		addr_watch_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

void addr_watch_free(struct addr_watch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->watch_source);
	sd_event_source_disable_unref(w->retry_source);
	addr_table_done(&w->table);
	nlsock_free(w->ask);
	nlsock_free(w->watch);
	sd_event_unref(w->loop);
	free(w);
}

const struct addr_table *addr_watch_table(const struct addr_watch *w)
{
	return &w->table;
}
