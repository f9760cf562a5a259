/* SPDX-License-Identifier: MIT */
/* Width and colors of the terminal that the output is connected to. */
#ifndef AGENT_CLI_TERMINAL_H
#define AGENT_CLI_TERMINAL_H

#include <stdbool.h>

#include "agent/cli/table.h"
#include "agent/cli/verb.h"

/* Of stdout. With VERB_COLOR_AUTO colors are for a terminal, unless NO_COLOR is set
 * (https://no-color.org) or TERM is dumb. COLUMNS, where it is set, is the width. */
struct table_style terminal_style(enum verb_color color);
bool terminal_is_one(void);
/* Empties the screen; nothing on what has none. */
void terminal_clear(void);

#endif
