/* SPDX-License-Identifier: MIT */
/*
 * Runs the commands of agent.hooks, one after the other, in the order of their events. They are
 * started at the lowest priority of the loop, so that whatever an event leads to (a withdrawal) has
 * left before. The queue is bounded: what does not fit is lost, and counted. All wait while the
 * launcher is late, each for its time limit.
 */
#ifndef AGENT_DAEMON_HOOKS_H
#define AGENT_DAEMON_HOOKS_H

#include "agent/daemon/parts.h"
#include "agent/status/event_ring.h"
#include "agent/status/hook_counts.h"

#define HOOKS_WAITING_MAX 64

struct hooks;

/* The list is that of the agent's configuration, whatever that is at the time. */
struct hooks *hooks_new(struct agent *a);
/* The agent stops: calls `done` when none is left to be run, or after HOOKS_STOP_MAX; at once when
 * there is none now. `h` may be NULL. */
#define HOOKS_STOP_MAX (2 * USEC_PER_SEC)
void hooks_finish(struct hooks *h, void (*done)(void *userdata), void *userdata);
/* How many run or wait. `h` may be NULL. */
size_t hooks_left(const struct hooks *h);
/* Kills what runs. */
void hooks_free(struct hooks *h);
/* `h` may be NULL. */
void hooks_on_event(struct hooks *h, const struct event *event);
struct hook_counts hooks_counts(const struct hooks *h);

#endif
