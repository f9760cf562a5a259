/* SPDX-License-Identifier: MIT */
#include "nat/nft_batch.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "nat/nft_expr.h"

struct nlmsghdr *nft_message(void *buf, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	msg->nlmsg_flags = flags;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->nfgen_family = NFPROTO_INET;
	head->version = NFNETLINK_V0;
	return msg;
}

/* Room behind the last message; written into directly, counted by nft_batch_close(). */
static void *batch_room(struct nft_batch *b, size_t room)
{
	b->buf = mem_grow(b->buf, &b->cap, b->len + room, 1);
	return b->buf + b->len;
}

struct nlmsghdr *nft_batch_open(struct nft_batch *b, uint16_t type, uint16_t flags, size_t room)
{
	return nft_message(batch_room(b, room), type, flags);
}

void nft_batch_close(struct nft_batch *b, const struct nlmsghdr *msg)
{
	b->last = b->len;
	b->len += MNL_ALIGN(msg->nlmsg_len);
}

static void batch_mark(struct nft_batch *b, uint16_t type)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(batch_room(b, NFT_MESSAGE_ROOM));
	msg->nlmsg_type = type;
	struct nfgenmsg *head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->version = NFNETLINK_V0;
	head->res_id = htons(NFNL_SUBSYS_NFTABLES);
	b->len += MNL_ALIGN(msg->nlmsg_len);
}

void nft_batch_begin(struct nft_batch *b)
{
	*b = (struct nft_batch){ 0 };
	batch_mark(b, NFNL_MSG_BATCH_BEGIN);
}

void nft_batch_end(struct nft_batch *b)
{
	batch_mark(b, NFNL_MSG_BATCH_END);
}

void nft_batch_done(struct nft_batch *b)
{
	free(b->buf);
	*b = (struct nft_batch){ 0 };
}

struct nlmsghdr *nft_batch_last(const struct nft_batch *b)
{
	return (void *)(b->buf + b->last);
}

void nft_batch_table(struct nft_batch *b, const char *table)
{
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, table);
	nft_batch_close(b, msg);
}

void nft_batch_drop_table(struct nft_batch *b, const char *table)
{
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_DELTABLE, 0, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_TABLE_NAME, table);
	nft_batch_close(b, msg);
}

void nft_batch_hook(struct nft_batch *b, const char *table, const char *chain, const char *type,
		    uint32_t hook, int32_t priority)
{
	struct nlmsghdr *msg = nft_batch_open(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(msg, NFTA_CHAIN_NAME, chain);
	struct nlattr *nest = mnl_attr_nest_start(msg, NFTA_CHAIN_HOOK);
	nft_put_u32(msg, NFTA_HOOK_HOOKNUM, hook);
	nft_put_u32(msg, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	mnl_attr_nest_end(msg, nest);
	mnl_attr_put_strz(msg, NFTA_CHAIN_TYPE, type);
	nft_batch_close(b, msg);
}

struct nlmsghdr *nft_batch_rule(struct nft_batch *b, const char *table, const char *chain,
				struct nlattr **ret_expressions)
{
	struct nlmsghdr *msg =
		nft_batch_open(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, NFT_MESSAGE_ROOM);
	mnl_attr_put_strz(msg, NFTA_RULE_TABLE, table);
	mnl_attr_put_strz(msg, NFTA_RULE_CHAIN, chain);
	*ret_expressions = mnl_attr_nest_start(msg, NFTA_RULE_EXPRESSIONS);
	return msg;
}
