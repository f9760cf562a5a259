/* SPDX-License-Identifier: MIT */
#include "agent/status/view_joining.h"

#include "agent/app/joins.h"
#include "agent/fleet/fleet_agent.h"

mono_t view_joining_held_since(const struct app *app)
{
	return app_joins(app) && app->joining->is_due ? app_join_due(app) : USEC_NEVER;
}

/* False: it is not one of the fleet's. */
static bool find(const struct status_sources *in, const struct app *app,
		 struct fleet_app_status *ret)
{
	const struct fleet_app *f = fleet_agent_find(in->fleet, app->spec->name);
	if (f)
		fleet_app_status(f, ret);
	return f && !ret->is_too_large;
}

static void explain_line(const struct fleet_app_status *f, struct strbuf *ret)
{
	if (!f->has_session)
		strbuf_add(ret, "Consul does not answer, and nothing is promoted without it");
	else if (f->error[0])
		strbuf_add(ret, "%.200s", f->error);
	else if (f->is_settling)
		strbuf_add(ret, "Consul had lost the keys of the fleet, the other agents are "
				"waited for");
	else if (!f->has_place)
		strbuf_add(ret, "Consul has not answered yet");
	else if (f->join_ahead > 0)
		strbuf_add(ret, "%zu other%s before it in line, the first is %s", f->join_ahead,
			   f->join_ahead == 1 ? " is" : "s are", f->join_first);
	else
		strbuf_add(ret, "it is the first in line");
}

void view_joining_explain(const struct status_sources *in, const struct app *app, mono_t now,
			  struct strbuf *ret)
{
	char text[DURATION_TEXT_MAX];
	struct fleet_app_status f = { 0 };
	mono_t due = app_join_due(app);
	span_t left = (usec_sub(due, now) / USEC_PER_SEC + 1) * USEC_PER_SEC;
	if (due == USEC_NEVER)
		strbuf_add(ret, "joining: the checks of this definition have to pass for %s",
			   duration_format(app_join_time(app), text));
	else if (!app->joining->is_due)
		strbuf_add(ret, "joining: the checks have to pass for %s more",
			   duration_format(left, text));
	else
		strbuf_add(ret, "joining: the checks have passed for long enough");
	bool in_line = find(in, app, &f);
	bool waits = f.has_place && f.join_ahead > 0;
	if (!in_line || (!app->joining->is_due && !waits))
		return;
	strbuf_add(ret, "; ");
	explain_line(&f, ret);
}

json_t *view_joining(const struct status_sources *in, const struct app *app,
		     const struct view_clock *clock)
{
	char buf[512];
	struct strbuf reason = strbuf_over(buf, sizeof(buf));
	struct fleet_app_status f = { 0 };
	if (!app_joins(app))
		return json_null();
	bool placed = find(in, app, &f) && f.has_place;
	view_joining_explain(in, app, clock->now, &reason);
	json_t *o = json_object();
	view_add_time(o, clock, "since", app->joining->since);
	view_add_time(o, clock, "passes_since", app->joining->passes_since);
	view_add_time(o, clock, "due", app_join_due(app));
	json_object_set_new(o, "passed", json_boolean(app->joining->is_due));
	json_object_set_new(o, "ahead",
			    placed ? json_integer(VIEW_INT(f.join_ahead)) : json_null());
	json_object_set_new(o, "first",
			    placed && f.join_first[0] ? view_text(f.join_first) : json_null());
	json_object_set_new(o, "reason", view_text(buf));
	return o;
}
