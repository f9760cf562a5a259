/* SPDX-License-Identifier: MIT */
/*
 * Rolling work of this host (agent/model/roll.h): its slot in Consul, the drain of its apps, the
 * line in the state file. At most one is under way. fleet_calls.h has the requests about it.
 */
#ifndef AGENT_DAEMON_ROLLING_H
#define AGENT_DAEMON_ROLLING_H

#include <stdbool.h>

#include "agent/model/roll.h"
#include "lib/err.h"
#include "lib/log_event.h"

struct agent;
struct rolling;

enum rolling_result {
	ROLLING_DONE,      /* the command succeeded */
	ROLLING_FAILED,    /* it did not, or what came of it is not known */
	ROLLING_CANCELLED, /* it was not run */
};

/* Phase, note or end are other ones. */
typedef void rolling_changed_cb(void *userdata);

/* After the store, before the first app. Goes on with the roll of an instance before. */
struct rolling *rolling_new(struct agent *a, rolling_changed_cb *changed, void *userdata);
void rolling_free(struct rolling *w);
/* The agent stops or restarts: nothing changes any more. */
void rolling_stop(struct rolling *w);

/* NULL: there is none. */
const struct roll *rolling_current(const struct rolling *w);
/* The id of the one before that, "" for none, and how it ended: "released", "cancelled". */
const char *rolling_last(const struct rolling *w, const char **ret_end);

/* Of apps, limit, quiet and why; id and VIPs are found. -EBUSY: another one is under way. -ENOENT:
 * no such app, or no fleet. -EINVAL, -EROFS (no state file): with a text. One with the same apps
 * that failed is gone on with, and one that does not come back, unless a client awaits its end
 * (`is_awaited`). */
int rolling_begin(struct rolling *w, const struct roll *wanted, bool is_awaited,
		  const struct log_requester *by, struct err *err);
/* -ENOENT: it is not this one. -EBUSY: it is not so far. `exit_status` of FAILED. */
int rolling_finish(struct rolling *w, const char *id, enum rolling_result result, int exit_status,
		   struct err *err);
/* By hand: undrains, and gives the slot back, whatever the phase. */
void rolling_release(struct rolling *w, const struct log_requester *by);
/* Its client has asked, or waits for an answer: one that is silent for a minute before the command
 * begins is gone. */
void rolling_asked(struct rolling *w);

#endif
