/* SPDX-License-Identifier: MIT */
/*
 * The nftables table that counts the traffic of VIPs, as text:
 *
 *	table inet vipherald_traffic {
 *		set v4_32 { type ipv4_addr; counter; elements = { 192.0.2.53 counter packets 7 bytes 588 } }
 *		set v6_128 …, and one for each other length that a VIP has
 *		chain prerouting {
 *			type filter hook prerouting priority raw;
 *			iif "lo" return
 *			ip daddr @v4_32
 *			ip daddr & 255.255.255.0 @v4_24 …
 *		}
 *	}
 *
 * An element that is found counts the packet; no rule decides anything. Packets are counted before
 * NAT, and those of this host to itself, such as its own checks, are not. A packet costs one lookup
 * in a hash table for each length. Counters of elements need Linux 5.7. Pure.
 */
#ifndef NAT_COUNT_TABLE_H
#define NAT_COUNT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "nat/nft_batch.h"

#define COUNT_TABLE "vipherald_traffic"

/* A length of a family, for which there is a set; and all of them as numbers. */
#define COUNT_SETS (33 + 129)
size_t count_set_of(const struct prefix *vip);

/* Of a VIP since it was added. */
struct traffic_count {
	struct prefix vip;
	uint64_t packets, bytes;
};

/* The table without any set, in place of any other of that name. */
void count_table_skeleton(struct nft_batch *b);
/* The set, and the rule that looks into it. */
void count_table_add_set(struct nft_batch *b, size_t set);
/* Elements of the sets, which must be there; one that is there already stays as it is. Removing one
 * that is not there fails the transaction. */
void count_table_add(struct nft_batch *b, const struct prefix *vips, size_t n);
void count_table_del(struct nft_batch *b, const struct prefix *vips, size_t n);

/* Requests, of NFT_REQUEST_MAX octets at most. */
struct nlmsghdr *count_table_get(void *buf);
struct nlmsghdr *count_table_dump(void *buf, size_t set);

/* Calls back for each element of a dumped set. -EBADMSG when the message is not well-formed. */
typedef void count_element_cb(const struct traffic_count *count, void *userdata);
int count_table_parse(const struct nlmsghdr *msg, size_t set, count_element_cb *cb, void *userdata);

#endif
