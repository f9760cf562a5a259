/* SPDX-License-Identifier: MIT */
#include "monitors/load.h"

#define WINDOW (5 * USEC_PER_SEC)
/* Hysteresis, or a host at its limit would be reported every few seconds. */
#define BEHIND_PERCENT    25
#define CAUGHT_UP_PERCENT 10

static bool window_close(struct load *l, mono_t now)
{
	bool was = l->behind;
	span_t percent = l->sum_interval > 0 ? l->sum_late / (l->sum_interval / 100 + 1) : 0;
	l->percent = percent > 1000000 ? 1000000 : (unsigned)percent;
	l->late = l->sum_late / l->n;
	l->behind = l->percent > (was ? CAUGHT_UP_PERCENT : BEHIND_PERCENT);
	if (l->behind != was)
		l->since = now;
	l->n = 0;
	l->sum_late = l->sum_interval = 0;
	return l->behind != was;
}

bool load_add(struct load *l, span_t late, span_t interval, mono_t now)
{
	if (l->n == 0)
		l->window_began = now;
	l->n++;
	l->sum_late = usec_add(l->sum_late, late);
	l->sum_interval = usec_add(l->sum_interval, interval);
	return now - l->window_began >= WINDOW && window_close(l, now);
}
