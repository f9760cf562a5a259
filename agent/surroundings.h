/* SPDX-License-Identifier: MIT */
/*
 * Follows what changes around the agent: the host's own addresses, which NAT translates to and
 * which no VIP may cover, and the default gateway where it stands in for a peer. (Sessions follow
 * by themselves: bgp/path.h.)
 */
#ifndef AGENT_SURROUNDINGS_H
#define AGENT_SURROUNDINGS_H

#include <systemd/sd-event.h>

#include "agent/drift.h"
#include "agent/effects.h"
#include "agent/identity.h"
#include "lib/err.h"

struct surroundings;

/* `identity` and `effects` must outlive it. */
int surroundings_new(sd_event *loop, struct identity *identity, struct effects *effects,
		     struct surroundings **ret, struct err *err);
/* `identity` is as the host is now, not as it was up to 50 ms ago. NULL works. */
void surroundings_catch_up(struct surroundings *s);
void surroundings_free(struct surroundings *s);
/* How often NAT was made anew for another address of the host. NULL works. */
void surroundings_drift(const struct surroundings *s, struct drift_record *ret);

#endif
