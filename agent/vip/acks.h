/* SPDX-License-Identifier: MIT */
/*
 * An address stays until every peer has acknowledged the withdrawal. The VIPs share the waits:
 * those that are withdrawn while one is in progress (`awaiting`) join the next (`next_wait`).
 */
#ifndef AGENT_VIP_ACKS_H
#define AGENT_VIP_ACKS_H

#include "agent/vip/vip.h"

/* The VIP waits until it is acknowledged, or is removed from the list `awaiting`. */
void acks_join(struct reconcile *r, struct vip *vip);
/* Starts the next wait when none is in progress. */
void acks_await(struct reconcile *r);

/* The peers have acknowledged all withdrawals that are awaited. */
void reconcile_acked(struct reconcile *r);
/* The wait in progress and the next become one, which starts anew: when the agent stops, there is
 * no time for two. */
void reconcile_merge_waits(struct reconcile *r);

#endif
