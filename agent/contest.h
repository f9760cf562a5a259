/* SPDX-License-Identifier: MIT */
/*
 * Somebody else removes an address of ours, and we put it back: at once, unless that happens again
 * and again. Then the two would do nothing else, and the VIP would be there now and then only; so
 * it is put back after a rest, and counts as there when it has stayed for as long. Pure.
 */
#ifndef AGENT_CONTEST_H
#define AGENT_CONTEST_H

#include <stdbool.h>

#include "lib/mono.h"

/* Losses within CONTEST_WINDOW that are repaired at once. `ip address flush` goes over all
 * addresses ten times before it gives up, and that should cost no route. */
#define CONTEST_BURST  20
#define CONTEST_WINDOW (10 * USEC_PER_SEC)
#define CONTEST_REST   (5 * USEC_PER_SEC)

struct contest {
	usec_t since; /* the first loss of the window */
	unsigned losses;
	bool on; /* it is fought over */
	usec_t rest_until;
};

/* Lost once more. True: put it back at once. */
bool contest_lost(struct contest *c, usec_t now);
/* It is there now, put back or still. True: it may count as there. */
bool contest_there(struct contest *c, bool put_back, usec_t now);

#endif
