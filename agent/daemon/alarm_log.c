/* SPDX-License-Identifier: MIT */
#include "agent/daemon/alarm_log.h"

#include <stdlib.h>

#include "agent/status/alarm_changes.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

#define INTERVAL (1 * USEC_PER_SEC)
/* With 10,000 apps collecting takes some milliseconds: this part of the time at most. */
#define SHARE 100

struct alarm_log {
	sd_event *loop;
	alarm_collect_cb *collect;
	void *userdata;
	sd_event_source *activity, *update;
	mono_t next;
	json_t *alarms; /* as of the last time */
};

static void log_change(bool on, const json_t *alarm, void *userdata)
{
	(void)userdata;
	const char *key, *subject = alarm_subject(alarm, &key);
	const char *name = json_string_value(json_object_get(alarm, "alarm"));
	const char *text = json_string_value(json_object_get(alarm, "text"));
	struct log_event e = { .kind = on ? "alarm.on" : "alarm.off",
			       .alarm = name,
			       .subject = subject };
	const char *field;
	for (size_t i = 0; key && i < LOG_EVENT_FIELDS; i++) {
		(void)log_event_field(&e, i, &field);
		if (str_equal(field, key))
			*log_event_slot(&e, i) = subject;
	}
	if (on)
		log_event(LOG_WARNING, "agent", &e, "alarm %s: %s", name, text);
	else
		log_event(LOG_INFO, "agent", &e, "alarm %s%s%s cleared", name,
			  subject ? " of " : "", subject ? subject : "");
}

static int on_update(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct alarm_log *l = userdata;
	mono_t began = loop_clock();
	json_t *now = l->collect(l->userdata);
	alarm_changes(l->alarms, now, log_change, l);
	json_decref(l->alarms);
	l->alarms = now;
	span_t took = usec_sub(loop_clock(), began);
	span_t pause = took * SHARE > INTERVAL ? took * SHARE : INTERVAL;
	l->next = usec_add(began, pause);
	sd_event_source_set_enabled(l->activity, SD_EVENT_ONESHOT);
	return 0;
}

static int on_activity(sd_event_source *source, void *userdata)
{
	(void)source;
	struct alarm_log *l = userdata;
	loop_timer_set(l->loop, &l->update, l->next, LOOP_IDLE, on_update, l);
	return 0;
}

struct alarm_log *alarm_log_new(sd_event *loop, alarm_collect_cb *collect, void *userdata)
{
	struct alarm_log *l = mem_new(1, sizeof(*l));
	l->loop = loop;
	l->collect = collect;
	l->userdata = userdata;
	l->alarms = json_array();
	if (loop_post_add(loop, &l->activity, LOOP_APPLY, on_activity, l) >= 0)
		sd_event_source_set_enabled(l->activity, SD_EVENT_ONESHOT);
	return l;
}

void alarm_log_free(struct alarm_log *l)
{
	if (!l)
		return;
	sd_event_source_disable_unref(l->activity);
	sd_event_source_disable_unref(l->update);
	json_decref(l->alarms);
	free(l);
}
