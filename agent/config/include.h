/* SPDX-License-Identifier: MIT */
/* The files of a configuration on the disk: reading one, and finding those that `include` names. */
#ifndef AGENT_CONFIG_INCLUDE_H
#define AGENT_CONFIG_INCLUDE_H

#include <stddef.h>

#include "agent/config/findings.h"
#include "agent/config/set.h"
#include "agent/config/tree.h"

#define CONFIG_INCLUDE_MAX 1024

/* Reads text->file; an included one (findings->file) only if it is a regular file. The hash is left
 * to the caller. With -errno and an error among the findings nothing is read. */
int config_text_read(struct config_text *text, struct config_findings *findings);
/* Adds the files that match the pattern to the set, by name. A relative one is relative to the
 * directory of `file`. */
void config_include_find(const char *file, const char *pattern, const struct config_node *node,
			 struct config_set *ret, struct config_findings *findings);

#endif
