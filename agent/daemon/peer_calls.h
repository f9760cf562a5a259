/* SPDX-License-Identifier: MIT */
/*
 * Requests about one peer: orders, which are carried out at the speaker and kept in the state file.
 *
 *	POST /v1/peers/ADDR/… ──> peer_find ──> bgp/speaker
 *	                                └─────> orders ──> store ──> state file
 *	POST, DELETE /v1/peers/ADDR ──> peer_edit ──> peer_set
 */
#ifndef AGENT_DAEMON_PEER_CALLS_H
#define AGENT_DAEMON_PEER_CALLS_H

#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "agent/status/status_sources.h"

struct agent;

/* Carries an order out, or shows the peer, and fills in the reply. */
void peer_calls_answer(struct agent *a, const struct status_sources *in,
		       const struct api_call *call, struct api_reply *ret);

#endif
