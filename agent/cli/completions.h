/* SPDX-License-Identifier: MIT */
/* Completions of the shells, written from the table of verbs. Pure. */
#ifndef AGENT_CLI_COMPLETIONS_H
#define AGENT_CLI_COMPLETIONS_H

#include <stdbool.h>
#include <stdio.h>

/* False: no such shell. */
bool completions_write(const char *shell, FILE *out);

#endif
