/* SPDX-License-Identifier: MIT */
/*
 * POST /v1/apps/NAME/check: the monitors of an app are checked now, and the reply has their results
 * when all have ended, or the time is over. The runner tells when a check has ended; what the app
 * is by then is looked up anew: it may go meanwhile, or get other monitors, which are checked then.
 */
#ifndef AGENT_DAEMON_CHECK_NOW_H
#define AGENT_DAEMON_CHECK_NOW_H

#include "agent/http/reply.h"
#include "agent/http/request.h"

struct agent;
struct check_now;

struct check_now *check_now_new(struct agent *a);
void check_now_free(struct check_now *c);
/* A check has ended, or an app has gone: the requests that wait for it are answered in a turn of
 * their own. `c` may be NULL. */
void check_now_wake(struct check_now *c);
/* The agent stops: those that wait are answered. `c` may be NULL. */
void check_now_stop(struct check_now *c);
/* The reply comes later, or is that there is no such app, or that too many wait. */
void check_now_ask(struct check_now *c, const struct api_call *call, struct api_reply *ret);

#endif
