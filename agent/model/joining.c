/* SPDX-License-Identifier: MIT */
#include "agent/model/joining.h"

#include "lib/str.h"

static void end(struct joining *j)
{
	j->on = j->is_judged = j->is_due = false;
	j->since = j->passes_since = USEC_NEVER;
}

void joining_define(struct joining *j, const char *hash, bool carries_on, mono_t now)
{
	bool same = hash && str_equal(hash, j->defined);
	if (!hash) {
		*j = (struct joining){ .since = USEC_NEVER, .passes_since = USEC_NEVER };
		return;
	}
	str_copy(j->defined, sizeof(j->defined), hash);
	if (j->on && same)
		return; /* it goes on, perhaps for another time */
	end(j);
	if (carries_on)
		joining_promote(j);
	if (str_equal(hash, j->promoted))
		return;
	j->on = true;
	j->since = now;
}

mono_t joining_step(struct joining *j, bool passes, span_t join_time, mono_t now)
{
	if (!j->on)
		return USEC_NEVER;
	if (!passes || !j->is_judged)
		j->passes_since = USEC_NEVER;
	else if (j->passes_since == USEC_NEVER)
		j->passes_since = now;
	mono_t due = usec_add(j->passes_since, join_time);
	j->is_due = now >= due;
	return j->is_due ? USEC_NEVER : due;
}

void joining_promote(struct joining *j)
{
	str_copy(j->promoted, sizeof(j->promoted), j->defined);
	end(j);
}
