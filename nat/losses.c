/* SPDX-License-Identifier: MIT */
#include "nat/losses.h"

void nat_losses_add(struct nat_losses *l, const struct nat_rule *r)
{
	if (l->n++ == 0)
		l->first = *r;
}

static enum nat_losses_report rate(struct nat_losses *l, mono_t now)
{
	if (l->listings == 0 || usec_sub(now, l->since) >= NAT_LOSSES_WINDOW) {
		l->since = now;
		l->listings = 0;
	}
	l->listings++;
	if (l->listings > NAT_LOSSES_LOGGED)
		return NAT_LOSSES_QUIET;
	return l->listings == NAT_LOSSES_LOGGED ? NAT_LOSSES_LOG_LAST : NAT_LOSSES_LOG;
}

enum nat_losses_report nat_losses_report(struct nat_losses *l, mono_t now, size_t *ret_n,
					 struct nat_rule *ret_first)
{
	if (l->n == 0)
		return NAT_LOSSES_NONE;
	*ret_n = l->n;
	*ret_first = l->first;
	l->total += l->n;
	l->last_at = now;
	l->n = 0;
	return rate(l, now);
}
