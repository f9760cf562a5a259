/* SPDX-License-Identifier: MIT */
#include "bgp/open.h"

#include "bgp/codec.h"
#include "bgp/wire.h"

static void encode_multiprotocol(struct writer *w, enum bgp_afi afi)
{
	writer_u8(w, BGP_CAP_MULTIPROTOCOL);
	writer_u8(w, 4);
	writer_u16(w, (uint16_t)afi);
	writer_u8(w, 0);
	writer_u8(w, BGP_SAFI_UNICAST);
}

static void encode_flag(struct writer *w, bool offered, enum bgp_capability code)
{
	if (!offered)
		return;
	writer_u8(w, (uint8_t)code);
	writer_u8(w, 0);
}

/* RFC 8950 4, of IPv4 unicast. */
static void encode_extended_next_hop(struct writer *w, const struct bgp_open *open)
{
	if (!open->extended_next_hop)
		return;
	writer_u8(w, BGP_CAP_EXTENDED_NEXT_HOP);
	writer_u8(w, BGP_EXTENDED_NEXT_HOP_SIZE);
	writer_u16(w, BGP_AFI_IPV4);
	writer_u16(w, BGP_SAFI_UNICAST);
	writer_u16(w, BGP_AFI_IPV6);
}

static void encode_role(struct writer *w, enum bgp_role role)
{
	if (role == BGP_ROLE_NONE)
		return;
	writer_u8(w, BGP_CAP_ROLE);
	writer_u8(w, 1);
	writer_u8(w, bgp_role_to_wire(role));
}

static void encode_graceful_family(struct writer *w, enum bgp_afi afi,
				   const struct bgp_graceful_family *family)
{
	if (!family->listed)
		return;
	writer_u16(w, (uint16_t)afi);
	writer_u8(w, BGP_SAFI_UNICAST);
	writer_u8(w, family->forwarding ? BGP_GR_FORWARDING : 0);
}

static void encode_graceful(struct writer *w, const struct bgp_graceful *g)
{
	if (!g->offered)
		return;
	writer_u8(w, BGP_CAP_GRACEFUL_RESTART);
	size_t value = writer_open_u8(w);
	writer_u16(w, (uint16_t)((g->restarting ? BGP_GR_RESTARTING : 0) |
				 (g->notification ? BGP_GR_NOTIFICATION : 0) |
				 (g->restart_time & BGP_GR_TIME_MAX)));
	encode_graceful_family(w, BGP_AFI_IPV4, &g->ipv4);
	encode_graceful_family(w, BGP_AFI_IPV6, &g->ipv6);
	writer_close_u8(w, value);
}

static void encode_long_lived_family(struct writer *w, enum bgp_afi afi,
				     const struct bgp_long_lived_family *family)
{
	if (!family->listed)
		return;
	writer_u16(w, (uint16_t)afi);
	writer_u8(w, BGP_SAFI_UNICAST);
	writer_u8(w, family->forwarding ? BGP_LLGR_FORWARDING : 0);
	writer_u8(w, (uint8_t)(family->stale_time >> 16));
	writer_u16(w, (uint16_t)family->stale_time);
}

static void encode_long_lived(struct writer *w, const struct bgp_long_lived *l)
{
	if (!l->offered)
		return;
	writer_u8(w, BGP_CAP_LONG_LIVED_GRACEFUL_RESTART);
	size_t value = writer_open_u8(w);
	encode_long_lived_family(w, BGP_AFI_IPV4, &l->ipv4);
	encode_long_lived_family(w, BGP_AFI_IPV6, &l->ipv6);
	writer_close_u8(w, value);
}

static void encode_capabilities(struct writer *w, const struct bgp_open *open)
{
	if (open->ipv4_unicast)
		encode_multiprotocol(w, BGP_AFI_IPV4);
	if (open->ipv6_unicast)
		encode_multiprotocol(w, BGP_AFI_IPV6);
	encode_flag(w, open->route_refresh, BGP_CAP_ROUTE_REFRESH);
	encode_extended_next_hop(w, open);
	encode_flag(w, open->extended_messages, BGP_CAP_EXTENDED_MESSAGE);
	encode_role(w, open->role);
	encode_graceful(w, &open->graceful);
	if (open->four_octet_as) {
		writer_u8(w, BGP_CAP_FOUR_OCTET_AS);
		writer_u8(w, 4);
		writer_u32(w, open->as);
	}
	encode_flag(w, open->enhanced_refresh, BGP_CAP_ENHANCED_REFRESH);
	encode_long_lived(w, &open->long_lived);
}

/* One parameter with all capabilities in it. They are far below 255 octets, so that the format of
 * RFC 9072 is only used on request. */
static void encode_params(struct writer *w, const struct bgp_open *open)
{
	size_t params = writer_open_u8(w);
	writer_u8(w, BGP_OPT_PARAM_CAPABILITIES);
	size_t capabilities = writer_open_u8(w);
	encode_capabilities(w, open);
	writer_close_u8(w, capabilities);
	writer_close_u8(w, params);
}

