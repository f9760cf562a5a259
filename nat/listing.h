/* SPDX-License-Identifier: MIT */
/*
 * One listing of rules, and whether it is consistent. Pure.
 *
 * The kernel resizes the hash table of an nftables map in the background, also right after a
 * transaction has added many elements. It delivers a dump in parts, and finds the beginning of a
 * part by counting; when the order has changed since the last part, some elements are delivered
 * twice, and as many are left out. At least as many are delivered as there are, so that where one
 * is left out another one is there twice.
 *
 * A transaction of any process, on the other hand, changes the generation of the ruleset.
 */
#ifndef NAT_LISTING_H
#define NAT_LISTING_H

#include <stdint.h>

#include "nat/rules.h"

struct nat_listing {
	struct nat_rules rules;
	uint32_t generation;
};

enum nat_listing_verdict {
	NAT_LISTING_CONSISTENT,
	NAT_LISTING_CHANGED, /* another process changed the ruleset meanwhile */
	NAT_LISTING_RESIZED, /* the kernel moved the elements meanwhile */
};

/* `generation` of the ruleset before. Forgets an earlier listing; a zeroed one is empty. */
void nat_listing_begin(struct nat_listing *l, uint32_t generation);
void nat_listing_add(struct nat_listing *l, const struct nat_rule *r);
/* `generation` after. Sorts the rules. */
enum nat_listing_verdict nat_listing_end(struct nat_listing *l, uint32_t generation);
void nat_listing_done(struct nat_listing *l);

#endif
