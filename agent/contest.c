/* SPDX-License-Identifier: MIT */
#include "agent/contest.h"

bool contest_lost(struct contest *c, usec_t now)
{
	if (c->losses == 0 || usec_sub(now, c->since) >= CONTEST_WINDOW) {
		c->since = now;
		c->losses = 0;
	}
	c->losses++;
	c->on = c->on || c->losses > CONTEST_BURST;
	if (c->on)
		c->rest_until = usec_add(now, CONTEST_REST);
	return !c->on;
}

bool contest_there(struct contest *c, bool put_back, usec_t now)
{
	if (!c->on)
		return true;
	if (put_back)
		c->rest_until = usec_add(now, CONTEST_REST);
	else if (now >= c->rest_until)
		*c = (struct contest){ 0 };
	return !c->on;
}
