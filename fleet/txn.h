/* SPDX-License-Identifier: MIT */
/*
 * The transactions of an app with Consul (PUT /v1/txn), and what is answered. Pure.
 *
 *	FIND    get-tree of own `up`, for its index, and of own `has`
 *	READ    get-tree of every VIP
 *	REPORT  check, lock `up`, set `has`
 *	REFRESH the same as REPORT; then get-tree of every VIP
 *	CLAIM   check, lock `up`, cas `.leave`; then get-tree of every VIP
 *	JOIN    check, lock `up`, cas `.join`; then get-tree of every VIP
 *	DROP    check, delete `up` and `has`: the app is no longer here
 *	FORGET  the same, and cas `.leave`: nor are its claims
 *	SLOTS   get-tree of `.roll`
 *	ROLL    cas `.roll`; then get-tree of every VIP
 *
 * The check is check-index of the own `up` key as it was last seen, or check-not-exists: a request
 * that was overtaken by a later one, or that left before the keys were emptied, is refused.
 */
#ifndef FLEET_TXN_H
#define FLEET_TXN_H

#include <stddef.h>
#include <stdint.h>

#include "fleet/guard.h"
#include "fleet/values.h"
#include "lib/addr.h"
#include "lib/err.h"

#define FLEET_PREFIX_MAX 128 /* with the NUL */
#define FLEET_KEY_MAX    (FLEET_PREFIX_MAX + PREFIX_TEXT_MAX + FLEET_NODE_MAX + 16)

enum fleet_txn {
	FLEET_TXN_FIND,
	FLEET_TXN_READ,
	FLEET_TXN_REPORT,
	FLEET_TXN_REFRESH,
	FLEET_TXN_CLAIM,
	FLEET_TXN_JOIN,
	FLEET_TXN_DROP,
	FLEET_TXN_FORGET,
	FLEET_TXN_SLOTS,
	FLEET_TXN_ROLL,
};

/* Of one app on one node. */
struct fleet_keys {
	const char *prefix;
	const struct prefix *vips;
	size_t n_vips;
	const char *node;
};

/* Values to write. `own` are the indexes of the own `up` keys, by VIP, 0 where there is none. */
struct fleet_write {
	const uint64_t *own;
	const char *session;
	uint64_t serial; /* another one for each request of a session */
	enum fleet_form form;
	const struct fleet_up *details;   /* by VIP, what is told for people; NULL: nothing */
	wall_t seen;                      /* of REPORT */
	bool announced;                   /* likewise: it is, or was */
	const struct fleet_leave *leaves; /* of CLAIM, JOIN and FORGET, by VIP */
	const struct fleet_slots *rolls;  /* of ROLL, by VIP, with the slot of the writer */
	const struct fleet_slot *roller;
};

/* Free its views. */
struct fleet_answer {
	/* Of READ, REFRESH, CLAIM, JOIN and ROLL; of SLOTS the `roll` alone. */
	struct fleet_view views[FLEET_VIPS_MAX];
	uint64_t own[FLEET_VIPS_MAX];
	bool is_torn;     /* of REFRESH: a key is wrong. Its write counts, there are no views */
	wall_t announced; /* of FIND: when own `has` last said that some VIP was; 0: none does */
};

/* The body; free it. `write` of REPORT, REFRESH, CLAIM, JOIN and FORGET, of DROP its `own`, of ROLL
 * `serial`, `rolls` and `roller`. */
char *fleet_txn_make(enum fleet_txn kind, const struct fleet_keys *k,
		     const struct fleet_write *write);
/* An answer with status 200 to the transaction of `kind`, which wrote with `own`. -EPROTO with what
 * is wrong; *ret is filled on success only. */
int fleet_txn_parse(enum fleet_txn kind, const struct fleet_keys *k, const uint64_t *own,
		    const char *json, size_t len, struct fleet_answer *ret, struct err *err);
/* Consul's reason in an answer with status 409, in one line. */
void fleet_txn_refusal(const char *json, size_t len, struct err *ret);
void fleet_answer_done(struct fleet_answer *a);

#endif
