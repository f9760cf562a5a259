/* SPDX-License-Identifier: MIT */
#include "net/sockevents.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "net/nlsock.h"
#include "process/loop.h"

/* Datagrams a wake-up. A lookup follows each, so that this is a few milliseconds at most. */
#define EVENTS_MAX 64

struct sockevents {
	struct nlsock *sock;
	sd_event_source *source;
	sockevents_cb *cb;
	void *userdata;
};

static int on_message(const struct nlmsghdr *msg, void *userdata)
{
	struct sockevents *e = userdata;
	struct nlattr *attr;
	uint8_t proto = IPPROTO_TCP;
	if (msg->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    mnl_nlmsg_get_payload_len(msg) < sizeof(struct inet_diag_msg))
		return 0;
	const struct inet_diag_msg *diag = mnl_nlmsg_get_payload(msg);
	mnl_attr_for_each(attr, msg,
			  sizeof(*diag)) if (mnl_attr_get_type(attr) == INET_DIAG_PROTOCOL &&
					     mnl_attr_get_payload_len(attr) >= 1) proto =
		mnl_attr_get_u8(attr);
	const struct addr at = addr_from_bytes(diag->idiag_family, diag->id.idiag_src),
			  addr = addr_unmapped(&at);
	if (diag->id.idiag_dport == 0)
		e->cb(proto, &addr, ntohs(diag->id.idiag_sport), e->userdata);
	return 0;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct sockevents *e = userdata;
	if (nlsock_receive(e->sock, EVENTS_MAX, on_message, e) == -ENOBUFS)
		e->cb(0, NULL, 0, e->userdata);
	return 0;
}

static int attach(struct sockevents *e, const struct port_range *ranges, size_t n)
{
	struct sock_filter *code = mem_new(PORT_FILTER_MAX, sizeof(*code));
	struct sock_fprog program = { .filter = code };
	program.len = (unsigned short)port_filter_build(ranges, n, code);
	int r = setsockopt(nlsock_fd(e->sock), SOL_SOCKET, SO_ATTACH_FILTER, &program,
			   sizeof(program));
	r = r < 0 ? -errno : 0;
	free(code);
	return r;
}

/* -ENOENT: there was none. */
static int detach(struct sockevents *e)
{
	int r = setsockopt(nlsock_fd(e->sock), SOL_SOCKET, SO_DETACH_FILTER, &(int){ 0 },
			   sizeof(int));
	return r < 0 && errno != ENOENT ? -errno : 0;
}

static int attach_at_most(struct sockevents *e, const struct port_set *ports, size_t max)
{
	struct port_range ranges[PORT_FILTER_RANGES];
	return attach(e, ranges, port_set_ranges(ports, ranges, max));
}

/*
 * A socket's filter may take net.core.optmem_max: 20,480 octets before Linux 6.7, which is some 300
 * ranges. The old filter counts until the new one has replaced it, so it goes first. Without one
 * the socket hears of every port, and nothing is missed.
 */
int sockevents_set_ports(struct sockevents *e, const struct port_set *ports)
{
	int r = detach(e);
	if (r == 0)
		r = attach_at_most(e, ports, 1);
	if (r == 0)
		r = detach(e);
	if (r < 0)
		return r;
	size_t max = PORT_FILTER_RANGES;
	while ((r = attach_at_most(e, ports, max)) == -ENOMEM && max > 1)
		max -= max / 8 + 1;
	return r;
}

int sockevents_new(sd_event *loop, sockevents_cb *cb, void *userdata, struct sockevents **ret,
		   struct err *err)
{
	static const int groups[] = { SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET_UDP_DESTROY,
				      SKNLGRP_INET6_TCP_DESTROY, SKNLGRP_INET6_UDP_DESTROY, 0 };
	struct sockevents *e = mem_new(1, sizeof(*e));
	e->cb = cb;
	e->userdata = userdata;
	const struct port_set none = { 0 };
	int r = nlsock_open(NETLINK_SOCK_DIAG, groups, &e->sock, err);
	/* A kernel that takes no filter at all is reported by the first call from outside. */
	if (r == 0)
		(void)sockevents_set_ports(e, &none);
	if (r == 0)
		r = loop_io_add(loop, &e->source, nlsock_fd(e->sock), EPOLLIN, LOOP_HEALTH,
				on_events, e);
	if (r < 0) {
		sockevents_free(e);
		return err_prefix(err, r, "the kernel's socket events: ");
	}
	*ret = e;
	return 0;
}

void sockevents_free(struct sockevents *e)
{
	if (!e)
		return;
	sd_event_source_disable_unref(e->source);
	nlsock_free(e->sock);
	free(e);
}