static void encode_extended_params(struct writer *w, const struct bgp_open *open)
{
	writer_u8(w, 255); /* not 0, else ignored: RFC 9072 2 */
	writer_u8(w, BGP_OPT_PARAM_EXTENDED);
	size_t params = writer_open_u16(w);
	writer_u8(w, BGP_OPT_PARAM_CAPABILITIES);
	size_t capabilities = writer_open_u16(w);
	encode_capabilities(w, open);
	writer_close_u16(w, capabilities);
	writer_close_u16(w, params);
}

size_t bgp_open_encode(uint8_t *buf, size_t cap, const struct bgp_open *open)
{
	struct writer w = writer_over(buf, cap < BGP_MESSAGE_MAX ? cap : BGP_MESSAGE_MAX);
	bgp_message_begin(&w, BGP_MSG_OPEN);
	writer_u8(&w, open->version);
	writer_u16(&w, open->as > UINT16_MAX ? BGP_AS_TRANS : (uint16_t)open->as);
	writer_u16(&w, open->hold_time);
	writer_u32(&w, open->router_id);
	if (!open->has_capabilities)
		writer_u8(&w, 0);
	else if (open->extended_params)
		encode_extended_params(&w, open);
	else
		encode_params(&w, open);
	return bgp_message_finish(&w);
}

static bool open_error(struct bgp_notification *ret_error, uint8_t subcode)
{
	*ret_error = (struct bgp_notification){ .code = BGP_ERR_OPEN, .subcode = subcode };
	return false;
}

/* RFC 4271 6.2: the data is the version this side would take. */
static bool version_error(struct bgp_notification *ret_error)
{
	open_error(ret_error, BGP_ERR_OPEN_VERSION);
	ret_error->own[1] = BGP_VERSION;
	ret_error->data_len = 2;
	return false;
}

static void decode_multiprotocol(struct reader value, struct bgp_open *open)
{
	uint16_t afi = reader_u16(&value);
	reader_u8(&value);
	uint8_t safi = reader_u8(&value);
	open->multiprotocol = true;
	if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST)
		open->ipv4_unicast = true;
	if (afi == BGP_AFI_IPV6 && safi == BGP_SAFI_UNICAST)
		open->ipv6_unicast = true;
}

/* Those of other families say nothing about ours. */
static void decode_extended_next_hop(struct reader value, struct bgp_open *open)
{
	while (reader_left(&value) > 0) {
		uint16_t afi = reader_u16(&value), safi = reader_u16(&value);
		uint16_t next_hop_afi = reader_u16(&value);
		if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST && next_hop_afi == BGP_AFI_IPV6)
			open->extended_next_hop = true;
	}
}

/* The last one counts (RFC 4724 3). Other families are ignored. */
static void decode_graceful(struct reader value, struct bgp_open *open)
{
	uint16_t head = reader_u16(&value);
	struct bgp_graceful g = {
		.offered = true,
		.restarting = head & BGP_GR_RESTARTING,
		.notification = head & BGP_GR_NOTIFICATION,
		.restart_time = head & BGP_GR_TIME_MAX,
	};
	while (reader_left(&value) > 0) {
		uint16_t afi = reader_u16(&value);
		uint8_t safi = reader_u8(&value);
		struct bgp_graceful_family f = { .listed = true };
		f.forwarding = reader_u8(&value) & BGP_GR_FORWARDING;
		if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST)
			g.ipv4 = f;
		if (afi == BGP_AFI_IPV6 && safi == BGP_SAFI_UNICAST)
			g.ipv6 = f;
	}
	open->graceful = g;
}

/* Here the last one counts, too. */
static void decode_long_lived(struct reader value, struct bgp_open *open)
{
	struct bgp_long_lived l = { .offered = true };
	while (reader_left(&value) > 0) {
		uint16_t afi = reader_u16(&value);
		uint8_t safi = reader_u8(&value);
		struct bgp_long_lived_family f = { .listed = true };
		f.forwarding = reader_u8(&value) & BGP_LLGR_FORWARDING;
		f.stale_time = (uint32_t)reader_u8(&value) << 16;
		f.stale_time |= reader_u16(&value);
		if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST)
			l.ipv4 = f;
		if (afi == BGP_AFI_IPV6 && safi == BGP_SAFI_UNICAST)
			l.ipv6 = f;
	}
	open->long_lived = l;
}

/* A capability of a length that its RFC does not allow is skipped like an unknown one; the session
 * is not refused for it. */
