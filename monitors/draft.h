/* SPDX-License-Identifier: MIT */
/*
 * A monitor in its mapping form, {http: URL, interval: 2s, status: "200-299"}, while its keys are
 * read one by one. Pure.
 */
#ifndef MONITORS_DRAFT_H
#define MONITORS_DRAFT_H

#include <stddef.h>

#include "lib/err.h"
#include "monitors/spec.h"

struct monitor_draft_option {
	const char *name; /* lives longer than the draft */
	char *value;
};

/* Zeroed is empty. */
struct monitor_draft {
	const struct monitor_kind *kind; /* NULL: no key named one yet */
	char *argument;
	struct monitor_timing timing;
	enum monitor_evidence evidence;
	enum monitor_scope scope;
	struct monitor_draft_option *options;
	size_t n_options;
};

/* -EINVAL when a kind was named already. */
int monitor_draft_set_kind(struct monitor_draft *d, const char *kind, const char *argument,
			   struct err *err);
void monitor_draft_add_option(struct monitor_draft *d, const char *name, const char *value);
/* -EINVAL as monitor_spec_parse() and monitor_spec_set_option(), or when no kind was named. */
int monitor_draft_finish(const struct monitor_draft *d, struct monitor_spec *ret, struct err *err);
void monitor_draft_done(struct monitor_draft *d);

#endif
