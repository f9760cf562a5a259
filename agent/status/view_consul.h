/* SPDX-License-Identifier: MIT */
/* GET /v1/consul: since when Consul answers or does not, and what became of each service. Pure. */
#ifndef AGENT_STATUS_VIEW_CONSUL_H
#define AGENT_STATUS_VIEW_CONSUL_H

#include <jansson.h>
#include <stddef.h>

#include "agent/status/view_json.h"

struct view_consul_stream {
	const char *name; /* "services" or "checks" */
	uint64_t index, answers, failures;
	usec_t answered_at, failing_since; /* USEC_NEVER */
};

struct view_consul_service {
	const char *name, *state;
	const char *problem, *rival; /* NULL: none */
	usec_t since, held_since;    /* held_since USEC_NEVER: Consul has it */
};

struct view_consul {
	const char *address, *node, *state;
	usec_t since;
	const char *error; /* the last failure; "" */
	usec_t error_at;
	struct view_consul_stream streams[2];
};

/* Services are added by view_consul_add(). */
json_t *view_consul(const struct view_consul *v, const struct view_clock *clock);
void view_consul_add(json_t *view, const struct view_consul_service *s,
		     const struct view_clock *clock);
json_t *view_consul_off(void);

#endif
