/* SPDX-License-Identifier: MIT */
/*
 * A back end of NAT. There are two: legacy iptables (through libiptc) and nftables.
 *
 * A back end does not know which rules are wanted; nat/side.c compares and asks for the difference.
 * Nothing here waits: if another process holds the xtables lock, or changes the same table at the
 * same time, that is an error code, and the caller tries again.
 */
#ifndef NAT_BACKEND_H
#define NAT_BACKEND_H

#include <stdbool.h>

#include "lib/err.h"
#include "lib/mono.h"
#include "nat/choice.h"
#include "nat/diff.h"

struct nat_backend; /* defined by each */

/* One of our rules that is there, in one way or another. */
typedef void nat_list_cb(const struct nat_rule *r, enum nat_presence how, void *userdata);

/* -errno of all: -EPERM names the capability; -EOPNOTSUPP: the kernel lacks something; -EBUSY:
 * another process holds the xtables lock; -EAGAIN: another process changed the rules, or the
 * listing was not consistent: list again. */
struct nat_backend_ops {
	const char *name; /* "iptables", "nftables" */
	span_t resync;    /* how often to list without notification of a change */
	/* Creates nothing in the kernel. */
	int (*open)(struct nat_backend **ret, struct err *err);
	/* Removes nothing from the kernel. NULL works. */
	void (*close)(struct nat_backend *b);
	/* Lists our rules and creates nothing, not even an empty table. 1 when an apply is needed
	 * to repair the table, even if no rule differs. */
	int (*list)(struct nat_backend *b, nat_list_cb *cb, void *userdata, struct err *err);
	/* Whether exactly this rule is there: 1 or 0. Asked of rules that a listing lacks; NULL
	 * where a listing is exact. */
	int (*has)(struct nat_backend *b, const struct nat_rule *r, struct err *err);
	/* Makes the change, whole or not at all (iptables: per address family). */
	int (*apply)(struct nat_backend *b, const struct nat_diff *d, struct err *err);
	/* Readable when another process may have changed something; -1 when that cannot be known.
	 */
	int (*watch_fd)(const struct nat_backend *b);
	/* Reads the notifications there. True: another process may have changed our rules. */
	bool (*read_events)(struct nat_backend *b);
};

extern const struct nat_backend_ops nat_iptables;
extern const struct nat_backend_ops nat_nftables;

/* Creates no table. */
enum nat_legacy nat_iptables_legacy(void);

#endif
