/* SPDX-License-Identifier: MIT */
/*
 * The ICMPv6 messages by which the router of a link is found, and this host makes itself known to
 * it: Neighbor Discovery (RFC 4861), and the echo (RFC 4443) that all routers of a link answer.
 * Pure.
 *
 * The kernel fills in and verifies checksums on a raw ICMPv6 socket (RFC 3542 3.1).
 */
#ifndef NET_NDP_H
#define NET_NDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

enum ndp_type {
	NDP_ECHO_REQUEST = 128,
	NDP_ECHO_REPLY = 129,
	NDP_ROUTER_SOLICIT = 133,
	NDP_ROUTER_ADVERT = 134,
	NDP_NEIGHBOR_SOLICIT = 135,
	NDP_NEIGHBOR_ADVERT = 136,
};

#define NDP_HOP_LIMIT 255 /* RFC 4861: no router has passed the message on */
#define NDP_MAC_SIZE  6
/* The largest that is built. */
#define NDP_MESSAGE_MAX 64

/* As received, from the ICMPv6 header on. */
struct ndp_packet {
	const uint8_t *data;
	size_t len;
	struct addr source;
	int hop_limit;
};

struct ndp_message {
	enum ndp_type type;
	struct addr target; /* NDP_NEIGHBOR_ADVERT */
	uint64_t cookie;    /* NDP_ECHO_REPLY: that of the request */
};

/* False for what is to be dropped: anything but a valid Router Advertisement (RFC 4861 6.1.2) or
 * Neighbor Advertisement (7.1.2), or a reply to an echo of ndp_build_echo(), from a link-local
 * address. Unknown options are skipped; what the known ones say is not looked at. */
bool ndp_parse(const struct ndp_packet *packet, struct ndp_message *ret);

/* The size of the message. `mac`: NDP_MAC_SIZE octets for the option with the link-layer address of
 * the sender, or NULL. */
size_t ndp_build_router_solicit(uint8_t buf[static NDP_MESSAGE_MAX], const uint8_t *mac);
/* One that makes this host known and nothing else: no default router, no prefixes, no
 * parameters. */
size_t ndp_build_router_advert(uint8_t buf[static NDP_MESSAGE_MAX], const uint8_t *mac);
size_t ndp_build_neighbor_solicit(uint8_t buf[static NDP_MESSAGE_MAX], const struct addr *target,
				  const uint8_t *mac);
size_t ndp_build_echo(uint8_t buf[static NDP_MESSAGE_MAX], uint64_t cookie);

/* ff02::1, ff02::2, and the group in which the owner of an address is asked for it (RFC 4291
 * 2.7.1). */
struct addr ndp_all_nodes(void);
struct addr ndp_all_routers(void);
struct addr ndp_solicited_node(const struct addr *target);

#endif
