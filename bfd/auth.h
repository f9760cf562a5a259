/* SPDX-License-Identifier: MIT */
/*
 * Keyed SHA1 and Meticulous Keyed SHA1 authentication (RFC 5880 4.4, 6.7.4). Pure.
 *
 * The sequence number of a packet counts only when its hash is right: a forged one must not make
 * those of the peer look old.
 */
#ifndef BFD_AUTH_H
#define BFD_AUTH_H

#include "bfd/config.h"
#include "bfd/packet.h"

struct bfd_auth_state {
	uint32_t sent;      /* the last sequence number; random in the beginning */
	uint32_t received;  /* likewise of the peer, until */
	mono_t known_until; /* two detection times without a packet; 0: not known */
};

/* Octets of the section in a packet; 0 without authentication. */
size_t bfd_auth_size(const struct bfd_auth *a);
/* Fills in the section in the end of the packet. */
void bfd_auth_sign(struct bfd_auth_state *s, const struct bfd_auth *a, uint8_t *packet, size_t len);
/* `p` was read from the `len` octets of `data`. `multiplier`: ours. The sequence number is taken
 * over. */
bool bfd_auth_accept(struct bfd_auth_state *s, const struct bfd_auth *a, const uint8_t *data,
		     const struct bfd_packet *p, uint8_t multiplier, mono_t now);

#endif
