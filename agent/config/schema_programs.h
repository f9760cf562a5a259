/* SPDX-License-Identifier: MIT */
/* The keys of processes[]. Pure. */
#ifndef AGENT_CONFIG_SCHEMA_PROGRAMS_H
#define AGENT_CONFIG_SCHEMA_PROGRAMS_H

#include "agent/config/key.h"

extern const struct config_section config_programs_section;

/* `program_list`: a struct program_list. */
void *config_add_program(void *program_list);

#endif
