/* SPDX-License-Identifier: MIT */
/* From the tree to typed values, as the schema says. Pure. */
#ifndef AGENT_CONFIG_BUILD_H
#define AGENT_CONFIG_BUILD_H

#include "agent/config/config.h"
#include "agent/config/draft.h"
#include "agent/config/tree.h"

/*
 * Fills `draft` with all that could be read and reports all that could not: wrong values, unknown
 * keys, required keys that are missing. Every element of the lists in the file has its element
 * in the draft, also a broken one, so that a position in one is the same position in the other.
 * `root` may be NULL. *ret_secret is the first key of the file that holds a secret, or NULL.
 */
void config_build(const struct config_node *root, struct config_draft *draft,
		  struct config_findings *findings, const struct config_node **ret_secret);

#endif
