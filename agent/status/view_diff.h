/* SPDX-License-Identifier: MIT */
/* The difference of two configurations as JSON: `vipherald diff --json`, POST /v1/reload. Pure. */
#ifndef AGENT_STATUS_VIEW_DIFF_H
#define AGENT_STATUS_VIEW_DIFF_H

#include <jansson.h>

#include "agent/config/diff.h"

/* An array with an object for each change. */
json_t *view_diff(const struct config_diff *d);
/* The names of the keys that need a restart: ["agent.listen_addr"]. */
json_t *view_diff_restart(const struct config_diff *d);
/* An array with an object for each finding of a severity: line, column (null: the whole file), key,
 * text. */
json_t *view_findings(const struct config_findings *f, enum config_severity severity);

#endif
