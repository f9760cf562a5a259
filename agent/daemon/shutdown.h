/* SPDX-License-Identifier: MIT */
/*
 * The shutdown of the agent: carries out what shutdown_fsm.h decides, by operations of the agent,
 * and logs it.
 */
#ifndef AGENT_DAEMON_SHUTDOWN_H
#define AGENT_DAEMON_SHUTDOWN_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/daemon/shutdown_fsm.h"
#include "lib/mono.h"

struct shutdown_ops {
	void (*facts)(struct shutdown_facts *ret, void *userdata);
	/* Drains all apps. Returns when the last of the drains is over; the past when nothing is
	 * announced that could be drained. */
	mono_t (*drain)(void *userdata);
	/* Opens the sessions again that leave() closed. */
	void (*reopen)(void *userdata);
	/* Ends all that makes changes, withdraws all routes, waits for routers until
	 * `flush_limit`, removes VIPs and NAT rules, then calls shutdown_vips_removed(). */
	void (*withdraw)(mono_t flush_limit, void *userdata);
	/* VIPs are still there. shutdown_vips_removed() need not be called any more. */
	void (*give_up)(void *userdata);
	/* Both call shutdown_sessions_closed(), from the loop, at `limit` at the latest. After
	 * reopen() that of leave() must not come any more. */
	void (*close)(mono_t limit, void *userdata);
	void (*leave)(mono_t limit, void *userdata);
	/* All else is done: ends the loop with code 0, once what need not be cut short has ended.
	 * NULL: at once. `leaving`: for a restart. */
	void (*exit)(bool leaving, void *userdata);
	/* For the service manager: what is being done, and how long the rest may take. */
	void (*report)(const char *status, span_t longest, void *userdata);
};

struct shutdown;

/* `ops` must outlive it. When all is done, ends the loop with code 0. */
struct shutdown *shutdown_new(sd_event *loop, const struct shutdown_ops *ops, void *userdata);
void shutdown_free(struct shutdown *s);

/* `signal`: its name, for the log. */
void shutdown_stop(struct shutdown *s, const char *signal);
void shutdown_restart(struct shutdown *s, const char *signal);

void shutdown_vips_removed(struct shutdown *s);
/* The drain of all apps is over before its time. */
void shutdown_drained(struct shutdown *s);
/* `complete`: all of them, before the limit. */
void shutdown_sessions_closed(struct shutdown *s, bool complete);

enum shutdown_state shutdown_state(const struct shutdown *s);

#endif
