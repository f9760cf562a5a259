/* SPDX-License-Identifier: MIT */
#include "agent/status/view_roll.h"

#include <stdio.h>

void view_add_wall(json_t *o, const struct view_clock *clock, const char *key, wall_t at)
{
	char date[DATE_TEXT_MAX], seconds[40];
	snprintf(seconds, sizeof(seconds), "%s_seconds", key);
	json_object_set_new(o, key, at ? json_string(date_format(at, date)) : json_null());
	json_object_set_new(o, seconds, at ? view_span(usec_sub(clock->wall, at)) : json_null());
}

json_t *view_roll(const struct roll *r, const struct view_clock *clock)
{
	if (!r)
		return json_null();
	json_t *apps = json_array(), *vips = json_array();
	for (size_t i = 0; i < r->n_apps; i++)
		json_array_append_new(apps, view_text(r->apps[i]));
	for (size_t i = 0; i < r->n_vips; i++)
		json_array_append_new(vips, view_prefix(&r->vips[i]));
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "id", r->id,
			      "phase", roll_phase_name(r->phase), "apps", apps, "vips", vips,
			      "slots", VIEW_INT(r->limit), "wait_traffic",
			      r->quiet ? json_integer(VIEW_INT(r->quiet)) : json_null(), "reason",
			      view_text_or_null(r->why[0] ? r->why : NULL), "by",
			      view_text_or_null(r->by[0] ? r->by : NULL), "exit_status",
			      r->exit_status >= 0 ? json_integer(r->exit_status) : json_null(),
			      "note", view_text_or_null(r->note[0] ? r->note : NULL));
	view_add_wall(o, clock, "begun", r->begun);
	view_add_wall(o, clock, "since", r->since);
	return o;
}
