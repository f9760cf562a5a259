/* SPDX-License-Identifier: MIT */
/*
 * The addresses of all interfaces of the host, found by address. Fed by dumps and notifications;
 * net/addr_watch.h does the asking. Pure.
 */
#ifndef NET_ADDR_TABLE_H
#define NET_ADDR_TABLE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/hash.h"
#include "net/nladdr.h"

struct addr_link {
	uint32_t ifindex; /* the key */
	char name[IFNAMSIZ];
	bool up, seen;
	UT_hash_handle hh;
};

/* An address on one interface; on the same with another length is another one. */
struct addr_entry {
	uint32_t ifindex;
	uint8_t len, proto; /* IFA_PROTO */
	uint32_t flags;     /* IFA_F_* */
	bool seen;
};

struct addr_node {
	struct addr addr; /* the key; no padding in it */
	struct addr_entry *entries;
	size_t n, cap;
	UT_hash_handle hh;
};

struct addr_table {
	struct addr_node *nodes;
	struct addr_link *links;
};

void addr_table_done(struct addr_table *t);

/* NULL, with *ret_n 0: the host has it on no interface. Valid until the next change. */
const struct addr_entry *addr_table_find(const struct addr_table *t, const struct addr *a,
					 size_t *ret_n);
/* NULL when it is not known. */
const struct addr_link *addr_table_link(const struct addr_table *t, uint32_t ifindex);

/* True when something changed that tells whether the address is there and usable. */
bool addr_table_set(struct addr_table *t, const struct nladdr *a);
bool addr_table_remove(struct addr_table *t, const struct nladdr *a);
bool addr_table_set_link(struct addr_table *t, uint32_t ifindex, const char *name, bool up);
bool addr_table_remove_link(struct addr_table *t, uint32_t ifindex);

/* A dump, from begin to end: what is not set in between is gone. */
void addr_table_dump_begin(struct addr_table *t);
void addr_table_dump_end(struct addr_table *t);

#endif
