/* SPDX-License-Identifier: MIT */
#include "agent/programs/reload_pace.h"

mono_t reload_pace_ask(struct reload_pace *p, mono_t now)
{
	if (p->waits)
		return USEC_NEVER;
	p->waits = true;
	return now < p->next ? p->next : now;
}

void reload_pace_begin(struct reload_pace *p, mono_t now)
{
	*p = (struct reload_pace){ .next = usec_add(now, RELOAD_PACE) };
}
