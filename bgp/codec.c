/* SPDX-License-Identifier: MIT */
#include "bgp/codec.h"

#include <string.h>

/* The sizes that a message may have by its header alone (RFC 4271 6.1). ROUTE-REFRESH is left to
 * its decoder, since RFC 7313 section 5 wants another error and the whole message quoted. */
static const struct {
	uint16_t min, max;
} sizes[] = {
	[BGP_MSG_OPEN] = { 29, BGP_MESSAGE_MAX }, /* never an extended message (RFC 8654 4) */
	[BGP_MSG_UPDATE] = { 23, BGP_MESSAGE_EXT_MAX },
	[BGP_MSG_NOTIFICATION] = { 21, BGP_MESSAGE_EXT_MAX },
	[BGP_MSG_KEEPALIVE] = { BGP_HEADER_SIZE, BGP_HEADER_SIZE },
	[BGP_MSG_ROUTE_REFRESH] = { BGP_HEADER_SIZE, BGP_MESSAGE_EXT_MAX },
};

static struct bgp_notification header_error(enum bgp_error_header subcode)
{
	return (struct bgp_notification){ .code = BGP_ERR_HEADER, .subcode = subcode };
}

static struct bgp_notification bad_length(uint16_t size)
{
	struct bgp_notification n = header_error(BGP_ERR_HEADER_BAD_LENGTH);
	n.own[0] = (uint8_t)(size >> 8);
	n.own[1] = (uint8_t)size;
	n.data_len = 2;
	return n;
}

static struct bgp_notification bad_type(uint8_t type)
{
	struct bgp_notification n = header_error(BGP_ERR_HEADER_BAD_TYPE);
	n.own[0] = type;
	n.data_len = 1;
	return n;
}

static bool marker_is_valid(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len && i < BGP_MARKER_SIZE; i++)
		if (buf[i] != 0xff)
			return false;
	return true;
}

/* The header is checked as far as it is there. */
enum bgp_frame bgp_frame_next(const uint8_t *buf, size_t len, size_t max_size,
			      struct bgp_frame_view *ret, struct bgp_notification *ret_error)
{
	if (!marker_is_valid(buf, len)) {
		*ret_error = header_error(BGP_ERR_HEADER_NOT_SYNCHRONIZED);
		return BGP_FRAME_BROKEN;
	}
	struct reader r = reader_over(buf, len);
	reader_bytes(&r, BGP_MARKER_SIZE);
	uint16_t size = reader_u16(&r);
	if (r.failed)
		return BGP_FRAME_NEED_MORE;
	if (size < BGP_HEADER_SIZE || size > max_size) {
		*ret_error = bad_length(size);
		return BGP_FRAME_BROKEN;
	}
	uint8_t type = reader_u8(&r);
	if (r.failed)
		return BGP_FRAME_NEED_MORE;
	if (type < BGP_MSG_OPEN || type > BGP_MSG_ROUTE_REFRESH) {
		*ret_error = bad_type(type);
		return BGP_FRAME_BROKEN;
	}
	if (size < sizes[type].min || size > sizes[type].max) {
		*ret_error = bad_length(size);
		return BGP_FRAME_BROKEN;
	}
	struct reader body = reader_sub(&r, size - BGP_HEADER_SIZE);
	if (r.failed)
		return BGP_FRAME_NEED_MORE;
	*ret = (struct bgp_frame_view){ .type = type, .message = buf, .size = size, .body = body };
	return BGP_FRAME_COMPLETE;
}

void bgp_message_begin(struct writer *w, enum bgp_message_type type)
{
	static const uint8_t marker[BGP_MARKER_SIZE] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
							 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
							 0xff, 0xff, 0xff, 0xff };
	writer_bytes(w, marker, sizeof(marker));
	writer_u16(w, 0);
	writer_u8(w, (uint8_t)type);
}