static void decode_capability(uint8_t code, struct reader value, struct bgp_open *open)
{
	size_t len = reader_left(&value);
	if (code == BGP_CAP_MULTIPROTOCOL && len == 4) {
		decode_multiprotocol(value, open);
	} else if (code == BGP_CAP_ROUTE_REFRESH && len == 0) {
		open->route_refresh = true;
	} else if (code == BGP_CAP_EXTENDED_NEXT_HOP && len % BGP_EXTENDED_NEXT_HOP_SIZE == 0) {
		decode_extended_next_hop(value, open);
	} else if (code == BGP_CAP_EXTENDED_MESSAGE && len == 0) {
		open->extended_messages = true;
	} else if (code == BGP_CAP_ROLE && len == 1) {
		open->role = bgp_role_add(open->role, bgp_role_from_wire(reader_u8(&value)));
	} else if (code == BGP_CAP_GRACEFUL_RESTART && len >= 2 && len % BGP_GR_FAMILY_SIZE == 2) {
		decode_graceful(value, open);
	} else if (code == BGP_CAP_FOUR_OCTET_AS && len == 4) {
		open->four_octet_as = true;
		open->as = reader_u32(&value);
	} else if (code == BGP_CAP_ENHANCED_REFRESH && len == 0) {
		open->enhanced_refresh = true;
	} else if (code == BGP_CAP_LONG_LIVED_GRACEFUL_RESTART && len % BGP_LLGR_FAMILY_SIZE == 0) {
		decode_long_lived(value, open);
	}
}

static bool decode_capabilities(struct reader list, struct bgp_open *open,
				struct bgp_notification *ret_error)
{
	open->has_capabilities = true;
	while (reader_left(&list) > 0) {
		uint8_t code = reader_u8(&list);
		struct reader value = reader_sub(&list, reader_u8(&list));
		if (list.failed)
			return open_error(ret_error, BGP_ERR_OPEN_UNSPECIFIC);
		decode_capability(code, value, open);
	}
	return true;
}

/* Cuts out the parameters in either format; whatever the lengths say has to fill the message. */
static struct reader params_of(struct reader *body, struct bgp_open *open)
{
	size_t len = reader_u8(body);
	struct reader peek = *body;
	open->extended_params = len > 0 && reader_u8(&peek) == BGP_OPT_PARAM_EXTENDED;
	if (open->extended_params) {
		reader_u8(body);
		len = reader_u16(body);
	}
	return reader_sub(body, len);
}

static bool decode_params(struct reader *body, struct bgp_open *open,
			  struct bgp_notification *ret_error)
{
	struct reader params = params_of(body, open);
	if (body->failed || reader_left(body) > 0)
		return open_error(ret_error, BGP_ERR_OPEN_UNSPECIFIC);
	while (reader_left(&params) > 0) {
		uint8_t type = reader_u8(&params);
		size_t len = open->extended_params ? reader_u16(&params) : reader_u8(&params);
		struct reader value = reader_sub(&params, len);
		if (params.failed)
			return open_error(ret_error, BGP_ERR_OPEN_UNSPECIFIC);
		if (type != BGP_OPT_PARAM_CAPABILITIES)
			return open_error(ret_error, BGP_ERR_OPEN_OPT_PARAM);
		if (!decode_capabilities(value, open, ret_error))
			return false;
	}
	return true;
}

/* The version is checked first, as the rest depends on it. */
bool bgp_open_decode(struct reader body, struct bgp_open *ret, struct bgp_notification *ret_error)
{
	struct bgp_open open = { .version = reader_u8(&body) };
	open.as = reader_u16(&body);
	open.hold_time = reader_u16(&body);
	open.router_id = reader_u32(&body);
	if (body.failed)
		return open_error(ret_error, BGP_ERR_OPEN_UNSPECIFIC);
	if (open.version != BGP_VERSION)
		return version_error(ret_error);
	if (open.as == 0) /* RFC 7607 */
		return open_error(ret_error, BGP_ERR_OPEN_PEER_AS);
	if (open.hold_time == 1 || open.hold_time == 2)
		return open_error(ret_error, BGP_ERR_OPEN_HOLD_TIME);
	if (open.router_id == 0) /* RFC 6286 2.2 */
		return open_error(ret_error, BGP_ERR_OPEN_IDENTIFIER);
	if (!decode_params(&body, &open, ret_error))
		return false;
	/* AS_TRANS is no AS of its own (RFC 6793): the capability with the real number is missing
	 * or broken. */
	if (open.as == 0 || open.as == BGP_AS_TRANS)
		return open_error(ret_error, BGP_ERR_OPEN_PEER_AS);
	*ret = open;
	return true;
}

bool bgp_open_check(const struct bgp_open *remote, uint32_t peer_as, uint32_t local_as,
		    uint32_t local_router_id, struct bgp_notification *ret_error)
{
	if (peer_as != 0 && remote->as != peer_as)
		return open_error(ret_error, BGP_ERR_OPEN_PEER_AS);
	/* RFC 6286 2.2: identifiers have to differ inside an AS only. */
	if (remote->as == local_as && remote->router_id == local_router_id)
		return open_error(ret_error, BGP_ERR_OPEN_IDENTIFIER);
	return true;
}
