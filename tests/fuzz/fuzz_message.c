/* SPDX-License-Identifier: MIT */
/*
 * A stream of messages from a peer: framed, decoded, every view walked, and what has an encoder
 * written again and compared. The first octet chooses what was negotiated, and whether the rest is
 * the stream or the body of one message, which the fuzzer need not find a header for.
 */
#include <stdlib.h>
#include <string.h>

#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/notify.h"
#include "bgp/open.h"
#include "bgp/update.h"
#include "lib/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

struct options {
	struct bgp_update_params params;
	size_t max_size;
	bool enhanced_refresh;
};

static struct options options_of(uint8_t bits)
{
	return (struct options){ .params = { .four_octet_as = bits & 1,
					     .is_ibgp = bits & 2,
					     .ipv4_unicast = !(bits & 4),
					     .ipv6_unicast = !(bits & 8),
					     .extended_next_hop = bits & 32 },
				 .max_size = bits & 16 ? BGP_MESSAGE_EXT_MAX : BGP_MESSAGE_MAX,
				 .enhanced_refresh = bits & 32 };
}

/* An error can be sent to this peer, and told to a person. */
static void check_error(const struct bgp_notification *n, uint8_t code, size_t max_size)
{
	static uint8_t buf[BGP_MESSAGE_EXT_MAX];
	char text[BGP_NOTIFICATION_TEXT_MAX];
	struct bgp_frame_view view;
	struct bgp_notification error, again;
	CHECK(n->code == code);
	CHECK(bgp_error_name(n->code));
	size_t size = bgp_encode_notification(buf, max_size, n);
	CHECK(bgp_frame_next(buf, size, max_size, &view, &error) == BGP_FRAME_COMPLETE);
	bgp_decode_notification(&view, &again);
	CHECK(again.code == n->code && again.subcode == n->subcode);
	CHECK(again.data_len <= n->data_len);
	CHECK(again.data_len == 0 ||
	      memcmp(again.data, bgp_notification_data(n), again.data_len) == 0);
	CHECK(strlen(bgp_notification_text(n, text, sizeof(text))) > 0);
}

static void fuzz_open(const struct bgp_frame_view *frame)
{
	static uint8_t buf[BGP_MESSAGE_MAX];
	struct bgp_open open, again;
	struct bgp_notification error;
	if (!bgp_open_decode(frame->body, &open, &error)) {
		check_error(&error, BGP_ERR_OPEN, BGP_MESSAGE_MAX);
		return;
	}
	CHECK(open.version == BGP_VERSION && open.as != 0 && open.router_id != 0);
	struct bgp_frame_view view;
	size_t size = bgp_open_encode(buf, sizeof(buf), &open);
	CHECK(bgp_frame_next(buf, size, BGP_MESSAGE_MAX, &view, &error) == BGP_FRAME_COMPLETE);
	CHECK(bgp_open_decode(view.body, &again, &error));
	CHECK(again.as == open.as && again.hold_time == open.hold_time);
	CHECK(again.router_id == open.router_id && again.ipv4_unicast == open.ipv4_unicast);
	CHECK(again.ipv6_unicast == open.ipv6_unicast);
	CHECK(again.enhanced_refresh == open.enhanced_refresh);
	CHECK(again.extended_next_hop == open.extended_next_hop);
}

static size_t walk_nlri(struct bgp_nlri nlri)
{
	size_t n = 0;
	char text[PREFIX_TEXT_MAX];
	for (struct prefix p; bgp_nlri_next(&nlri.prefixes, nlri.family, &p); n++) {
		struct addr masked = addr_mask(&p.addr, p.len);
		CHECK(p.addr.family == nlri.family);
		CHECK(addr_equal(&masked, &p.addr));
		CHECK(strlen(prefix_format(&p, text)) > 0);
	}
	CHECK(!nlri.prefixes.failed);
	CHECK(n > 0);
	return n;
}

static void walk_attrs(const struct bgp_attrs *attrs)
{
	char text[64], large[4096];
	bgp_attrs_as_path_text(attrs, text, sizeof(text));
	bgp_attrs_as_path_text(attrs, large, sizeof(large));
	CHECK(strncmp(text, large, strlen(text)) == 0);
	bgp_attrs_communities_text(attrs, text, sizeof(text));
	bgp_attrs_large_communities_text(attrs, text, sizeof(text));
	CHECK(reader_left(&attrs->communities) % 4 == 0);
	CHECK(reader_left(&attrs->ext_communities) % 8 == 0);
	CHECK(reader_left(&attrs->large_communities) % 12 == 0);
}

/* The routes, packed again with attributes of our own, are the same. */
static void rebuild(const struct bgp_nlri *nlri, bool announce)
{
	static uint8_t buf[BGP_MESSAGE_EXT_MAX];
	static const uint32_t as_path[] = { 65001, 4200000001 };
	struct bgp_attrs_out attrs = { .as_path = as_path,
				       .n_as_path = 2,
				       .next_hop = { AF_INET, { 192, 0, 2, 1 } },
				       .link_local = { AF_INET6, { 0xfe, 0x80, [15] = 1 } },
				       .communities = as_path,
				       .n_communities = 1 };
	struct bgp_update_params params = { .ipv4_unicast = true,
					    .ipv6_unicast = true,
					    .extended_next_hop = true };
	bool mp = nlri->next_hop.family == AF_INET6;
	struct bgp_update_builder b;
	struct reader r = nlri->prefixes;
	size_t n = 0;
	if (mp)
		attrs.next_hop = nlri->next_hop;
	if (announce)
		bgp_update_begin_announce(&b, buf, sizeof(buf), &attrs, nlri->family);
	else
		bgp_update_begin_withdraw(&b, buf, sizeof(buf), nlri->family, mp);
	for (struct prefix p; bgp_nlri_next(&r, nlri->family, &p) && bgp_update_add(&b, &p);)
		n++;
	struct bgp_frame_view view;
	struct bgp_notification error;
	struct bgp_update u;
	size_t size = bgp_update_finish(&b);
	CHECK(bgp_frame_next(buf, size, sizeof(buf), &view, &error) == BGP_FRAME_COMPLETE);
	CHECK(bgp_update_decode(view.body, &params, &u, &error) == BGP_TOLERATE_NOTHING_WRONG);
	CHECK(u.n_announced == announce && u.n_withdrawn == !announce);
	CHECK(walk_nlri(announce ? u.announced[0] : u.withdrawn[0]) == n);
	CHECK(!announce || addr_equal(&u.announced[0].next_hop, &attrs.next_hop));
}

