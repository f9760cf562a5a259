/* SPDX-License-Identifier: MIT */
#include "agent/page/fleet_part.h"

#include "agent/fleet/fleet_agent.h"
#include "agent/model/roll.h"
#include "agent/page/marks.h"
#include "agent/status/view_fleet.h"
#include "agent/status/view_roll.h"
#include "lib/str.h"

#define APPS_MAX_SHOWN 50

static const char *mark_of(const struct fleet_app_status *s)
{
	return str_equal(s->form, "degraded") ? MARK_ODD : MARK_BAD;
}

/* Why it is so. */
static void add_remark(struct html *h, const struct fleet_app_status *s)
{
	if (s->is_kept && s->min_up)
		html_add(h, "kept: %zu others are announced, %zu must stay", s->up, s->min_up);
	else if (s->is_kept)
		html_add(h, "kept");
	if (s->is_waiting)
		html_add(h, ", %zu before it in line", s->ahead);
	if (s->error[0])
		html_add(h, " <small>%s</small>", s->error);
}

static void add_app(struct html *h, const struct fleet_app_status *s)
{
	html_add(h, "<tr data-key=\"%s\"><td>", s->name);
	mark_add(h, mark_of(s), s->form);
	html_add(h, "</td><th scope=\"row\">%s</th><td>", s->name);
	add_remark(h, s);
	html_add(h, "</td></tr>\n");
}

static void add_apps(struct html *h, const struct fleet_agent *fleet)
{
	struct fleet_app_status s;
	size_t n = 0, shown = 0;
	for (const struct fleet_app *f = fleet_agent_first(fleet); f; f = fleet_agent_next(f)) {
		fleet_app_status(f, &s);
		if (str_equal(s.form, "normal") || n++ >= APPS_MAX_SHOWN)
			continue;
		if (shown++ == 0)
			html_add(h, "<table class=\"fleet\"><thead><tr><th scope=\"col\">Form</th>"
				    "<th scope=\"col\">App</th><th scope=\"col\">Remarks</th></tr>"
				    "</thead><tbody>\n");
		add_app(h, &s);
	}
	if (shown > 0)
		html_add(h, "</tbody></table>");
	if (n > shown)
		html_add(h, "<p>and %zu more</p>", n - shown);
}

static void add_session(struct html *h, const json_t *summary)
{
	const char *session = html_member(summary, "session");
	html_add(h, "<p>%s: ", html_member(summary, "node"));
	if (*session) {
		mark_add(h, MARK_GOOD, "in the fleet");
	} else {
		mark_add(h, MARK_BAD, "no session in Consul");
		html_add(h, " <small>%s</small>", html_member(summary, "error"));
	}
	html_add(h, " for ");
	html_add_time(h, summary, "since");
	html_add(h, ", apps: %zu guarded, %zu kept, %zu waiting to leave</p>\n",
		 (size_t)json_integer_value(json_object_get(summary, "guarded")),
		 (size_t)json_integer_value(json_object_get(summary, "kept")),
		 (size_t)json_integer_value(json_object_get(summary, "waiting")));
}

static void add_roll(struct html *h, const struct roll *r, const struct view_clock *clock)
{
	if (!r)
		return;
	json_t *viewed = view_roll(r, clock);
	html_add(h, "<p>Rolling work on %s: ", r->apps[0]);
	mark_add(h, roll_is_stuck(r, clock->wall) ? MARK_BAD : MARK_ODD, roll_phase_name(r->phase));
	html_add(h, " for ");
	html_add_time(h, viewed, "since");
	html_add(h, " <small>%s</small> <small>%s</small></p>\n", r->why, r->note);
	json_decref(viewed);
}

void fleet_part_add(struct html *h, const struct status_sources *in)
{
	struct view_clock clock = status_clock(in);
	if (!in->fleet)
		return;
	json_t *summary = view_fleet_summary(in, &clock);
	html_add(h, "<section>\n<h2 id=\"h-fleet\">Fleet</h2>\n");
	add_session(h, summary);
	add_roll(h, in->roll, &clock);
	add_apps(h, in->fleet);
	html_add(h, "</section>\n");
	json_decref(summary);
}
