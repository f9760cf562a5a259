/* SPDX-License-Identifier: MIT */
/*
 * Persistent state: apps registered over HTTP with their leases, drains over HTTP, definitions of
 * apps that were promoted, orders for peers, and, on kernels that do not keep our tag, which
 * addresses on lo are ours.
 *
 *	registry ── changed ──> store ── lines ──> state_file ──> disk
 *	actuator ─── note ─────────┘
 *	state_file ── contents ──> restore ──> registry, actuator          at the start
 */
#ifndef AGENT_STORE_STORE_H
#define AGENT_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/store/refused.h"
#include "agent/store/state_file.h"
#include "agent/vip/actuator.h"

struct store;

/* Where state is kept unless the configuration says otherwise: systemd's $STATE_DIRECTORY, else
 * /var/lib/vipherald. Returns buf or a constant. */
const char *store_directory(char *buf, size_t size);
/* The path of a file in it. Free it. */
char *store_path(const char *name);
/* The path of the state file; NULL: off. Free it. */
char *store_file_path(const struct config_agent *config);

typedef state_file_written_cb store_written_cb;

/* Reads the state file and restores drains and addresses: before the first app is registered.
 * Without a state file all else works, with a line in the log. */
struct store *store_new(sd_event *loop, const struct config_agent *config,
			struct registry *registry, struct actuator *actuator,
			store_written_cb *written, void *userdata);
/* Writes changes that are not on the disk yet. */
void store_free(struct store *s);

/* Registers apps of the previous instance until the clock (loop_clock()) says `end`; true when some
 * are left. After the apps of the configuration, which come first. */
bool store_restore(struct store *s, mono_t end);
size_t store_n_restored(const struct store *s);
/* Those of the previous instance that today's rules refuse. */
const struct refused_apps *store_refused(const struct store *s);
/* It is not to be kept any longer. False when it is not one of them. */
bool store_forget(struct store *s, const char *name);
/* From here on changes are written. `more_to_come`: Consul may yet bring apps. */
void store_begin(struct store *s, bool more_to_come);
/* The agent stops: the registry is emptied, which is not to be written. */
void store_stop(struct store *s);

/* Whether all changes so far are on the disk. */
enum store_progress {
	STORE_DONE,
	STORE_PENDING, /* they are being written: written() will report *ret_number */
	STORE_FAILED,  /* there is no state file, or it cannot be written at present */
};
enum store_progress store_progress(const struct store *s, uint64_t *ret_number);

/* Is there room in the state file for texts of this size? Some is left for addresses on lo. 0, or
 * -ENOSPC with a text: what does not fit would keep all else from being written, too. */
int store_check_room(const struct store *s, size_t bytes, struct err *err);

/* The orders for peers that were read, until store_begin(). */
const struct peer_orders *store_peers(const struct store *s);
/* The order for this peer changed; NULL: there is none any more. */
void store_put_peer(struct store *s, const struct peer_id *id, const struct peer_order *order);

/* The roll of this host that was read, until store_begin(); NULL: none. */
const struct roll *store_roll(const struct store *s);
/* It has changed; NULL: there is none any more. -ENOENT: there is no state file. */
int store_put_roll(struct store *s, const struct roll *roll);

/* False without a state file. */
bool store_status(const struct store *s, struct state_file_status *ret);

#endif
