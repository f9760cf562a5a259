/* SPDX-License-Identifier: MIT */
#include "agent/status/view_drain.h"

static void add_requests(json_t *array, const struct drain *d, const char *scope,
			 const struct view_clock *clock)
{
	for (size_t i = 0; d && i < DRAIN_SOURCES; i++) {
		const struct drain_request *r = &d->requests[i];
		if (!r->on)
			continue;
		json_t *o = json_pack("{s:s, s:s, s:o}", "by",
				      drain_source_name((enum drain_source)i), "of", scope,
				      "reason", r->reason[0] ? view_text(r->reason) : json_null());
		view_add_past(o, clock, "since", r->since, r->earlier);
		view_add_time(o, clock, "until", r->until);
		json_array_append_new(array, o);
	}
}

json_t *view_drain(const struct view_drain *d, const struct view_clock *clock)
{
	if (d->since == USEC_NEVER)
		return json_null();
	json_t *o = json_object(), *requests = json_array();
	view_add_time(o, clock, "since", d->since);
	view_add_time(o, clock, "withdraw", d->withdraw_at);
	add_requests(requests, d->app, "app", clock);
	add_requests(requests, d->agent, "agent", clock);
	json_object_set_new(o, "holds", requests);
	return o;
}
