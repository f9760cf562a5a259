/* SPDX-License-Identifier: MIT */
/* The apps of a configuration that is in effect now, one at a time: those that come or change, then
 * those that go. */
#ifndef AGENT_DAEMON_RELOAD_APPS_H
#define AGENT_DAEMON_RELOAD_APPS_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/app/registry.h"
#include "agent/config/app_index.h"
#include "agent/daemon/reload_job.h"

struct agent;

enum reload_apps_stage { RELOAD_REGISTER, RELOAD_REMOVE, RELOAD_REFRESH };

struct reload_apps {
	struct agent *a; /* NULL: not begun */
	struct reload_job *job;
	enum reload_apps_stage stage;
	size_t next_app, next_change;
	struct vip_index vips; /* made when an app gives up a VIP */
	bool refresh;          /* all apps */
	struct app_cursor cursor;
};

/* The job has the check, the differences and the findings, and has to outlive it. */
void reload_apps_begin(struct reload_apps *r, struct agent *a, struct reload_job *job);
/* One app. False when all is done. */
bool reload_apps_step(struct reload_apps *r);
/* Also before the end. */
void reload_apps_done(struct reload_apps *r);

#endif
