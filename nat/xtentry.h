/* SPDX-License-Identifier: MIT */
/*
 * A NAT rule as the entry of a legacy iptables table, byte for byte what this makes:
 *
 *	iptables -t nat -A CHAIN -p PROTO -d VIP --dport LISTEN
 *		-m comment --comment vipherald:nat -j DNAT --to-destination DEST:PORT
 *
 * A rule with nat_rule.behind has the comment vipherald:nat:same, so that it is recognised as one.
 * Pure. The layout is that of <linux/netfilter/x_tables.h>: entry, matches, target, each with a
 * header and data, aligned to 8 octets.
 */
#ifndef NAT_XTENTRY_H
#define NAT_XTENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat/rules.h"

/* A rule that carries one of them, and is otherwise one that xtentry_build() makes, is ours. */
#define XTENTRY_COMMENT      "vipherald:nat"
#define XTENTRY_COMMENT_SAME "vipherald:nat:same"

/* Room that is enough for any entry built here; aligned as uint64_t. */
#define XTENTRY_MAX 640

/* Revisions of the target DNAT, newest first; the kernel says which it has, and `iptables -D` finds
 * a rule only if it is of the newest that it has. */
#define XTENTRY_REVISION_MAX 2
uint8_t xtentry_revision_min(uint8_t family);

/* The size of the entry. */
size_t xtentry_build(const struct nat_rule *r, uint8_t revision, void *buf);
/* True when the entry (struct ipt_entry or ip6t_entry, whole up to its next_offset) is ours. */
bool xtentry_parse(uint8_t family, const void *entry, struct nat_rule *ret);

#endif
