/* SPDX-License-Identifier: MIT */
/*
 * How many lines of one cause are written: the first few of an interval; the rest are a number at
 * its end. While lines are left out the interval doubles, up to LINE_INTERVAL_MAX. Zeroed memory is
 * one without lines.
 */
#ifndef LIB_LINE_LIMIT_H
#define LIB_LINE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/mono.h"

#define LINES_MAX         5 /* of an interval */
#define LINE_INTERVAL     (60 * USEC_PER_SEC)
#define LINE_INTERVAL_MAX (10 * LINE_INTERVAL)

struct line_limit {
	span_t interval; /* 0: none has begun */
	mono_t end;
	unsigned written;
	uint64_t left_out;
};

/* May one more be written? */
bool line_limit_allow(struct line_limit *l, mono_t now);
/* When line_limit_end() is to be called; USEC_NEVER: no interval has begun. */
mono_t line_limit_due(const struct line_limit *l);
/* How many lines the interval that is over left out, and its length; 0 before its end. */
uint64_t line_limit_end(struct line_limit *l, mono_t now, span_t *ret_interval);

#endif
