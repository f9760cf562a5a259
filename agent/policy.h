/* SPDX-License-Identifier: MIT */
/*
 * What should be true of an app's VIPs now. Pure, and the heart of the product: health and the
 * operator's wishes go in; whether there is a route and whether there is an address comes out.
 *
 *	health    route  address
 *	unknown   no     as it is: a VIP of a former run stays until the first verdict
 *	up        yes    bound
 *	down      no     as it is until cleanup_timer has passed, then removed; established flows
 *	                 can end meanwhile. Then an app of the HTTP API is forgotten, as GoCast
 *	                 does; one of the configuration file never is.
 *
 * An app whose monitor asks its own VIP has the address in every state: without it the check could
 * not be made, and the app would never come up.
 *
 * "Unknown" only stands before the first verdict of an app. A check that cannot run later leaves
 * the health as it was (monitors/runner.h), and the decision with it.
 */
#ifndef AGENT_POLICY_H
#define AGENT_POLICY_H

#include <stdbool.h>

#include "agent/app_spec.h"
#include "lib/mono.h"
#include "monitors/verdict.h"

enum policy_address {
	ADDRESS_ABSENT,
	ADDRESS_KEPT, /* not added, but what we have stays and is brought back when lost */
	ADDRESS_BOUND,
};

struct policy_want {
	bool route;
	enum policy_address address;
};

struct policy_input {
	bool registered; /* false: unregistered, replaced, or the agent stops */
	enum app_source source;
	enum health health;
	bool checks_own_vip;  /* a monitor needs the address to be there */
	usec_t down_since;    /* of HEALTH_DOWN */
	usec_t cleanup_timer; /* a span */
	usec_t now;
};

struct policy_output {
	struct policy_want want; /* of each VIP of the app */
	bool forget;
	usec_t look_again; /* when time alone changes the answer; USEC_NEVER */
};

void policy_decide(const struct policy_input *in, struct policy_output *ret);

#endif
