/* SPDX-License-Identifier: MIT */
/* Words of a command for the shell that runs it here. Pure. */
#ifndef AGENT_CONVERT_SHELL_H
#define AGENT_CONVERT_SHELL_H

#include <stdio.h>

/* In quotes where the shell would take it for something else. */
void shell_print_word(const char *word, FILE *out);

#endif
