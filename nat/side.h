/* SPDX-License-Identifier: MIT */
/*
 * One back end, with the ledger of the rules that are wanted of it and of those that are there.
 */
#ifndef NAT_SIDE_H
#define NAT_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "nat/backend.h"
#include "nat/diff.h"

struct nat_side_events {
	/* Another process removed or damaged a rule that is wanted. */
	nat_ledger_lost_cb *lost;
	/* A rule came into force, or is not in force any more. */
	void (*changed)(const struct nat_rule *r, bool in_force, void *userdata);
	void *userdata;
};

struct nat_side {
	const struct nat_backend_ops *ops;
	const struct nat_side_events *events;
	struct nat_backend *backend; /* NULL: not open */
	struct nat_ledger ledger;
	bool stale;  /* the ledger may not say what is there */
	bool debris; /* the table must be made anew even if no rule differs */
	uint64_t applied;
};

void nat_side_init(struct nat_side *s, const struct nat_backend_ops *ops,
		   const struct nat_side_events *events);
/* Closes the back end and forgets its rules; it can be opened again. */
void nat_side_close(struct nat_side *s);

int nat_side_open(struct nat_side *s, struct err *err);
/* Reads the rules that are there into the ledger. -EAGAIN: the listing was not consistent, and the
 * ledger is as before. */
int nat_side_list(struct nat_side *s, struct err *err);
/* Makes the rules that are wanted, of one VIP or (NULL) of all, in one transaction; lists first if
 * the ledger is stale. -errno as in nat/backend.h; -EAGAIN only after several tries. */
int nat_side_apply(struct nat_side *s, const struct prefix *only, struct err *err);

#endif
