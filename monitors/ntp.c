/* SPDX-License-Identifier: MIT */
/*
 * "ntp:HOST:PORT": an NTP server answers with a time that is worth something. The request is
 * repeated until the time limit, but seldom, as servers limit the rate of a client.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/exchange.h"
#include "monitors/monitor.h"
#include "monitors/ntp_message.h"
#include "monitors/target.h"
#include "process/loop.h"

#define AGAIN (2 * USEC_PER_SEC)

enum { MAX_STRATUM, MAX_OFFSET, N_OPTIONS };

struct ntp_check {
	struct exchange x;
	struct ntp_request request; /* the latest; an answer to an earlier one came too late */
	struct ntp_expected expected;
};

static uint64_t random_cookie(void)
{
	return (uint64_t)loop_random() << 32 | loop_random();
}

static void send_request(struct exchange *x)
{
	struct ntp_check *n = (struct ntp_check *)x;
	uint8_t buf[NTP_MESSAGE_SIZE];
	n->request = (struct ntp_request){ .cookie = random_cookie(), .sent = wall_now() };
	ntp_request_build(&n->request, buf);
	(void)send(x->fd, buf, sizeof(buf), MSG_NOSIGNAL);
}

/* The kernel's time stamp, so that a busy loop does not look like an offset. */
static wall_t received_at(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct timespec ts;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&ts, CMSG_DATA(c), sizeof(ts));
		return (wall_t)ts.tv_sec * USEC_PER_SEC + (wall_t)ts.tv_nsec / 1000;
	}
	return wall_now();
}

static void on_ready(struct exchange *x, uint32_t revents)
{
	(void)revents;
	const struct ntp_check *n = (const struct ntp_check *)x;
	uint8_t buf[1024];
	char said[MONITOR_SAID_MAX] = "";
	union {
		struct cmsghdr align;
		char buf[128];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t len = recvmsg(x->fd, &msg, 0);
	if (len < 0) {
		if (errno != EAGAIN && errno != EINTR)
			exchange_unanswered(x, "no answer: %s", strerror(errno));
		return;
	}
	switch (ntp_answer_judge(buf, (size_t)len, &n->request, received_at(&msg), &n->expected,
				 said, sizeof(said))) {
	case NTP_PASSED:
		exchange_finish(x, HEALTH_UP, "%s", "");
		break;
	case NTP_FAILED:
		exchange_finish(x, HEALTH_DOWN, "%s", said);
		break;
	case NTP_NOT_OURS:
		break;
	}
}

static void ntp_free(struct exchange *x)
{
	free(x);
}

static int ntp_open(struct exchange *x, struct err *err)
{
	int fd = socket(x->to.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){ 1 }, sizeof(int));
	return exchange_connect(x, fd, EPOLLIN, err);
}

static const struct exchange_ops exchange_ops = {
	.open = ntp_open,
	.send = send_request,
	.again = AGAIN,
	.on_ready = on_ready,
	.free = ntp_free,
};

/* ---- options ---- */

static bool parse_stratum(const char *text, uint8_t *ret)
{
	uint64_t v;
	if (str_to_u64(text, NTP_STRATUM_MAX, &v) < 0 || v == 0)
		return false;
	*ret = (uint8_t)v;
	return true;
}

static bool stratum_is_valid(const char *text)
{
	uint8_t stratum;
	return parse_stratum(text, &stratum);
}

static bool offset_is_valid(const char *text)
{
	span_t offset;
	return duration_parse(text, &offset, NULL) == 0 && offset > 0;
}

static struct ntp_expected expected_of(const struct monitor_spec *s)
{
	const char *stratum = monitor_spec_option(s, MAX_STRATUM);
	const char *offset = monitor_spec_option(s, MAX_OFFSET);
	struct ntp_expected e = { .max_stratum = NTP_STRATUM_MAX,
				  .max_offset = NTP_MAX_OFFSET_NONE };
	if (stratum)
		parse_stratum(stratum, &e.max_stratum);
	if (offset)
		duration_parse(offset, &e.max_offset, NULL);
	return e;
}

static const struct monitor_option options[N_OPTIONS] = {
	[MAX_STRATUM] = { .name = "max_stratum",
			  .doc = "Of `ntp`: how far the server may be from a reference clock.",
			  .type = "number, 1 to 15",
			  .preset = "`15`",
			  .is_valid = stratum_is_valid,
			  .expected = "a stratum from 1 to 15" },
	[MAX_OFFSET] = { .name = "max_offset",
			 .doc = "Of `ntp`: how far the server's clock may be from this host's, "
				"either way.",
			 .type = "duration",
			 .preset = "not compared",
			 .is_valid = offset_is_valid,
			 .expected = "a duration like 100ms" },
};

/* ---- the kind ---- */

static int ntp_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		     monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct ntp_check *n = mem_new(1, sizeof(*n));
	exchange_init(&n->x, &exchange_ops, env, timeout, done, userdata);
	n->expected = expected_of(spec);
	int r = exchange_start(&n->x, spec, spec->parsed, err);
	if (r < 0) {
		exchange_cancel(n);
		return r;
	}
	*ret_running = n;
	return 0;
}

static const struct monitor_ops ops = {
	.said_up = "synchronised",
	.start = ntp_start,
	.cancel = exchange_cancel,
};

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	const char *arg = monitor_spec_argument(s);
	if (!arg)
		return err_set(err, -EINVAL, "expected ntp:HOST:PORT like ntp:127.0.0.1:123");
	return monitor_endpoint_parse(arg, strlen(arg), parsed, err);
}

const struct monitor_kind monitor_kind_ntp = {
	.name = "ntp",
	.format = "ntp:HOST:PORT",
	.doc = "`HOST:PORT`: an NTP server answers and is synchronised.",
	.access = MONITOR_USES_NETWORK,
	.options = options,
	.n_options = N_OPTIONS,
	.parsed_size = sizeof(struct monitor_endpoint),
	.parse = parse,
	.equal = monitor_endpoint_spec_equal,
	.target = monitor_endpoint_spec_target,
	.ops = &ops,
};
