/* SPDX-License-Identifier: MIT */
/* The state and the counters of NAT. Pure. */
#ifndef NAT_STATUS_H
#define NAT_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct nat_status {
	const char *backend;    /* "iptables", "nftables"; NULL: none was needed yet */
	const char *why;        /* it was chosen */
	const char *trouble;    /* NULL: none */
	size_t wanted, present; /* rules */
	uint64_t transactions, failures;
	uint64_t put_back;  /* rules that another process removed */
	mono_t put_back_at; /* the last time; 0: never */
	uint64_t waits;     /* for the xtables lock, or for other changes of the rules */
	uint64_t flows_forgotten;
	span_t longest; /* time of one turn of the loop */
};

#endif
