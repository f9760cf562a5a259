/* SPDX-License-Identifier: MIT */
/* BFD in `vipherald peers` and `vipherald peer`. */
#ifndef AGENT_CLI_SHOW_BFD_H
#define AGENT_CLI_SHOW_BFD_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/cli/show.h"

/* Any peer of the list is configured with it. */
bool show_has_bfd(const json_t *peers);
#define SHOW_BFD_COLUMNS "BFD|INTERVAL|DIAGNOSTIC"
void show_bfd_columns(struct table *t, const json_t *peer);
/* The lines of one peer; none without BFD. */
void show_bfd(const struct show *s, const json_t *peer);

#endif
