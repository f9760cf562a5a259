/* SPDX-License-Identifier: MIT */
/* Messages to a program: answers to its commands, and news of sessions, in the words of ExaBGP.
 * Pure. */
#ifndef AGENT_PROGRAMS_ANSWER_H
#define AGENT_PROGRAMS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/program_spec.h"
#include "agent/model/route_spec.h"
#include "bgp/status.h"
#include "lib/addr.h"
#include "lib/mono.h"
#include "lib/str.h"
#include "lib/wallclock.h"

/* Lines of `help`; ends with NULL. */
extern const char *const answer_help[];
/* Of `show neighbor` without a word behind it; ends with NULL. */
extern const char *const answer_neighbor[];

extern const char answer_summary_head[];
/* A line of `show neighbor summary`. */
void answer_summary(const struct bgp_peer_status *peer, mono_t now, struct strbuf *ret);
/* A line of `show adj-rib out`. */
void answer_route(const struct bgp_peer_config *peer, const struct prefix *prefix,
		  const struct route_spec *spec, bool extensive, struct strbuf *ret);

/* A session that came up or went down. */
struct answer_session {
	const struct bgp_peer_status *peer;
	bool up;
	const char *why; /* it went down */
	const char *host;
	int pid, parent;
	uint64_t number; /* of the events about this peer */
	wall_t at;
};
void answer_session(const struct answer_session *s, enum program_encoder encoder,
		    struct strbuf *ret);

#endif
