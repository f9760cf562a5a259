/* SPDX-License-Identifier: MIT */
#include "monitors/load.h"

#define WINDOW (5 * USEC_PER_SEC)
/* Some distance between the two, or a machine at its limit is news every few seconds. */
#define BEHIND_PERCENT    25
#define CAUGHT_UP_PERCENT 10

static bool window_close(struct load *l, usec_t now)
{
	bool was = l->behind;
	usec_t percent = l->sum_interval > 0 ? l->sum_late / (l->sum_interval / 100 + 1) : 0;
	l->percent = percent > 1000000 ? 1000000 : (unsigned)percent;
	l->late = l->sum_late / l->n;
	l->behind = l->percent > (was ? CAUGHT_UP_PERCENT : BEHIND_PERCENT);
	if (l->behind != was)
		l->since = now;
	l->n = 0;
	l->sum_late = l->sum_interval = 0;
	return l->behind != was;
}

bool load_take(struct load *l, usec_t late, usec_t interval, usec_t now)
{
	if (l->n == 0)
		l->window_began = now;
	l->n++;
	l->sum_late = usec_add(l->sum_late, late);
	l->sum_interval = usec_add(l->sum_interval, interval);
	return now - l->window_began >= WINDOW && window_close(l, now);
}
