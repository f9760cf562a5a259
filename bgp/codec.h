/* SPDX-License-Identifier: MIT */
/*
 * Framing (RFC 4271 4.1, 6.1), and the messages that are too small for a file of their own:
 * KEEPALIVE, NOTIFICATION, ROUTE-REFRESH (RFC 2918, RFC 7313) and End-of-RIB (RFC 4724).
 *
 * Encoders write a whole message with its header and return its size, or 0 when `cap` is too
 * small. Decoders return views into the input and send nothing: the answer to a broken message
 * comes out as a struct bgp_notification.
 */
#ifndef BGP_CODEC_H
#define BGP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "bgp/wire.h"
#include "lib/bytes.h"

enum bgp_frame {
	BGP_FRAME_NEED_MORE, /* nothing wrong so far */
	BGP_FRAME_COMPLETE,
	BGP_FRAME_BROKEN,
};

struct bgp_frame_view {
	enum bgp_message_type type;
	const uint8_t *message; /* with its header */
	size_t size;            /* of the message: what to drop from the stream */
	struct reader body;
};

/* Looks at the first `len` bytes of a stream. `max_size` is the largest message that may come:
 * BGP_MESSAGE_MAX, or BGP_MESSAGE_EXT_MAX when both sides offered it (RFC 8654). An error is
 * found with the byte that makes it one, so that a peer that does not speak BGP is not waited for.
 */
enum bgp_frame bgp_frame_next(const uint8_t *buf, size_t len, size_t max_size,
			      struct bgp_frame_view *ret, struct bgp_notification *ret_error);

/* Fills in the header with a length to be patched by bgp_message_finish. */
void bgp_message_begin(struct writer *w, enum bgp_message_type type);
/* The size of the message, 0 if something did not fit. */
size_t bgp_message_finish(struct writer *w);

size_t bgp_encode_keepalive(uint8_t *buf, size_t cap);
/* Data that does not fit in `cap` is cut; pass the peer's limit (RFC 8654 4). */
size_t bgp_encode_notification(uint8_t *buf, size_t cap, const struct bgp_notification *n);
size_t bgp_encode_route_refresh(uint8_t *buf, size_t cap, const struct bgp_route_refresh *refresh);
size_t bgp_encode_end_of_rib(uint8_t *buf, size_t cap, enum bgp_afi afi);

/* `ret->data` is a view into the frame. Cannot fail: framing has checked the size. */
void bgp_decode_notification(const struct bgp_frame_view *frame, struct bgp_notification *ret);
/* Without `enhanced` (RFC 7313 not negotiated) the subtype is a reserved octet and reads as 0. */
bool bgp_decode_route_refresh(const struct bgp_frame_view *frame, bool enhanced,
			      struct bgp_route_refresh *ret, struct bgp_notification *ret_error);

#endif
