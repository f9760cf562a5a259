/* SPDX-License-Identifier: MIT */
#include "net/addrwatch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "net/loop.h"
#include "net/nladdr.h"
#include "net/nlsock.h"

#define EVENTS_PER_TURN 64

struct addrwatch {
	struct nlsock *socket;
	sd_event_source *source;
	addrwatch_cb *changed;
	void *userdata;
};

static int take_event(const struct nlmsghdr *msg, void *userdata)
{
	bool *any = userdata;
	*any = *any || msg->nlmsg_type == RTM_NEWADDR || msg->nlmsg_type == RTM_DELADDR;
	return 0;
}

static int on_event(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct addrwatch *w = userdata;
	bool any = false;
	(void)source, (void)fd, (void)revents;
	if (nlsock_receive(w->socket, EVENTS_PER_TURN, take_event, &any) == -ENOBUFS)
		any = true;
	if (any)
		w->changed(w->userdata);
	return 0;
}

/* Drops what concerns lo in the kernel: 10,000 VIPs at once are none of our business here. */
static int set_filter(struct addrwatch *w)
{
	enum { INDEX_AT = NLMSG_HDRLEN + offsetof(struct ifaddrmsg, ifa_index) };
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, INDEX_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(NLADDR_LO_IFINDEX), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };
	if (setsockopt(nlsock_fd(w->socket), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0)
		return -errno;
	return 0;
}

int addrwatch_new(sd_event *loop, addrwatch_cb *changed, void *userdata, struct addrwatch **ret,
		  struct err *err)
{
	static const int groups[] = { RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, 0 };
	struct addrwatch *w = mem_new(1, sizeof(*w));
	w->changed = changed;
	w->userdata = userdata;
	int r = nlsock_open(NETLINK_ROUTE, groups, &w->socket, err);
	if (r < 0) {
		addrwatch_free(w);
		return r;
	}
	r = set_filter(w);
	if (r == 0)
		r = loop_io_add(loop, &w->source, nlsock_fd(w->socket), EPOLLIN, LOOP_APPLY,
				on_event, w);
	if (r < 0) {
		addrwatch_free(w);
		return err_set(err, r, "cannot watch the addresses of this host: %s", strerror(-r));
	}
	*ret = w;
	return 0;
}

void addrwatch_free(struct addrwatch *w)
{
	if (!w)
		return;
	sd_event_source_disable_unref(w->source);
	nlsock_free(w->socket);
	free(w);
}
