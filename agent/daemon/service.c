/* SPDX-License-Identifier: MIT */
#include "agent/daemon/service.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "lib/array.h"
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
	service_summary_cb *summary;
	void *userdata;
	bool ready, reloading, stopping, failed;
	mono_t reload_began;
	span_t longest;     /* the shutdown */
	mono_t updated_at;  /* the summary */
	span_t ping_period; /* 0: no watchdog */
	char status[STATUS_LINE_MAX];
	sd_event_source *activity, *update, *retry, *ping;
};

static void send_state(struct service *s);

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	send_state(userdata);
	return 0;
}

static void send_or_retry(struct service *s, const char *text)
{
	int r = notify_socket_send(s->notify, text);
	if (r < 0 && !s->failed)
		log_warn("service", "cannot notify service manager: %s; retrying", strerror(-r));
	s->failed = r < 0;
	if (r < 0)
		loop_timer_set(s->loop, &s->retry, usec_add(loop_now(s->loop), RETRY_INTERVAL),
			       LOOP_APPLY, on_retry, s);
}

/* The whole state in every message, so that a lost one does not matter. */
static void send_state(struct service *s)
{
	char buf[STATUS_LINE_MAX + 128];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	if (s->stopping)
		strbuf_add(&text, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64 "\n", s->longest);
	else if (s->reloading)
		strbuf_add(&text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n", s->reload_began);
	else if (s->ready)
		strbuf_add(&text, "READY=1\n");
	strbuf_add(&text, "STATUS=%s", s->status);
	send_or_retry(s, buf);
}

/* The summary may change whenever something ran in the loop, so it is made then, and an idle agent
 * does not wake up. */

static int on_update(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct service *s = userdata;
	char status[STATUS_LINE_MAX];
	s->updated_at = loop_now(s->loop);
	s->summary(status, s->userdata);
	sd_event_source_set_enabled(s->activity, SD_EVENT_ONESHOT);
	if (str_equal(status, s->status))
		return 0;
	str_copy(s->status, sizeof(s->status), status);
	send_state(s);
	return 0;
}

static int on_activity(sd_event_source *source, void *userdata)
{
	(void)source;
	struct service *s = userdata;
	loop_timer_set(s->loop, &s->update, usec_add(s->updated_at, STATUS_INTERVAL), LOOP_APPLY,
		       on_update, s);
	return 0;
}

void service_ready(struct service *s)
{
	if (!s)
		return;
	bool again = s->ready;
	s->ready = true;
	s->reloading = false;
	s->updated_at = loop_now(s->loop);
	s->summary(s->status, s->userdata);
	send_state(s);
	if (!again && loop_post_add(s->loop, &s->activity, LOOP_APPLY, on_activity, s) >= 0)
		sd_event_source_set_enabled(s->activity, SD_EVENT_ONESHOT);
}

void service_reloading(struct service *s)
{
	if (!s)
		return;
	s->reloading = true;
	s->reload_began = loop_clock();
	send_state(s);
}

void service_stopping(struct service *s, span_t longest, const char *status)
{
	if (!s)
		return;
	s->activity = sd_event_source_disable_unref(s->activity);
	s->update = sd_event_source_disable_unref(s->update);
	s->stopping = true;
	s->longest = longest;
	str_copy(s->status, sizeof(s->status), status);
	send_state(s);
}

/* The watchdog */

static int on_ping(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct service *s = userdata;
	notify_socket_send(s->notify,
			   "WATCHDOG=1"); /* the next one is early enough if it is lost */
	loop_timer_set(s->loop, &s->ping, usec_add(loop_now(s->loop), s->ping_period), LOOP_HTTP,
		       on_ping, s);
	return 0;
}

static void start_watchdog(struct service *s)
{
	uint64_t period = 0;
	int r = sd_watchdog_enabled(0, &period);
	if (r < 0)
		log_warn("service",
			 "WATCHDOG_USEC or WATCHDOG_PID is not a number, watchdog disabled");
	if (r <= 0)
		return;
	s->ping_period = period / PINGS;
	loop_timer_set(s->loop, &s->ping, loop_clock(), LOOP_HTTP, on_ping, s);
}

static void clean_environment(void)
{
	static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
}

struct service *service_new(sd_event *loop, service_summary_cb *summary, void *userdata)
{
	struct err err = { "" };
	struct notify_socket *notify = NULL;
	const char *path = getenv("NOTIFY_SOCKET");
	if (path && notify_socket_new(path, &notify, &err) < 0)
		log_warn("service", "%s; service manager will not be notified", err.text);
	if (!notify) {
		clean_environment();
		return NULL;
	}
	struct service *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->notify = notify;
	s->summary = summary;
	s->userdata = userdata;
	start_watchdog(s);
	clean_environment();
	return s;
}

void service_free(struct service *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->activity);
	sd_event_source_disable_unref(s->update);
	sd_event_source_disable_unref(s->retry);
	sd_event_source_disable_unref(s->ping);
	notify_socket_free(s->notify);
	free(s);
}
