/* SPDX-License-Identifier: MIT */
/*
 * A monitor as an app's definition has it: a text "KIND:ARGUMENT", and what only the mapping form
 * of the configuration can add, its timing and the options of its kind. Pure.
 */
#ifndef MONITORS_SPEC_H
#define MONITORS_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"
#include "monitors/kind.h"

#define MONITOR_TEXT_MAX 4096

/* Of a monitor, each 0 means the agent's default; in effect (monitors/status.h) none is 0. */
struct monitor_timing {
	span_t interval;      /* between two checks */
	span_t fast_interval; /* the same while a change of health is pending */
	span_t timeout;
	uint16_t rise, fall; /* how many passes or failures in a row it takes */
};

/* Strength of a failure as evidence in a fleet (docs/fleet.md); 0: by the kind. */
enum monitor_evidence { EVIDENCE_OF_KIND, EVIDENCE_HARD, EVIDENCE_SOFT };
/* Whether other hosts ask the same; 0: not said. */
enum monitor_scope { SCOPE_UNKNOWN, SCOPE_LOCAL, SCOPE_SHARED };

struct monitor_spec {
	const struct monitor_kind *kind;
	char *text;   /* as written; owned */
	void *parsed; /* the result of kind->parse(); owned */
	struct monitor_timing timing;
	enum monitor_evidence evidence;
	enum monitor_scope scope;
	/* The service's answer is not to be shown: who asked for the check may not be one who may
	 * ask the service. No part of the definition. */
	bool hide_answer;
	char **options; /* by the number of the option in the kind; NULL: none given; owned */
};

/* At most MONITOR_TEXT_MAX bytes. -EINVAL with a text that names the value and what was expected;
 * *ret is set on success only. */
int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err);
/* -EINVAL when the kind has no option of that name (or has it in the text, see `mark`), or the
 * value is not valid. */
int monitor_spec_set_option(struct monitor_spec *s, const char *name, const char *value,
			    struct err *err);
void monitor_spec_done(struct monitor_spec *s);
void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src);
bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b);
bool monitor_timing_equal(const struct monitor_timing *a, const struct monitor_timing *b);

/* The text after "KIND:", a view; NULL when there is no colon. */
const char *monitor_spec_argument(const struct monitor_spec *s);
/* `number` counts the options of the kind; NULL when it was not given, or is none of the kind's. */
const char *monitor_spec_option(const struct monitor_spec *s, size_t number);
/* The failure is not a judgement that can be wrong on all hosts at once. */
bool monitor_spec_is_hard(const struct monitor_spec *s);
/* The address that a check talks to, if it is written as one. */
bool monitor_spec_target(const struct monitor_spec *s, struct addr *ret);

#endif
