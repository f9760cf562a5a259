/* SPDX-License-Identifier: MIT */
/* nf_tables messages about the table of nft_table.h, read. Pure. */
#ifndef NAT_NFT_PARSE_H
#define NAT_NFT_PARSE_H

#include <libmnl/libmnl.h>
#include <stdbool.h>

#include "nat/nft_table.h"

/* The kind of a dumped rule: one of the skeleton, now or up to version 0.1.0, one of a network (in
 * *ret), or another's. */
enum nft_rule_kind { NFT_RULE_OTHER, NFT_RULE_SKELETON, NFT_RULE_SKELETON_1, NFT_RULE_NET };
enum nft_rule_kind nft_parse_rule(const struct nlmsghdr *msg, struct nat_rule *ret);
/* Calls back for each element of a dumped map. -EBADMSG when the message is not well-formed. */
typedef void nft_element_cb(const struct nat_rule *r, void *userdata);
int nft_parse_elements(const struct nlmsghdr *msg, enum nft_map map, nft_element_cb *cb,
		       void *userdata);
/* -EBADMSG when it does not say a generation. */
int nft_parse_generation(const struct nlmsghdr *msg, uint32_t *ret);
/* A notification of a change to our table, by any process. */
bool nft_parse_is_our_event(const struct nlmsghdr *msg);

#endif
