/* SPDX-License-Identifier: MIT */
#include "agent/status/view_consul.h"

static json_t *text_or_null(const char *text)
{
	return text && text[0] ? view_text(text) : json_null();
}

static json_t *view_stream(const struct view_consul_stream *s, const struct view_clock *clock)
{
	json_t *o = json_pack("{s:I, s:I, s:I}", "index", (json_int_t)s->index, "answers",
			      (json_int_t)s->answers, "failures", (json_int_t)s->failures);
	view_add_time(o, clock, "last_answer", s->answered_at);
	view_add_time(o, clock, "failing_since", s->failing_since);
	return o;
}

json_t *view_consul(const struct view_consul *v, const struct view_clock *clock)
{
	json_t *o =
		json_pack("{s:b, s:o, s:o, s:s}", "enabled", 1, "address", view_text(v->address),
			  "node", text_or_null(v->node), "state", v->state);
	view_add_time(o, clock, "since", v->since);
	json_object_set_new(o, "last_error", text_or_null(v->error));
	view_add_time(o, clock, "last_error_at", v->error_at);
	for (size_t i = 0; i < 2; i++)
		json_object_set_new(o, v->streams[i].name, view_stream(&v->streams[i], clock));
	json_object_set_new(o, "found", json_array());
	return o;
}

void view_consul_add(json_t *view, const struct view_consul_service *s,
		     const struct view_clock *clock)
{
	json_t *o =
		json_pack("{s:o, s:s, s:o, s:o}", "service", view_text(s->name), "state", s->state,
			  "problem", text_or_null(s->problem), "rival", text_or_null(s->rival));
	view_add_time(o, clock, "since", s->since);
	view_add_time(o, clock, "held_since", s->held_since);
	json_array_append_new(json_object_get(view, "found"), o);
}

json_t *view_consul_off(void)
{
	return json_pack("{s:b, s:s}", "enabled", 0, "reason",
			 "no Consul is configured: agent.consul_addr, or CONSUL_HTTP_ADDR in the "
			 "environment");
}
