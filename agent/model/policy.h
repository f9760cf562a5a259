/* SPDX-License-Identifier: MIT */
/*
 * What should be true of an app's VIPs now. Pure, and the heart of the product: health and the
 * operator's wishes go in; whether there is a route, in which form, and whether there is an
 * address comes out.
 *
 *	health                 route   address
 *	unknown                none    as it is: a VIP of a former run stays until the first verdict
 *	up                     up      bound
 *	down, announced        down    bound: the last resort
 *	down, kept             kept    bound: see below
 *	down                   none    as it is until cleanup_timer has passed, then removed;
 *	                               established flows can end meanwhile. Then an app of the HTTP
 *	                               API is forgotten, as GoCast does; one of the configuration
 *	                               file never is.
 *	any of the announced   drain   until drain_time has passed, then as down; but never
 *	ones, and drained              forgotten, or it would come back undrained
 *
 * An app whose monitor asks its own VIP has the address in every state: without it the check could
 * not be made, and the app would never come up.
 *
 * "Unknown" only stands before the first verdict of an app. A check that cannot run later leaves
 * the health as it was (monitors/runner.h), and the decision with it.
 *
 * What is not announced when its drain begins is not announced for the sake of draining it: the
 * caller ends the drain at once when there is no route (drain_end = now).
 *
 * keep_last: a check that fails for all apps of a group at the same moment says more about the
 * check than about the apps. "The same moment" is a window of time that ends with the last failure:
 *
 *	it begins   when no app of the group is up any more, and at least two of them went down
 *	            within the window: those are kept, in a degraded form
 *	it ends     when an app of the group is up again: those still down go down as any app does
 *
 * An app that fails alone, and one that fails long after the others, goes down normally: that is
 * what checks are for. So does a group of one. The first to fail is withdrawn at once, since
 * nobody can know that the others will follow; it returns when they have. So a dead service is
 * never waited for, and at no moment is the whole group withdrawn. Drained apps are judged by their
 * health like the others: one that passes shows that the checks work.
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
	ADDRESS_RETAINED, /* not added, but what we have stays and is brought back when lost */
	ADDRESS_BOUND,
};

struct policy_want {
	enum route_form route;
	enum policy_address address;
	bool undecided; /* no route because nothing is known yet: what a former run announced may
			   stay in routers (graceful restart) */
};

struct policy_input {
	bool registered; /* false: unregistered, replaced, or the agent stops */
	enum app_source source;
	enum health health;
	bool checks_own_vip;  /* a monitor needs the address to be there */
	bool last_resort;     /* announced while DOWN */
	bool kept;            /* by policy_group() */
	bool drained;         /* by whomever */
	bool drain_announces; /* false: withdrawn at once */
	mono_t drain_end;     /* when drain_time is over */
	mono_t off_since;     /* without a route, for being down or drained */
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
	bool keep_last; /* else it only counts */
	mono_t left_at; /* when it went from up, or from being kept, to down; USEC_NEVER: never */
	bool kept;      /* in: so far; out: from now on */
};

/* Returns whether any is kept, that is, whether the alarm is on. */
bool policy_group(struct policy_member *members, size_t n, span_t window, mono_t now);

#endif
