/* SPDX-License-Identifier: MIT */
#include "lib/gap.h"

void gap_init(struct gap *g)
{
	*g = (struct gap){ .expected = USEC_NEVER };
}

void gap_expect(struct gap *g, mono_t when)
{
	g->expected = when;
}

void gap_note(struct gap *g, mono_t now)
{
	span_t late = usec_sub(now, g->expected);
	if (late < GAP_MIN)
		return;
	g->lost = usec_add(g->lost, late);
	g->ended = now;
	g->expected = now;
}
