/* SPDX-License-Identifier: MIT */
#include "monitors/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

void exchange_init(struct exchange *x, const struct exchange_ops *ops, struct monitor_env *env,
		   span_t timeout, monitor_done_cb *done, void *userdata)
{
	*x = (struct exchange){
		.ops = ops,
		.env = env,
		.fd = -1,
		.timeout = timeout,
		.done = done,
		.userdata = userdata,
	};
}

static void close_socket(struct exchange *x)
{
	x->io = sd_event_source_disable_unref(x->io);
	if (x->fd >= 0)
		close(x->fd);
	x->fd = -1;
}

void exchange_cancel(void *running)
{
	struct exchange *x = running;
	close_socket(x);
	time_limit_stop(&x->limit);
	sd_event_source_disable_unref(x->repeat);
	names_cancel(x->query);
	free(x->name);
	x->ops->free(x);
}

void exchange_finish(struct exchange *x, enum health health, const char *fmt, ...)
{
	struct monitor_result result = { .health = health };
	monitor_done_cb *done = x->done;
	void *userdata = x->userdata;
	va_list args;
	va_start(args, fmt);
	vsnprintf(result.said, sizeof(result.said), fmt, args);
	va_end(args);
	exchange_cancel(x);
	done(&result, userdata);
}

static int try_next(struct exchange *x, struct err *err);

static void try_next_or_finish(struct exchange *x)
{
	struct err err;
	if (try_next(x, &err) < 0)
		exchange_finish(x, HEALTH_UNKNOWN, "%s", err.text);
}

void exchange_unanswered(struct exchange *x, const char *fmt, ...)
{
	char said[MONITOR_SAID_MAX];
	size_t len = strlen(x->failed);
	va_list args;
	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	snprintf(x->failed + len, sizeof(x->failed) - len, "%s%s", len > 0 ? "; " : "", said);
	if (x->next < x->n)
		try_next_or_finish(x);
	else
		exchange_finish(x, x->n_untried < x->n ? HEALTH_DOWN : HEALTH_UNKNOWN, "%s",
				x->failed);
}

void exchange_unreachable(struct exchange *x, int error)
{
	char text[ADDR_TEXT_MAX];
	exchange_unanswered(x, "cannot reach %s: %s", addr_format(&x->to, text), strerror(error));
}

/* ---- the socket ---- */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd;
	struct exchange *x = userdata;
	x->ops->on_ready(x, revents);
	return 0;
}

/* The resolver finds IPv6 addresses on a host without IPv6, too. They say nothing of the server,
 * and must not keep those of IPv4 from counting. */
