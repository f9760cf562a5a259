/* SPDX-License-Identifier: MIT */
/*
 * "dns:HOST:PORT:NAME:TYPE": a real query. It goes out by UDP, again every second of its time (a
 * datagram may get lost), and by TCP when the answer does not fit into one.
 *
 * The socket is connected, so that only the server itself can answer; and the identifier is random,
 * so that an old answer is not taken for a new one.
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
#include "monitors/dns_message.h"
#include "monitors/dns_names.h"
#include "monitors/match.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "process/loop.h"

#define ANSWER_MAX (65535 + 2) /* and the length in front, by TCP */
#define AGAIN      USEC_PER_SEC

enum { RCODE, ANSWER, N_OPTIONS };

struct dns_target {
	struct monitor_endpoint server;
	uint16_t type;
	uint16_t name_at, name_len; /* in the argument */
};

struct dns_check {
	struct monitor_env *env;
	const struct monitor_endpoint *server;
	struct dns_question question;
	struct dns_expected expected;
	int fd;
	bool tcp;
	int unreachable; /* errno of a connect() that failed at once */
	sd_event_source *io, *limit, *again;
	usec_t timeout;
	monitor_done_cb *done;
	void *userdata;
	uint8_t query[2 + DNS_QUERY_MAX]; /* behind its length, as TCP has it */
	size_t query_len, sent, len;
	uint8_t *answer; /* of TCP; NULL else */
};

static void dns_free(struct dns_check *d)
{
	sd_event_source_disable_unref(d->io);
	sd_event_source_disable_unref(d->limit);
	sd_event_source_disable_unref(d->again);
	if (d->fd >= 0)
		close(d->fd);
	free(d->answer);
	free(d);
}

__attribute__((format(printf, 3, 4))) static void finish(struct dns_check *d, enum health health,
							 const char *fmt, ...)
{
	struct monitor_result result = { .health = health };
	monitor_done_cb *done = d->done;
	void *userdata = d->userdata;
	va_list args;
	va_start(args, fmt);
	vsnprintf(result.said, sizeof(result.said), fmt, args);
	va_end(args);
	dns_free(d);
	done(&result, userdata);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata);

/* A socket of `type` on its way to the server; the one there was is closed. */
static int open_to_server(struct dns_check *d, int type, struct err *err)
{
	struct sockaddr_storage ss;
	const struct addr *to = &d->server->addr;
	socklen_t len = addr_to_sockaddr(to, d->server->port, 0, &ss);
	d->io = sd_event_source_disable_unref(d->io);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = socket(to->family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->fd < 0)
		return err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	int r = monitor_guard(d->env, d->fd, to, err);
	if (r < 0)
		return r;
	r = connect(d->fd, (struct sockaddr *)&ss, len) < 0 ? errno : 0;
	if (monitor_errno_is_down(r)) {
		d->unreachable = r;
		return 0;
	}
	if (r != 0 && r != EINPROGRESS)
		return err_set(err, -r, "cannot ask the server: %s", strerror(r));
	r = loop_io_add(d->env->loop, &d->io, d->fd, type == SOCK_STREAM ? EPOLLOUT : EPOLLIN,
			LOOP_HEALTH, on_io, d);
	return r < 0 ? err_set(err, r, "cannot watch a socket: %s", strerror(-r)) : 0;
}

static void unreachable(struct dns_check *d)
{
	finish(d, HEALTH_DOWN, "cannot reach the server: %s", strerror(d->unreachable));
}

