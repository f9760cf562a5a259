/* SPDX-License-Identifier: MIT */
/*
 * Reload: the configuration file is read again, and what differs is applied (docs/reload.md).
 *
 *	SIGHUP, POST /v1/reload ──> load, check ──> diff ──> prepare ──> apply
 *	                                 └─ an error: nothing changed ─┘      │
 *	   agent keys, peers: in one turn                                    │
 *	   apps: a few milliseconds a turn, those that come or change, then those that go
 *
 * All that can fail comes before anything is changed: the whole file is checked, the commands' user
 * and this host's addresses are found, every VIP is compared with the addresses that the peers
 * need, and the listener is opened.
 */
#ifndef AGENT_DAEMON_RELOAD_H
#define AGENT_DAEMON_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/log_event.h"
#include "lib/mono.h"

struct agent;
struct reload;

/* The other parts of the agent must exist when the loop runs. */
struct reload *reload_new(struct agent *a);
void reload_free(struct reload *r);

struct reload_request {
	const char *trigger; /* of unlimited life */
	/* Of the request, both copied; NULL: a signal, or a process. */
	const char *by;             /* who asks, with the address, for texts */
	struct log_requester asked; /* for events */
	span_t confirm;             /* taken back unless it is confirmed by then; 0: for good */
};

/* From the loop, as soon as the apps of the start are registered and no other reload is under way.
 * Returns its number: api_send_later() gets it when it is over. */
uint64_t reload_ask(struct reload *r, const struct reload_request *request);
/* Grows at the beginning of each, when the configuration changes, and at the end. */
uint64_t reload_count(const struct reload *r);
/* One is under way: what it puts into effect is found from what is in effect now. */
bool reload_is_running(const struct reload *r);
/* The configuration in effect was changed by another order. */
void reload_overtaken(struct reload *r);
/* The apps of the start are registered. */
void reload_registered(struct reload *r);
/* The agent stops: what is under way ends, and nothing is reloaded any more. */
void reload_stop(struct reload *r);

#endif
