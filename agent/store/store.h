/* SPDX-License-Identifier: MIT */
/*
 * What outlives the process: apps registered over HTTP with their leases, drains over HTTP, and, on
 * kernels that do not keep our tag, which addresses on lo are ours.
 *
 *	registry ── changed ──> store ── lines ──> state_file ──> disk
 *	actuator ─── note ─────────┘
 *	state_file ── contents ──> store ──> registry, actuator          at the start
 *
 * Spans and deadlines count by the monotonic clock while we run, and are written as dates: written
 * anew when somebody sets the clock. A lease never has more left than its span, whatever the clock
 * was when it was written.
 */
#ifndef AGENT_STORE_STORE_H
#define AGENT_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/store/state_file.h"
#include "agent/vip/actuator.h"

struct store;

/* Of state_file_told_cb. */
typedef state_file_told_cb store_told_cb;

/* Reads the state file and brings back drains and addresses: before the first app is registered.
 * When there can be no state file it says so in the log, and all else works. */
struct store *store_new(sd_event *loop, const struct config_agent *config,
			struct registry *registry, struct actuator *actuator, store_told_cb *told,
			void *userdata);
/* Changes that are not on the disk yet are brought there. */
void store_free(struct store *r);

/* Registers apps of a former run until the clock (loop_clock()) says `end`; true when some are
 * left. After the apps of the configuration, which come first. */
bool store_restore(struct store *r, usec_t end);
size_t store_n_restored(const struct store *r);
/* From here on changes are written. `more_to_come`: Consul may yet bring apps. */
void store_begin(struct store *r, bool more_to_come);
/* The agent stops: what the registry does from here on is not what anybody asked for. */
void store_stop(struct store *r);

/* Whether all changes so far are on the disk. */
enum store_progress {
	STORE_DONE,
	STORE_PENDING, /* they are being written: told() will report *ret_number */
	STORE_FAILED,  /* there is no state file, or it cannot be written at present */
};
enum store_progress store_progress(const struct store *r, uint64_t *ret_number);

/* False without a state file. */
bool store_status(const struct store *r, struct state_file_status *ret);

#endif
