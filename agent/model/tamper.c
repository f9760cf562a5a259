/* SPDX-License-Identifier: MIT */
#include "agent/model/tamper.h"

bool tamper_lost(struct tamper *c, mono_t now)
{
	if (c->losses == 0 || usec_sub(now, c->since) >= TAMPER_WINDOW) {
		c->since = now;
		c->losses = 0;
	}
	c->losses++;
	c->on = c->on || c->losses > TAMPER_BURST;
	if (c->on)
		c->rest_until = usec_add(now, TAMPER_REST);
	return !c->on;
}

bool tamper_present(struct tamper *c, bool put_back, mono_t now)
{
	if (!c->on)
		return true;
	if (put_back)
		c->rest_until = usec_add(now, TAMPER_REST);
	else if (now >= c->rest_until)
		*c = (struct tamper){ 0 };
	return !c->on;
}
