/* SPDX-License-Identifier: MIT */
/* Capabilities as JSON: what needs them, and what is missing. Pure. */
#ifndef AGENT_STATUS_VIEW_CAPABILITIES_H
#define AGENT_STATUS_VIEW_CAPABILITIES_H

#include <jansson.h>

#include "agent/config/capabilities.h"

/* {"missing": [ "CAP_NET_RAW" ], "capabilities": [ { "capability", "present", "for", "key",
 * "without" } ]} */
json_t *view_capabilities(const struct capability_needs *needs);

#endif
