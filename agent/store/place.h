/* SPDX-License-Identifier: MIT */
/* Where this process is: the addresses on lo that the state file names are those of one boot and
 * one network namespace. */
#ifndef AGENT_STORE_PLACE_H
#define AGENT_STORE_PLACE_H

#include <stdbool.h>

#include "agent/store/state_lines.h"

void state_place_find(struct state_place *ret);
/* False when either is unknown. */
bool state_place_equal(const struct state_place *a, const struct state_place *b);

#endif
