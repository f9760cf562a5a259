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

/* A certificate that expires sooner is to be replaced. */
#define ALARM_CERTIFICATE (14 * (86400 * USEC_PER_SEC))

/* [{"alarm": KIND, "text": …, …}]; empty when there are none. */
json_t *alarms_collect(const struct status_sources *in);

#endif
