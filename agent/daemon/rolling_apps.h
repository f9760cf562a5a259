/* SPDX-License-Identifier: MIT */
/* The apps of this host that rolling work is about, and whether they are drained or back. */
#ifndef AGENT_DAEMON_ROLLING_APPS_H
#define AGENT_DAEMON_ROLLING_APPS_H

#include <stdbool.h>

#include "agent/model/roll.h"
#include "lib/err.h"
#include "lib/mono.h"

struct agent;

/* Apps and their VIPs, limit, quiet and why of `wanted`; -ENOENT, -EINVAL or -EROFS with a text.
 * `ret` is to be zeroed, and freed in either case. */
int rolling_make(const struct agent *a, const struct roll *wanted, struct roll *ret,
		 struct err *err);
/* No route is announced any more, and the traffic is below what was asked for; else the note says
 * what is not. */
bool rolling_is_drained(const struct agent *a, const struct roll *r,
			char note[static ROLL_NOTE_MAX]);
/* Starts new checks of the apps: earlier results do not show the effect of the command. */
void rolling_check(const struct agent *a, const struct roll *r);
/* The apps are up by checks that began at `since` or later, and announced, joining included, and
 * the agent is ready. */
bool rolling_is_back(struct agent *a, const struct roll *r, mono_t since,
		     char note[static ROLL_NOTE_MAX]);

#endif
