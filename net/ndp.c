/* SPDX-License-Identifier: MIT */
#include "net/ndp.h"

#include <string.h>

#include "lib/bytes.h"

#define OPTION_UNIT       8 /* lengths of options are in these (RFC 4861 4.6) */
#define OPTION_SOURCE_MAC 1

/* RFC 4861 6.1.2, 7.1.2: every option has a length greater than zero, and fits. */
static bool options_are_valid(struct reader *options)
{
	while (reader_left(options) > 0) {
		reader_u8(options); /* type */
		size_t len = (size_t)reader_u8(options) * OPTION_UNIT;
		if (len == 0)
			return false;
		reader_bytes(options, len - 2);
	}
	return !options->failed;
}

/* Its sender is all that is of use: FRR advertises itself to its neighbor with a lifetime of 0. */
static bool parse_router_advert(struct reader *r)
{
	reader_u8(r);  /* hop limit for others */
	reader_u8(r);  /* flags */
	reader_u16(r); /* lifetime as default router */
	reader_u32(r); /* reachable time */
	reader_u32(r); /* retransmission timer */
	return !r->failed && options_are_valid(r);
}

static bool parse_neighbor_advert(struct reader *r, struct ndp_message *ret)
{
	reader_u32(r); /* flags */
	ret->target = (struct addr){ .family = AF_INET6 };
	reader_copy(r, ret->target.bytes, sizeof(ret->target.bytes));
	return !r->failed && addr_is_link_local(&ret->target) && options_are_valid(r);
}

static bool parse_echo_reply(struct reader *r, struct ndp_message *ret)
{
	reader_u32(r); /* identifier and number, which are part of the cookie */
	ret->cookie = (uint64_t)reader_u32(r) << 32;
	ret->cookie |= reader_u32(r);
	return !r->failed && reader_left(r) == 0;
}

bool ndp_parse(const struct ndp_packet *packet, struct ndp_message *ret)
{
	struct reader r = reader_over(packet->data, packet->len);
	uint8_t type = reader_u8(&r), code = reader_u8(&r);
	reader_u16(&r); /* the checksum, which the kernel has verified */
	bool near = packet->hop_limit == NDP_HOP_LIMIT;
	if (r.failed || code != 0 || packet->source.family != AF_INET6 ||
	    !addr_is_link_local(&packet->source))
		return false;
	struct ndp_message m = { .type = (enum ndp_type)type };
	bool valid = false;
	if (type == NDP_ROUTER_ADVERT)
		valid = near && parse_router_advert(&r);
	else if (type == NDP_NEIGHBOR_ADVERT)
		valid = near && parse_neighbor_advert(&r, &m);
	else if (type == NDP_ECHO_REPLY)
		valid = parse_echo_reply(&r, &m);
	if (valid)
		*ret = m;
	return valid;
}

static struct writer begin(uint8_t *buf, enum ndp_type type)
{
	struct writer w = writer_over(buf, NDP_MESSAGE_MAX);
	writer_u8(&w, (uint8_t)type);
	writer_u8(&w, 0);
	writer_u16(&w, 0); /* the kernel fills in the checksum */
	return w;
}

static size_t finish(struct writer *w, const uint8_t *mac)
{
	if (mac) {
		writer_u8(w, OPTION_SOURCE_MAC);
		writer_u8(w, 1);
		writer_bytes(w, mac, NDP_MAC_SIZE);
	}
	return w->failed ? 0 : w->len;
}

size_t ndp_build_router_solicit(uint8_t buf[static NDP_MESSAGE_MAX], const uint8_t *mac)
{
	struct writer w = begin(buf, NDP_ROUTER_SOLICIT);
	writer_u32(&w, 0);
	return finish(&w, mac);
}

/* RFC 4861 4.2: a hop limit, a reachable time and a retransmission timer of 0 are unspecified. */
size_t ndp_build_router_advert(uint8_t buf[static NDP_MESSAGE_MAX], const uint8_t *mac)
{
	struct writer w = begin(buf, NDP_ROUTER_ADVERT);
	writer_u16(&w, 0);
	writer_u16(&w, 0); /* the lifetime: no default router */
	writer_u32(&w, 0);
	writer_u32(&w, 0);
	return finish(&w, mac);
}

size_t ndp_build_neighbor_solicit(uint8_t buf[static NDP_MESSAGE_MAX], const struct addr *target,
				  const uint8_t *mac)
{
	struct writer w = begin(buf, NDP_NEIGHBOR_SOLICIT);
	writer_u32(&w, 0);
	writer_bytes(&w, target->bytes, sizeof(target->bytes));
	return finish(&w, mac);
}

size_t ndp_build_echo(uint8_t buf[static NDP_MESSAGE_MAX], uint64_t cookie)
{
	struct writer w = begin(buf, NDP_ECHO_REQUEST);
	writer_u32(&w, (uint32_t)cookie); /* identifier and number */
	writer_u32(&w, (uint32_t)(cookie >> 32));
	writer_u32(&w, (uint32_t)cookie);
	return finish(&w, NULL);
}

static struct addr group(uint8_t last)
{
	return (struct addr){ .family = AF_INET6,
			      .bytes = { [0] = 0xff, [1] = 0x02, [15] = last } };
}

struct addr ndp_all_nodes(void)
{
	return group(1);
}

struct addr ndp_all_routers(void)
{
	return group(2);
}

struct addr ndp_solicited_node(const struct addr *target)
{
	struct addr a = group(0);
	a.bytes[11] = 1;
	a.bytes[12] = 0xff;
	memcpy(a.bytes + 13, target->bytes + 13, 3);
	return a;
}
