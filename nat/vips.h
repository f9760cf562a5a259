/* SPDX-License-Identifier: MIT */
/* The VIPs with NAT: the rules that each should have, and which await an answer. */
#ifndef NAT_VIPS_H
#define NAT_VIPS_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "nat/sides.h"

struct nat_vip {
	struct prefix prefix; /* the key; no padding in it */
	bool undecided;       /* of a previous instance; not set yet */
	struct nat_rules wanted, leaving;
	struct list_node pending; /* an answer is due */
	UT_hash_handle hh;
};

struct nat_vips {
	struct nat_vip *all;
	struct list pending; /* in the order in which they were set */
	struct nat_sides *sides;
};

void nat_vips_init(struct nat_vips *vips, struct nat_sides *sides);
void nat_vips_done(struct nat_vips *vips);

struct nat_vip *nat_vips_find(const struct nat_vips *vips, const struct prefix *p);
/* Finds or adds. */
struct nat_vip *nat_vips_get(struct nat_vips *vips, const struct prefix *p);
void nat_vips_remove(struct nat_vips *vips, struct nat_vip *v);
/* In the active ledger, of all VIPs. */
void nat_vips_want_all(struct nat_vips *vips, enum nat_want want);

/* Makes these the rules of the VIP, and takes the list over. */
void nat_vip_set(struct nat_vips *vips, struct nat_vip *v, struct nat_rules *rules);
/* Its rules are there and no others, as far as the ledgers say. */
bool nat_vip_agrees(const struct nat_vips *vips, const struct nat_vip *v);

/* ---- Answers. A callback may set VIPs, which are then pending again. ---- */

typedef void nat_answer_cb(const struct prefix *vip, int result, const struct err *err,
			   void *userdata);
void nat_vips_pend(struct nat_vips *vips, struct nat_vip *v);
/* More than one VIP awaits an answer. */
bool nat_vips_several_pending(const struct nat_vips *vips);
/* One that awaits an answer gets it. After 0, it is forgotten if it has no rules. */
void nat_vips_answer(struct nat_vips *vips, struct nat_vip *v, int result, const struct err *err,
		     nat_answer_cb *cb, void *userdata);
void nat_vips_answer_all(struct nat_vips *vips, int result, const struct err *err,
			 nat_answer_cb *cb, void *userdata);
/* All that await an answer are told -EBUSY, and go on awaiting it. */
void nat_vips_tell_busy(struct nat_vips *vips, const struct err *err, nat_answer_cb *cb,
			void *userdata);

#endif
