/* SPDX-License-Identifier: MIT */
#include "agent/status/view_programs.h"

#include "agent/programs/programs.h"

static json_t *text_or_null(const char *text)
{
	return view_text_or_null(text[0] ? text : NULL);
}

static json_t *view_program(const struct program *p, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:o, s:s}", "name", view_text(p->spec.name), "state",
			      program_state_name(p->state));
	view_add_time(o, clock, "since", p->state_since);
	json_object_set_new(o, "routes", json_integer(VIEW_INT(route_table_n(&p->routes))));
	json_object_set_new(o, "max_routes", json_integer(p->spec.max_routes));
	json_object_set_new(o, "starts", json_integer(VIEW_INT(p->n_starts)));
	json_object_set_new(o, "failures", json_integer(VIEW_INT(p->n_failures)));
	json_object_set_new(o, "ended", text_or_null(p->ended));
	json_object_set_new(o, "lines", json_integer(VIEW_INT(p->n_lines)));
	json_object_set_new(o, "errors", json_integer(VIEW_INT(p->n_errors)));
	json_object_set_new(o, "last_error", text_or_null(p->last_error));
	json_object_set_new(o, "answers_dropped", json_integer(VIEW_INT(p->answers.dropped)));
	return o;
}

json_t *view_programs(const struct status_sources *in, const struct view_clock *clock)
{
	json_t *array = json_array();
	for (const struct program *p = programs_first(in->programs); p;
	     p = programs_next(in->programs, p))
		json_array_append_new(array, view_program(p, clock));
	return array;
}
