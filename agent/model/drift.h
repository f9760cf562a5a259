/* SPDX-License-Identifier: MIT */
/* Changes by other processes or the kernel to addresses, NAT rules and sessions of the agent, and
 * how often they were repaired: it shows operators that two programs work against each other.
 * Pure. */
#ifndef AGENT_MODEL_DRIFT_H
#define AGENT_MODEL_DRIFT_H

#include <stdint.h>

#include "lib/mono.h"

enum drift_kind {
	DRIFT_ADDRESS,     /* a VIP was removed from lo or changed; added again */
	DRIFT_LO,          /* lo was set down; up again */
	DRIFT_NAT_RULE,    /* a rule was removed; added again */
	DRIFT_NAT_ADDRESS, /* the host has a new address; NAT translates to it */
	DRIFT_SESSION,     /* the path to a peer was lost; session closed */
	DRIFT_KINDS,
};
const char *drift_kind_name(enum drift_kind kind); /* "address" … "session" */

struct drift_record {
	uint64_t repairs;
	mono_t at; /* the last one; 0: never */
};

struct drift {
	struct drift_record of[DRIFT_KINDS];
};

#endif
