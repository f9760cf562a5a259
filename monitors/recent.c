/* SPDX-License-Identifier: MIT */
#include "monitors/recent.h"

#define TOOK_MAX (3600 * USEC_PER_SEC)

void recent_checks_add(struct recent_checks *r, enum health health, span_t took)
{
	r->took[r->next] = (uint32_t)usec_min(took, TOOK_MAX);
	r->health[r->next] = (uint8_t)health;
	r->next = (uint8_t)((r->next + 1) % RECENT_CHECKS);
	if (r->n < RECENT_CHECKS)
		r->n++;
}

enum health recent_checks_at(const struct recent_checks *r, size_t i, span_t *ret_took)
{
	size_t at = (r->next + RECENT_CHECKS - r->n + i) % RECENT_CHECKS;
	*ret_took = r->took[at];
	return (enum health)r->health[at];
}
