/* SPDX-License-Identifier: MIT */
/* POST /v1/diff: what a reload with a text would do, found in turns of a few milliseconds, one
 * request after the other. Nothing is changed. */
#ifndef AGENT_DAEMON_COMPARE_H
#define AGENT_DAEMON_COMPARE_H

#include "agent/http/reply.h"
#include "agent/http/request.h"

struct agent;
struct compare;

struct compare *compare_new(struct agent *a);
void compare_free(struct compare *c);
/* The agent stops: those that wait are answered by the end of the API. */
void compare_stop(struct compare *c);
/* Takes a copy of the body. The reply comes later, or is that too many wait. */
void compare_ask(struct compare *c, const struct api_call *call, struct api_reply *ret);

#endif