size_t bgp_message_finish(struct writer *w)
{
	if (w->len > BGP_MESSAGE_EXT_MAX)
		w->failed = true;
	writer_patch_u16(w, BGP_LENGTH_OFFSET, (uint16_t)w->len);
	return w->failed ? 0 : w->len;
}

size_t bgp_encode_keepalive(uint8_t *buf, size_t cap)
{
	struct writer w = writer_over(buf, cap);
	bgp_message_begin(&w, BGP_MSG_KEEPALIVE);
	return bgp_message_finish(&w);
}

size_t bgp_encode_notification(uint8_t *buf, size_t cap, const struct bgp_notification *n)
{
	struct writer w = writer_over(buf, cap < BGP_MESSAGE_EXT_MAX ? cap : BGP_MESSAGE_EXT_MAX);
	bgp_message_begin(&w, BGP_MSG_NOTIFICATION);
	writer_u8(&w, n->code);
	writer_u8(&w, n->subcode);
	size_t room = writer_left(&w);
	writer_bytes(&w, bgp_notification_data(n), n->data_len < room ? n->data_len : room);
	return bgp_message_finish(&w);
}

size_t bgp_encode_route_refresh(uint8_t *buf, size_t cap, const struct bgp_route_refresh *refresh)
{
	struct writer w = writer_over(buf, cap);
	bgp_message_begin(&w, BGP_MSG_ROUTE_REFRESH);
	writer_u16(&w, refresh->afi);
	writer_u8(&w, refresh->subtype);
	writer_u8(&w, refresh->safi);
	return bgp_message_finish(&w);
}

/* RFC 4724 2: an UPDATE without anything for IPv4, with an empty MP_UNREACH_NLRI for the rest. */
size_t bgp_encode_end_of_rib(uint8_t *buf, size_t cap, enum bgp_afi afi)
{
	struct writer w = writer_over(buf, cap);
	bgp_message_begin(&w, BGP_MSG_UPDATE);
	writer_u16(&w, 0);
	size_t attrs = writer_open_u16(&w);
	if (afi != BGP_AFI_IPV4) {
		writer_u8(&w, BGP_ATTR_FLAG_OPTIONAL);
		writer_u8(&w, BGP_ATTR_MP_UNREACH_NLRI);
		writer_u8(&w, 3);
		writer_u16(&w, (uint16_t)afi);
		writer_u8(&w, BGP_SAFI_UNICAST);
	}
	writer_close_u16(&w, attrs);
	return bgp_message_finish(&w);
}

void bgp_decode_notification(const struct bgp_frame_view *frame, struct bgp_notification *ret)
{
	struct reader r = frame->body;
	struct bgp_notification n = { .code = reader_u8(&r) };
	n.subcode = reader_u8(&r);
	n.data_len = reader_left(&r);
	n.data = reader_bytes(&r, n.data_len);
	*ret = n;
}

bool bgp_decode_route_refresh(const struct bgp_frame_view *frame, bool enhanced,
			      struct bgp_route_refresh *ret, struct bgp_notification *ret_error)
{
	struct reader r = frame->body;
	struct bgp_route_refresh refresh = { .afi = reader_u16(&r) };
	refresh.subtype = reader_u8(&r);
	refresh.safi = reader_u8(&r);
	if (!enhanced)
		refresh.subtype = BGP_REFRESH_REQUEST;

	bool is_wrong_size = r.failed || reader_left(&r) > 0;
	bool is_demarcation =
		refresh.subtype == BGP_REFRESH_BEGIN || refresh.subtype == BGP_REFRESH_END;
	if (is_wrong_size && is_demarcation) {
		*ret_error = (struct bgp_notification){ .code = BGP_ERR_ROUTE_REFRESH,
							.subcode = BGP_ERR_REFRESH_LENGTH,
							.data = frame->message,
							.data_len = frame->size };
		return false;
	}
	if (is_wrong_size) {
		*ret_error = bad_length((uint16_t)frame->size);
		return false;
	}
	*ret = refresh;
	return true;
}
