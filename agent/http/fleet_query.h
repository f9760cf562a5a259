/* SPDX-License-Identifier: MIT */
/* Parameters of a request about the fleet. Pure. */
#ifndef AGENT_HTTP_FLEET_QUERY_H
#define AGENT_HTTP_FLEET_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/roll.h"
#include "lib/addr.h"
#include "lib/mono.h"

enum fleet_query_result { FLEET_QUERY_DONE, FLEET_QUERY_FAILED, FLEET_QUERY_CANCELLED };

/* Texts are views into the request; NULL: not given. */
struct fleet_query {
	const char *apps[ROLL_APPS_MAX];
	struct prefix vips[FLEET_VIPS_MAX];
	size_t n_apps, n_vips;
	uint32_t slots, quiet; /* of ROLL_BEGIN */
	const char *reason;    /* likewise */
	const char *id;        /* of ROLL and ROLL_FINISH */
	const char *node;      /* of FLEET_RELEASE */
	bool has_phase;        /* of ROLL: answered when the phase is another one than `phase` */
	enum roll_phase phase;
	span_t wait;                    /* or after this time */
	enum fleet_query_result result; /* of ROLL_FINISH */
	int exit_status;                /* of one that failed; -1: not known */
};

#endif
