/* SPDX-License-Identifier: MIT */
#include "agent/daemon/service.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "agent/status/status_line_collect.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"
#include "process/notify_socket.h"

#define STATUS_INTERVAL USEC_PER_SEC
#define RETRY_INTERVAL  USEC_PER_SEC
#define PINGS           3 /* in each WATCHDOG_USEC */

struct service {
	sd_event *loop;
	struct notify_socket *notify;
	struct status_sources in;
	bool ready, stopping, failed;
	usec_t longest;     /* of the stop */
	usec_t looked_at;   /* at the numbers */
	usec_t ping_period; /* 0: no watchdog */
	char status[STATUS_LINE_MAX];
	sd_event_source *activity, *look, *retry, *ping;
};

static void tell(struct service *s);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	tell(userdata);
	return 0;
}

static void send_or_retry(struct service *s, const char *text)
{
	int r = notify_socket_send(s->notify, text);
	if (r < 0 && !s->failed)
		log_warn("service", "the service manager cannot be told how we are: %s; trying on",
			 strerror(-r));
	s->failed = r < 0;
	if (r < 0)
		loop_timer_set(s->loop, &s->retry, usec_add(loop_now(s->loop), RETRY_INTERVAL),
			       LOOP_APPLY, on_retry, s);
}

/* All that is true, every time: so it does not matter which message is lost. */
static void tell(struct service *s)
{
	char buf[STATUS_LINE_MAX + 128];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	if (s->stopping)
		strbuf_add(&text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64 "\n", s->longest);
	else if (s->ready)
		strbuf_add(&text, "READY=1\n");
	strbuf_add(&text, "STATUS=%s", s->status);
	send_or_retry(s, buf);
}

/* The numbers. Whatever ran in the loop may have changed them, so that is when they are looked at:
 * an agent to which nothing happens sleeps. */

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct service *s = userdata;
	char status[STATUS_LINE_MAX];
	s->looked_at = loop_now(s->loop);
	status_line_collect(&s->in, status);
	sd_event_source_set_enabled(s->activity, SD_EVENT_ONESHOT);
	if (str_equal(status, s->status))
		return 0;
	str_copy(s->status, sizeof(s->status), status);
	tell(s);
	return 0;
}

static int on_activity(sd_event_source *source, void *userdata)
{
	(void)source;
	struct service *s = userdata;
	loop_timer_set(s->loop, &s->look, usec_add(s->looked_at, STATUS_INTERVAL), LOOP_APPLY,
		       on_look, s);
	return 0;
}

void service_ready(struct service *s, const struct status_sources *in)
{
	if (!s)
		return;
	s->in = *in;
	s->ready = true;
	s->looked_at = loop_now(s->loop);
	status_line_collect(&s->in, s->status);
	tell(s);
	if (sd_event_add_post(s->loop, &s->activity, on_activity, s) >= 0)
		sd_event_source_set_enabled(s->activity, SD_EVENT_ONESHOT);
}

void service_stopping(struct service *s, usec_t longest, const char *status)
{
	if (!s)
		return;
	s->activity = sd_event_source_disable_unref(s->activity);
	s->look = sd_event_source_disable_unref(s->look);
	s->stopping = true;
	s->longest = longest;
	str_copy(s->status, sizeof(s->status), status);
	tell(s);
}

/* The watchdog */

static int on_ping(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct service *s = userdata;
	notify_socket_send(s->notify,
			   "WATCHDOG=1"); /* a lost one is followed by the next in time */
	loop_timer_set(s->loop, &s->ping, usec_add(loop_now(s->loop), s->ping_period), LOOP_HTTP,
		       on_ping, s);
	return 0;
}

static void start_watchdog(struct service *s)
{
	uint64_t period = 0;
	int r = sd_watchdog_enabled(0, &period);
	if (r < 0)
		log_warn("service", "WATCHDOG_USEC or WATCHDOG_PID is no number: no watchdog");
	if (r <= 0)
		return;
	s->ping_period = period / PINGS;
	loop_timer_set(s->loop, &s->ping, loop_clock(), LOOP_HTTP, on_ping, s);
}

static void clean_environment(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

struct service *service_new(sd_event *loop)
{
	struct err err = { "" };
	struct notify_socket *notify = NULL;
	const char *path = getenv("NOTIFY_SOCKET");
	if (path && notify_socket_new(path, &notify, &err) < 0)
		log_warn("service", "%s; the service manager is told nothing", err.text);
	if (!notify) {
		clean_environment();
		return NULL;
	}
	struct service *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->notify = notify;
	start_watchdog(s);
	clean_environment();
	return s;
}

void service_free(struct service *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->activity);
	sd_event_source_disable_unref(s->look);
	sd_event_source_disable_unref(s->retry);
	sd_event_source_disable_unref(s->ping);
	notify_socket_free(s->notify);
	free(s);
}
