/* SPDX-License-Identifier: MIT */
/*
 * The confirm window of a reload: a configuration is in effect on trial, and unless it is confirmed
 * before the deadline, the one before it returns.
 *
 *	mark written ──> trial in effect, timer ──┬─ confirmed, or reloaded ──> no mark
 *	                                          └─ deadline ──> the copy of the one before ──> rolled-back
 *
 * The mark (agent/store/confirm_mark.h) is on the disk before anything changes, and the copy
 * (last_good.h) stays that of the configuration before: whenever the agent is killed, the next
 * start finds both and runs the copy.
 */
#ifndef AGENT_DAEMON_CONFIRM_H
#define AGENT_DAEMON_CONFIRM_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/status/config_file.h"
#include "agent/store/confirm_mark.h"
#include "lib/err.h"
#include "lib/mono.h"

struct confirm_ops {
	void (*expired)(void *userdata); /* the deadline has passed */
	void (*settled)(void *userdata); /* the mark is on the disk, or could not be written */
};

struct confirm;

/* For the start, before the loop: what is known of `file`. CONFIRM_NONE when there is nothing. */
void confirm_find(const char *file, struct confirm_mark *ret);
/* `shown` gets what the status shows. `found`: of confirm_find(). `ops` must outlive it. */
struct confirm *confirm_new(sd_event *loop, struct config_file *shown,
			    const struct confirm_mark *found, const struct confirm_ops *ops,
			    void *userdata);
void confirm_free(struct confirm *c);
/* The agent stops: what is not confirmed stays so on the disk. */
void confirm_stop(struct confirm *c);

/* A configuration is on trial. */
bool confirm_is_open(const struct confirm *c);
/* Or the text with this hash was rolled back, and a reload of anything ends that. */
bool confirm_has_mark(const struct confirm *c);
bool confirm_is_writing(const struct confirm *c);
/* The mark is on the disk as it should be. */
bool confirm_is_stored(const struct confirm *c);

/* The text with this hash is about to be put into effect: settled() follows. */
int confirm_prepare(struct confirm *c, const char *sha256, const char *by, struct err *err);
/* It is not: the mark becomes again that before. */
void confirm_abandon(struct confirm *c);
/* It is in effect, for that long. */
void confirm_open(struct confirm *c, span_t span);
/* Confirmed, or another configuration is in effect for good: settled() follows. */
void confirm_close(struct confirm *c);
/* The configuration before is in effect again; or that failed, and expired() will come again. */
void confirm_rolled_back(struct confirm *c);
void confirm_retry(struct confirm *c);

#endif
