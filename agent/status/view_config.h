/* SPDX-License-Identifier: MIT */
/* GET /v1/config: the configuration in effect (agent/config/show.h). */
#ifndef AGENT_STATUS_VIEW_CONFIG_H
#define AGENT_STATUS_VIEW_CONFIG_H

#include "agent/status/status_sources.h"
#include "agent/status/stream.h"

/* `defaults`: keys that have their default, too. `include_api`: peers that were added over the API,
 * too. A reload in the middle of it ends the list of apps with {"error": TEXT}. */
struct stream *view_config(const struct status_sources *in, bool defaults, bool include_api);

#endif
