/* SPDX-License-Identifier: MIT */
/* The instructions of an nftables rule, and values, appended to a message. Pure. */
#ifndef NAT_NFT_EXPR_H
#define NAT_NFT_EXPR_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* Integers of nf_tables are big-endian. */
void nft_put_u32(struct nlmsghdr *msg, uint16_t type, uint32_t value);
/* A nest with NFTA_DATA_VALUE. */
void nft_put_value(struct nlmsghdr *msg, uint16_t type, const void *value, size_t size);

/* Load a packet's meta information, or a part of it, into a register. */
void nft_put_meta(struct nlmsghdr *msg, uint32_t key, uint32_t reg);
void nft_put_payload(struct nlmsghdr *msg, uint32_t base, uint32_t offset, uint32_t len,
		     uint32_t reg);
/* Go on only if NFT_REG_1 is this. */
void nft_put_equals(struct nlmsghdr *msg, const void *value, size_t size);
/* Keep the first `bits` of NFT_REG_1. */
void nft_put_mask(struct nlmsghdr *msg, size_t size, uint8_t bits);
void nft_put_immediate(struct nlmsghdr *msg, uint32_t reg, const void *value, size_t size);
void nft_put_jump(struct nlmsghdr *msg, const char *chain);
/* End the chain here, without a verdict. */
void nft_put_return(struct nlmsghdr *msg);
/* Go on only if what begins in NFT_REG_1 is in the set, whose element counts it then. */
void nft_put_is_in(struct nlmsghdr *msg, const char *set);
/* From the key that begins in NFT_REG_1 to its data, there as well. */
void nft_put_lookup(struct nlmsghdr *msg, const char *map);
/* To the address in NFT_REG_1 and the port in `port_reg`. */
void nft_put_dnat(struct nlmsghdr *msg, uint8_t family, uint32_t port_reg);

#endif
