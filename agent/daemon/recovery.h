/* SPDX-License-Identifier: MIT */
/*
 * Graceful restart after the start of the agent (docs/graceful-restart.md). The protocol is the
 * speaker's.
 *
 * Helping routers still hold the routes of the previous instance, and drop those that were not
 * announced again when they receive End-of-RIB. So End-of-RIB is held back until every source of
 * apps has arrived, each app has its first verdict, and what is up is announced. Only then are VIPs
 * of the previous instance removed that no app wants: until then a router may send traffic to them.
 *
 *	recovery_new ── recovery_expect, recovery_arrived: of each source ── verdicts ── End-of-RIB
 *	             ── acknowledged by the routers ── recovered()
 */
#ifndef AGENT_DAEMON_RECOVERY_H
#define AGENT_DAEMON_RECOVERY_H

#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"
#include "lib/mono.h"

struct recovery;

/* `recovered` is called once. Without graceful restart at any peer as soon as all sources have
 * arrived, also from inside recovery_arrived(); else from the loop. The others must outlive it. */
typedef void recovery_done_cb(void *userdata);
struct recovery *recovery_new(sd_event *loop, struct bgp_speaker *speaker,
			      const struct registry *registry, const struct reconcile *reconcile,
			      recovery_done_cb *recovered, void *userdata);
void recovery_free(struct recovery *r);

/* A source of apps (the configuration, Consul, Nomad) is going to register its apps, and has done
 * so. Expect the next one before the last one has arrived. */
void recovery_expect(struct recovery *r);
void recovery_arrived(struct recovery *r);
/* When all sources had arrived; USEC_NEVER: not yet. */
mono_t recovery_started_at(const struct recovery *r);

/* When the routers drop what was not announced again; the past without graceful restart. */
mono_t recovery_deadline(const struct recovery *r);

/* A stop for a restart: End-of-RIB is sent by the next instance. */
void recovery_suspend(struct recovery *r);
/* A stop: routers may drop the routes at once. Calls `recovered` if that is still due. */
void recovery_abandon(struct recovery *r);

#endif
