/* SPDX-License-Identifier: MIT */
/* What somebody else, or the host, did to what is ours, and how often it was put right: for
 * operators who want to know that two programs work against each other. Pure. */
#ifndef AGENT_MODEL_DRIFT_H
#define AGENT_MODEL_DRIFT_H

#include <stdint.h>

#include "lib/mono.h"

enum drift_kind {
	DRIFT_ADDRESS,     /* a VIP was removed from lo or changed, and is back */
	DRIFT_LO,          /* lo was set down, and is up again */
	DRIFT_NAT_RULE,    /* a rule was removed, and is back */
	DRIFT_NAT_ADDRESS, /* the host has another address, and NAT translates to it */
	DRIFT_SESSION,     /* the way to a router was lost, and the session was ended for that */
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