/* What the message says; false when the check goes on. */
static bool judge(struct dns_check *d, const uint8_t *message, size_t len)
{
	char said[MONITOR_SAID_MAX] = "";
	struct err err;
	switch (dns_answer_judge(message, len, &d->question, &d->expected, said, sizeof(said))) {
	case DNS_PASSED:
		finish(d, HEALTH_UP, "%s", "");
		return true;
	case DNS_FAILED:
		finish(d, HEALTH_DOWN, "%s", said);
		return true;
	case DNS_NOT_OURS:
		return false;
	case DNS_TRUNCATED:
		break;
	}
	if (d->tcp) {
		finish(d, HEALTH_DOWN, "the answer is truncated even by TCP");
		return true;
	}
	d->tcp = true;
	d->again = sd_event_source_disable_unref(d->again);
	int r = open_to_server(d, SOCK_STREAM, &err);
	if (r < 0)
		finish(d, HEALTH_UNKNOWN, "%s", err.text);
	else if (d->unreachable)
		unreachable(d);
	return true;
}

static void broke(struct dns_check *d)
{
	if (errno != EAGAIN && errno != EINTR)
		finish(d, HEALTH_DOWN, "no answer: %s", strerror(errno));
}

static void read_datagram(struct dns_check *d)
{
	uint8_t buf[4096];
	ssize_t n = recv(d->fd, buf, sizeof(buf), 0);
	if (n < 0)
		broke(d);
	else
		judge(d, buf, (size_t)n);
}

static void write_stream(struct dns_check *d)
{
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		finish(d, HEALTH_DOWN, "the answer is truncated, and TCP fails: %s",
		       strerror(error));
		return;
	}
	ssize_t n = send(d->fd, d->query + d->sent, 2 + d->query_len - d->sent, MSG_NOSIGNAL);
	if (n < 0) {
		broke(d);
		return;
	}
	d->sent += (size_t)n;
	if (d->sent == 2 + d->query_len)
		sd_event_source_set_io_events(d->io, EPOLLIN);
}

static void read_stream(struct dns_check *d)
{
	if (!d->answer)
		d->answer = mem_new(1, ANSWER_MAX);
	ssize_t n = recv(d->fd, d->answer + d->len, ANSWER_MAX - d->len, 0);
	if (n < 0) {
		broke(d);
		return;
	}
	d->len += (size_t)n;
	size_t wanted = d->len >= 2 ? (size_t)(d->answer[0] << 8 | d->answer[1]) : ANSWER_MAX;
	if (d->len >= 2 && d->len - 2 >= wanted) {
		if (!judge(d, d->answer + 2, wanted))
			finish(d, HEALTH_DOWN, "what came by TCP is no answer to the question");
	} else if (n == 0) {
		finish(d, HEALTH_DOWN, "the server closed the connection instead of answering");
	}
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd;
	struct dns_check *d = userdata;
	if (!d->tcp)
		read_datagram(d);
	else if (revents & EPOLLIN)
		read_stream(d);
	else
		write_stream(d);
	return 0;
}

static int on_limit(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct dns_check *d = userdata;
	char text[DURATION_TEXT_MAX];
	if (d->unreachable) {
		unreachable(d);
		return 0;
	}
	finish(d, HEALTH_DOWN, "no answer within %s", duration_format(d->timeout, text));
	return 0;
}

/* What cannot be sent is as good as lost: the next try or the limit follows. */
static void send_query(struct dns_check *d);

static int on_again(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	send_query(userdata);
	return 0;
}

static void send_query(struct dns_check *d)
{
	(void)send(d->fd, d->query + 2, d->query_len, MSG_NOSIGNAL);
	loop_timer_set(d->env->loop, &d->again, usec_add(loop_clock(), AGAIN), LOOP_HEALTH,
		       on_again, d);
}

static int prepare(struct dns_check *d, const struct monitor_spec *spec, struct err *err)
{
	const struct dns_target *t = spec->parsed;
	snprintf(d->question.name, sizeof(d->question.name), "%.*s", t->name_len,
		 monitor_spec_argument(spec) + t->name_at);
	d->question.type = t->type;
	d->question.id = (uint16_t)loop_random();
	int len = dns_query_build(&d->question, d->query + 2);
	if (len < 0)
		return err_set(err, len, "'%.80s' is not a name to ask for", d->question.name);
	d->query_len = (size_t)len;
	d->query[0] = (uint8_t)(len >> 8);
	d->query[1] = (uint8_t)len;
	return 0;
}

