/* SPDX-License-Identifier: MIT */
/*
 * NAT for VIPs: takes the mappings that a VIP should have, and reports when the kernel has them.
 *
 * Rules are recognised as ours in the kernel itself (by a comment; by the name of our table), also
 * those of a previous instance, and in the back end that is not in use now. No other rule is ever
 * changed.
 */
#ifndef NAT_NAT_H
#define NAT_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "nat/choice.h"
#include "nat/rules.h"
#include "nat/status.h"

struct nat;

/* The answer to a nat_set() that was in progress: 0, or -errno with its text. Also comes
 * without a nat_set(), when another process removed rules and they are restored (0) or cannot be.
 * After -EBUSY (another process holds the xtables lock, or keeps changing the rules) it is tried
 * again, and another answer comes. nat_set() may be called inside, nat_free() may not. */
typedef void nat_told_cb(const struct prefix *vip, int result, const struct err *err,
			 void *userdata);

/* Looks for rules of a previous instance, and opens nothing that is not needed for that. Never
 * fails, as there may be nothing to do. */
struct nat *nat_new(sd_event *loop, enum nat_choice choice, nat_told_cb *told, void *userdata);
/* Removes nothing from the kernel. NULL works. */
void nat_free(struct nat *nat);

/* Walks the VIPs of a previous instance for which nat_set() was not called yet; their rules stay
 * until it is. It may be called inside. */
typedef void nat_walk_cb(const struct prefix *vip, void *userdata);
void nat_walk_leftovers(struct nat *nat, nat_walk_cb *cb, void *userdata);

/* Makes the mappings of the VIP exactly these; n 0 removes them, and `dest` may be NULL then.
 * 0: it is so. -EINPROGRESS: the answer will come; all VIPs that are set in one turn of the loop
 * share a transaction. Else -errno and a text, and the mappings stay as they were. */
int nat_set(struct nat *nat, const struct prefix *vip, const struct nat_spec *specs, size_t n,
	    const struct addr *dest, struct err *err);
/* While on, VIPs that are set are only collected, so that several turns of the loop share a
 * transaction. */
void nat_collect(struct nat *nat, bool on);
/* Lists the kernel's rules now, instead of when the timer expires. */
void nat_resync(struct nat *nat);

struct nat_status nat_status(const struct nat *nat);

/* Walks the rules that are wanted, of one VIP or (NULL) of all. */
typedef void nat_rule_cb(const struct nat_rule *r, bool present, void *userdata);
void nat_walk_rules(const struct nat *nat, const struct prefix *vip, nat_rule_cb *cb,
		    void *userdata);

#endif
