/* SPDX-License-Identifier: MIT */
/* States, drains and alarms as JSON: who drained what, since when and why. Pure. */
#ifndef AGENT_STATUS_VIEW_STORE_H
#define AGENT_STATUS_VIEW_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/model/announce_spec.h"
#include "agent/model/drain.h"
#include "agent/model/drift.h"
#include "agent/status/view_json.h"
#include "monitors/verdict.h"

/* What drains an app; or with `app` NULL, the whole agent. */
struct view_drain {
	const struct drain *app, *agent; /* either may be NULL */
	usec_t since;                    /* USEC_NEVER: not drained */
	usec_t withdraw_at;              /* USEC_NEVER: it is not announced */
};

/* null when nothing is drained. */
json_t *view_drain(const struct view_drain *d, const struct view_clock *clock);

/* null without one (`end` USEC_NEVER). */
json_t *view_lease(usec_t span, usec_t end, const struct view_clock *clock);

/* MED and the like; communities in their three kinds. */
json_t *view_attrs(const struct bgp_route_attrs *attrs);

struct view_status {
	const char *version, *phase;
	struct view_drain drain;
	size_t apps_up, apps_down, apps_unknown, apps_draining, apps_drained, apps_kept;
	const char *state_file, *state_trouble; /* NULL: none */
	bool state_stored;
	bool lo_down;
	const struct drift *repaired; /* NULL: not shown */
	const char *const *kept_groups;
	size_t n_kept_groups;
};
json_t *view_status(const struct view_status *s, const struct view_clock *clock);

#endif
