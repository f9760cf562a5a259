/* SPDX-License-Identifier: MIT */
/*
 * "ping:HOST": HOST answers ICMP echo requests, one a second until the time limit. Only the reply
 * to a request of this very check counts, and only the ICMP errors about one.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "monitors/exchange.h"
#include "monitors/icmp_echo.h"
#include "monitors/monitor.h"
#include "monitors/target.h"
#include "net/icmp_socket.h"
#include "process/loop.h"

struct ping_check {
	struct exchange x;
	struct icmp_echo echo;
	bool raw;
};

static void send_request(struct exchange *x)
{
	struct ping_check *p = (struct ping_check *)x;
	uint8_t buf[ICMP_ECHO_SIZE];
	p->echo.sequence++;
	icmp_echo_build(&p->echo, buf);
	(void)send(x->fd, buf, sizeof(buf), MSG_NOSIGNAL);
}

/* Requests are too small for "fragmentation needed": that would be about another packet. */
static bool is_down(const struct ping_check *p, const struct icmp_error *e)
{
	return e->error != EMSGSIZE && addr_is_set(&e->from) &&
	       icmp_echo_is_request(e->quoted, e->quoted_len, &p->echo);
}

/* True when they ended the check. */
static bool read_errors(struct ping_check *p)
{
	char from[ADDR_TEXT_MAX];
	struct icmp_error e = { 0 };
	int error = 0;
	socklen_t len = sizeof(error);
	while (icmp_socket_read_error(p->x.fd, &e) == 0)
		if (is_down(p, &e)) {
			exchange_unanswered(&p->x, "ICMP error from %s: %s",
					    addr_format(&e.from, from), strerror(e.error));
			return true;
		}
	/* Clears it, or the socket would stay ready. Errors without a message are the host's own:
	 * an interface that went down. */
	getsockopt(p->x.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return false;
}

static void read_reply(struct ping_check *p)
{
	uint8_t buf[256];
	struct sockaddr_storage ss;
	socklen_t ss_len = sizeof(ss);
	struct addr from = { 0 };
	bool with_ip_header = p->raw && p->echo.family == AF_INET;
	ssize_t n = recvfrom(p->x.fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&ss, &ss_len);
	if (n < 0 || (size_t)n > sizeof(buf))
		return;
	addr_from_sockaddr(&ss, &from, &(uint16_t){ 0 });
	if (addr_equal(&from, &p->x.to) &&
	    icmp_echo_is_reply(buf, (size_t)n, &p->echo, with_ip_header))
		exchange_finish(&p->x, HEALTH_UP, "%s", "");
}

static void on_ready(struct exchange *x, uint32_t revents)
{
	struct ping_check *p = (struct ping_check *)x;
	if (revents & EPOLLERR && read_errors(p))
		return;
	read_reply(p);
}

/* Of a raw socket it is ours to choose. */
static int choose_identifier(struct ping_check *p, struct err *err)
{
	int r = 0;
	p->echo.id = (uint16_t)loop_random();
	if (!p->raw && p->x.error == 0)
		r = icmp_socket_identifier(p->x.fd, &p->echo.id);
	return r < 0 ? err_set(err, r, "cannot read the identifier of an ICMP socket: %s",
			       strerror(-r))
		     : 0;
}

static int ping_open(struct exchange *x, struct err *err)
{
	struct ping_check *p = (struct ping_check *)x;
	int fd = icmp_socket_open(x->to.family, &p->raw, err);
	if (fd < 0)
		return fd;
	p->echo.family = x->to.family;
	for (size_t i = 0; i < sizeof(p->echo.cookie); i++)
		p->echo.cookie[i] = (uint8_t)loop_random();
	int r = exchange_connect(x, fd, EPOLLIN, err);
	return r < 0 ? r : choose_identifier(p, err);
}

static void ping_free(struct exchange *x)
{
	free(x);
}

static const struct exchange_ops exchange_ops = {
	.open = ping_open,
	.send = send_request,
	.again = USEC_PER_SEC,
	.on_ready = on_ready,
	.free = ping_free,
};

static int ping_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		      monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct ping_check *p = mem_new(1, sizeof(*p));
	exchange_init(&p->x, &exchange_ops, env, timeout, done, userdata);
	int r = exchange_start(&p->x, spec, spec->parsed, err);
	if (r < 0) {
		exchange_cancel(p);
		return r;
	}
	*ret_running = p;
	return 0;
}

static const struct monitor_ops ops = {
	.said_up = "answered",
	.start = ping_start,
	.cancel = exchange_cancel,
};

/* ---- the descriptor ---- */

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	const char *arg = monitor_spec_argument(s);
	if (!arg)
		return err_set(err, -EINVAL, "expected ping:HOST like ping:192.0.2.1");
	return monitor_host_parse(arg, strlen(arg), parsed, err);
}

const struct monitor_kind monitor_kind_ping = {
	.name = "ping",
	.format = "ping:HOST",
	.doc = "A host: it answers ICMP echo requests.",
	.access = MONITOR_USES_NETWORK,
	.needs_icmp = true,
	.parsed_size = sizeof(struct monitor_endpoint),
	.parse = parse,
	.equal = monitor_endpoint_spec_equal,
	.target = monitor_endpoint_spec_target,
	.ops = &ops,
};
