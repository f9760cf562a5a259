/* SPDX-License-Identifier: MIT */
/*
 * "dns:HOST:PORT:NAME:TYPE": a query by UDP, repeated every second until the time limit, and by TCP
 * when the answer is truncated.
 *
 * The socket is connected, so that only the server itself can answer, and the identifier is random,
 * so that a late answer to an earlier check does not count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "monitors/dns_message.h"
#include "monitors/dns_names.h"
#include "monitors/exchange.h"
#include "monitors/match.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "process/loop.h"

#define ANSWER_MAX (65535 + 2) /* by TCP, with its length in front */

enum { RCODE, ANSWER, N_OPTIONS };

struct dns_target {
	struct monitor_endpoint server;
	uint16_t type;
	uint16_t name_at, name_len; /* in the argument */
};

struct dns_check {
	struct exchange x;
	struct dns_question question;
	struct dns_expected expected;
	bool tcp;
	uint8_t query[2 + DNS_QUERY_MAX]; /* with its length in front, for TCP */
	size_t query_len, sent, len;
	uint8_t *answer; /* of TCP; NULL before */
};

static int open_socket(struct exchange *x, int type, struct err *err)
{
	int fd = socket(x->to.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return exchange_connect(x, fd, type == SOCK_STREAM ? EPOLLOUT : EPOLLIN, err);
}

static int open_udp(struct exchange *x, struct err *err)
{
	return open_socket(x, SOCK_DGRAM, err);
}

static void retry_by_tcp(struct dns_check *d)
{
	struct err err;
	if (d->tcp) {
		exchange_finish(&d->x, HEALTH_DOWN, "the answer is truncated even by TCP");
		return;
	}
	if (!exchange_settle(&d->x))
		return;
	d->tcp = true;
	exchange_stop_sending(&d->x);
	if (open_socket(&d->x, SOCK_STREAM, &err) < 0)
		exchange_finish(&d->x, HEALTH_UNKNOWN, "%s", err.text);
	else if (d->x.error != 0)
		exchange_unreachable(&d->x, d->x.error);
}

/* False when the message is not an answer to the question, and the check goes on. */
static bool judge(struct dns_check *d, const uint8_t *message, size_t len)
{
	char said[MONITOR_SAID_MAX] = "";
	switch (dns_answer_judge(message, len, &d->question, &d->expected, said, sizeof(said))) {
	case DNS_PASSED:
		exchange_finish(&d->x, HEALTH_UP, "%s", "");
		return true;
	case DNS_FAILED:
		exchange_finish(&d->x, HEALTH_DOWN, "%s", said);
		return true;
	case DNS_TRUNCATED:
		retry_by_tcp(d);
		return true;
	case DNS_NOT_OURS:
		break;
	}
	return false;
}

static void fail(struct dns_check *d)
{
	if (errno != EAGAIN && errno != EINTR)
		exchange_unanswered(&d->x, "no answer: %s", strerror(errno));
}

static void read_datagram(struct dns_check *d)
{
	uint8_t buf[4096];
	ssize_t n = recv(d->x.fd, buf, sizeof(buf), 0);
	if (n < 0)
		fail(d);
	else
		judge(d, buf, (size_t)n);
}

static void write_stream(struct dns_check *d)
{
	int error = 0;
	socklen_t len = sizeof(error);
	getsockopt(d->x.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		exchange_finish(&d->x, HEALTH_DOWN, "the answer is truncated, and TCP fails: %s",
				strerror(error));
		return;
	}
	ssize_t n = send(d->x.fd, d->query + d->sent, 2 + d->query_len - d->sent, MSG_NOSIGNAL);
	if (n < 0) {
		fail(d);
		return;
	}
	d->sent += (size_t)n;
	if (d->sent == 2 + d->query_len)
		sd_event_source_set_io_events(d->x.io, EPOLLIN);
}

static void read_stream(struct dns_check *d)
{
	if (!d->answer)
		d->answer = mem_new(1, ANSWER_MAX);
	ssize_t n = recv(d->x.fd, d->answer + d->len, ANSWER_MAX - d->len, 0);
	if (n < 0) {
		fail(d);
		return;
	}
	d->len += (size_t)n;
	size_t wanted = d->len >= 2 ? (size_t)(d->answer[0] << 8 | d->answer[1]) : ANSWER_MAX;
	if (d->len >= 2 && d->len - 2 >= wanted) {
		if (!judge(d, d->answer + 2, wanted))
			exchange_finish(&d->x, HEALTH_DOWN,
					"the message by TCP does not answer the question");
	} else if (n == 0) {
		exchange_finish(&d->x, HEALTH_DOWN,
				"the server closed the connection instead of answering");
	}
}

static void on_ready(struct exchange *x, uint32_t revents)
{
	struct dns_check *d = (struct dns_check *)x;
	if (!d->tcp)
		read_datagram(d);
	else if (revents & EPOLLIN)
		read_stream(d);
	else
		write_stream(d);
}

static void send_query(struct exchange *x)
{
	const struct dns_check *d = (const struct dns_check *)x;
	(void)send(x->fd, d->query + 2, d->query_len, MSG_NOSIGNAL);
}

static void dns_free(struct exchange *x)
{
	struct dns_check *d = (struct dns_check *)x;
	free(d->answer);
	free(d);
}

static const struct exchange_ops exchange_ops = {
	.open = open_udp,
	.send = send_query,
	.again = USEC_PER_SEC,
	.on_ready = on_ready,
	.free = dns_free,
};

static int prepare(struct dns_check *d, const struct monitor_spec *spec, struct err *err)
{
	const struct dns_target *t = spec->parsed;
	d->expected.rcode = monitor_spec_option(spec, RCODE);
	d->expected.answer = monitor_spec_option(spec, ANSWER);
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

static int dns_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	const struct dns_target *t = spec->parsed;
	struct dns_check *d = mem_new(1, sizeof(*d));
	exchange_init(&d->x, &exchange_ops, env, timeout, done, userdata);
	int r = prepare(d, spec, err);
	if (r == 0)
		r = exchange_start(&d->x, spec, &t->server, err);
	if (r < 0) {
		exchange_cancel(d);
		return r;
	}
	*ret_running = d;
	return 0;
}

static const struct monitor_ops ops = {
	.said_up = "answered as expected",
	.start = dns_start,
	.cancel = exchange_cancel,
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
	return addr_is_set(ret);
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
