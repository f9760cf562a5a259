/* SPDX-License-Identifier: MIT */
/* The routes of a program, from its lines to the registry. */
#ifndef AGENT_PROGRAMS_PROGRAM_ROUTES_H
#define AGENT_PROGRAMS_PROGRAM_ROUTES_H

#include "agent/programs/program.h"

/* Registers its app, if it is not. -errno: p->unregistered says why, and program_retry() tries
 * again. */
int program_register(struct program *p);
/* Before the first prefix: whether the line may be carried out, and for which peers. -errno and a
 * text. */
int program_job_begin(struct program *p, struct program_job *job, struct err *err);
/* One prefix. -errno and a text for it; the others may be fine. */
int program_job_next(struct program *p, struct program_job *job, bool by_fifo, struct err *err);
void program_job_done(struct program_job *job);

/* Those that did not come from the fifo, or all. */
void program_withdraw_all(struct program *p, bool and_fifo);
/* Those that it may not have any more: the newest where they are too many. */
void program_withdraw_refused(struct program *p);
/* Its app, if the name was taken, and those routes that other apps had or have taken since: of
 * those that this pass has not tried yet, up to `max`. Returns how many. An app that another client
 * unregistered is left to the next line. */
size_t program_retry(struct program *p, uint64_t pass, size_t max);

#endif
