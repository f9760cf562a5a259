/* SPDX-License-Identifier: MIT */
/*
 * Another process removes a VIP from lo, again and again. Pure.
 *
 *	losses within TAMPER_WINDOW    the address is added    and counts as present
 *	up to TAMPER_BURST             at once                 at once
 *	more                           after TAMPER_REST       when it has stayed for TAMPER_REST
 *
 * Otherwise two programs could keep each other busy, and the VIP would be announced while it is
 * missing half of the time.
 */
#ifndef AGENT_MODEL_TAMPER_H
#define AGENT_MODEL_TAMPER_H

#include <stdbool.h>

#include "lib/mono.h"

/* `ip address flush` makes up to ten passes over all addresses before it gives up; no route should
 * be withdrawn because of it. */
#define TAMPER_BURST  20
#define TAMPER_WINDOW (10 * USEC_PER_SEC)
#define TAMPER_REST   (5 * USEC_PER_SEC)

struct tamper {
	mono_t since; /* the first loss of the window */
	unsigned losses;
	bool on; /* more losses than TAMPER_BURST: the address rests */
	mono_t rest_until;
};

/* The address was lost. True: add it again at once. */
bool tamper_lost(struct tamper *t, mono_t now);
/* The address is present: added again (`put_back`) or still. True: it counts as present. */
bool tamper_present(struct tamper *t, bool put_back, mono_t now);

#endif
