/* SPDX-License-Identifier: MIT */
/* Our rules that other processes removed: counted, and logged at a bounded rate. Pure. */
#ifndef NAT_LOSSES_H
#define NAT_LOSSES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"
#include "nat/rules.h"

/* As many listings with losses are logged a minute. */
#define NAT_LOSSES_LOGGED 5
#define NAT_LOSSES_WINDOW (60 * USEC_PER_SEC)

/* Zeroed is empty. */
struct nat_losses {
	size_t n; /* since the last report */
	struct nat_rule first;
	mono_t since;      /* the window began */
	unsigned listings; /* with losses, since then */
	uint64_t total;
	mono_t last_at; /* 0: never */
};

enum nat_losses_report {
	NAT_LOSSES_NONE,
	NAT_LOSSES_LOG,
	NAT_LOSSES_LOG_LAST, /* and say that the next ones are not logged */
	NAT_LOSSES_QUIET,
};

void nat_losses_add(struct nat_losses *l, const struct nat_rule *r);
/* How the losses since the last report are to be told; *ret_n and *ret_first say which. */
enum nat_losses_report nat_losses_report(struct nat_losses *l, mono_t now, size_t *ret_n,
					 struct nat_rule *ret_first);

#endif
