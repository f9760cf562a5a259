/* SPDX-License-Identifier: MIT */
/* A reload on trial (`--confirm`): what is on the disk before it, and what follows from its end. */
#ifndef AGENT_DAEMON_RELOAD_TRIAL_H
#define AGENT_DAEMON_RELOAD_TRIAL_H

#include "agent/daemon/reload_job.h"
#include "lib/err.h"

struct agent;

/* Before the change. 1: the disk is waited for, call it again; 0: go on; -errno: no trial is
 * possible. A file that has what was confirmed last becomes a reload for good. */
int reload_trial_prepare(struct agent *a, struct reload_job *job, struct err *err);
/* The reload is over, its configuration in effect or not. */
void reload_trial_succeed(struct agent *a, struct reload_job *job);
void reload_trial_fail(struct agent *a, struct reload_job *job);
/* The copy that the next start may need, unless the configuration in effect is on trial. */
void reload_keep_copy(struct agent *a);

#endif