static int dns_start(struct monitor_env *env, const struct monitor_spec *spec, usec_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct dns_check *d = mem_new(1, sizeof(*d));
	d->env = env;
	d->server = &((const struct dns_target *)spec->parsed)->server;
	d->expected.rcode = monitor_spec_option(spec, RCODE);
	d->expected.answer = monitor_spec_option(spec, ANSWER);
	d->fd = -1;
	d->timeout = timeout;
	d->done = done;
	d->userdata = userdata;
	int r = prepare(d, spec, err);
	if (r == 0)
		r = open_to_server(d, SOCK_DGRAM, err);
	/* What cannot be reached is told at once, though not from in here. */
	if (r == 0)
		r = loop_timer_set(env->loop, &d->limit,
				   usec_add(loop_clock(), d->unreachable ? 0 : timeout),
				   LOOP_HEALTH, on_limit, d);
	if (r < 0) {
		dns_free(d);
		return r;
	}
	if (!d->unreachable)
		send_query(d);
	*ret_running = d;
	return 0;
}

static void dns_cancel(void *running)
{
	dns_free(running);
}

static const struct monitor_ops ops = {
	.said_up = "answered as expected",
	.start = dns_start,
	.cancel = dns_cancel,
};

/* ---- the descriptor ---- */

/* From the right, because HOST may hold colons. */
static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	struct dns_target *t = parsed;
	const char *arg = monitor_spec_argument(s);
	const char *type = arg ? strrchr(arg, ':') : NULL;
	const char *name = type ? memrchr(arg, ':', (size_t)(type - arg)) : NULL;
	if (!name || name == arg)
		return err_set(err, -EINVAL,
			       "expected dns:HOST:PORT:NAME:TYPE like "
			       "dns:127.0.0.1:53:example.com:A");
	size_t n = (size_t)(type - name) - 1;
	if (n == 0 || n > 254 || monitor_has_blank(name + 1))
		return err_set(err, -EINVAL, "'%.*s' is not a name to ask for",
			       (int)(n < 80 ? n : 80), name + 1);
	if (dns_type_parse(type + 1, &t->type) < 0)
		return err_set(err, -EINVAL,
			       "unknown type '%.40s', expected A, AAAA, SOA, … or TYPE and a "
			       "number",
			       type + 1);
	t->name_at = (uint16_t)(name + 1 - arg);
	t->name_len = (uint16_t)n;
	return monitor_endpoint_parse(arg, (size_t)(name - arg), &t->server, err);
}

static bool target(const struct monitor_spec *s, struct addr *ret)
{
	const struct dns_target *t = s->parsed;
	*ret = t->server.addr;
	return true;
}

static const struct monitor_option options[N_OPTIONS] = {
	[RCODE] = { .name = "rcode",
		    .doc = "Of `dns`: `NOERROR`, unless another is expected.",
		    .is_valid = dns_rcode_is_valid,
		    .expected = "NOERROR, NXDOMAIN, REFUSED, … or a number up to 15" },
	[ANSWER] = { .name = "answer",
		     .doc = "Of `dns`: the data of one of the answers, like `192.0.2.1` or `10 "
			    "mx.example.com`.",
		     .is_valid = text_is_valid,
		     .expected = "the data of a record like 192.0.2.1" },
};

const struct monitor_kind monitor_kind_dns = {
	.name = "dns",
	.format = "dns:HOST:PORT:NAME:TYPE",
	.doc = "`HOST:PORT:NAME:TYPE`: a query is answered.",
	.access = MONITOR_USES_NETWORK,
	.options = options,
	.n_options = N_OPTIONS,
	.parsed_size = sizeof(struct dns_target),
	.parse = parse,
	.target = target,
	.ops = &ops,
};
