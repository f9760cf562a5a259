/* SPDX-License-Identifier: MIT */
/* Requests about the fleet: its status by what Consul holds, rolling work, a slot that is freed by
 * hand. Most are answered later. */
#ifndef AGENT_DAEMON_FLEET_CALLS_H
#define AGENT_DAEMON_FLEET_CALLS_H

#include "agent/http/reply.h"
#include "agent/http/request.h"

struct agent;
struct fleet_calls;

struct fleet_calls *fleet_calls_new(struct agent *a);
void fleet_calls_free(struct fleet_calls *c);
/* The agent stops: those that wait are refused. NULL is fine. */
void fleet_calls_stop(struct fleet_calls *c);
/* The reply comes later, or says why there is none. */
void fleet_calls_answer(struct fleet_calls *c, const struct api_call *call, struct api_reply *ret);
/* A rolling_changed_cb, with the calls as userdata. */
void fleet_calls_roll_changed(void *userdata);

#endif