static bool is_without_ipv6(const struct exchange *x, int error)
{
	return x->n > 1 && x->to.family == AF_INET6 &&
	       (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
}

static int leave_out(struct exchange *x, int error)
{
	x->n_untried++;
	x->error = error;
	return 0;
}

/* An immediate refusal or unreachable is reported later, like any other answer. */
static int connect_to(struct exchange *x, struct err *err)
{
	struct sockaddr_storage ss;
	char text[ADDR_TEXT_MAX];
	socklen_t len = addr_to_sockaddr(&x->to, x->port, 0, &ss);
	int error = connect(x->fd, (struct sockaddr *)&ss, len) < 0 ? errno : 0;
	if (error == 0 || error == EINPROGRESS)
		return 0;
	if (is_without_ipv6(x, error))
		return leave_out(x, error);
	if (!monitor_errno_is_down(error))
		return err_set(err, -error, "cannot connect to %s: %s", addr_format(&x->to, text),
			       strerror(error));
	x->error = error;
	return 0;
}

int exchange_connect(struct exchange *x, int fd, uint32_t events, struct err *err)
{
	int error = fd < 0 ? errno : 0;
	close_socket(x);
	x->fd = fd;
	if (error != 0 && is_without_ipv6(x, error))
		return leave_out(x, error);
	if (error != 0)
		return err_set(err, -error, "cannot open a socket: %s", strerror(error));
	int r = monitor_guard(x->env, fd, &x->to, err);
	if (r == 0)
		r = connect_to(x, err);
	if (r < 0 || x->error != 0)
		return r;
	r = loop_io_add(x->env->loop, &x->io, fd, events, LOOP_HEALTH, on_io, x);
	return r < 0 ? err_set(err, r, "cannot watch a socket: %s", strerror(-r)) : 0;
}

/* ---- time ---- */

static void timed_out(struct exchange *x)
{
	char text[DURATION_TEXT_MAX], addr[ADDR_TEXT_MAX];
	const char *missing = x->ops->missing ? x->ops->missing(x) : "no answer";
	if (x->name)
		exchange_unanswered(x, "%s: %s in time", addr_format(&x->to, addr), missing);
	else
		exchange_unanswered(x, "%s within %s", missing, duration_format(x->timeout, text));
}

static void on_limit(void *userdata)
{
	struct exchange *x = userdata;
	char text[DURATION_TEXT_MAX];
	if (x->query && names_waited(x->query))
		exchange_finish(x, HEALTH_UNKNOWN, "the lookup of '%.100s' had to wait for others",
				x->name);
	else if (x->query)
		exchange_finish(x, HEALTH_DOWN,
				"no answer: the name servers did not answer for '%.100s' within %s",
				x->name, duration_format(x->timeout, text));
	else if (x->error != 0)
		exchange_unreachable(x, x->error);
	else
		timed_out(x);
}

static int on_repeat(sd_event_source *source, uint64_t now, void *userdata);

/* A datagram that cannot be sent counts as lost: the next one or the limit follows. */
static int send_and_repeat(struct exchange *x)
{
	x->ops->send(x);
	return loop_timer_set(x->env->loop, &x->repeat, usec_add(loop_clock(), x->ops->again),
			      LOOP_HEALTH, on_repeat, x);
}

static int on_repeat(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	send_and_repeat(userdata);
	return 0;
}

void exchange_stop_sending(struct exchange *x)
{
	x->repeat = sd_event_source_disable_unref(x->repeat);
}

static int set_limit(struct exchange *x)
{
	span_t left = usec_sub(x->deadline, loop_clock());
	if (x->next < x->n)
		left /= 2;
	time_limit_stop(&x->limit);
	return time_limit_start(&x->limit, x->env->loop, x->error != 0 ? 0 : left, on_limit, x);
}

bool exchange_settle(struct exchange *x)
{
	bool was_last = x->next == x->n;
	x->n = x->next = 1;
	x->n_untried = 0;
	int r = was_last ? 0 : set_limit(x);
	if (r < 0)
		exchange_finish(x, HEALTH_UNKNOWN, "cannot set a timer: %s", strerror(-r));
	return r == 0;
}

/* ---- the addresses of the host ---- */

static int try_next(struct exchange *x, struct err *err)
{
	x->to = x->addresses[x->next++];
	x->error = 0;
	exchange_stop_sending(x);
	int r = x->ops->open(x, err);
	if (r < 0)
		return r;
	r = set_limit(x);
	if (r == 0 && x->error == 0 && x->ops->send)
		r = send_and_repeat(x);
	return r < 0 ? err_set(err, r, "cannot set a timer: %s", strerror(-r)) : 0;
}

static void on_name(const char *addresses, const char *error, void *userdata)
{
	struct exchange *x = userdata;
	x->query = NULL;
	x->n = addresses ? names_split(addresses, x->addresses, NAMES_ADDRESSES_MAX) : 0;
	if (x->n > 0)
		try_next_or_finish(x);
	else
		exchange_finish(x, HEALTH_DOWN, "no answer: '%.100s' cannot be looked up: %.100s",
				x->name, addresses ? "it has no address" : error);
}

static int find_host(struct exchange *x, struct err *err)
{
	const char *addresses = NULL;
	int r = names_find(monitor_env_names(x->env), x->name, on_name, x, &addresses, &x->query,
			   err);
	if (r < 0)
		return r;
	if (addresses)
		x->n = names_split(addresses, x->addresses, NAMES_ADDRESSES_MAX);
	if (x->n > 0)
		return try_next(x, err);
	r = set_limit(x);
	return r < 0 ? err_set(err, r, "cannot set a timer: %s", strerror(-r)) : 0;
}

int exchange_start(struct exchange *x, const struct monitor_spec *spec,
		   const struct monitor_endpoint *host, struct err *err)
{
	x->port = host->port;
	x->deadline = usec_add(loop_clock(), x->timeout);
	if (addr_is_set(&host->addr)) {
		x->addresses[x->n++] = host->addr;
		return try_next(x, err);
	}
	x->name = mem_new(host->name_len + 1U, 1);
	memcpy(x->name, monitor_spec_argument(spec), host->name_len);
	return find_host(x, err);
}
