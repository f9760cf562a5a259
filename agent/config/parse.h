/* SPDX-License-Identifier: MIT */
/* From YAML text to a tree. Pure. */
#ifndef AGENT_CONFIG_PARSE_H
#define AGENT_CONFIG_PARSE_H

#include <stddef.h>

#include "agent/config/findings.h"
#include "agent/config/tree.h"

#define CONFIG_FILE_MAX  ((size_t)16 << 20)
#define CONFIG_DEPTH_MAX 16

/* -EINVAL with an error among the findings when there is no tree; smaller errors (a key twice, an
 * alias) are reported and the tree is returned. The text is not needed afterwards. */
int config_parse(const char *text, size_t len, struct config_tree **ret,
		 struct config_findings *findings);

#endif
