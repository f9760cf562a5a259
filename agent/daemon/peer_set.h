/* SPDX-License-Identifier: MIT */
/*
 * The operator's orders for single peers (agent/model/peer_orders.h), and the peers that were added
 * over the API beside those of the configuration file.
 *
 *	state file ── restore ──> orders ──┐
 *	configuration ─────────────────────┴─ merge ──> bgp.peers: of the file, then of the API
 *	                                                  └──> addresses of the host ──> bgp/speaker
 */
#ifndef AGENT_DAEMON_PEER_SET_H
#define AGENT_DAEMON_PEER_SET_H

#include <stdbool.h>

#include "agent/config/config.h"
#include "agent/config/findings.h"
#include "agent/model/peer_orders.h"

struct agent;

/* A peer of the file of `c`, the default gateway included. */
bool peer_set_is_of_file(const struct agent *a, const struct config *c, const struct peer_id *id);
/* Writes the order for this peer, or that there is none any more, to the state file. */
void peer_set_store(const struct agent *a, const struct peer_id *id);

/* Reads the orders of the previous instance, and adds its peers to the configuration in effect:
 * before the speaker starts. */
void peer_set_restore(struct agent *a);
/* Adds the peers of the API to a configuration that is not in effect yet, but for those that its
 * file has. `lenient`: one that it does not allow is left out, with a line in the log and an alarm.
 * Else it is an error of that configuration, -EINVAL, unless it was left out before. */
int peer_set_merge(struct agent *a, struct config *next, bool lenient,
		   struct config_findings *findings);
/* A config_added_fn, of the agent. */
void peer_set_added(const struct config_agent *agent, struct config_added_peers *ret,
		    void *userdata);
/* The configuration in effect stays, it is not on trial: orders for peers that it lacks are
 * dropped, and so are added peers that its file has now. */
void peer_set_settle(struct agent *a);

/* Adds a peer to the configuration in effect, in the place of the added one with the same id, or
 * (NULL) removes that. Takes the contents over on success; with -errno and a text nothing changed.
 * -EEXIST: a VIP covers an address that the path to it needs; -EBUSY: the file names it, see
 * peer_users.h. Not while a reload is under way. */
int peer_set_replace(struct agent *a, const struct peer_id *id, const struct bgp_peer_config *peer,
		     struct err *err);

#endif
