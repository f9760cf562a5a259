/* SPDX-License-Identifier: MIT */
/* The fingerprint of the definition of an app. Pure. */
#ifndef AGENT_CONFIG_APP_HASH_H
#define AGENT_CONFIG_APP_HASH_H

#include "agent/model/app_spec.h"
#include "lib/sha256.h"

/* Of its own keys but `states.join` and `join_time`, wherever it is from and in whichever order
 * lists are: two that are registered as the same have the same. A version that shows definitions
 * otherwise has others. */
const char *config_app_hash(const struct app_spec *spec, char buf[static SHA256_TEXT_MAX]);

#endif
