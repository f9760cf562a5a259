/* SPDX-License-Identifier: MIT */
/* nf_tables messages, and transactions of them, in memory. Pure. */
#ifndef NAT_NFT_BATCH_H
#define NAT_NFT_BATCH_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* Room that is enough for any message without elements. */
#define NFT_MESSAGE_ROOM 2048
/* Of a request outside a transaction; its buffer is aligned as struct nlmsghdr. */
#define NFT_REQUEST_MAX 256

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

/* A message NFT_MSG_… of family inet, to which attributes of at most `room` octets are appended. */
struct nlmsghdr *nft_batch_open(struct nft_batch *b, uint16_t type, uint16_t flags, size_t room);
void nft_batch_close(struct nft_batch *b, const struct nlmsghdr *msg);
/* The same as a request of its own. */
struct nlmsghdr *nft_message(void *buf, uint16_t type, uint16_t flags);

/* The table, without anything in it; and its end, with all that is in it. It must exist. */
void nft_batch_table(struct nft_batch *b, const char *table);
void nft_batch_drop_table(struct nft_batch *b, const char *table);
/* A chain with a hook, of the type ("nat"). */
void nft_batch_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		    uint32_t hook, int32_t priority);
/* A rule at the end of the chain; its expressions follow, then
 * mnl_attr_nest_end(*ret_expressions). */
struct nlmsghdr *nft_batch_rule(struct nft_batch *b, const char *table, const char *chain,
				struct nlattr **ret_expressions);

#endif
