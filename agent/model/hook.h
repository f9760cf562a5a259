/* SPDX-License-Identifier: MIT */
/* Hooks: commands that are run on events, and the kinds of events. Pure. */
#ifndef AGENT_MODEL_HOOK_H
#define AGENT_MODEL_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/mono.h"

/* Every kind of event, as in docs/events.md; ends with NULL. */
extern const char *const event_kinds[];
/* "app" is all of "app.up" and "app.down"; "app.up" itself. */
bool event_kind_matches(const char *kind, const char *pattern);

struct hook {
	char **on; /* patterns of kinds; ends with NULL */
	char *exec;
	span_t timeout;
};

struct hook_list {
	struct hook *items;
	size_t n, cap;
};
void hook_list_done(struct hook_list *list);

/* -EINVAL: no event has such a kind, or none that hooks are run for. */
int hook_check_pattern(const char *pattern, struct err *err);
/* Never for events about hooks: one that fails must not run itself. */
bool hook_is_for(const struct hook *hook, const char *kind);

#endif
