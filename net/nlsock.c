/* SPDX-License-Identifier: MIT */
#include "net/nlsock.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/nltext.h"

/* The kernel fills at most this much per datagram of a dump. */
#define RECEIVE_MAX 32768
#define DUMP_TRIES  5

struct nlsock {
	struct mnl_socket *mnl;
	int bus;
	uint32_t seq;
};

int nlsock_open(int bus, const int *groups, struct nlsock **ret, struct err *err)
{
	int r;
	struct nlsock *s = mem_new(1, sizeof(*s));
	s->bus = bus;
	s->mnl = mnl_socket_open2(bus, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/* Bind before joining: without a port id of its own a socket never hears a group. */
	if (!s->mnl || mnl_socket_bind(s->mnl, 0, MNL_SOCKET_AUTOPID) < 0)
		goto fail;
	for (; groups && *groups; groups++)
		if (mnl_socket_setsockopt(s->mnl, NETLINK_ADD_MEMBERSHIP, (void *)groups,
					  sizeof(*groups)) < 0)
			goto fail;
	if (bus == NETLINK_ROUTE) /* Best effort: callers filter the answers as well. */
		(void)mnl_socket_setsockopt(s->mnl, NETLINK_GET_STRICT_CHK, &(int){ 1 },
					    sizeof(int));
	*ret = s;
	return 0;
fail:
	r = -errno;
	nlsock_free(s);
	return err_set(err, r, "netlink socket (bus %d): %s", bus, strerror(-r));
}

void nlsock_free(struct nlsock *s)
{
	if (!s)
		return;
	if (s->mnl)
		mnl_socket_close(s->mnl);
	free(s);
}

int nlsock_fd(const struct nlsock *s)
{
	return mnl_socket_get_fd(s->mnl);
}

/* One datagram from the kernel; 0 for one from another sender, which is dropped. */
static ssize_t receive(struct nlsock *s, void *buf)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t n;
	do
		n = recvfrom(nlsock_fd(s), buf, RECEIVE_MAX, 0, (struct sockaddr *)&from,
			     &from_len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return from.nl_pid == 0 ? n : 0;
}

struct answer {
	uint32_t seq;
	nlsock_cb *cb;
	void *userdata;
	int result;
	unsigned messages; /* for the callback */
	bool interrupted, ended;
};

static void answer_add(struct answer *a, const struct nlmsghdr *msg)
{
	int code = 0;
	if (msg->nlmsg_seq != a->seq) /* left over from a request that failed half-way */
		return;
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	switch (msg->nlmsg_type) {
	case NLMSG_ERROR: /* an nlmsgerr begins with the code, so does the payload of DONE */
	case NLMSG_DONE:
		if (mnl_nlmsg_get_payload_len(msg) >= sizeof(code))
			memcpy(&code, mnl_nlmsg_get_payload(msg), sizeof(code));
		if (a->result == 0 && code < 0)
			a->result = code;
		a->ended = true;
		break;
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		break;
	default:
		/* After the callback said stop, the rest is still read, or it would be in the
		 * way of the next request. */
		a->messages++;
		if (a->cb && a->result == 0) {
			int r = a->cb(msg, a->userdata);
			a->result = r < 0 ? r : 0;
		}
	}
}

static int answer_walk(struct nlsock *s, struct answer *a)
{
	_Alignas(struct nlmsghdr) char buf[RECEIVE_MAX];
	while (!a->ended) {
		ssize_t n = receive(s, buf);
		if (n < 0)
			return (int)n;
		int left = (int)n;
		for (const struct nlmsghdr *msg = (void *)buf; mnl_nlmsg_ok(msg, left);
		     msg = mnl_nlmsg_next(msg, &left))
			answer_add(a, msg);
	}
	if (a->result == 0 && a->interrupted)
		return -EINTR;
	return a->result;
}

/* Sockets are looked up all the time, by checks; the rules of NAT have lines of their own. */
static enum log_level level_of(const struct nlsock *s)
{
	return s->bus == NETLINK_ROUTE ? LOG_DEBUG : LOG_TRACE;
}

static void log_request(const struct nlsock *s, const struct nlmsghdr *request, unsigned messages,
			int result)
{
	char text[NLTEXT_MAX];
	if (!log_enabled("netlink", level_of(s)))
		return;
	nltext_request(s->bus, request, text);
	if (result < 0)
		log_write(level_of(s), "netlink", "%s: %s", text, strerror(-result));
	else if (messages > 0)
		log_write(level_of(s), "netlink", "%s: ok, %u message%s", text, messages,
			  messages == 1 ? "" : "s");
	else
		log_write(level_of(s), "netlink", "%s: ok", text);
}

int nlsock_request(struct nlsock *s, struct nlmsghdr *request, nlsock_cb *cb, void *userdata)
{
	int r = -EINTR;
	unsigned messages = 0;
	request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
		struct answer a = { .seq = ++s->seq, .cb = cb, .userdata = userdata };
		request->nlmsg_seq = a.seq;
		if (mnl_socket_sendto(s->mnl, request, request->nlmsg_len) < 0)
			r = -errno;
		else
			r = answer_walk(s, &a);
		messages = a.messages;
	}
	log_request(s, request, messages, r);
	return r;
}

