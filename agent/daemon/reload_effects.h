/* SPDX-License-Identifier: MIT */
/* Effects of a reload beyond the difference of two files: the running agent differs from the
 * configuration in effect. */
#ifndef AGENT_DAEMON_RELOAD_EFFECTS_H
#define AGENT_DAEMON_RELOAD_EFFECTS_H

#include <jansson.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"

struct agent;

/* Adds the apps of both files that were unregistered over HTTP: they are registered again. `d`:
 * from the configuration in effect to `next`. */
void reload_effects_add(const struct agent *a, const struct config *next, struct config_diff *d);
/* Names of the keys that take effect after a restart only. */
json_t *reload_effects_restart(const struct agent *a, const struct config *next,
			       const struct config_diff *d);

#endif