static void fuzz_update(const struct bgp_frame_view *frame, const struct options *o)
{
	struct bgp_update u;
	struct bgp_notification error;
	enum bgp_tolerance t = bgp_update_decode(frame->body, &o->params, &u, &error);
	CHECK((t == BGP_TOLERATE_NOTHING_WRONG) == (error.code == 0));
	if (error.code)
		check_error(&error, BGP_ERR_UPDATE, o->max_size);
	if (t == BGP_TOLERATE_SESSION_RESET)
		return;
	CHECK(u.tolerance == t);
	CHECK(u.n_withdrawn <= 4 && u.n_announced <= 2);
	CHECK(t != BGP_TOLERATE_TREAT_AS_WITHDRAW || u.n_announced == 0);
	CHECK(!(u.end_of_rib4 || u.end_of_rib6) || u.n_announced + u.n_withdrawn == 0);
	walk_attrs(&u.attrs);
	for (size_t i = 0; i < u.n_withdrawn; i++) {
		walk_nlri(u.withdrawn[i]);
		rebuild(&u.withdrawn[i], false);
	}
	for (size_t i = 0; i < u.n_announced; i++) {
		CHECK(addr_is_set(&u.announced[i].next_hop));
		CHECK(bgp_attrs_has(&u.attrs, BGP_ATTR_ORIGIN));
		CHECK(bgp_attrs_has(&u.attrs, BGP_ATTR_AS_PATH));
		walk_nlri(u.announced[i]);
		rebuild(&u.announced[i], true);
	}
}

static void fuzz_refresh(const struct bgp_frame_view *frame, const struct options *o)
{
	uint8_t buf[64];
	struct bgp_route_refresh refresh;
	struct bgp_notification error;
	if (!bgp_decode_route_refresh(frame, o->enhanced_refresh, &refresh, &error)) {
		check_error(&error, error.code, o->max_size);
		return;
	}
	size_t size = bgp_encode_route_refresh(buf, sizeof(buf), &refresh);
	CHECK(size == frame->size);
	if (o->enhanced_refresh)
		CHECK(memcmp(buf, frame->message, size) == 0);
}

static void fuzz_notification(const struct bgp_frame_view *frame)
{
	char text[BGP_NOTIFICATION_TEXT_MAX];
	struct bgp_notification n;
	bgp_decode_notification(frame, &n);
	bgp_notification_text(&n, text, sizeof(text));
	for (const char *c = text; *c; c++)
		CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void fuzz_message(const struct bgp_frame_view *frame, const struct options *o)
{
	CHECK(frame->size <= o->max_size);
	CHECK(reader_left(&frame->body) == frame->size - BGP_HEADER_SIZE);
	switch (frame->type) {
	case BGP_MSG_OPEN:
		fuzz_open(frame);
		break;
	case BGP_MSG_UPDATE:
		fuzz_update(frame, o);
		break;
	case BGP_MSG_NOTIFICATION:
		fuzz_notification(frame);
		break;
	case BGP_MSG_KEEPALIVE:
		CHECK(frame->size == BGP_HEADER_SIZE);
		break;
	case BGP_MSG_ROUTE_REFRESH:
		fuzz_refresh(frame, o);
		break;
	}
}

static void fuzz_stream(const uint8_t *data, size_t len, const struct options *o)
{
	struct bgp_frame_view frame;
	struct bgp_notification error;
	for (;;) {
		enum bgp_frame got = bgp_frame_next(data, len, o->max_size, &frame, &error);
		if (got == BGP_FRAME_BROKEN)
			check_error(&error, BGP_ERR_HEADER, o->max_size);
		if (got != BGP_FRAME_COMPLETE)
			return;
		fuzz_message(&frame, o);
		data += frame.size;
		len -= frame.size;
	}
}

/* In memory of exactly its size, so that the sanitizer sees a read past its end. */
static void fuzz_body(const uint8_t *data, size_t len, enum bgp_message_type type,
		      const struct options *o)
{
	size_t cap = BGP_HEADER_SIZE + len;
	uint8_t *buf = malloc(cap);
	CHECK(buf);
	struct writer w = writer_over(buf, cap);
	bgp_message_begin(&w, type);
	writer_bytes(&w, data, len);
	fuzz_stream(buf, bgp_message_finish(&w), o);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	uint8_t bits = data[0];
	struct options o = options_of(bits);
	data++, len--;
	if (!(bits & 64))
		fuzz_stream(data, len, &o);
	else
		fuzz_body(data, len, bits & 128 ? BGP_MSG_OPEN : BGP_MSG_UPDATE, &o);
	return 0;
}
