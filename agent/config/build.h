/* SPDX-License-Identifier: MIT */
/* From the tree to typed values, by the schema. Pure. */
#ifndef AGENT_CONFIG_BUILD_H
#define AGENT_CONFIG_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config/config.h"
#include "agent/config/draft.h"
#include "agent/config/key.h"
#include "agent/config/tree.h"

/*
 * Fills `draft` with all valid values and reports the others: wrong values, unknown keys, required
 * keys that are missing. Every element of a list in the file has its element in the draft, also an
 * invalid one, so that positions in both are the same. `root` may be NULL.
 */
void config_build(const struct config_node *root, struct config_draft *draft,
		  struct config_findings *findings);

/* One of apps[] on its own. */
void config_build_app(const struct config_node *root, struct app_spec *spec,
		      struct config_findings *findings);

/* The same in steps: begin, then step until it is false. `secret` has the first key with a
 * secret. */
struct config_build {
	struct config_findings *findings;
	const struct config_node *secret;
	/* The list of the file (apps) that is left to the steps. */
	const struct config_node *next;
	const struct config_key *list;
	void *list_target;
};
void config_build_begin(struct config_build *b, const struct config_node *root,
			struct config_draft *draft, struct config_findings *findings);
/* Of an included file, which has `apps` only; they are appended. */
void config_build_include(struct config_build *b, const struct config_node *root,
			  struct config_draft *draft, struct config_findings *findings);
/* At most `elements` of the list; false when all is done. */
bool config_build_step(struct config_build *b, size_t elements);

#endif
