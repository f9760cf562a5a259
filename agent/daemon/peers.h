/* SPDX-License-Identifier: MIT */
/*
 * The operator's orders for single peers: carried out at the speaker, and kept in the state file
 * (agent/model/peer_orders.h).
 *
 *	POST /v1/peers/ADDR/… ──> peers ──> bgp/speaker
 *	                            └─────> store ──> state file
 *	start, reload ── a list of peers ──> peers_mark ──> bgp/speaker
 */
#ifndef AGENT_DAEMON_PEERS_H
#define AGENT_DAEMON_PEERS_H

#include <stddef.h>

#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "agent/model/peer_orders.h"
#include "bgp/config.h"

struct agent;
struct peers;

/* The other parts of the agent must exist when an order comes. */
struct peers *peers_new(struct agent *a);
void peers_free(struct peers *p);
/* From the state file: before the speaker starts. */
void peers_restore(struct peers *p);
const struct peer_orders *peers_orders(const struct peers *p);

/* Sets what is ordered for each peer of a list that the speaker is about to get. The texts are views
 * until the next order. */
void peers_mark(const struct peers *p, struct bgp_peer_config *items, size_t n);
/* The configuration in effect stays, it is not on trial: orders for peers that it lacks are dropped. */
void peers_settle(struct peers *p);
/* Carries an order out and fills in the reply. */
void peers_answer(struct peers *p, const struct api_call *call, struct api_reply *ret);

#endif
