/* SPDX-License-Identifier: MIT */
/*
 * IP addresses and prefixes as plain values: bytes in network order, unused bytes zero, so that
 * they can be compared and hashed as memory. No name is ever resolved.
 */
#ifndef LIB_ADDR_H
#define LIB_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "lib/err.h"

struct addr {
	uint8_t family; /* AF_INET, AF_INET6, or 0 for "none" */
	uint8_t bytes[16];
};

struct prefix {
	struct addr addr;
	uint8_t len; /* 0..32 or 0..128 */
};

#define ADDR_TEXT_MAX   INET6_ADDRSTRLEN
#define PREFIX_TEXT_MAX (INET6_ADDRSTRLEN + 4)

/* -EINVAL when it is not an address; no scope, no brackets, no spaces. */
int addr_parse(const char *text, struct addr *ret);
/* Writes into `buf` and returns it; "none" for family 0. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX]);
struct addr addr_v4(uint32_t host_order);
struct addr addr_from_bytes(uint8_t family, const void *bytes);
uint32_t addr_to_v4(const struct addr *a); /* host order; 0 unless AF_INET */
size_t addr_size(uint8_t family);          /* 4 or 16; 0 for anything else */
bool addr_equal(const struct addr *a, const struct addr *b);
int addr_cmp(const struct addr *a, const struct addr *b);
static inline bool addr_is_set(const struct addr *a)
{
	return a->family != 0;
}
/* A v4-mapped IPv6 address as IPv4, any other as it is. */
struct addr addr_unmapped(const struct addr *a);
bool addr_is_unspecified(const struct addr *a);
bool addr_is_loopback(const struct addr *a);
bool addr_is_multicast(const struct addr *a);
bool addr_is_link_local(const struct addr *a);

/* `scope` is an interface index for link-local IPv6, else 0. Returns the length to pass on. */
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, uint32_t scope,
			   struct sockaddr_storage *ret);
/* A v4-mapped IPv6 address (dual-stack listener) comes out as IPv4. False for other families. */
bool addr_from_sockaddr(const struct sockaddr_storage *ss, struct addr *ret, uint16_t *ret_port);
/* The interface index of a link-local IPv6 address, else 0. */
uint32_t addr_scope(const struct sockaddr_storage *ss);

/* A constant, by the octets of its address: PREFIX4(8, 127), PREFIX6(128, [15] = 1). */
#define PREFIX4(length, ...)                                                                       \
	{                                                                                          \
		.addr = { AF_INET, { __VA_ARGS__ } }, .len = (length)                              \
	}
#define PREFIX6(length, ...)                                                                       \
	{                                                                                          \
		.addr = { AF_INET6, { __VA_ARGS__ } }, .len = (length)                             \
	}

/* "192.0.2.1/32". Host bits, a missing length and a bad length are errors that suggest a fix. */
int prefix_parse(const char *text, struct prefix *ret, struct err *err);
const char *prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT_MAX]);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
int prefix_cmp(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *p, const struct addr *a);
/* The prefix of this address alone. */
struct prefix prefix_of_host(const struct addr *a);
/* The address with everything after the first `len` bits cleared. */
struct addr addr_mask(const struct addr *a, uint8_t len);

#endif
