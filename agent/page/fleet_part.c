/* SPDX-License-Identifier: MIT */
#include "agent/page/fleet_part.h"

#include "agent/fleet/fleet_agent.h"
#include "agent/model/roll.h"
#include "agent/page/marks.h"
#include "agent/status/view_fleet.h"
#include "agent/status/view_joining.h"
#include "agent/status/view_json.h"
#include "agent/status/view_roll.h"
#include "lib/str.h"

#define APPS_MAX_SHOWN 50
#define VIPS_MAX_SHOWN 50
#define WHY_MAX        512

/* A host that joins serves, by weak attributes. */
static const char *mark_of(const struct fleet_app_status *s)
{
	bool serves = str_equal(s->form, "degraded") || str_equal(s->form, "joining");
	return serves ? MARK_ODD : MARK_BAD;
}

static void add_joining(struct html *h, const struct status_sources *in, const char *name)
{
	char text[WHY_MAX];
	struct strbuf why = strbuf_over(text, sizeof(text));
	const struct app *app = registry_find(in->registry, name);
	if (!app || !app->joining || !app->joining->on)
		return;
	view_joining_explain(in, app, status_clock().now, &why);
	html_add(h, "%s", text);
}

/* Why it is so. */
static void add_remark(struct html *h, const struct status_sources *in,
		       const struct fleet_app_status *s)
{
	if (s->is_kept && s->min_up)
		html_add(h, "kept: %zu other%s announced, %zu must stay", s->up,
			 s->up == 1 ? " is" : "s are", s->min_up);
	else if (s->is_kept)
		html_add(h, "kept");
	if (s->is_waiting)
		html_add(h, ", %zu before it in line", s->ahead);
	if (s->is_joining && !s->is_kept)
		add_joining(h, in, s->name);
	if (s->error[0])
		html_add(h, " <small>%s</small>", s->error);
}

static void add_app(struct html *h, const struct status_sources *in,
		    const struct fleet_app_status *s)
{
	html_add(h, "<tr data-key=\"%s\"><td>", s->name);
	mark_add(h, mark_of(s), s->form);
	html_add(h, "</td><th scope=\"row\">%s</th><td>", s->name);
	add_remark(h, in, s);
	html_add(h, "</td></tr>\n");
}

static void add_apps(struct html *h, const struct status_sources *in)
{
	struct fleet_app_status s;
	size_t n = 0, shown = 0;
	for (const struct fleet_app *f = fleet_agent_first(in->fleet); f; f = fleet_agent_next(f)) {
		fleet_app_status(f, &s);
		if (str_equal(s.form, "normal") || n++ >= APPS_MAX_SHOWN)
			continue;
		if (shown++ == 0)
			html_add(h, "<table class=\"fleet\"><thead><tr><th scope=\"col\">Form</th>"
				    "<th scope=\"col\">App</th><th scope=\"col\">Remarks</th></tr>"
				    "</thead><tbody>\n");
		add_app(h, in, &s);
	}
	if (shown > 0)
		html_add(h, "</tbody></table>");
	if (n > shown)
		html_add(h, "<p>and %zu more</p>", n - shown);
}

/* ---- what is known of the whole fleet ---- */

static const char *mark_of_vip(const struct fleet_tally *t)
{
	return t->up > t->min_up ? MARK_GOOD : t->up == t->min_up ? MARK_ODD : MARK_BAD;
}

static void add_vip(struct html *h, const struct prefix *vip, const struct fleet_seen *seen,
		    mono_t now)
{
	char text[PREFIX_TEXT_MAX], age[HTML_AGE_MAX];
	const struct fleet_tally *t = &seen->tally;
	prefix_format(vip, text);
	html_add(h, "<tr data-key=\"%s\"><td>", text);
	mark_add(h, mark_of_vip(t),
		 t->up > t->min_up    ? "enough"
		 : t->up == t->min_up ? "none to spare"
				      : "too few");
	html_add(h, "</td><th scope=\"row\">%s</th><td>%zu announced, %zu must stay", text, t->up,
		 t->min_up);
	if (t->waiting)
		html_add(h, ", %zu waiting to leave", t->waiting);
	if (t->joining)
		html_add(h, ", %zu joining", t->joining);
	if (t->rolling)
		html_add(h, ", rolling work on %s", t->roller);
	if (t->rolling > 1)
		html_add(h, " and %zu more", t->rolling - 1);
	html_add(h, " <small>%s ago</small></td></tr>\n",
		 html_age((double)(now - seen->at) / (double)USEC_PER_SEC, age));
}

static void add_head_of_vips(struct html *h)
{
	html_add(h, "<table class=\"fleet\"><thead><tr><th scope=\"col\">Fleet</th>"
		    "<th scope=\"col\">VIP</th><th scope=\"col\">Agents, by the last answer of "
		    "Consul</th></tr></thead><tbody>\n");
}

/* Those of an app. Returns how many there are by now. */
static size_t add_vips_of(struct html *h, const struct status_sources *in,
			  const struct fleet_app *f, size_t n)
{
	struct fleet_app_status s;
	fleet_app_status(f, &s);
	const struct app *app = registry_find(in->registry, s.name);
	for (size_t i = 0; app && i < app->spec->n_vips; i++) {
		const struct fleet_seen *seen = fleet_app_seen(f, &app->spec->vips[i]);
		if (!seen || n++ >= VIPS_MAX_SHOWN)
			continue;
		if (n == 1)
			add_head_of_vips(h);
		add_vip(h, &app->spec->vips[i], seen, status_clock().now);
	}
	return n;
}

static void add_vips(struct html *h, const struct status_sources *in)
{
	size_t n = 0;
	for (const struct fleet_app *f = fleet_agent_first(in->fleet); f; f = fleet_agent_next(f))
		n = add_vips_of(h, in, f, n);
	if (n > 0)
		html_add(h, "</tbody></table>");
	if (n > VIPS_MAX_SHOWN)
		html_add(h, "<p>and %zu more</p>", n - VIPS_MAX_SHOWN);
}

static void add_session(struct html *h, const json_t *summary)
{
	const char *session = view_member(summary, "session");
	html_add(h, "<p>%s: ", view_member(summary, "node"));
	if (*session) {
		mark_add(h, MARK_GOOD, "in the fleet");
	} else {
		mark_add(h, MARK_BAD, "no session in Consul");
		html_add(h, " <small>%s</small>", view_member(summary, "error"));
	}
	html_add(h, " for ");
	html_add_time(h, summary, "since");
	html_add(h, ", apps: %zu guarded, %zu kept, %zu waiting to leave, %zu joining</p>\n",
		 (size_t)json_integer_value(json_object_get(summary, "guarded")),
		 (size_t)json_integer_value(json_object_get(summary, "kept")),
		 (size_t)json_integer_value(json_object_get(summary, "waiting")),
		 (size_t)json_integer_value(json_object_get(summary, "joining")));
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
	struct view_clock clock = status_clock();
	if (!in->fleet)
		return;
	json_t *summary = view_fleet_summary(in, &clock);
	html_add(h, "<section>\n<h2 id=\"h-fleet\">Fleet</h2>\n");
	add_session(h, summary);
	add_roll(h, in->roll, &clock);
	add_apps(h, in);
	add_vips(h, in);
	html_add(h, "</section>\n");
	json_decref(summary);
}
