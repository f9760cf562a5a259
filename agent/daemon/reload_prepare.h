/* SPDX-License-Identifier: MIT */
/* All of a reload but the apps: what can fail first, then the change of everything at once. */
#ifndef AGENT_DAEMON_RELOAD_PREPARE_H
#define AGENT_DAEMON_RELOAD_PREPARE_H

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/findings.h"

struct agent;

/* The errors that reload_prepare_and_change() would find. */
int reload_check(struct agent *a, const struct config *next, struct config_findings *findings);
/* Puts `next` into effect, all but its apps; `diff` is what differs. `back`: it was in effect before a trial, and
 * what was accepted meanwhile stays. On success *next holds the former configuration, which
 * nothing refers to any more. With -errno nothing changed, and `findings` has the error. */
int reload_prepare_and_change(struct agent *a, struct config *next, const struct config_diff *diff,
			      bool back, struct config_findings *findings);

#endif
