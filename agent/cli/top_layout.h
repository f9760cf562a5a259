/* SPDX-License-Identifier: MIT */
/* The screen of `vipherald top`: from the model to lines, for a terminal of any size. Pure. */
#ifndef AGENT_CLI_TOP_LAYOUT_H
#define AGENT_CLI_TOP_LAYOUT_H

#include "agent/cli/top_model.h"
#include "agent/cli/top_screen.h"

/* Fills in an initialised screen. `now` tells how old the last answer is. */
void top_layout(const struct top_model *m, mono_t now, struct top_screen *screen);

/* Shares `lines` among sections that want some: none gets more than it wants, and none less than
 * another that gets less than it wants, but for one that is left over. */
void top_share(size_t lines, const size_t *wants, size_t n, size_t *ret);

#endif
