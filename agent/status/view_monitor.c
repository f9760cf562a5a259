/* SPDX-License-Identifier: MIT */
#include "agent/status/view_monitor.h"

static json_t *date_or_null(wall_t at)
{
	char date[DATE_TEXT_MAX];
	return at ? json_string(date_format(at, date)) : json_null();
}

static json_t *recent(const struct recent_checks *r)
{
	static const char *const results[] = {
		[HEALTH_UNKNOWN] = "unknown",
		[HEALTH_UP] = "pass",
		[HEALTH_DOWN] = "fail",
	};
	json_t *array = json_array();
	for (size_t i = 0; r && i < r->n; i++) {
		span_t took;
		enum health health = recent_checks_at(r, i, &took);
		json_array_append_new(array, json_pack("{s:s, s:o}", "result", results[health],
						       "took_seconds", view_span(took)));
	}
	return array;
}

json_t *view_monitor(const struct monitor_status *m, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:o, s:s, s:o, s:b, s:I, s:I, s:o}", "monitor", view_text(m->text),
			      "health", health_name(m->health), "said", view_text(m->said),
			      "running", m->running, "checks", VIEW_INT(m->checks), "failures",
			      VIEW_INT(m->failures), "took_seconds", view_span(m->took));
	view_add_time(o, clock, "since", m->since);
	view_add_time(o, clock, "last_check", m->last_check);
	json_object_set_new(o, "recent", recent(m->recent));
	json_object_set_new(o, "output", view_text_or_null(m->output));
	json_object_set_new(o, "interval_seconds", view_span(m->timing.interval));
	json_object_set_new(o, "fast_interval_seconds", view_span(m->timing.fast_interval));
	json_object_set_new(o, "timeout_seconds", view_span(m->timing.timeout));
	json_object_set_new(o, "rise", json_integer(m->timing.rise));
	json_object_set_new(o, "fall", json_integer(m->timing.fall));
	json_object_set_new(o, "pending", json_integer(m->streak));
	json_object_set_new(o, "certificate_expires", date_or_null(m->cert_end));
	return o;
}
