/* SPDX-License-Identifier: MIT */
#include "net/hostwatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "net/nladdr.h"
#include "net/nlsock.h"
#include "process/loop.h"

#define EVENTS_PER_TURN 64
/* A router on the same host may change its routes thousands of times a second. */
#define TOLD_EVERY (50 * USEC_PER_MSEC)
#define AGAIN      USEC_PER_SEC

struct hostwatch {
	sd_event *loop;
	struct nlsock *socket;
	sd_event_source *source, *timer;
	mono_t told_at, recheck_at;
	bool addresses_changed;
	hostwatch_cb *changed;
	void *userdata;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

/* The kernel announces an address before it adds or removes the local route: who asks in between, on
 * another processor, gets the answer of before, and no message follows. So it is asked again. */
static void tell(struct hostwatch *w)
{
	w->told_at = loop_now(w->loop);
	w->changed(w->userdata);
	if (w->recheck_at > w->told_at)
		loop_timer_set(w->loop, &w->timer, w->recheck_at, LOOP_APPLY, on_timer, w);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tell(userdata);
	return 0;
}

struct news {
	bool any, addresses;
};

static int on_message(const struct nlmsghdr *msg, void *userdata)
{
	struct news *news = userdata;
	news->any = news->any || msg->nlmsg_type >= RTM_BASE;
	news->addresses =
		news->addresses || (msg->nlmsg_type >= RTM_BASE && msg->nlmsg_type <= RTM_DELADDR);
	return 0;
}

/* True when there is something to tell. */
static bool receive(struct hostwatch *w)
{
	struct news news = { 0 };
	bool lost = nlsock_receive(w->socket, EVENTS_PER_TURN, on_message, &news) == -ENOBUFS;
	w->addresses_changed = w->addresses_changed || news.addresses || lost;
	if (news.addresses)
		w->recheck_at = usec_add(loop_now(w->loop), TOLD_EVERY);
	return news.any || lost;
}

bool hostwatch_addresses_changed(struct hostwatch *w)
{
	bool changed = w->addresses_changed;
	w->addresses_changed = false;
	return changed;
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct hostwatch *w = userdata;
	(void)source, (void)fd, (void)revents;
	bool any = receive(w);
	mono_t again = usec_add(w->told_at, TOLD_EVERY);
	if (any && (!w->told_at || loop_now(w->loop) >= again))
		tell(w);
	else if (any)
		loop_timer_set(w->loop, &w->timer, again, LOOP_APPLY, on_timer, w);
	return 0;
}

static bool is_armed(const struct hostwatch *w)
{
	int armed = SD_EVENT_OFF;
	if (w->timer)
		sd_event_source_get_enabled(w->timer, &armed);
	return armed != SD_EVENT_OFF;
}

void hostwatch_catch_up(struct hostwatch *w)
{
	bool armed = is_armed(w);
	if (!receive(w) && !armed)
		return;
	loop_timer_set(w->loop, &w->timer, USEC_NEVER, LOOP_APPLY, on_timer, w);
	tell(w);
}

void hostwatch_again(struct hostwatch *w)
{
	if (is_armed(w))
		return; /* that is sooner */
	loop_timer_set(w->loop, &w->timer, usec_add(loop_now(w->loop), AGAIN), LOOP_APPLY, on_timer,
		       w);
}

/* Drops in the kernel the messages about lo as a link, its addresses that look like VIPs (scope
 * host, deprecated: net/vipaddr.h), and routes of the table `local`: 10,000 VIPs are not watched
 * here. The host's own addresses on lo are. ifa_index, ifi_index and rtm_table stand at the same
 * place. Next-hop objects are watched because routes that use one may change without a message of
 * their own.
 */
static int set_filter(struct hostwatch *w)
{
	enum {
		TYPE_AT = offsetof(struct nlmsghdr, nlmsg_type),
		FAMILY_AT = NLMSG_HDRLEN,
		FLAGS_AT = NLMSG_HDRLEN + offsetof(struct ifaddrmsg, ifa_flags),
		SCOPE_AT = NLMSG_HDRLEN + offsetof(struct ifaddrmsg, ifa_scope),
		AT = NLMSG_HDRLEN + 4
	};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, TYPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEXTHOP), 17, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEXTHOP), 16, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWRULE), 15, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELRULE), 14, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 10, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 9, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(NLADDR_LO_IFINDEX), 0, 10),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAMILY_AT), /* of a link: AF_UNSPEC */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 2, 6),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, SCOPE_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_SCOPE_UNIVERSE, 5, 4),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, IFA_F_DEPRECATED, 2, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RT_TABLE_LOCAL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };
	if (setsockopt(nlsock_fd(w->socket), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

int hostwatch_new(sd_event *loop, hostwatch_cb *changed, void *userdata, struct hostwatch **ret,
		  struct err *err)
{
	static const int groups[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				      RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,
				      RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP,     0 };
	struct hostwatch *w = mem_new(1, sizeof(*w));
	w->loop = sd_event_ref(loop);
	w->changed = changed;
	w->userdata = userdata;
	int r = nlsock_open(NETLINK_ROUTE, groups, &w->socket, err);
	if (r < 0) {
		hostwatch_free(w);
		return r;
	}
	r = set_filter(w);
	if (r == 0)
		r = loop_io_add(loop, &w->source, nlsock_fd(w->socket), EPOLLIN, LOOP_APPLY,
				on_event, w);
	if (r < 0) {
		hostwatch_free(w);
		return err_set(err, r, "cannot watch the addresses of this host: %s", strerror(-r));
	}
	*ret = w;
	return 0;
}

void hostwatch_free(struct hostwatch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->source);
	sd_event_source_disable_unref(w->timer);
	nlsock_free(w->socket);
	sd_event_unref(w->loop);
	free(w);
}
