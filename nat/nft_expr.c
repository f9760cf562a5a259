/* SPDX-License-Identifier: MIT */
#include "nat/nft_expr.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

void nft_put_u32(struct nlmsghdr *msg, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(msg, type, htonl(value));
}

struct expression {
	struct nlattr *element, *data;
};

static struct expression expression_open(struct nlmsghdr *msg, const char *name)
{
	struct expression e = { .element = mnl_attr_nest_start(msg, NFTA_LIST_ELEM) };
	mnl_attr_put_strz(msg, NFTA_EXPR_NAME, name);
	e.data = mnl_attr_nest_start(msg, NFTA_EXPR_DATA);
	return e;
}

static void expression_close(struct nlmsghdr *msg, struct expression e)
{
	mnl_attr_nest_end(msg, e.data);
	mnl_attr_nest_end(msg, e.element);
}

void nft_put_meta(struct nlmsghdr *msg, uint32_t key, uint32_t reg)
{
	struct expression e = expression_open(msg, "meta");
	nft_put_u32(msg, NFTA_META_KEY, key);
	nft_put_u32(msg, NFTA_META_DREG, reg);
	expression_close(msg, e);
}

void nft_put_value(struct nlmsghdr *msg, uint16_t type, const void *value, size_t size)
{
	struct nlattr *nest = mnl_attr_nest_start(msg, type);
	mnl_attr_put(msg, NFTA_DATA_VALUE, size, value);
	mnl_attr_nest_end(msg, nest);
}

void nft_put_equals(struct nlmsghdr *msg, const void *value, size_t size)
{
	struct expression e = expression_open(msg, "cmp");
	nft_put_u32(msg, NFTA_CMP_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_CMP_OP, NFT_CMP_EQ);
	nft_put_value(msg, NFTA_CMP_DATA, value, size);
	expression_close(msg, e);
}

void nft_put_mask(struct nlmsghdr *msg, size_t size, uint8_t bits)
{
	static const uint8_t zero[16];
	uint8_t mask[16] = { 0 };
	for (size_t i = 0; i < bits; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
	struct expression e = expression_open(msg, "bitwise");
	nft_put_u32(msg, NFTA_BITWISE_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_BITWISE_DREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_BITWISE_LEN, (uint32_t)size);
	nft_put_value(msg, NFTA_BITWISE_MASK, mask, size);
	nft_put_value(msg, NFTA_BITWISE_XOR, zero, size);
	expression_close(msg, e);
}

void nft_put_immediate(struct nlmsghdr *msg, uint32_t reg, const void *value, size_t size)
{
	struct expression e = expression_open(msg, "immediate");
	nft_put_u32(msg, NFTA_IMMEDIATE_DREG, reg);
	nft_put_value(msg, NFTA_IMMEDIATE_DATA, value, size);
	expression_close(msg, e);
}

void nft_put_jump(struct nlmsghdr *msg, const char *chain)
{
	struct expression e = expression_open(msg, "immediate");
	nft_put_u32(msg, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
	nft_put_u32(msg, NFTA_VERDICT_CODE, (uint32_t)NFT_JUMP);
	mnl_attr_put_strz(msg, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(msg, verdict);
	mnl_attr_nest_end(msg, data);
	expression_close(msg, e);
}

void nft_put_return(struct nlmsghdr *msg)
{
	struct expression e = expression_open(msg, "immediate");
	nft_put_u32(msg, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = mnl_attr_nest_start(msg, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(msg, NFTA_DATA_VERDICT);
	nft_put_u32(msg, NFTA_VERDICT_CODE, (uint32_t)NFT_RETURN);
	mnl_attr_nest_end(msg, verdict);
	mnl_attr_nest_end(msg, data);
	expression_close(msg, e);
}

void nft_put_is_in(struct nlmsghdr *msg, const char *set)
{
	struct expression e = expression_open(msg, "lookup");
	mnl_attr_put_strz(msg, NFTA_LOOKUP_SET, set);
	nft_put_u32(msg, NFTA_LOOKUP_SREG, NFT_REG_1);
	expression_close(msg, e);
}

void nft_put_payload(struct nlmsghdr *msg, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t reg)
{
	struct expression e = expression_open(msg, "payload");
	nft_put_u32(msg, NFTA_PAYLOAD_DREG, reg);
	nft_put_u32(msg, NFTA_PAYLOAD_BASE, base);
	nft_put_u32(msg, NFTA_PAYLOAD_OFFSET, offset);
	nft_put_u32(msg, NFTA_PAYLOAD_LEN, len);
	expression_close(msg, e);
}

void nft_put_lookup(struct nlmsghdr *msg, const char *map)
{
	struct expression e = expression_open(msg, "lookup");
	mnl_attr_put_strz(msg, NFTA_LOOKUP_SET, map);
	nft_put_u32(msg, NFTA_LOOKUP_SREG, NFT_REG_1);
	nft_put_u32(msg, NFTA_LOOKUP_DREG, NFT_REG_1);
	expression_close(msg, e);
}

void nft_put_dnat(struct nlmsghdr *msg, uint8_t family, uint32_t port_reg)
{
	struct expression e = expression_open(msg, "nat");
	nft_put_u32(msg, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	nft_put_u32(msg, NFTA_NAT_FAMILY, family);
	nft_put_u32(msg, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	nft_put_u32(msg, NFTA_NAT_REG_PROTO_MIN, port_reg);
	expression_close(msg, e);
}
