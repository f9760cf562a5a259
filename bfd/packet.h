/* SPDX-License-Identifier: MIT */
/* BFD Control packets (RFC 5880 4.1), and what makes one invalid whatever its session (6.8.6).
 * Pure. */
#ifndef BFD_PACKET_H
#define BFD_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bfd/status.h"

#define BFD_VERSION    1
#define BFD_PACKET_MIN 24
/* With the longest authentication section that we send. */
#define BFD_PACKET_MAX 52

struct bfd_packet {
	enum bfd_state state;
	uint8_t diag; /* enum bfd_diag, or a number that has no name */
	bool poll, final, independent, demand;
	uint8_t multiplier;
	uint32_t my_discr, your_discr;
	uint32_t min_tx, min_rx, min_echo_rx; /* µs */
	/* Authentication Type, Len and Data, within the packet; NULL: the A bit is clear. */
	const uint8_t *auth;
	size_t auth_len;
};

/* False: to be dropped, and why. Octets behind the packet's own length do not belong to it. */
bool bfd_packet_read(const uint8_t *data, size_t len, struct bfd_packet *ret, enum bfd_drop *why);
/* With the A bit and room for `auth_len` octets, zeroed, in the end. Returns the length. `auth` of
 * the packet is not looked at. */
size_t bfd_packet_write(const struct bfd_packet *p, size_t auth_len,
			uint8_t buf[static BFD_PACKET_MAX]);

#endif
