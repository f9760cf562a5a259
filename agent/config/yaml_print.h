/* SPDX-License-Identifier: MIT */
/* JSON as YAML that can be loaded again. Pure. */
#ifndef AGENT_CONFIG_YAML_PRINT_H
#define AGENT_CONFIG_YAML_PRINT_H

#include <jansson.h>
#include <stdio.h>

/* The members of an object, a line each, lists of plain values in brackets. */
void config_yaml_print(const json_t *object, FILE *out);

#endif
