/* SPDX-License-Identifier: MIT */
#include "agent/http/refusals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/array.h"
#include "lib/line_limit.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

struct refusals {
	sd_event *loop;
	sd_event_source *timer;
	struct api_counts counts;
	struct line_limit lines[API_CAUSES];
};

struct refusals *refusals_new(sd_event *loop)
{
	struct refusals *r = mem_new(1, sizeof(*r));
	r->loop = loop;
	return r;
}

void refusals_free(struct refusals *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->timer);
	free(r);
}

void refusals_count(struct refusals *r, enum api_cause cause)
{
	r->counts.refused[cause]++;
}

static void end_interval(struct line_limit *l, enum api_cause cause, mono_t now)
{
	span_t interval;
	uint64_t n = line_limit_end(l, now, &interval);
	if (n > 0)
		log_event(LOG_WARNING, "api", EVENT("request.refused"),
			  "%llu more refused in %llu s (%s)", (unsigned long long)n,
			  (unsigned long long)(interval / USEC_PER_SEC), api_cause_name(cause));
}

static void schedule(struct refusals *r);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct refusals *r = userdata;
	refusals_end(r, loop_now(r->loop));
	return 0;
}

static void schedule(struct refusals *r)
{
	mono_t next = USEC_NEVER;
	for (size_t i = 0; i < ARRAY_SIZE(r->lines); i++)
		next = usec_min(next, line_limit_due(&r->lines[i]));
	loop_timer_set(r->loop, &r->timer, next, LOOP_IDLE, on_timer, r);
}

void refusals_end(struct refusals *r, mono_t now)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->lines); i++)
		end_interval(&r->lines[i], (enum api_cause)i, now);
	schedule(r);
}

void refusals_log(struct refusals *r, enum api_cause cause, enum log_level level,
		  const struct log_event *about, const char *fmt, ...)
{
	char *text;
	va_list args;
	bool write = line_limit_allow(&r->lines[cause], loop_now(r->loop));
	schedule(r);
	if (!write)
		return;
	va_start(args, fmt);
	int n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0)
		abort(); /* out of memory, see lib/mem.h */
	struct log_event event = about ? *about : (struct log_event){ 0 };
	event.kind = "request.refused";
	log_event(level, "api", &event, "%s", text);
	free(text);
}

struct api_counts *refusals_counts(struct refusals *r)
{
	return &r->counts;
}
