/* SPDX-License-Identifier: MIT */
/* A converted document as YAML, with the remarks as comments in front. Pure. */
#ifndef AGENT_CONVERT_PRINT_H
#define AGENT_CONVERT_PRINT_H

#include <stdio.h>

#include "agent/convert/document.h"

void convert_print(const struct convert *c, FILE *out);

#endif
