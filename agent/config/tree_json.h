/* SPDX-License-Identifier: MIT */
/* A JSON value as the tree of a YAML text, without lines and columns: what comes over the API is
 * validated by the schema as the file is. Pure. */
#ifndef AGENT_CONFIG_TREE_JSON_H
#define AGENT_CONFIG_TREE_JSON_H

#include <jansson.h>

#include "agent/config/findings.h"
#include "agent/config/tree.h"

/* Makes it the root. An error is that it is nested too deeply. */
void config_tree_add_json(struct config_tree *tree, const json_t *value,
			  struct config_findings *findings);
/* A key of the root, which is a mapping, with a text in quotes. */
void config_tree_add_text(struct config_tree *tree, const char *key, const char *text);

#endif
