/* SPDX-License-Identifier: MIT */
/*
 * What outlives the process: apps registered over HTTP with their leases, drains over HTTP, and, on
 * kernels that do not keep our tag, which addresses on lo are ours.
 *
 *	registry ── changed ──> remember ── lines ──> state_file ──> disk
 *	effects ─── note ─────────┘
 *	state_file ── contents ──> remember ──> registry, effects          at the start
 *
 * Spans and deadlines count by the monotonic clock while we run, and are written as dates: written
 * anew when somebody sets the clock. A lease never has more left than its span, whatever the clock
 * was when it was written.
 */
#ifndef AGENT_REMEMBER_H
#define AGENT_REMEMBER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/api.h"
#include "agent/app.h"
#include "agent/config.h"
#include "agent/effects.h"
#include "agent/state_file.h"

struct remember;

/* Of state_file_told_cb. */
typedef state_file_told_cb remember_told_cb;

/* Reads the state file and brings back drains and addresses: before the first app is registered.
 * When there can be no state file it says so in the log, and all else works. */
struct remember *remember_new(sd_event *loop, const struct config_agent *config,
			      struct registry *registry, struct effects *effects,
			      remember_told_cb *told, void *userdata);
/* Changes that are not on the disk yet are brought there. */
void remember_free(struct remember *r);

/* Registers apps of a former run until the clock (loop_clock()) says `end`; true when some are
 * left. After the apps of the configuration, which come first. */
bool remember_restore(struct remember *r, usec_t end);
size_t remember_n_restored(const struct remember *r);
/* From here on changes are written. `more_to_come`: Consul may yet bring apps. */
void remember_begin(struct remember *r, bool more_to_come);
/* The agent stops: what the registry does from here on is not what anybody asked for. */
void remember_stop(struct remember *r);

/* Decides when the reply to a change leaves, and in which of its forms. */
void remember_hold_reply(const struct remember *r, struct api_reply *reply);

/* False without a state file. */
bool remember_status(const struct remember *r, struct state_file_status *ret);

#endif
