/* SPDX-License-Identifier: MIT */
/*
 * The drain requests for an app or for the whole agent: by whom, since when, and why. Pure.
 *
 * The sources are independent: an app that is undrained over the API stays drained while its
 * disable_file exists, and the other way round.
 *
 *	source   begins                       ends
 *	api      POST /v1/…/drain             POST /v1/…/undrain, or after `for`
 *	file     disable_file is created      disable_file is removed
 *	stop     SIGTERM with shutdown_drain  never
 *	host     logind announces a shutdown  it is cancelled
 *	fleet    a roll has a slot            its command is done, or it is given up
 */
#ifndef AGENT_MODEL_DRAIN_H
#define AGENT_MODEL_DRAIN_H

#include <stdbool.h>

#include "lib/mono.h"

enum drain_source {
	DRAIN_BY_API,
	DRAIN_BY_FILE,  /* disable_file */
	DRAIN_BY_STOP,  /* shutdown_drain; of the agent only */
	DRAIN_BY_HOST,  /* likewise */
	DRAIN_BY_FLEET, /* rolling work (agent/model/roll.h); of apps only */
};
#define DRAIN_SOURCES 5
const char *
drain_source_name(enum drain_source source); /* "api", "file", "stop", "host", "fleet" */

#define DRAIN_REASON_MAX 256 /* with the NUL; longer ones are cut */

struct drain_request {
	bool on;
	mono_t since;
	span_t earlier; /* time it was on before `since`, in previous instances */
	mono_t until;   /* USEC_NEVER: no end */
	char reason[DRAIN_REASON_MAX];
};

struct drain {
	struct drain_request requests[DRAIN_SOURCES];
};

/* Whether any source requests it. NULL: none does. */
bool drain_is_on(const struct drain *d);
/* `reason` may be any text; it is made printable. A request that is on keeps its `since`. Returns
 * whether it is a new one. */
bool drain_request(struct drain *d, enum drain_source source, const char *reason, mono_t until,
		   mono_t now);
/* Returns whether the source had requested it. */
bool drain_lift(struct drain *d, enum drain_source source);

#endif
