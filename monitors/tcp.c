/* SPDX-License-Identifier: MIT */
/*
 * "tcp:HOST:PORT": a connection can be made. `send` is sent first; `expect` must be in the first 4
 * KB of what the service sends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/exchange.h"
#include "monitors/match.h"
#include "monitors/monitor.h"
#include "monitors/target.h"

#define ANSWER_MAX 4096

enum { SEND, EXPECT, N_OPTIONS };

struct tcp_check {
	struct exchange x;
	const char *send; /* the unsent rest; NULL: nothing */
	const char *expect;
	bool connected;
	size_t len;
	char answer[ANSWER_MAX];
};

static void unexpected(struct tcp_check *t, const char *how)
{
	char shown[128];
	str_printable(shown, sizeof(shown), t->answer, t->len);
	if (t->len > 0)
		exchange_finish(&t->x, HEALTH_DOWN, "%s without what is expected: %s", how, shown);
	else
		exchange_finish(&t->x, HEALTH_DOWN, "%s without an answer", how);
}

/* Passed, failed, or more is to come. */
static void read_answer(struct tcp_check *t)
{
	ssize_t n = recv(t->x.fd, t->answer + t->len, ANSWER_MAX - t->len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		exchange_finish(&t->x, HEALTH_DOWN, "the connection broke: %s", strerror(errno));
		return;
	}
	t->len += (size_t)n;
	if (bytes_contain(t->answer, t->len, t->expect))
		exchange_finish(&t->x, HEALTH_UP, "%s", "");
	else if (n == 0)
		unexpected(t, "the connection was closed");
	else if (t->len == ANSWER_MAX)
		unexpected(t, "4 KB of answer came");
}

static void send_all(struct tcp_check *t)
{
	while (t->send && *t->send) {
		ssize_t n = send(t->x.fd, t->send, strlen(t->send), MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			exchange_finish(&t->x, HEALTH_DOWN, "cannot send: %s", strerror(errno));
			return;
		}
		t->send += n;
	}
	if (t->expect)
		sd_event_source_set_io_events(t->x.io, EPOLLIN);
	else
		exchange_finish(&t->x, HEALTH_UP, "%s", "");
}

/* Where nothing listens on a port of the ephemeral range, the kernel may choose that very port as
 * the source of a connection to it, which then connects to itself (RFC 9293 3.5, figure 8). */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t our_len = sizeof(ours), their_len = sizeof(theirs);
	return getsockname(fd, (struct sockaddr *)&ours, &our_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&theirs, &their_len) == 0 &&
	       our_len == their_len && memcmp(&ours, &theirs, our_len) == 0;
}

static void finish_connect(struct tcp_check *t)
{
	/* Reset instead of closed: no TIME_WAIT of it may keep the service from its port. */
	static const struct linger reset = { .l_onoff = 1 };
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(t->x.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error == 0 && is_own_echo(t->x.fd)) {
		setsockopt(t->x.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		error = ECONNREFUSED;
	}
	t->connected = error == 0;
	if (error != 0)
		exchange_unreachable(&t->x, error);
	else
		exchange_settle(&t->x);
}

static void on_ready(struct exchange *x, uint32_t revents)
{
	struct tcp_check *t = (struct tcp_check *)x;
	if (!t->connected)
		finish_connect(t); /* may end the check; what is sent follows in the next turn */
	else if (revents & EPOLLIN)
		read_answer(t);
	else if (revents & EPOLLOUT)
		send_all(t);
	else
		exchange_finish(x, HEALTH_DOWN, "the connection broke");
}

static const char *missing(const struct exchange *x)
{
	return ((const struct tcp_check *)x)->connected ? "no such answer" : "no connection";
}

static void tcp_free(struct exchange *x)
{
	free(x);
}

static int tcp_open(struct exchange *x, struct err *err)
{
	int fd = socket(x->to.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return exchange_connect(x, fd, EPOLLOUT, err);
}

static const struct exchange_ops exchange_ops = {
	.open = tcp_open,
	.on_ready = on_ready,
	.missing = missing,
	.free = tcp_free,
};

static int tcp_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct tcp_check *t = mem_new(1, sizeof(*t));
	exchange_init(&t->x, &exchange_ops, env, timeout, done, userdata);
	t->send = monitor_spec_option(spec, SEND);
	t->expect = monitor_spec_option(spec, EXPECT);
	int r = exchange_start(&t->x, spec, spec->parsed, err);
	if (r < 0) {
		exchange_cancel(t);
		return r;
	}
	*ret_running = t;
	return 0;
}

static const struct monitor_ops ops = {
	.said_up = "connected, and it answered as expected",
	.start = tcp_start,
	.cancel = exchange_cancel,
};

/* ---- the descriptor ---- */

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	const char *arg = monitor_spec_argument(s);
	if (!arg)
		return err_set(err, -EINVAL, "expected tcp:HOST:PORT");
	return monitor_endpoint_parse(arg, strlen(arg), parsed, err);
}

static const struct monitor_option options[N_OPTIONS] = {
	[SEND] = { .name = "send",
		   .doc = "Of `tcp`: what is sent first.",
		   .is_valid = text_is_valid,
		   .expected = "what is to be sent",
		   .is_sent = true },
	[EXPECT] = { .name = "expect",
		     .doc = "Of `tcp`: what must be in the first 4 KB that the service sends.",
		     .is_valid = text_is_valid,
		     .expected = "part of the answer" },
};

const struct monitor_kind monitor_kind_tcp = {
	.name = "tcp",
	.format = "tcp:HOST:PORT",
	.doc = "`HOST:PORT`: a connection can be made.",
	.access = MONITOR_USES_NETWORK,
	.options = options,
	.n_options = N_OPTIONS,
	.parsed_size = sizeof(struct monitor_endpoint),
	.parse = parse,
	.equal = monitor_endpoint_spec_equal,
	.target = monitor_endpoint_spec_target,
	.ops = &ops,
};
