/* SPDX-License-Identifier: MIT */
/* State of the fleet shared by the apps of this agent: fleet_agent.c owns it, fleet_app.c uses it.
 */
#ifndef AGENT_FLEET_SHARED_H
#define AGENT_FLEET_SHARED_H

#include <stddef.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/model/fleet_spec.h"
#include "consul/transport.h"
#include "fleet/session.h"
#include "fleet/txn.h"
#include "lib/deadlines.h"
#include "lib/list.h"

/* Transactions that are in flight at once, however many apps there are. */
#define FLEET_CALLS_MAX 32
/* After a session that is not the first: others come back within a few attempts to begin one. */
#define FLEET_SETTLE (15 * USEC_PER_SEC)

struct fleet_shared {
	sd_event *loop;
	struct registry *registry;
	const struct fleet_spec *spec;
	const char *config_sha256; /* of the file in effect */
	char node[FLEET_NODE_MAX], prefix[FLEET_PREFIX_MAX];
	struct consul_transport *transport; /* NULL: none is configured */
	struct fleet_session session;
	mono_t settled_at;      /* apps that begin before ask the guard for nothing until then */
	uint64_t number;        /* of the requests and claims of apps that are gone, the last */
	struct list gone;       /* of fleet_app; their keys are not */
	struct deadlines wakes; /* of apps */
	struct list waiting;    /* for one of FLEET_CALLS_MAX */
	size_t n_calls;
	struct list reads; /* of fleet_read */
	size_t n_reads;
	struct list rollings; /* of fleet_rolling */
	sd_event_source *timer;
	sd_event_time_handler_t on_timer; /* with the owner as userdata */
	void *userdata;
};

#endif
