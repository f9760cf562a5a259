/* SPDX-License-Identifier: MIT */
/*
 * NAT for VIPs, the public face: say which mappings a VIP should have, and hear when it has them.
 *
 * Rules are recognised as ours in the kernel itself (by a comment; by the name of our table), also
 * those that a former run of the program left, and in the back end that is not in use now. Nothing
 * else is ever changed.
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

/* The answer to a nat_set() that was in progress: 0, or -errno with its text. Also comes unasked,
 * when somebody removed rules and they are back (0) or cannot be had back. After -EBUSY (somebody
 * else holds the xtables lock, or keeps changing the table) the work goes on, and another answer
 * comes. nat_set() may be called inside, nat_free() may not. */
typedef void nat_told_cb(const struct prefix *vip, int result, const struct err *err,
			 void *userdata);

/* Looks for rules of a former run and opens nothing that is not needed for that; never fails, as
 * there may be nothing to do. */
struct nat *nat_new(sd_event *loop, enum nat_choice choice, nat_told_cb *told, void *userdata);
/* Removes nothing from the kernel. NULL works. */
void nat_free(struct nat *nat);

/* Walks the VIPs of a former run for which nat_set() was not called yet; their rules stay until it
 * is. It may be called inside. */
typedef void nat_walk_cb(const struct prefix *vip, void *userdata);
void nat_walk_leftovers(struct nat *nat, nat_walk_cb *cb, void *userdata);

/* Makes the mappings of the VIP exactly these; n 0 removes them, and `dest` may be NULL then.
 * 0: it is so. -EINPROGRESS: the answer will come; all that is asked for in one turn of the loop
 * is one transaction. Else -errno and a text, and what was set before stays. */
int nat_set(struct nat *nat, const struct prefix *vip, const struct nat_spec *specs, size_t n,
	    const struct addr *dest, struct err *err);
/* While held, what is asked for is only collected: whoever asks in several turns of the loop gets
 * one transaction all the same. */
void nat_hold(struct nat *nat, bool hold);
/* Looks at the kernel's rules now, instead of when the time has come. */
void nat_resync(struct nat *nat);

struct nat_status nat_status(const struct nat *nat);

/* Walks the rules that are wanted, of one VIP or (NULL) of all. */
typedef void nat_rule_cb(const struct nat_rule *r, bool present, void *userdata);
void nat_walk_rules(const struct nat *nat, const struct prefix *vip, nat_rule_cb *cb,
		    void *userdata);

#endif
