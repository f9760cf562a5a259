/* SPDX-License-Identifier: MIT */
/* The drain of an app, or of the agent, as JSON: who requested it, since when and why. Pure. */
#ifndef AGENT_STATUS_VIEW_DRAIN_H
#define AGENT_STATUS_VIEW_DRAIN_H

#include <jansson.h>

#include "agent/model/drain.h"
#include "agent/status/view_json.h"

struct view_drain {
	const struct drain *app, *agent; /* the requests; either may be NULL */
	mono_t since;                    /* USEC_NEVER: not drained */
	mono_t withdraw_at;              /* USEC_NEVER: it is not announced */
};

/* null when nothing is drained. */
json_t *view_drain(const struct view_drain *d, const struct view_clock *clock);

#endif
