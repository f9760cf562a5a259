/* SPDX-License-Identifier: MIT */
/*
 * The rules that are wanted of one back end and those that are there, in a ledger, and their
 * difference as a transaction. Pure.
 *
 * The rules that differ are in a list, so that a transaction costs as much as it changes, however
 * many rules there are.
 */
#ifndef NAT_DIFF_H
#define NAT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "nat/rules.h"

enum nat_want {
	NAT_UNWANTED,
	NAT_UNDECIDED, /* of a previous instance; it is not known yet whether it is wanted */
	NAT_WANTED,
};

enum nat_presence {
	NAT_ABSENT,
	NAT_DAMAGED,   /* there in part, or twice */
	NAT_MISPLACED, /* there, but before rules that others added later, which it is to follow */
	NAT_PRESENT,
};

struct nat_entry {
	struct nat_rule rule; /* the key */
	enum nat_want want;
	enum nat_presence presence, seen; /* `seen`: in the listing that is under way */
	struct list_node differs;
	UT_hash_handle hh;
};

struct nat_ledger {
	struct nat_entry *entries;
	struct list differing;
	size_t n_wanted, n_there; /* `n_there`: not absent */
};

/* The transaction: removals first, as a rule may replace another for the same traffic. */
struct nat_diff {
	struct nat_rules remove, add;
	bool last; /* none of our rules is there afterwards */
};

void nat_ledger_init(struct nat_ledger *l);
void nat_ledger_done(struct nat_ledger *l);

void nat_ledger_want(struct nat_ledger *l, const struct nat_rule *r, enum nat_want want);
bool nat_ledger_is_wanted(const struct nat_ledger *l, const struct nat_rule *r);
/* Wanted and present, or not wanted and absent. */
bool nat_ledger_agrees(const struct nat_ledger *l, const struct nat_rule *r);

/* A listing: begin, each rule that is there, end. `lost` (may be NULL) is called for each wanted
 * rule that was present and is not any more. */
void nat_ledger_list_begin(struct nat_ledger *l);
void nat_ledger_list_rule(struct nat_ledger *l, const struct nat_rule *r, enum nat_presence how);
typedef void nat_ledger_lost_cb(const struct nat_rule *r, void *userdata);
void nat_ledger_list_end(struct nat_ledger *l, nat_ledger_lost_cb *lost, void *userdata);

/* Calls back for each rule that was there before the listing under way, and is not in it, until a
 * callback returns something else than 0; returns that. */
typedef int nat_ledger_missing_cb(const struct nat_rule *r, void *userdata);
int nat_ledger_walk_missing(const struct nat_ledger *l, nat_ledger_missing_cb *cb, void *userdata);

/* The difference, of one VIP or (NULL) of all. False when there is none. */
bool nat_ledger_diff(const struct nat_ledger *l, const struct prefix *only, struct nat_diff *ret);
/* The transaction was carried out. */
void nat_ledger_applied(struct nat_ledger *l, const struct nat_diff *d);
void nat_diff_done(struct nat_diff *d);

#endif
