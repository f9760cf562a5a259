/* SPDX-License-Identifier: MIT */
#include "agent/status/view_fleet.h"

#include "agent/fleet/fleet_agent.h"
#include "agent/status/view_roll.h"

static json_t *text_or_null(const char *text)
{
	return view_text_or_null(text && text[0] ? text : NULL);
}

json_t *view_fleet_summary(const struct status_sources *in, const struct view_clock *clock)
{
	struct fleet_agent_status s;
	if (!in->fleet)
		return json_null();
	fleet_agent_status(in->fleet, &s);
	json_t *o = json_pack("{s:s, s:o, s:o, s:o, s:o}", "engine", "consul", "address",
			      text_or_null(s.address), "prefix", view_text(s.prefix), "node",
			      text_or_null(s.node), "session", text_or_null(s.session));
	view_add_time(o, clock, "since", s.session_since);
	json_object_set_new(o, "error", text_or_null(s.error));
	json_object_set_new(o, "guarded", json_integer(VIEW_INT(s.n_apps)));
	json_object_set_new(o, "kept", json_integer(VIEW_INT(s.n_kept)));
	json_object_set_new(o, "waiting", json_integer(VIEW_INT(s.n_waiting)));
	json_object_set_new(o, "joining", json_integer(VIEW_INT(s.n_joining)));
	return o;
}

/* A count is null until Consul has answered since the app is kept. */
static json_t *count_or_null(const struct fleet_app_status *s, size_t n)
{
	return s->is_kept && s->min_up ? json_integer(VIEW_INT(n)) : json_null();
}

static json_t *view_app(const struct fleet_app *f, const struct view_clock *clock)
{
	struct fleet_app_status s;
	fleet_app_status(f, &s);
	json_t *o =
		json_pack("{s:o, s:s, s:b, s:b, s:b, s:b, s:b}", "app", view_text(s.name), "form",
			  s.form, "reported", s.is_reported, "kept", s.is_kept, "waiting",
			  s.is_waiting, "settling", s.is_settling, "too_many_vips", s.is_too_large);
	view_add_time(o, clock, "kept_since", s.kept_since);
	json_object_set_new(o, "up", count_or_null(&s, s.up));
	json_object_set_new(o, "min_up", count_or_null(&s, s.min_up));
	json_object_set_new(o, "ahead", count_or_null(&s, s.ahead));
	json_object_set_new(o, "joining", json_boolean(s.is_joining));
	json_object_set_new(o, "join_ahead",
			    s.has_place ? json_integer(VIEW_INT(s.join_ahead)) : json_null());
	json_object_set_new(o, "join_first", text_or_null(s.has_place ? s.join_first : NULL));
	json_object_set_new(o, "error", text_or_null(s.error));
	return o;
}

json_t *view_fleet(const struct status_sources *in)
{
	struct view_clock clock = status_clock();
	if (!in->fleet)
		return json_pack("{s:b, s:s}", "enabled", 0, "reason",
				 "no fleet is configured: set fleet.engine and fleet.vips");
	json_t *o = json_pack("{s:b}", "enabled", 1), *apps = json_array();
	json_t *summary = view_fleet_summary(in, &clock);
	json_object_update(o, summary);
	json_decref(summary);
	for (const struct fleet_app *f = fleet_agent_first(in->fleet); f; f = fleet_agent_next(f))
		json_array_append_new(apps, view_app(f, &clock));
	json_object_set_new(o, "apps", apps);
	json_object_set_new(o, "roll", view_roll(in->roll, &clock));
	return o;
}
