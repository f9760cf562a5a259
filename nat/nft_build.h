/* SPDX-License-Identifier: MIT */
/*
 * nf_tables messages that make and change the table of nft_table.h, and requests about it. Pure.
 * docs/decisions/nftables-netlink.md says why not libnftables.
 */
#ifndef NAT_NFT_BUILD_H
#define NAT_NFT_BUILD_H

#include <libmnl/libmnl.h>
#include <stddef.h>

#include "nat/nft_batch.h"
#include "nat/nft_table.h"

/* The table as above without any mapping, in place of any other of that name. */
void nft_batch_skeleton(struct nft_batch *b);
/* The table must exist. */
void nft_batch_del_table(struct nft_batch *b);
/* Elements of the maps; VIPs of more than one address are passed over. Removing one that is not
 * there fails the transaction. */
void nft_batch_add(struct nft_batch *b, const struct nat_rules *rules);
void nft_batch_del(struct nft_batch *b, const struct nat_rules *rules);
/* The rules of the chains `nets` and `same_nets`, in place of those that are there. */
void nft_batch_set_nets(struct nft_batch *b, const struct nat_rules *nets);

/* Requests outside a transaction, of NFT_REQUEST_MAX octets at most. */
struct nlmsghdr *nft_build_get_table(void *buf);
struct nlmsghdr *nft_build_dump_rules(void *buf);
struct nlmsghdr *nft_build_dump_map(void *buf, enum nft_map map);
/* The element of this rule, whose VIP is one address; -ENOENT when its key is not in the map. */
struct nlmsghdr *nft_build_get_element(void *buf, const struct nat_rule *r);
/* The generation of the host's ruleset. */
struct nlmsghdr *nft_build_get_generation(void *buf);

#endif
