/* SPDX-License-Identifier: MIT */
#include "agent/model/tamper.h"

bool tamper_lost(struct tamper *t, mono_t now)
{
	if (t->losses == 0 || usec_sub(now, t->since) >= TAMPER_WINDOW) {
		t->since = now;
		t->losses = 0;
	}
	t->losses++;
	t->on = t->on || t->losses > TAMPER_BURST;
	if (t->on)
		t->rest_until = usec_add(now, TAMPER_REST);
	return !t->on;
}

bool tamper_present(struct tamper *t, bool put_back, mono_t now)
{
	if (!t->on)
		return true;
	if (put_back)
		t->rest_until = usec_add(now, TAMPER_REST);
	else if (now >= t->rest_until)
		*t = (struct tamper){ 0 };
	return !t->on;
}
