/* SPDX-License-Identifier: MIT */
/*
 * nf_tables messages for a table of our own, built and read. Pure.
 *
 *	table inet vipherald {
 *		map vips4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service }
 *		map vips6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service }
 *		chain nets {
 *			…a rule for each mapping of a VIP that is more than one address
 *		}
 *		chain prerouting {
 *			type nat hook prerouting priority dstnat - 5;
 *			dnat ip to ip daddr . meta l4proto . th dport map @vips4
 *			dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6
 *			jump nets
 *		}
 *		chain output { type nat hook output priority -105; …the same rules }
 *	}
 *
 * The first packet of a flow costs one lookup in a hash table, however many mappings there are.
 * Networks are no elements, as nft (1.0.6) cannot read back what it prints of a map with intervals,
 * and people save the ruleset of a host and load it again.
 */
#ifndef NAT_NFTMSG_H
#define NAT_NFTMSG_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat/rules.h"

#define NFTMSG_TABLE "vipherald"
/* Marks each rule. Another skeleton gets another number, and replaces what it finds. */
#define NFTMSG_COMMENT "vipherald:nat:1"
/* Rules of the skeleton, of both chains. */
#define NFTMSG_RULES 6

/* Messages one after the other, of a size that is not known beforehand. */
struct nft_batch {
	char *buf; /* aligned as struct nlmsghdr */
	size_t len, cap;
	size_t last; /* where the last message before the end begins */
};

/* A transaction: begin, messages, end. Free with nft_batch_done(). */
void nft_batch_begin(struct nft_batch *b);
void nft_batch_end(struct nft_batch *b);
void nft_batch_done(struct nft_batch *b);
struct nlmsghdr *nft_batch_last(const struct nft_batch *b);

/* The table as above without any mapping, in place of any other of that name. */
void nft_batch_skeleton(struct nft_batch *b);
/* The table must exist. */
void nft_batch_del_table(struct nft_batch *b);
/* Elements of the maps; VIPs of more than one address are passed over. Removing one that is not
 * there fails the transaction. */
void nft_batch_add(struct nft_batch *b, const struct nat_rules *rules);
void nft_batch_del(struct nft_batch *b, const struct nat_rules *rules);
/* The rules of the chain `nets`, in place of those that are there. */
void nft_batch_set_nets(struct nft_batch *b, const struct nat_rules *nets);
bool nft_rule_is_net(const struct nat_rule *r);

/* Requests outside a transaction; `buf` is aligned as struct nlmsghdr. */
#define NFTMSG_MAX 256
struct nlmsghdr *nft_build_get_table(void *buf);
struct nlmsghdr *nft_build_dump_rules(void *buf);
enum nft_map { NFT_VIPS4, NFT_VIPS6, NFT_MAPS };
struct nlmsghdr *nft_build_dump_map(void *buf, enum nft_map map);

/* What a dumped rule is: one of the skeleton, one of a network (in *ret), or neither. */
enum nft_rule_kind { NFT_RULE_OTHER, NFT_RULE_SKELETON, NFT_RULE_NET };
enum nft_rule_kind nft_parse_rule(const struct nlmsghdr *msg, struct nat_rule *ret);
/* Calls back for each element of a dumped map. -EBADMSG when the message is not well-formed. */
typedef void nft_element_cb(const struct nat_rule *r, void *userdata);
int nft_parse_elements(const struct nlmsghdr *msg, enum nft_map map, nft_element_cb *cb,
		       void *userdata);
/* A notification of a change to our table, whoever made it. */
bool nft_parse_is_our_event(const struct nlmsghdr *msg);

#endif
