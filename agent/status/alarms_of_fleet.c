/* SPDX-License-Identifier: MIT */
#include "agent/status/alarms_of_fleet.h"

#include "agent/fleet/fleet_agent.h"
#include "agent/model/roll.h"
#include "agent/status/alarm.h"
#include "agent/status/view_joining.h"
#include "lib/str.h"

/* Why an app that is kept is not let go. */
static void tell_kept(const struct fleet_app_status *s, struct strbuf *ret)
{
	if (s->is_too_large)
		strbuf_add(ret, "it has more VIPs than the guard can let go together");
	else if (s->error[0])
		strbuf_add(ret, "%.200s", s->error);
	else if (s->is_settling)
		strbuf_add(ret, "Consul had lost the keys of the fleet, the other agents are "
				"waited for");
	else if (s->min_up == 0)
		strbuf_add(ret, "Consul has not answered yet");
	else
		strbuf_add(ret, "%zu other%s announced, %zu must stay", s->up,
			   s->up == 1 ? " is" : "s are", s->min_up);
}

/* Apps that are down on evidence that may be wrong on all hosts. */
static void add_guarded(json_t *alarms, const struct status_sources *in)
{
	struct fleet_app_status first = { 0 }, s;
	char buf[ALARM_TEXT_MAX];
	struct strbuf why = strbuf_over(buf, sizeof(buf));
	size_t n = 0;
	for (const struct fleet_app *f = fleet_agent_first(in->fleet); f; f = fleet_agent_next(f)) {
		fleet_app_status(f, &s);
		if (s.is_kept && n++ == 0)
			first = s;
	}
	if (n == 0)
		return;
	const struct app *app = registry_find(in->registry, first.name);
	tell_kept(&first, &why);
	alarm_add_count(alarm_add(alarms, "fleet-kept", "app", first.name,
				  "%s: down, kept by the fleet guard: %s; %.400s", first.name, buf,
				  app && app->reason ? app->reason : ""),
			n);
}

static void add_roll(json_t *alarms, const struct roll *r, wall_t now)
{
	char age[DURATION_TEXT_MAX];
	if (!r || !roll_is_stuck(r, now))
		return;
	if (r->phase == ROLL_FAILED)
		alarm_add(alarms, "fleet-roll", "app", r->apps[0],
			  "%s: the command of rolling work failed, exit status %d: drained, and "
			  "its slot is kept, so that other hosts wait; repeat it, or run "
			  "'vipherald fleet release'",
			  r->apps[0], r->exit_status);
	else
		alarm_add(
			alarms, "fleet-roll", "app", r->apps[0],
			"%s: rolling work is %s for %s, and other hosts wait%s%.300s", r->apps[0],
			roll_phase_name(r->phase),
			duration_format(usec_sub(now, r->since) / USEC_PER_SEC * USEC_PER_SEC, age),
			r->note[0] ? ": " : "", r->note);
}

/* Apps that passed their checks, and are not promoted. */
static void add_joining(json_t *alarms, const struct status_sources *in, mono_t now)
{
	const struct app *first = NULL;
	char buf[ALARM_TEXT_MAX];
	struct strbuf why = strbuf_over(buf, sizeof(buf));
	size_t n = 0;
	for (const struct fleet_app *f = fleet_agent_first(in->fleet); f; f = fleet_agent_next(f)) {
		struct fleet_app_status s;
		fleet_app_status(f, &s);
		const struct app *app = registry_find(in->registry, s.name);
		mono_t since = app ? view_joining_held_since(app) : USEC_NEVER;
		if (usec_add(since, ALARM_JOINING_HELD) <= now && n++ == 0)
			first = app;
	}
	if (!first)
		return;
	view_joining_explain(in, first, now, &why);
	alarm_add_count(alarm_add(alarms, "fleet-joining", "app", first->spec->name, "%s: %s",
				  first->spec->name, buf),
			n);
}

void alarms_add_fleet(json_t *alarms, const struct status_sources *in,
		      const struct view_clock *clock)
{
	struct fleet_agent_status s;
	if (!in->fleet)
		return;
	fleet_agent_status(in->fleet, &s);
	add_guarded(alarms, in);
	add_roll(alarms, in->roll, clock->wall);
	add_joining(alarms, in, clock->now);
	if (!s.session[0] && usec_add(s.session_since, ALARM_FLEET_LOST) <= clock->now)
		alarm_add(alarms, "fleet-lost", NULL, NULL,
			  "no session in Consul for the fleet: apps whose checks fail stay "
			  "announced, and this agent counts for no other one: %.400s",
			  s.error[0] ? s.error : "Consul has not answered yet");
}
