/* SPDX-License-Identifier: MIT */
/*
 * A mirror of the addresses on an interface, and of the local routes on lo: which are there, whose
 * they are, and what other processes did to ours. Fed by dumps and notifications; net/loopback.h
 * does the asking. Pure.
 *
 * An address is ours when our exclusive add succeeded, or a leftover of the previous
 * instance when it carries our tag (or was adopted, on a kernel without tags); a local route when
 * it carries our number. Everything else is foreign, and is kept only to explain a conflict.
 */
#ifndef NET_LO_MIRROR_H
#define NET_LO_MIRROR_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "net/vipaddr.h"

enum lo_origin { LO_FOREIGN, LO_LEFTOVER, LO_OURS };

/* A change that another process made to one of our VIPs, or the kernel. */
enum loopback_loss {
	LOOPBACK_REMOVED,  /* the address, or all there is of it */
	LOOPBACK_UNROUTED, /* its local route */
	LOOPBACK_ALTERED,  /* the address is there with another lifetime, or without our tag */
	LOOPBACK_SETTLED,  /* no loss: it was added, and serves from now on */
};

struct lo_entry {
	struct prefix prefix; /* the key; no padding in it */
	enum lo_origin origin;
	uint8_t parts; /* that it is to have */
	uint8_t there; /* that it has; of ours what should be, less what is known to be removed */
	uint8_t seen;  /* in the dump that is being read */
	bool altered;  /* the address is there, and not as we make it */
	bool settling; /* added, and the kernel has not told of it yet: nothing may answer on it */
	bool wrong_scope; /* that is: it must be deleted and added to change */
	enum loopback_loss why;
	char label[IFNAMSIZ];
	bool as_made;          /* the address is as we would make it, but for label and tag */
	struct list_node lost; /* to be reported */
	UT_hash_handle hh;
};

struct lo_mirror {
	struct lo_entry *entries;
	struct list lost;
	struct list settled;
	size_t networks; /* our own, IPv4, that are a route only */
	bool tags;       /* the kernel knows IFA_PROTO */
	bool on_lo;
	bool stale; /* a dump is needed: notifications may be missing */
};

void lo_mirror_init(struct lo_mirror *m, bool on_lo, bool tags);
void lo_mirror_done(struct lo_mirror *m);

/* NULL when nothing is known of it. */
const struct lo_entry *lo_mirror_find(const struct lo_mirror *m, const struct prefix *vip);
/* Ours or a leftover, and all its parts are there, unaltered. */
bool lo_mirror_owns(const struct lo_mirror *m, const struct prefix *vip);
/* Ours, with these parts and likewise: there is nothing to add, and nothing to remove. */
bool lo_mirror_is_bound(const struct lo_mirror *m, const struct prefix *vip, uint8_t parts);
/* The entry that conflicts with adding the VIP: IPv6 allows an address only once, whatever its
 * prefix length. NULL when there is none. */
const struct lo_entry *lo_mirror_conflict(const struct lo_mirror *m, const struct prefix *vip);
/* -EEXIST and a text about `e`, which is in the way of `vip`; NULL: nothing is known of it. */
int lo_mirror_explain(const struct lo_entry *e, const struct prefix *vip, const char *ifname,
		      struct err *err);

/* A dump, from begin to end: what it does not show is gone. */
void lo_mirror_dump_begin(struct lo_mirror *m);
void lo_mirror_dump_address(struct lo_mirror *m, const struct nladdr *a);
void lo_mirror_dump_route(struct lo_mirror *m, const struct prefix *dst);
void lo_mirror_dump_end(struct lo_mirror *m);

/* Notifications: additions by others, and removals that are not our own. */
void lo_mirror_on_address(struct lo_mirror *m, const struct nladdr *a, bool removed);
void lo_mirror_on_route_removed(struct lo_mirror *m, const struct prefix *dst);

/* These parts of it were added, or were there, and no others are: it is ours. */
void lo_mirror_bound(struct lo_mirror *m, const struct prefix *vip, uint8_t parts);
/* Its address was added, and serves when the kernel tells of it. */
void lo_mirror_settle(struct lo_mirror *m, const struct prefix *vip);
/* It was removed, or is not ours any more; nothing is known of it now. */
void lo_mirror_forget(struct lo_mirror *m, const struct prefix *vip);
/* One of our routes was removed that stood beside a foreign address. */
void lo_mirror_route_removed(struct lo_mirror *m, const struct prefix *vip);
/* The previous instance added it: a leftover from now on, if the address looks as that one made it.
 * Only on a kernel without tags. */
bool lo_mirror_adopt(struct lo_mirror *m, const struct prefix *vip, const char *label);

/* Takes out the next of our VIPs that another process removed or changed. */
bool lo_mirror_next_loss(struct lo_mirror *m, struct prefix *ret, enum loopback_loss *ret_why);
void lo_mirror_drop_losses(struct lo_mirror *m);
/* Takes out the next of our VIPs that serves now. */
bool lo_mirror_next_settled(struct lo_mirror *m, struct prefix *ret);

#endif
