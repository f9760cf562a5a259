/* SPDX-License-Identifier: MIT */
#include "agent/status/view_store.h"

#include <stdio.h>

#include "agent/model/community.h"

#define INT(n) ((json_int_t)(n))

static void add_holds(json_t *array, const struct drain *d, const char *scope,
		      const struct view_clock *clock)
{
	for (size_t i = 0; d && i < DRAIN_SOURCES; i++) {
		const struct drain_request *hold = &d->requests[i];
		if (!hold->on)
			continue;
		json_t *o = json_pack(
			"{s:s, s:s, s:o}", "by", drain_source_name((enum drain_source)i), "of",
			scope, "reason", hold->reason[0] ? view_text(hold->reason) : json_null());
		view_add_past(o, clock, "since", hold->since, hold->earlier);
		view_add_time(o, clock, "until", hold->until);
		json_array_append_new(array, o);
	}
}

json_t *view_drain(const struct view_drain *d, const struct view_clock *clock)
{
	if (d->since == USEC_NEVER)
		return json_null();
	json_t *o = json_object(), *holds = json_array();
	view_add_time(o, clock, "since", d->since);
	view_add_time(o, clock, "withdraw", d->withdraw_at);
	add_holds(holds, d->app, "app", clock);
	add_holds(holds, d->agent, "agent", clock);
	json_object_set_new(o, "holds", holds);
	return o;
}

json_t *view_lease(usec_t span, usec_t end, const struct view_clock *clock)
{
	if (end == USEC_NEVER)
		return json_null();
	json_t *o = json_pack("{s:f}", "ttl_seconds", (double)span / (double)USEC_PER_SEC);
	view_add_time(o, clock, "expires", end);
	return o;
}

static json_t *ext_texts(const struct bgp_ext_communities *list)
{
	char text[EXT_COMMUNITY_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array,
				      json_string(ext_community_format(list->values[i], text)));
	return array;
}

static json_t *large_texts(const struct bgp_large_communities *list)
{
	char text[LARGE_COMMUNITY_TEXT_MAX];
	json_t *array = json_array();
	for (size_t i = 0; i < list->n; i++)
		json_array_append_new(array,
				      json_string(large_community_format(list->values[i], text)));
	return array;
}

json_t *view_attrs(const struct bgp_route_attrs *attrs)
{
	const struct bgp_communities *const lists[] = { &attrs->communities };
	return json_pack("{s:o, s:o, s:I, s:o, s:o, s:o}", "med",
			 attrs->has_med ? json_integer(INT(attrs->med)) : json_null(), "local_pref",
			 attrs->has_local_pref ? json_integer(INT(attrs->local_pref)) : json_null(),
			 "prepend", INT(attrs->prepends), "communities", view_communities(lists, 1),
			 "ext_communities", ext_texts(&attrs->ext_communities), "large_communities",
			 large_texts(&attrs->large_communities));
}

static json_t *alarms(const struct view_status *s)
{
	json_t *array = json_array();
	for (size_t i = 0; i < s->n_kept_groups; i++)
		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:s}", "alarm", "group-kept", "group",
				  view_text(s->kept_groups[i]), "text",
				  "all apps of the group went down at once and stay announced as "
				  "degraded: look at the checks, then at the services"));
	if (s->lo_down)
		json_array_append_new(
			array,
			json_pack("{s:s, s:s}", "alarm", "lo-down", "text",
				  "the interface lo is down: no VIP can be reached, and none "
				  "is announced; 'ip link set lo up'"));
	return array;
}

/* null when nothing outlives us. */
static json_t *state_file(const struct view_status *s)
{
	if (!s->state_file)
		return json_null();
	return json_pack("{s:o, s:b, s:o}", "path", view_text(s->state_file), "stored",
			 s->state_stored, "error",
			 s->state_trouble ? view_text(s->state_trouble) : json_null());
}

static json_t *view_drift(const struct drift *d, const struct view_clock *clock)
{
	json_t *o = json_object();
	for (size_t i = 0; d && i < DRIFT_KINDS; i++) {
		const struct drift_record *r = &d->of[i];
		json_t *kind = json_pack("{s:I}", "repairs", INT(r->repairs));
		view_add_time(kind, clock, "last", r->at ? r->at : USEC_NEVER);
		json_object_set_new(o, drift_kind_name((enum drift_kind)i), kind);
	}
	return o;
}

json_t *view_status(const struct view_status *s, const struct view_clock *clock)
{
	json_t *apps = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "up", INT(s->apps_up), "down",
				 INT(s->apps_down), "unknown", INT(s->apps_unknown), "draining",
				 INT(s->apps_draining), "drained", INT(s->apps_drained), "kept",
				 INT(s->apps_kept));
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "version", s->version, "phase",
			 s->phase, "apps", apps, "drain", view_drain(&s->drain, clock), "alarms",
			 alarms(s), "state_file", state_file(s), "drift",
			 view_drift(s->repaired, clock));
}
