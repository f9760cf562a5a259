/* SPDX-License-Identifier: MIT */
#include "lib/line_limit.h"

static void begin(struct line_limit *l, span_t interval, mono_t now)
{
	*l = (struct line_limit){ .interval = interval, .end = usec_add(now, interval) };
}

bool line_limit_allow(struct line_limit *l, mono_t now)
{
	if (l->interval == 0)
		begin(l, LINE_INTERVAL, now);
	if (l->written == LINES_MAX) {
		l->left_out++;
		return false;
	}
	l->written++;
	return true;
}

mono_t line_limit_due(const struct line_limit *l)
{
	return l->interval ? l->end : USEC_NEVER;
}

uint64_t line_limit_end(struct line_limit *l, mono_t now, span_t *ret_interval)
{
	uint64_t left_out = l->left_out;
	if (now < line_limit_due(l))
		return 0;
	*ret_interval = l->interval;
	if (left_out > 0)
		begin(l, usec_min(2 * l->interval, LINE_INTERVAL_MAX), now);
	else
		*l = (struct line_limit){ 0 };
	return left_out;
}
