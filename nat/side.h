/* SPDX-License-Identifier: MIT */
/*
 * One back end with the ledger of what is wanted of it and what is there. There are two sides, as a
 * former run may have left rules in the other back end.
 */
#ifndef NAT_SIDE_H
#define NAT_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "nat/backend.h"
#include "nat/diff.h"

struct nat_side_events {
	/* Somebody else removed or damaged a rule that is wanted. */
	nat_ledger_lost_cb *lost;
	/* A rule is in force since now, or is not any more. */
	void (*changed)(const struct nat_rule *r, bool in_force, void *userdata);
	void *userdata;
};

struct nat_side {
	const struct nat_backend_ops *ops;
	const struct nat_side_events *events;
	struct nat_backend *backend; /* NULL: not open */
	struct nat_ledger ledger;
	bool stale;  /* the ledger may not say what is there */
	bool debris; /* what is there must be put right even if no rule differs */
	uint64_t applied;
};

void nat_side_init(struct nat_side *s, const struct nat_backend_ops *ops,
		   const struct nat_side_events *events);
void nat_side_done(struct nat_side *s);

int nat_side_open(struct nat_side *s, struct err *err);
/* Reads what is there into the ledger. */
int nat_side_look(struct nat_side *s, struct err *err);
/* Makes what is there what is wanted, of one VIP or (NULL) of all, in one transaction; looks first
 * if the ledger is stale. -errno as in nat/backend.h; -EAGAIN only after several tries. */
int nat_side_apply(struct nat_side *s, const struct prefix *only, struct err *err);

#endif
