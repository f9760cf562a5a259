/* SPDX-License-Identifier: MIT */
/* Alarms about the fleet: apps that its guard keeps, rolling work, joining, and Consul's
 * session. */
#ifndef AGENT_STATUS_ALARMS_OF_FLEET_H
#define AGENT_STATUS_ALARMS_OF_FLEET_H

#include <jansson.h>

#include "agent/status/status_sources.h"

/* A session in Consul takes a moment. */
#define ALARM_FLEET_LOST (10 * USEC_PER_SEC)

/* In a fleet one is promoted after the other. */
#define ALARM_JOINING_HELD (60 * USEC_PER_SEC)

void alarms_add_fleet(json_t *alarms, const struct status_sources *in,
		      const struct view_clock *clock);

#endif
