/* SPDX-License-Identifier: MIT */
#include "monitors/exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

void exchange_unreachable(struct exchange *x, int error)
{
	char text[ADDR_TEXT_MAX];
	exchange_finish(x, HEALTH_DOWN, "cannot reach %s: %s", addr_format(&x->to, text),
			strerror(error));
}

/* ---- the socket ---- */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd;
	struct exchange *x = userdata;
	x->ops->on_ready(x, revents);
	return 0;
}

/* An immediate refusal or unreachable is reported later, like any other answer. */
static int connect_to(struct exchange *x, uint16_t port, struct err *err)
{
	struct sockaddr_storage ss;
	char text[ADDR_TEXT_MAX];
	socklen_t len = addr_to_sockaddr(&x->to, port, 0, &ss);
	int error = connect(x->fd, (struct sockaddr *)&ss, len) < 0 ? errno : 0;
	if (error == 0 || error == EINPROGRESS)
		return 0;
	if (!monitor_errno_is_down(error))
		return err_set(err, -error, "cannot connect to %s: %s", addr_format(&x->to, text),
			       strerror(error));
	x->error = error;
	return 0;
}

int exchange_connect(struct exchange *x, int fd, const struct addr *to, uint16_t port,
		     uint32_t events, struct err *err)
{
	if (fd < 0)
		return err_set(err, -errno, "cannot open a socket: %s", strerror(errno));
	close_socket(x);
	x->fd = fd;
	x->to = *to;
	int r = monitor_guard(x->env, fd, to, err);
	if (r == 0)
		r = connect_to(x, port, err);
	if (r < 0 || x->error != 0)
		return r;
	r = loop_io_add(x->env->loop, &x->io, fd, events, LOOP_HEALTH, on_io, x);
	return r < 0 ? err_set(err, r, "cannot watch a socket: %s", strerror(-r)) : 0;
}

/* ---- time ---- */

static void on_limit(void *userdata)
{
	struct exchange *x = userdata;
	char text[DURATION_TEXT_MAX];
	if (x->error != 0)
		exchange_unreachable(x, x->error);
	else
		exchange_finish(x, HEALTH_DOWN, "%s within %s",
				x->ops->missing ? x->ops->missing(x) : "no answer",
				duration_format(x->timeout, text));
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

int exchange_begin(struct exchange *x, struct err *err)
{
	span_t limit = x->error != 0 ? 0 : x->timeout;
	int r = time_limit_start(&x->limit, x->env->loop, limit, on_limit, x);
	if (r == 0 && x->error == 0 && x->ops->send)
		r = send_and_repeat(x);
	return r < 0 ? err_set(err, r, "cannot set a timer: %s", strerror(-r)) : 0;
}

void exchange_stop_sending(struct exchange *x)
{
	x->repeat = sd_event_source_disable_unref(x->repeat);
}
