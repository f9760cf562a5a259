/* SPDX-License-Identifier: MIT */
/* The state of an app as a word of the API, of metrics and of Consul. Pure. */
#ifndef AGENT_MODEL_APP_STATE_H
#define AGENT_MODEL_APP_STATE_H

#include <stdbool.h>

#include "agent/model/announce_spec.h"
#include "monitors/verdict.h"

/* "unknown", "up", "down", "last-resort" (down and announced), "kept" (with its group),
 * "draining" and "drained". */
const char *app_state_name(enum health health, enum route_form form, bool drained);

#endif
