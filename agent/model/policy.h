/* SPDX-License-Identifier: MIT */
/*
 * The policy: from the health of an app and the drain requests to the route and the address that
 * its VIPs should have now. Pure.
 *
 *	health                 route   address
 *	unknown                none    as it is: a VIP of a previous instance stays until the first
 *	                               verdict
 *	up                     up      bound
 *	up, joining            join    bound: its definition is not promoted yet (joining.h)
 *	down, announced        down    bound: the last resort
 *	down, kept             kept    bound: see below
 *	down                   none    as it is until cleanup_timer has passed, so that established
 *	                               flows can end; then removed. Then an app of the HTTP API is
 *	                               unregistered, as GoCast does; one of the configuration file
 *	                               never is.
 *	announced and drained  drain   bound until drain_time has passed, then as down; but never
 *	                               unregistered, or it would return undrained
 *
 * An app with a monitor that checks one of its own VIPs has the address in every state: otherwise
 * the check could not succeed, and the app would never come up.
 *
 * Health is unknown before the first verdict only. A later check that cannot run leaves the health
 * as it was (monitors/runner.h), and so the decision.
 *
 * An app without a route when its drain begins is not announced for the drain: the caller passes
 * drain_end = now.
 *
 * keep_last: when the checks of all apps of a group fail at the same moment, the fault is likely
 * to be in the checks or in what they depend on. The same moment is a window of time that ends
 * with the last failure:
 *
 *	begins   when no app of the group is up and at least two of them went down within the
 *	         window: those are kept, announced in a degraded form
 *	ends     when an app of the group is up again: those that are still down go down normally
 *
 * An app that fails alone, or long after the others, goes down normally, as does a group of one.
 * The first app to fail is withdrawn at once, because it is not known yet whether the others will
 * follow; it is announced again when they have. So no withdrawal of a dead service is delayed, and
 * the whole group is never withdrawn at once. Drained apps count with their health like the others:
 * one that is up shows that the checks work.
 */
#ifndef AGENT_MODEL_POLICY_H
#define AGENT_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/app_spec.h"
#include "lib/mono.h"
#include "monitors/verdict.h"

enum policy_address {
	ADDRESS_ABSENT,
	ADDRESS_RETAINED, /* not added; one that is bound stays, and is added again when lost */
	ADDRESS_BOUND,
};

struct policy_want {
	enum route_form route;
	enum policy_address address;
	/* No route because nothing is known yet: a route of a previous instance may stay in the
	 * routers (graceful restart). */
	bool undecided;
	const char *cause; /* of no route: "down", "drain", … (docs/events.md); else NULL */
	bool joins;        /* of a route in any form */
};

struct policy_input {
	bool registered; /* false: unregistered, replaced, or the agent stops */
	enum app_source source;
	enum health health;
	bool checks_own_vip;  /* a monitor needs the address to be there */
	bool last_resort;     /* announced while DOWN */
	bool kept;            /* by policy_group(), or by the guard of the fleet */
	bool joins;           /* its definition is not promoted yet */
	bool drained;         /* by any source */
	bool drain_announces; /* false: withdrawn at once */
	mono_t drain_end;     /* when drain_time is over */
	mono_t off_since;     /* without a route, because down or drained */
	span_t cleanup_timer;
	mono_t now;
};

struct policy_output {
	struct policy_want want; /* of each VIP of the app */
	bool forget;
	mono_t due; /* when time alone changes the answer; USEC_NEVER */
};

void policy_decide(const struct policy_input *in, struct policy_output *ret);

/* One app of a group. */
struct policy_member {
	enum health health;
	bool keep_last; /* otherwise it is never kept, but counts */
	mono_t left_at; /* when it went from up, or from being kept, to down; USEC_NEVER: never */
	bool kept;      /* in: so far; out: from now on */
};

/* Decides `kept` of each. Returns whether any is kept, that is, whether the alarm is on. */
bool policy_group(struct policy_member *members, size_t n, span_t window, mono_t now);

#endif
