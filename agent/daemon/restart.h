/* SPDX-License-Identifier: MIT */
/*
 * A restart that nobody notices (docs/graceful-restart.md): what the agent has to do with it. The
 * protocol is the speaker's.
 *
 * After the start, routers that support it still hold what a former run announced, and forget with
 * End-of-RIB what was not announced again. So that waits until every source of apps has brought
 * its own, each app has its first verdict, and what is up is announced. Only then may VIPs go that
 * a former run left and that nobody wants: until then, they may still be in a router.
 *
 *	restart_new ── restart_expect, restart_arrived: of each source ── verdicts ── End-of-RIB
 *	            ── the routers have it ── restored()
 */
#ifndef AGENT_DAEMON_RESTART_H
#define AGENT_DAEMON_RESTART_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"

struct restart;

/* Without graceful restart at any peer, `restored` is called as soon as all sources have arrived,
 * also from inside restart_arrived(); else from the loop. Once, in any case. The others must
 * outlive it. */
typedef void restart_restored_cb(void *userdata);
struct restart *restart_new(sd_event *loop, struct bgp_speaker *speaker,
			    const struct registry *registry, const struct reconcile *reconcile,
			    restart_restored_cb *restored, void *userdata);
void restart_free(struct restart *r);

/* A source of apps (the configuration, Consul …) is going to bring its own, and has. Expect the
 * next one before the last one has arrived. */
void restart_expect(struct restart *r);
void restart_arrived(struct restart *r);
bool restart_is_waiting(const struct restart *r); /* for a source */

/* Whatever has not arrived by then, routers have forgotten; the past without graceful restart. */
usec_t restart_deadline(const struct restart *r);

/* The agent stops for good: routers may forget at once; `restored` is not called any more. */
void restart_abandon(struct restart *r);

/* The agent stops to be started again: says so to every peer and closes the sessions, without
 * withdrawing anything. `left` is called within a second. */
typedef void restart_left_cb(void *userdata);
void restart_leave(struct restart *r, restart_left_cb *left, void *userdata);

#endif
