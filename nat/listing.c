/* SPDX-License-Identifier: MIT */
#include "nat/listing.h"

#include <stdlib.h>
#include <string.h>

void nat_listing_begin(struct nat_listing *l, uint32_t generation)
{
	nat_listing_done(l);
	l->generation = generation;
}

void nat_listing_add(struct nat_listing *l, const struct nat_rule *r)
{
	nat_rules_add(&l->rules, r);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, NAT_RULE_KEY_SIZE);
}

enum nat_listing_verdict nat_listing_end(struct nat_listing *l, uint32_t generation)
{
	struct nat_rule *rules = l->rules.items;
	if (generation != l->generation)
		return NAT_LISTING_CHANGED;
	if (l->rules.n > 0)
		qsort(rules, l->rules.n, sizeof(*rules), compare);
	for (size_t i = 1; i < l->rules.n; i++)
		if (compare(&rules[i - 1], &rules[i]) == 0)
			return NAT_LISTING_RESIZED;
	return NAT_LISTING_CONSISTENT;
}

void nat_listing_done(struct nat_listing *l)
{
	nat_rules_done(&l->rules);
}
