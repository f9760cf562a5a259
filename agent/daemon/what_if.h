/* SPDX-License-Identifier: MIT */
/* GET and POST /v1/what-if: what would change if something failed, or by another configuration,
 * found in turns of a few milliseconds, one request after the other. Nothing is changed. */
#ifndef AGENT_DAEMON_WHAT_IF_H
#define AGENT_DAEMON_WHAT_IF_H

#include "agent/http/reply.h"
#include "agent/http/request.h"

struct agent;
struct what_if;

struct what_if *what_if_new(struct agent *a);
void what_if_free(struct what_if *w);
/* The agent stops: those that wait are refused. */
void what_if_stop(struct what_if *w);
/* The reply comes later, or says why there is none. */
void what_if_ask(struct what_if *w, const struct api_call *call, struct api_reply *ret);

#endif
