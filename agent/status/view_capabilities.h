/* SPDX-License-Identifier: MIT */
/* GET /v1/capabilities: the capabilities that the configuration needs, and those missing. Pure. */
#ifndef AGENT_STATUS_VIEW_CAPABILITIES_H
#define AGENT_STATUS_VIEW_CAPABILITIES_H

#include <jansson.h>

#include "agent/config/capabilities.h"

/* {"missing": [ "CAP_NET_RAW" ], "capabilities": [ { "capability", "present", "for", "key",
 * "without" } ]} */
json_t *view_capabilities(const struct capability_needs *needs);

#endif
