/* SPDX-License-Identifier: MIT */
/*
 * The UPDATE message: RFC 4271 4.3 and 6.3 as revised by RFC 7606, multiprotocol RFC 4760,
 * End-of-RIB RFC 4724, IPv4 routes with an IPv6 next hop RFC 8950.
 */
#ifndef BGP_UPDATE_H
#define BGP_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/attr_out.h"
#include "bgp/msg.h"
#include "lib/addr.h"
#include "lib/bytes.h"

/*
 * `body` as framing gives it. Session reset: `ret_error` is to be sent and `ret` is untouched.
 * Anything weaker: `ret` is to be used, and `ret_error` is the error, for the log; its code is 0
 * when there was none.
 */
enum bgp_tolerance bgp_update_decode(struct reader body, const struct bgp_update_params *params,
				     struct bgp_update *ret, struct bgp_notification *ret_error);

/* The next prefix, host bits cleared. False at the end, and at a syntax error, after which the
 * reader has failed. */
bool bgp_nlri_next(struct reader *prefixes, uint8_t family, struct prefix *ret);

/* How many prefixes `n` fields hold. */
size_t bgp_update_n_prefixes(const struct bgp_nlri *fields, size_t n);

/*
 * Packs prefixes that share attributes into one message in the caller's buffer:
 *
 *	bgp_update_begin_announce(&b, buf, sizeof(buf), &attrs, AF_INET);
 *	while (bgp_update_add(&b, &prefix)) …
 *	size = bgp_update_finish(&b);
 */
struct bgp_update_builder {
	struct writer w;
	uint8_t family;
	size_t inner, outer; /* marks of the lengths around the prefixes, 0: none */
	size_t tail;         /* bytes that follow the prefixes, parked behind w.cap */
	size_t n;            /* prefixes so far */
};

/* `cap` is the largest message the peer takes, or less. IPv4 with an IPv4 next hop goes into the
 * NLRI field. IPv6, and IPv4 with an IPv6 next hop (RFC 8950), go into MP_REACH_NLRI, first of the
 * attributes (RFC 7606 5.1). `attrs` is not needed after the call. */
void bgp_update_begin_announce(struct bgp_update_builder *b, uint8_t *buf, size_t cap,
			       const struct bgp_attrs_out *attrs, uint8_t family);
/* `mp`: IPv4 in MP_UNREACH_NLRI, too. */
void bgp_update_begin_withdraw(struct bgp_update_builder *b, uint8_t *buf, size_t cap,
			       uint8_t family, bool mp);
/* False when the prefix does not fit any more or is of another family: nothing was written. */
bool bgp_update_add(struct bgp_update_builder *b, const struct prefix *prefix);
/* The size of the message. 0 when there is nothing to send: no prefix was added, or not even the
 * attributes fitted. */
size_t bgp_update_finish(struct bgp_update_builder *b);

#endif
