/* SPDX-License-Identifier: MIT */
/*
 * The nftables table of NAT, as text:
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
 * VIPs of more than one address are rules and not elements: nft 1.0.6 cannot load the text that it
 * prints of a map with intervals, and rulesets are saved and loaded. Pure.
 */
#ifndef NAT_NFT_TABLE_H
#define NAT_NFT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nat/rules.h"

#define NFT_TABLE "vipherald"
/* The comment of each rule. Another skeleton gets another number, and replaces the one it finds. */
#define NFT_COMMENT "vipherald:nat:1"
/* Rules of the skeleton, of both chains. */
#define NFT_SKELETON_RULES 6
/* User data of a rule: type, length, octets. nft shows the comment and ignores the second. */
#define NFT_USERDATA_COMMENT 0
#define NFT_USERDATA_NET     118

enum nft_map { NFT_VIPS4, NFT_VIPS6, NFT_MAPS };

/* One of the two maps: keys are address, protocol, port, data are address, port, each padded to 4
 * octets. */
struct nft_map_layout {
	const char *name;
	uint8_t family;
	uint32_t key_type, data_type; /* as nft numbers them */
	uint32_t addr_at, addr_size;  /* of the destination in the packet */
	uint32_t proto_reg, port_reg; /* of the key; the address begins in NFT_REG_1 */
	uint32_t dest_port_reg;       /* of the data, likewise */
};
extern const struct nft_map_layout nft_maps[NFT_MAPS];

enum nft_map nft_map_of(uint8_t family);
size_t nft_key_size(const struct nft_map_layout *m);
size_t nft_data_size(const struct nft_map_layout *m);
/* The VIP is more than one address. */
bool nft_rule_is_net(const struct nat_rule *r);

#endif
