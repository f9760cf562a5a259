/* SPDX-License-Identifier: MIT */
/*
 * The shutdown as a state machine. Pure; shutdown.h carries its actions out.
 *
 *	RUNNING ─┬─ stop ─────────────────────> WITHDRAWING ─ VIPs removed, ─> CLOSING ─ closed ─> ENDED
 *	         │                                 ^    ^      UNBIND limit
 *	         ├─ stop, shutdown_drain ─> DRAINING    │
 *	         │                          (drained,   │
 *	         │                           or stop)   │ stop
 *	         └─ restart, graceful ────> LEAVING ────┴──── closed ───────────────────────────> ENDED
 *
 * SIGTERM and SIGINT ask for a stop. With shutdown_drain all apps are drained first
 * (docs/drain.md); a second signal ends the drain. SIGUSR2 asks for a restart: sessions are closed
 * such that routers keep the routes, VIPs and NAT rules stay (docs/graceful-restart.md). Without
 * graceful restart at any peer it is a stop. A stop ends a restart that is under way, never the
 * other way round.
 *
 * A stop takes two seconds, whatever the routers do:
 *
 *	0 s      changes are refused, monitors end, every route is withdrawn, in one turn
 *	≤ 1 s    the routers have acknowledged the withdrawals, or had the time to; VIPs leave lo
 *	≤ 1.4 s  Cease, Administrative Shutdown to every router, once the VIPs are removed
 *	≤ 1.8 s  the routers have closed the sessions, or had the time to
 *
 * Only the removal of many thousands of VIPs may take longer than its 0.4 s: it goes on while the
 * sessions close, until SHUTDOWN_MAX, because the kernel gets slower with their number and a VIP
 * that stays on lo attracts the traffic of the host itself.
 */
#ifndef AGENT_DAEMON_SHUTDOWN_FSM_H
#define AGENT_DAEMON_SHUTDOWN_FSM_H

#include <stdbool.h>

#include "lib/mono.h"

/* From the withdrawal of the routes on. */
#define SHUTDOWN_FLUSH  (1000 * USEC_PER_MSEC) /* waiting for routers to acknowledge it */
#define SHUTDOWN_UNBIND (1400 * USEC_PER_MSEC) /* VIPs removed before the sessions close */
#define SHUTDOWN_CLOSE  (1800 * USEC_PER_MSEC) /* sessions closed */
#define SHUTDOWN_MAX    (10 * USEC_PER_SEC)    /* VIPs removed at all */
/* Of a restart: sessions closed. */
#define SHUTDOWN_LEAVE (1 * USEC_PER_SEC)

enum shutdown_state {
	SHUTDOWN_RUNNING, /* none was asked for */
	SHUTDOWN_DRAINING,
	SHUTDOWN_WITHDRAWING,
	SHUTDOWN_CLOSING,
	SHUTDOWN_LEAVING,
	SHUTDOWN_ENDED,
};

enum shutdown_event {
	SHUTDOWN_ON_STOP,    /* SIGTERM, SIGINT */
	SHUTDOWN_ON_RESTART, /* SIGUSR2 */
	SHUTDOWN_ON_TIMER,   /* shutdown_fsm_deadline() may have passed */
	SHUTDOWN_ON_VIPS_REMOVED,
	SHUTDOWN_ON_SESSIONS_CLOSED,
};

/* To be carried out in this order. */
enum shutdown_action {
	SHUTDOWN_DO_DRAIN = 1 << 0,    /* then call shutdown_fsm_set_drain_end() */
	SHUTDOWN_DO_REOPEN = 1 << 1,   /* sessions that were closed for a restart */
	SHUTDOWN_DO_WITHDRAW = 1 << 2, /* all routes, then remove VIPs and NAT rules */
	SHUTDOWN_DO_GIVE_UP = 1 << 3,  /* the VIPs that are left */
	SHUTDOWN_DO_CLOSE = 1 << 4,    /* the sessions */
	SHUTDOWN_DO_LEAVE = 1 << 5,    /* close the sessions, routers keep the routes */
	SHUTDOWN_DO_EXIT = 1 << 6,
};

/* As of the event. */
struct shutdown_facts {
	bool drain;    /* shutdown_drain is set, and there are apps to drain */
	bool graceful; /* at some peer */
};

struct shutdown_fsm {
	enum shutdown_state state;
	mono_t began; /* the withdrawal */
	mono_t drain_end;
	bool vips_removed, sessions_closed;
};

/* Starts zeroed. Returns a set of actions. */
unsigned shutdown_fsm_step(struct shutdown_fsm *f, enum shutdown_event event,
			   const struct shutdown_facts *facts, mono_t now);
/* When the last drain of the apps is over. */
void shutdown_fsm_set_drain_end(struct shutdown_fsm *f, mono_t end);
/* When SHUTDOWN_ON_TIMER is due; USEC_NEVER. */
mono_t shutdown_fsm_deadline(const struct shutdown_fsm *f);

#endif
