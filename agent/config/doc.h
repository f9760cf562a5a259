/* SPDX-License-Identifier: MIT */
/* The reference page of the configuration, printed from the schema. Pure. */
#ifndef AGENT_CONFIG_DOC_H
#define AGENT_CONFIG_DOC_H

#include <stdio.h>

/* The part of docs/configuration.md between its two marks. */
void config_print_doc(FILE *out);
/* The page vipherald.yaml(5). */
void config_print_man(FILE *out);

#endif
