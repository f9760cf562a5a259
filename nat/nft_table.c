/* SPDX-License-Identifier: MIT */
#include "nat/nft_table.h"

#include <linux/netfilter/nf_tables.h>

/* The data types of nft (`nft describe`), as numbers, and a concatenation of two. */
#define TYPE_IPV4_ADDR    7u
#define TYPE_IPV6_ADDR    8u
#define TYPE_INET_PROTO   12u
#define TYPE_INET_SERVICE 13u
#define CONCAT(a, b)      ((a) << 6 | (b))

#define LAYOUT4(name, behind)                                                                      \
	{                                                                                          \
		name, AF_INET, behind,                                                             \
			CONCAT(CONCAT(TYPE_IPV4_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),        \
			CONCAT(TYPE_IPV4_ADDR, TYPE_INET_SERVICE), 16, 4, NFT_REG32_01,            \
			NFT_REG32_02, NFT_REG32_01                                                 \
	}
#define LAYOUT6(name, behind)                                                                      \
	{                                                                                          \
		name, AF_INET6, behind,                                                            \
			CONCAT(CONCAT(TYPE_IPV6_ADDR, TYPE_INET_PROTO), TYPE_INET_SERVICE),        \
			CONCAT(TYPE_IPV6_ADDR, TYPE_INET_SERVICE), 24, 16, NFT_REG32_04,           \
			NFT_REG32_05, NFT_REG32_04                                                 \
	}

const struct nft_map_layout nft_maps[NFT_MAPS] = {
	[NFT_VIPS4] = LAYOUT4("vips4", 0),
	[NFT_VIPS6] = LAYOUT6("vips6", 0),
	[NFT_SAME4] = LAYOUT4("same4", 1),
	[NFT_SAME6] = LAYOUT6("same6", 1),
};

enum nft_map nft_map_of(const struct nat_rule *r)
{
	bool v4 = r->vip.addr.family == AF_INET;
	if (r->behind)
		return v4 ? NFT_SAME4 : NFT_SAME6;
	return v4 ? NFT_VIPS4 : NFT_VIPS6;
}

size_t nft_key_size(const struct nft_map_layout *m)
{
	return m->addr_size + 4 + 4;
}

size_t nft_data_size(const struct nft_map_layout *m)
{
	return m->addr_size + 4;
}

bool nft_rule_is_net(const struct nat_rule *r)
{
	return r->vip.len != addr_size(r->vip.addr.family) * 8;
}
