/* SPDX-License-Identifier: MIT */
/* vipherald(1), written from the table of verbs. Pure. Nothing in the agent calls this:
 * tests/unit/test_man.c compares the page with it and can write it. */
#ifndef AGENT_CLI_MAN_H
#define AGENT_CLI_MAN_H

#include <stdio.h>

void man_write_verbs(FILE *out);

#endif
