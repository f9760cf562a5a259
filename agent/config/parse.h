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

/* The same in steps. The text must outlive the parser. */
struct config_parser;
struct config_parser *config_parser_new(const char *text, size_t len,
					struct config_findings *findings);
/* At most `events` of YAML; 1: more are left; 0: *ret has the tree; -EINVAL. Not to be called again
 * after the last two. */
int config_parser_step(struct config_parser *p, size_t events, struct config_tree **ret);
void config_parser_free(struct config_parser *p);

#endif
