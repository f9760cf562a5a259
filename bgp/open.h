/* SPDX-License-Identifier: MIT */
/*
 * The OPEN message: RFC 4271 4.2 and 6.2, capabilities RFC 5492, 4-octet AS RFC 6793, identifiers
 * RFC 6286, optional parameters of more than 255 octets RFC 9072, graceful restart RFC 4724 and
 * RFC 8538, roles RFC 9234, extended next hop RFC 8950.
 */
#ifndef BGP_OPEN_H
#define BGP_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "lib/bytes.h"

/* Writes what `open` offers; the size of the message, 0 if it did not fit. `multiprotocol` is
 * ignored, as it follows from the families. */
size_t bgp_open_encode(uint8_t *buf, size_t cap, const struct bgp_open *open);

/* `body` as framing gives it. Unknown capabilities, and those of a wrong length, are ignored. */
bool bgp_open_decode(struct reader body, struct bgp_open *ret, struct bgp_notification *ret_error);

/* Whether AS and router id are acceptable; `peer_as` 0 accepts any AS. */
bool bgp_open_check(const struct bgp_open *remote, uint32_t peer_as, uint32_t local_as,
		    uint32_t local_router_id, struct bgp_notification *ret_error);

#endif
