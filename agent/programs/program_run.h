/* SPDX-License-Identifier: MIT */
/* The process of a program: started, told to end, started again, and its fifo. */
#ifndef AGENT_PROGRAMS_PROGRAM_RUN_H
#define AGENT_PROGRAMS_PROGRAM_RUN_H

#include "agent/programs/program.h"

/* Registers its app and opens the fifo. What fails is logged and tried again. */
struct program *program_new(const struct programs_env *env, const struct program_spec *spec);
/* Starts the process, if there is one to run and it was not stopped meanwhile. */
void program_start(struct program *p);
/* Kills its process; leaves its routes. */
void program_free(struct program *p);
/* From now on its lines are answered without any effect. */
void program_mute(struct program *p);
/* That, and SIGTERM, and SIGKILL if that does not help. */
void program_stop(struct program *p);
bool program_is_gone(const struct program *p);
/* Another definition of the same process. One that was done is started again if it differs. */
void program_change(struct program *p, const struct program_spec *spec);

#endif
