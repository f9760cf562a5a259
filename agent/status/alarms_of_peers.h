/* SPDX-License-Identifier: MIT */
/* Alarms about peers: their sessions, BFD, and the ways there and back. */
#ifndef AGENT_STATUS_ALARMS_OF_PEERS_H
#define AGENT_STATUS_ALARMS_OF_PEERS_H

#include <jansson.h>

#include "agent/status/status_sources.h"

/* A peer that is down for less may just be restarting. */
#define ALARM_PEER_DOWN (60 * USEC_PER_SEC)

/* BFD takes a few seconds to come up after BGP. */
#define ALARM_BFD_DOWN (10 * USEC_PER_SEC)
/* So long its process is worth a look after it has ended unexpectedly. */
#define ALARM_BFD_PROCESS (300 * USEC_PER_SEC)

/* Adds one for a peer that is down for longer. */
void alarms_add_peer(json_t *alarms, const struct bgp_peer_status *peer,
		     const struct view_clock *clock);
void alarms_add_peers(json_t *alarms, const struct status_sources *in,
		      const struct view_clock *clock);

#endif
