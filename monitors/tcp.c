/* SPDX-License-Identifier: MIT */
/*
 * "tcp:HOST:PORT": a connection can be made; with `send` something is said, with `expect` part of
 * what the other side says is awaited, in its first 4 KB.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/match.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "process/loop.h"

#define ANSWER_MAX 4096

enum { SEND, EXPECT, N_OPTIONS };

struct tcp_check {
	int fd;
	sd_event_source *io, *limit;
	const char *send; /* what is left of it; NULL: nothing */
	const char *expect;
	usec_t timeout;
	bool connected;
	int refused; /* errno of a connect() that failed at once */
	monitor_done_cb *done;
	void *userdata;
	size_t len;
	char answer[ANSWER_MAX];
};

static void tcp_free(struct tcp_check *t)
{
	sd_event_source_disable_unref(t->io);
	sd_event_source_disable_unref(t->limit);
	if (t->fd >= 0)
		close(t->fd);
	free(t);
}

__attribute__((format(printf, 3, 4))) static void finish(struct tcp_check *t, enum health health,
							 const char *fmt, ...)
{
	struct monitor_result result = { .health = health };
	monitor_done_cb *done = t->done;
	void *userdata = t->userdata;
	va_list args;
	va_start(args, fmt);
	vsnprintf(result.said, sizeof(result.said), fmt, args);
	va_end(args);
	tcp_free(t);
	done(&result, userdata);
}

static void unexpected(struct tcp_check *t, const char *how)
{
	char shown[128];
	str_printable(shown, sizeof(shown), t->answer, t->len);
	if (t->len > 0)
		finish(t, HEALTH_DOWN, "%s without what is expected: %s", how, shown);
	else
		finish(t, HEALTH_DOWN, "%s without a word", how);
}

/* Passed, failed, or more is to come. */
static void read_answer(struct tcp_check *t)
{
	ssize_t n = recv(t->fd, t->answer + t->len, ANSWER_MAX - t->len, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		finish(t, HEALTH_DOWN, "the connection broke: %s", strerror(errno));
		return;
	}
	t->len += (size_t)n;
	if (bytes_contain(t->answer, t->len, t->expect))
		finish(t, HEALTH_UP, "%s", "");
	else if (n == 0)
		unexpected(t, "the connection was closed");
	else if (t->len == ANSWER_MAX)
		unexpected(t, "4 KB of answer came");
}

/* False when the check is over. */
static bool send_all(struct tcp_check *t)
{
	while (t->send && *t->send) {
		ssize_t n = send(t->fd, t->send, strlen(t->send), MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0) {
			finish(t, HEALTH_DOWN, "cannot send: %s", strerror(errno));
			return false;
		}
		t->send += n;
	}
	if (!t->expect) {
		finish(t, HEALTH_UP, "%s", "");
		return false;
	}
	sd_event_source_set_io_events(t->io, EPOLLIN);
	return true;
}

/* A connection to a port of this host where nobody listens may get that very port for its own end,
 * if it is one of those that are given out, and is then made with itself (RFC 9293 3.5, figure 8).
 */
static bool is_own_echo(int fd)
{
	struct sockaddr_storage ours = { 0 }, theirs = { 0 };
	socklen_t our_len = sizeof(ours), their_len = sizeof(theirs);
	return getsockname(fd, (struct sockaddr *)&ours, &our_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&theirs, &their_len) == 0 &&
	       our_len == their_len && memcmp(&ours, &theirs, our_len) == 0;
}

static void take_connection(struct tcp_check *t)
{
	/* Reset instead of closed: nothing of it may keep the service from its port. */
	static const struct linger reset = { .l_onoff = 1 };
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	error = t->refused ? t->refused : error;
	if (error == 0 && is_own_echo(t->fd)) {
		setsockopt(t->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		error = ECONNREFUSED;
	}
	t->connected = error == 0;
	if (error != 0)
		finish(t, HEALTH_DOWN, "cannot connect: %s", strerror(error));
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd;
	struct tcp_check *t = userdata;
	if (!t->connected) {
		take_connection(t); /* may be the end of it */
		return 0;
	}
	if (revents & EPOLLIN)
		read_answer(t);
	else if (revents & EPOLLOUT)
		send_all(t);
	else
		finish(t, HEALTH_DOWN, "the connection broke");
	return 0;
}

static int on_limit(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct tcp_check *t = userdata;
	char text[DURATION_TEXT_MAX];
	const char *what = t->connected ? "no such answer" : "no connection";
	finish(t, HEALTH_DOWN, "%s within %s", what, duration_format(t->timeout, text));
	return 0;
}

/* A service that is not there may be refused at once, inside connect(): told later, as all answers
 * are. */
static int connect_to(struct tcp_check *t, const struct monitor_endpoint *to)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&to->addr, to->port, 0, &ss);
	int r = connect(t->fd, (struct sockaddr *)&ss, len);
	if (r == 0 || errno == EINPROGRESS)
		return 0;
	if (!monitor_errno_is_down(errno))
		return -errno;
	t->refused = errno;
	return 0;
}

static int start(struct tcp_check *t, struct monitor_env *env, const struct monitor_endpoint *to,
		 struct err *err)
{
	char text[ADDR_TEXT_MAX];
	t->fd = socket(to->addr.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	int r = monitor_guard(env, t->fd, &to->addr, err);
	if (r < 0)
		return r;
	r = connect_to(t, to);
	if (r == 0)
		r = loop_io_add(env->loop, &t->io, t->fd, EPOLLOUT, LOOP_HEALTH, on_io, t);
	if (r == 0)
		r = loop_timer_set(env->loop, &t->limit, usec_add(loop_clock(), t->timeout),
				   LOOP_HEALTH, on_limit, t);
	if (r < 0)
		return err_set(err, r, "cannot connect to %s: %s", addr_format(&to->addr, text),
			       strerror(-r));
	return 0;
}

static int tcp_start(struct monitor_env *env, const struct monitor_spec *spec, usec_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct tcp_check *t = mem_new(1, sizeof(*t));
	t->fd = -1;
	t->send = monitor_spec_option(spec, SEND);
	t->expect = monitor_spec_option(spec, EXPECT);
	t->timeout = timeout;
	t->done = done;
	t->userdata = userdata;
	int r = start(t, env, spec->parsed, err);
	if (r < 0) {
		tcp_free(t);
		return r;
	}
	*ret_running = t;
	return 0;
}

static void tcp_cancel(void *running)
{
	tcp_free(running);
}

static const struct monitor_ops ops = {
	.said_up = "connected, and it answered as expected",
	.start = tcp_start,
	.cancel = tcp_cancel,
};

/* ---- the descriptor ---- */

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	const char *arg = monitor_spec_argument(s);
	if (!arg)
		return err_set(err, -EINVAL, "expected tcp:HOST:PORT");
	return monitor_endpoint_parse(arg, strlen(arg), parsed, err);
}

static bool equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	return monitor_endpoint_equal(a->parsed, b->parsed);
}

static bool target(const struct monitor_spec *s, struct addr *ret)
{
	const struct monitor_endpoint *to = s->parsed;
	*ret = to->addr;
	return true;
}

static const struct monitor_option options[N_OPTIONS] = {
	[SEND] = { .name = "send",
		   .doc = "Of `tcp`: what to say first.",
		   .is_valid = text_is_valid,
		   .expected = "what is to be sent" },
	[EXPECT] = { .name = "expect",
		     .doc = "Of `tcp`: what must be in the first 4 KB that the service says.",
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
	.equal = equal,
	.target = target,
	.ops = &ops,
};
