/* SPDX-License-Identifier: MIT */
/* Another configuration that is supposed, from the text of a request: loaded and checked as by a
 * reload, in steps, and without effect. */
#ifndef AGENT_DAEMON_NEXT_CONFIG_H
#define AGENT_DAEMON_NEXT_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/daemon/file_check.h"

struct next_config {
	struct agent *a;
	char *text;
	struct file_check check;
	bool is_checked;
	bool compares; /* with the configuration in effect, too */
	struct config_differ differ;
	struct config_diff diff;
};

/* The text is copied. */
struct next_config *next_config_new(struct agent *a, const char *text, size_t len, bool compares);
void next_config_free(struct next_config *c);
/* 1: more is left; 0: it is in order; -EINVAL: it has errors. */
int next_config_step(struct next_config *c);
/* `errors` and `warnings`; once, when all steps are done. */
json_t *next_config_findings(struct next_config *c);

#endif
