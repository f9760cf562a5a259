/* SPDX-License-Identifier: MIT */
/*
 * Somebody else removes an address of ours, and we put it back: at once, unless that happens again
 * and again. Then the two would do nothing else, and the VIP would be there now and then only; so
 * it is put back after a rest, and counts as there when it has stayed for as long. Pure.
 */
#ifndef AGENT_MODEL_TAMPER_H
#define AGENT_MODEL_TAMPER_H

#include <stdbool.h>

#include "lib/mono.h"

/* Losses within TAMPER_WINDOW that are repaired at once. `ip address flush` goes over all
 * addresses ten times before it gives up, and that should cost no route. */
#define TAMPER_BURST  20
#define TAMPER_WINDOW (10 * USEC_PER_SEC)
#define TAMPER_REST   (5 * USEC_PER_SEC)

struct tamper {
	mono_t since; /* the first loss of the window */
	unsigned losses;
	bool on; /* it is fought over */
	mono_t rest_until;
};

/* Lost once more. True: put it back at once. */
bool tamper_lost(struct tamper *c, mono_t now);
/* It is there now, put back or still. True: it may count as there. */
bool tamper_present(struct tamper *c, bool put_back, mono_t now);

#endif
