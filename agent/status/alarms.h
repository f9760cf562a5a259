/* SPDX-License-Identifier: MIT */
/*
 * `alarms` of GET /v1/status: all that an operator must act on, and nothing else. An alarm that can
 * concern many things (VIPs, apps, monitors, services) is one, with their number and the first of
 * them.
 */
#ifndef AGENT_STATUS_ALARMS_H
#define AGENT_STATUS_ALARMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/status/status_sources.h"

/* A peer that is down for less may just be restarting. */
#define ALARM_PEER_DOWN (60 * USEC_PER_SEC)

/* BFD takes a few seconds to come up after BGP. */
#define ALARM_BFD_DOWN (10 * USEC_PER_SEC)
/* So long its process is worth a look after it has ended unexpectedly. */
#define ALARM_BFD_PROCESS (300 * USEC_PER_SEC)

/* A session in Consul takes a moment. */
#define ALARM_FLEET_LOST (10 * USEC_PER_SEC)

/* In a fleet one is promoted after the other. */
#define ALARM_JOINING_HELD (60 * USEC_PER_SEC)

/* A certificate that expires sooner is to be replaced. */
#define ALARM_CERTIFICATE (14 * (86400 * USEC_PER_SEC))

/* Adds one for a peer that is down for longer. */
void alarms_add_peer(json_t *alarms, const struct bgp_peer_status *peer,
		     const struct view_clock *clock);
/* [{"alarm": KIND, "text": …, …}]; empty when there are none. */
json_t *alarms_collect(const struct status_sources *in);

#endif
