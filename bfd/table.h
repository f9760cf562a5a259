/* SPDX-License-Identifier: MIT */
/* The sessions as the helper has them, and which one a packet is of (RFC 5880 6.3, RFC 5881 3).
 * Pure. */
#ifndef BFD_TABLE_H
#define BFD_TABLE_H

#include "bfd/auth.h"
#include "bfd/config.h"
#include "bfd/fsm.h"
#include "bfd/status.h"
#include "lib/hash.h"

/* A session; the owner has it within something larger. */
struct bfd_entry {
	uint32_t id; /* given by the agent */
	struct bfd_key key;
	unsigned ifindex; /* of key.ifname; 0: none, or there is no such interface at present */
	struct bfd_fsm fsm;
	struct bfd_auth_state auth;
	uint64_t received, dropped[BFD_DROP_N];
	UT_hash_handle by_id, by_discr;
};

struct bfd_table {
	struct bfd_entry *by_id, *by_discr;
	struct bfd_counts counts; /* of packets that are of no session */
};

/* Where a packet came from and arrived. */
struct bfd_datagram {
	const uint8_t *data;
	size_t len;
	struct addr from, to;
	unsigned ifindex;
	uint8_t ttl;
	bool multihop;   /* the port */
	const char *vrf; /* of the socket; "": none */
};

/* id and fsm.discr are set, and of no other entry. */
void bfd_table_add(struct bfd_table *t, struct bfd_entry *e);
void bfd_table_remove(struct bfd_table *t, struct bfd_entry *e);
size_t bfd_table_count(const struct bfd_table *t);
struct bfd_entry *bfd_table_find(const struct bfd_table *t, uint32_t id);
struct bfd_entry *bfd_table_find_discr(const struct bfd_table *t, uint32_t discr);
/* That is not on its way to AdminDown. */
struct bfd_entry *bfd_table_find_sender(const struct bfd_table *t, const struct bfd_datagram *d);
/* Also one that is. */
struct bfd_entry *bfd_table_find_key(const struct bfd_table *t, const struct bfd_key *key);

/* One that may arrive here, for this session. */
bool bfd_entry_accepts(const struct bfd_entry *e, const struct bfd_datagram *d);

#endif
