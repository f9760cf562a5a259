/* SPDX-License-Identifier: MIT */
#include "agent/status/view_status.h"

#include <stdlib.h>

#include "agent/app/drains.h"
#include "agent/app/groups.h"
#include "agent/status/drift_sum.h"
#include "agent/status/view_drain.h"
#include "lib/mem.h"
#include "lib/version.h"

static json_t *apps(const struct app_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "up", VIEW_INT(c->up), "down",
			 VIEW_INT(c->down), "unknown", VIEW_INT(c->unknown), "draining",
			 VIEW_INT(c->draining), "drained", VIEW_INT(c->drained), "kept",
			 VIEW_INT(c->apps_kept));
}

/* Since the first request for a drain of the agent; USEC_NEVER without one. */
static mono_t drained_since(const struct drain *d)
{
	mono_t since = USEC_NEVER;
	for (size_t i = 0; i < DRAIN_SOURCES; i++)
		if (d->requests[i].on)
			since = usec_min(since, d->requests[i].since);
	return since;
}

static json_t *drain(const struct status_sources *in, const struct view_clock *clock)
{
	const struct drain *requests = registry_agent_drain(in->registry);
	mono_t end = registry_drained_at(in->registry, clock->now);
	const struct view_drain d = {
		.agent = requests,
		.since = drained_since(requests),
		.withdraw_at = end > clock->now ? end : USEC_NEVER,
	};
	return view_drain(&d, clock);
}

json_t *view_alarms(const char *const *groups, size_t n_groups, bool lo_down)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n_groups; i++)
		json_array_append_new(
			array,
			json_pack("{s:s, s:o, s:s}", "alarm", "group-kept", "group",
				  view_text(groups[i]), "text",
				  "all apps of the group went down at once and stay announced as "
				  "degraded: look at the checks, then at the services"));
	if (lo_down)
		json_array_append_new(
			array,
			json_pack("{s:s, s:s}", "alarm", "lo-down", "text",
				  "the interface lo is down: no VIP can be reached, and none "
				  "is announced; 'ip link set lo up'"));
	return array;
}

static json_t *alarms(const struct status_sources *in, size_t n_groups)
{
	const char **groups = mem_new(n_groups + 1, sizeof(*groups));
	n_groups = registry_kept_groups(in->registry, groups, n_groups);
	json_t *array = view_alarms(groups, n_groups, !actuator_lo_is_up(in->actuator));
	free(groups);
	return array;
}

/* null without a state file. */
static json_t *state_file(const struct store *store)
{
	struct state_file_status s;
	if (!store_status(store, &s))
		return json_null();
	return json_pack("{s:o, s:b, s:o}", "path", view_text(s.path), "stored", s.stored, "error",
			 view_text_or_null(s.trouble));
}

static json_t *drift(const struct status_sources *in, const struct view_clock *clock)
{
	struct drift sum;
	json_t *o = json_object();
	drift_sum(in, &sum);
	for (size_t i = 0; i < DRIFT_KINDS; i++) {
		const struct drift_record *r = &sum.of[i];
		json_t *kind = json_pack("{s:I}", "repairs", VIEW_INT(r->repairs));
		view_add_time(kind, clock, "last", r->at ? r->at : USEC_NEVER);
		json_object_set_new(o, drift_kind_name((enum drift_kind)i), kind);
	}
	return o;
}

json_t *view_status(const struct status_sources *in)
{
	struct view_clock clock = status_clock(in);
	struct app_counts counts = registry_count(in->registry);
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "version", VIPHERALD_VERSION,
			 "phase", in->phase, "apps", apps(&counts), "drain", drain(in, &clock),
			 "alarms", alarms(in, counts.groups_kept), "state_file",
			 state_file(in->store), "drift", drift(in, &clock));
}
