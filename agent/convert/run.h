/* SPDX-License-Identifier: MIT */
/*
 * `vipherald convert`: configurations of other tools as ours. Texts go in, a document comes out,
 * with what could not be carried over and where it stands:
 *
 *	texts ── a converter per tool ──> struct convert ── convert_revise ──> YAML with comments
 *
 * The converters write what they understand; convert_revise() puts the result to the same checks as
 * `vipherald check`, and takes out what would be refused there. Pure.
 */
#ifndef AGENT_CONVERT_RUN_H
#define AGENT_CONVERT_RUN_H

#include "agent/convert/document.h"

/* The names of the tools; ends with NULL. */
extern const char *const convert_tools[];

/*
 * `tool` is one of convert_tools. The names of the inputs have to outlive the result. -EINVAL with
 * a text that names file and line when an input is not of that tool; *ret is empty then.
 */
int convert_run(const char *tool, const struct convert_input *inputs, size_t n,
		const struct convert_options *options, struct convert *ret, struct err *err);

#endif
