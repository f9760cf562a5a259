/* SPDX-License-Identifier: MIT */
/* The reception of a packet, from its octets to what its session does (RFC 5880 6.8.6, RFC 5881 5,
 * RFC 5883 4). Pure. */
#ifndef BFD_INPUT_H
#define BFD_INPUT_H

#include "bfd/table.h"

/* The session that took it, with what it does; NULL: it was dropped, and counted, for `*why`. */
struct bfd_entry *bfd_input(struct bfd_table *t, const struct bfd_datagram *d, mono_t now,
			    uint32_t random, struct bfd_actions *ret, enum bfd_drop *why);
/* The octets of a packet to send, signed. */
size_t bfd_output(struct bfd_entry *e, const struct bfd_packet *p,
		  uint8_t buf[static BFD_PACKET_MAX]);

#endif
