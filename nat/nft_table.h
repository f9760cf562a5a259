/* SPDX-License-Identifier: MIT */
/*
 * The nftables table of NAT, as text:
 *
 *	table inet vipherald {
 *		map vips4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service }
 *		map vips6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service }
 *		map same4, map same6 { …the same types }
 *		chain nets, chain same_nets {
 *			…a rule for each mapping of a VIP that is more than one address
 *		}
 *		chain prerouting {
 *			type nat hook prerouting priority dstnat - 5;
 *			dnat ip to ip daddr . meta l4proto . th dport map @vips4
 *			dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6
 *			jump nets
 *		}
 *		chain output { type nat hook output priority -105; …the same rules }
 *		chain same_prerouting {
 *			type nat hook prerouting priority dstnat + 5;
 *			…the same rules, of same4, same6 and same_nets
 *		}
 *		chain same_output { type nat hook output priority -95; …the same rules }
 *	}
 *
 * The kernel translates a connection once, by the first rule that does. Mappings to the same port
 * (nat_rule.behind) are in the second half, behind priority -100, where iptables and the engines of
 * containers have theirs: a port that is published there is theirs also at the VIP.
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
#define NFT_COMMENT "vipherald:nat:2"
/* Rules of the skeleton, of all chains. */
#define NFT_SKELETON_RULES 12
/* The table up to version 0.1.0 has the first half only. Its mappings are taken over. */
#define NFT_COMMENT_1        "vipherald:nat:1"
#define NFT_SKELETON_RULES_1 6
#define NFT_MAPS_1           NFT_SAME4
/* User data of a rule: type, length, octets. nft shows the comment and ignores the second. */
#define NFT_USERDATA_COMMENT 0
#define NFT_USERDATA_NET     118

enum nft_map { NFT_VIPS4, NFT_VIPS6, NFT_SAME4, NFT_SAME6, NFT_MAPS };

/* One of the maps: keys are address, protocol, port, data are address, port, each padded to 4
 * octets. */
struct nft_map_layout {
	const char *name;
	uint8_t family, behind;
	uint32_t key_type, data_type; /* as nft numbers them */
	uint32_t addr_at, addr_size;  /* of the destination in the packet */
	uint32_t proto_reg, port_reg; /* of the key; the address begins in NFT_REG_1 */
	uint32_t dest_port_reg;       /* of the data, likewise */
};
extern const struct nft_map_layout nft_maps[NFT_MAPS];

/* Where the rule belongs, unless it is one of a network. */
enum nft_map nft_map_of(const struct nat_rule *r);
size_t nft_key_size(const struct nft_map_layout *m);
size_t nft_data_size(const struct nft_map_layout *m);
/* The VIP is more than one address. */
bool nft_rule_is_net(const struct nat_rule *r);

#endif
