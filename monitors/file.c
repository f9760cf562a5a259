/* SPDX-License-Identifier: MIT */
/*
 * "file:/PATH": the file exists; "file:!/PATH": it does not. What cannot be looked at (permissions,
 * a broken disk) is neither.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "monitors/monitor.h"

static void file_check(struct monitor_env *env, const struct monitor_spec *spec, void *attached,
		       struct monitor_result *ret)
{
	(void)env, (void)attached;
	struct stat st;
	bool there = stat(spec->file.path, &st) == 0;
	if (!there && errno != ENOENT && errno != ENOTDIR) {
		snprintf(ret->said, sizeof(ret->said), "cannot look at the file: %s",
			 strerror(errno));
		return;
	}
	ret->health = there != spec->file.absent ? HEALTH_UP : HEALTH_DOWN;
	if (ret->health == HEALTH_DOWN || spec->file.absent)
		snprintf(ret->said, sizeof(ret->said), "the file %s",
			 there ? "exists" : "does not exist");
}

const struct monitor_ops monitor_file_ops = {
	.said_up = "the file exists",
	.check = file_check,
};
