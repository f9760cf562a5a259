/* SPDX-License-Identifier: MIT */
/* What NAT has and has done, for whoever shows it. Pure. */
#ifndef NAT_STATUS_H
#define NAT_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"

struct nat_status {
	const char *backend;    /* "iptables", "nftables"; NULL: none was needed yet */
	const char *why;        /* this one */
	const char *trouble;    /* NULL: none */
	size_t wanted, present; /* rules */
	uint64_t transactions, failures;
	uint64_t put_back;  /* rules that somebody else removed */
	mono_t put_back_at; /* the last time; 0: never */
	uint64_t waits;     /* for the xtables lock, or for others to finish */
	uint64_t flows_forgotten;
	span_t longest; /* that NAT has kept the loop */
};

#endif
