/* SPDX-License-Identifier: MIT */
/*
 * A configuration that is loaded and checked against the running agent, in steps and without
 * effect: before a diff and before a restart.
 *
 * A reload may put another configuration into effect meanwhile. Included files with errors have
 * been replaced by what was in effect then, and the check was one against that: both are done
 * again.
 */
#ifndef AGENT_DAEMON_FILE_CHECK_H
#define AGENT_DAEMON_FILE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config/config.h"
#include "agent/config/findings.h"
#include "agent/daemon/reload_prepare.h"

struct agent;

struct file_check {
	struct agent *a; /* NULL: not begun */
	struct config_source source;
	struct config_loader *loader;
	struct config *next;             /* loaded */
	struct config_findings findings; /* of the file itself */
	struct config_findings found;    /* of the check against what is in effect */
	struct reload_check check;
	bool checked;
	uint64_t reloads; /* reload_count() since which all of this is so */
};

/* All that the source refers to has to outlive the check. */
void file_check_begin(struct file_check *c, struct agent *a, const struct config_source *source);
/* 1: more is left; 0: `next` is loaded and fits; -EINVAL: it has errors, see both findings. */
int file_check_step(struct file_check *c);
/* A reload has begun or ended since: the next step begins anew. */
bool file_check_is_stale(const struct file_check *c);
void file_check_done(struct file_check *c);

#endif
