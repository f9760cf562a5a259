/* SPDX-License-Identifier: MIT */
/* The status of this agent in its fleet, and of its apps, for the API and the metrics. Pure. */
#ifndef AGENT_FLEET_STATUS_H
#define AGENT_FLEET_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/mono.h"

struct fleet_agent_status {
	const char *node, *prefix;
	const char *address;  /* of Consul; NULL: none is configured */
	const char *session;  /* "": there is none */
	mono_t session_since; /* or since there is none */
	const char *error;    /* of the last failure of the session; "": none since it began */
	size_t n_apps, n_kept, n_waiting, n_joining;
};

struct fleet_app_status {
	const char *name;
	const char *form;         /* normal, degraded, drained, withdrawn */
	bool is_reported;         /* Consul has that */
	bool is_kept;             /* down on soft evidence, and announced */
	bool is_waiting;          /* in line */
	bool is_settling;         /* Consul had forgotten the fleet: nothing is asked for yet */
	bool is_too_large;        /* more VIPs than a transaction holds */
	mono_t kept_since;        /* USEC_NEVER: it is not */
	size_t up, min_up, ahead; /* by the last answer; min_up 0: none yet */
	bool is_joining;          /* stands in the line of those that join, or is to */
	bool has_place;           /* in that line, by the last answer: */
	size_t join_ahead;        /* so many are before it … */
	const char *join_first;   /* … the first of which is this node; "": none is */
	bool has_session;         /* the agent */
	const char *error;        /* of the last transaction; "": it was answered */
};

#endif
