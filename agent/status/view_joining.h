/* SPDX-License-Identifier: MIT */
/* An app that joins: how long yet, and what it waits for. */
#ifndef AGENT_STATUS_VIEW_JOINING_H
#define AGENT_STATUS_VIEW_JOINING_H

#include <jansson.h>

#include "agent/status/status_sources.h"
#include "lib/str.h"

/* null: it does not join. */
json_t *view_joining(const struct status_sources *in, const struct app *app,
		     const struct view_clock *clock);
/* Why it is not promoted yet, of one that joins. */
void view_joining_explain(const struct status_sources *in, const struct app *app, mono_t now,
			  struct strbuf *ret);
/* Its checks have passed for long enough, and the fleet has not promoted it since then; USEC_NEVER:
 * not so. */
mono_t view_joining_held_since(const struct app *app);

#endif
