/* SPDX-License-Identifier: MIT */
/*
 * Who wants an app, or the whole agent, drained, since when and why. Pure.
 *
 * Each source holds on its own: what the API undrains stays drained while its disable_file exists,
 * and the other way round. That is what an operator expects who put the file there.
 */
#ifndef AGENT_MODEL_DRAIN_H
#define AGENT_MODEL_DRAIN_H

#include <stdbool.h>

#include "lib/mono.h"

enum drain_source {
	DRAIN_BY_API,
	DRAIN_BY_FILE, /* disable_file */
	DRAIN_BY_STOP, /* shutdown_drain; of the agent only */
};
#define DRAIN_SOURCES 3
const char *drain_source_name(enum drain_source source); /* "api", "file", "stop" */

#define DRAIN_REASON_MAX 256 /* with the NUL; longer ones are cut */

struct drain_request {
	bool on;
	mono_t since;
	span_t earlier; /* how long it had held before `since`, in former runs */
	mono_t until;   /* USEC_NEVER: until it is lifted */
	char reason[DRAIN_REASON_MAX];
};

struct drain {
	struct drain_request requests[DRAIN_SOURCES];
};

/* NULL holds nothing. */
bool drain_is_on(const struct drain *d);
/* `reason` may be anything; it is made printable. A hold that is on keeps its `since`. Returns
 * whether it is new. */
bool drain_request(struct drain *d, enum drain_source source, const char *reason, mono_t until,
		   mono_t now);
/* Returns whether there was one. */
bool drain_lift(struct drain *d, enum drain_source source);

#endif
