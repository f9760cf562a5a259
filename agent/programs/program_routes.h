/* SPDX-License-Identifier: MIT */
/* The routes of a program, from its lines to the registry. */
#ifndef AGENT_PROGRAMS_PROGRAM_ROUTES_H
#define AGENT_PROGRAMS_PROGRAM_ROUTES_H

#include "agent/programs/program.h"

/* Registers its app, if it is not; what fails is logged. */
void program_register(struct program *p);
/* Before the first prefix: whether the line may be carried out, and for which peers. -errno and a text. */
int program_job_begin(struct program *p, struct program_job *job, struct err *err);
/* One prefix. -errno and a text for it; the others may be fine. */
int program_job_next(struct program *p, struct program_job *job, bool by_fifo, struct err *err);
void program_job_done(struct program_job *job);

/* Those that did not come from the fifo, or all. */
void program_withdraw_all(struct program *p, bool and_fifo);
/* Those that it may not have any more: the newest where they are too many. */
void program_withdraw_refused(struct program *p);
/* Those that other apps had, or have taken since. */
void program_retry(struct program *p);

#endif