int nlsock_send(struct nlsock *s, struct nlmsghdr *request)
{
	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = ++s->seq;
	return mnl_socket_sendto(s->mnl, request, request->nlmsg_len) < 0 ? -errno : 0;
}

/* All that waits now; -EAGAIN when the acknowledgement was not among it. */
static int walk_waiting(struct nlsock *s, struct answer *a)
{
	_Alignas(struct nlmsghdr) char buf[RECEIVE_MAX];
	ssize_t n;
	while ((n = receive(s, buf)) >= 0) {
		int left = (int)n;
		for (const struct nlmsghdr *msg = (void *)buf; mnl_nlmsg_ok(msg, left);
		     msg = mnl_nlmsg_next(msg, &left))
			answer_add(a, msg);
	}
	if (a->result < 0)
		return a->result;
	return a->ended ? 0 : (int)n;
}

int nlsock_transact(struct nlsock *s, void *messages, size_t len, struct nlmsghdr *last)
{
	struct answer a = { .seq = ++s->seq };
	int left = (int)len, room = (int)len * 2;
	struct nlmsghdr *msg = messages;
	for (; mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left)) {
		msg->nlmsg_seq = a.seq;
		msg->nlmsg_flags |= NLM_F_REQUEST;
	}
	last->nlmsg_flags |= NLM_F_ACK;
	/* A transaction is one datagram. Beyond the system's limit that needs CAP_NET_ADMIN, which
	 * transactions need anyway. */
	(void)setsockopt(nlsock_fd(s), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (mnl_socket_sendto(s->mnl, messages, len) < 0)
		return -errno;
	return walk_waiting(s, &a);
}

uint32_t nlsock_port(const struct nlsock *s)
{
	return mnl_socket_get_portid(s->mnl);
}

int nlsock_receive(struct nlsock *s, unsigned max, nlsock_cb *cb, void *userdata)
{
	_Alignas(struct nlmsghdr) char buf[RECEIVE_MAX];
	for (unsigned i = 0; i < max; i++) {
		ssize_t n = receive(s, buf);
		if (n < 0)
			return (int)n;
		int left = (int)n;
		for (const struct nlmsghdr *msg = (void *)buf; mnl_nlmsg_ok(msg, left);
		     msg = mnl_nlmsg_next(msg, &left)) {
			int r = cb(msg, userdata);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int ignore(const struct nlmsghdr *msg, void *userdata)
{
	(void)msg, (void)userdata;
	return 0;
}

/* More come while it reads: so many and no more. */
#define DISCARDED_MAX 65536

void nlsock_discard(struct nlsock *s)
{
	int r = 0;
	for (unsigned n = 0; r != -EAGAIN && n < DISCARDED_MAX; n++)
		r = nlsock_receive(s, 1, ignore, NULL);
}
