/* SPDX-License-Identifier: MIT */
#include "bgp/notify.h"

#include <string.h>

#include "lib/array.h"
#include "lib/bytes.h"
#include "lib/str.h"
#include "lib/utf8.h"

/* Subcode 0 is the name of the code itself. */
static const struct {
	uint8_t code, subcode;
	const char *name;
} names[] = {
	{ BGP_ERR_HEADER, 0, "Message Header Error" },
	{ BGP_ERR_HEADER, BGP_ERR_HEADER_NOT_SYNCHRONIZED, "Connection Not Synchronized" },
	{ BGP_ERR_HEADER, BGP_ERR_HEADER_BAD_LENGTH, "Bad Message Length" },
	{ BGP_ERR_HEADER, BGP_ERR_HEADER_BAD_TYPE, "Bad Message Type" },
	{ BGP_ERR_OPEN, 0, "OPEN Message Error" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_VERSION, "Unsupported Version Number" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_PEER_AS, "Bad Peer AS" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_IDENTIFIER, "Bad BGP Identifier" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_OPT_PARAM, "Unsupported Optional Parameter" },
	{ BGP_ERR_OPEN, 5, "Authentication Failure" }, /* deprecated, still seen */
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_HOLD_TIME, "Unacceptable Hold Time" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_CAPABILITY, "Unsupported Capability" },
	{ BGP_ERR_OPEN, BGP_ERR_OPEN_ROLE, "Role Mismatch" },
	{ BGP_ERR_UPDATE, 0, "UPDATE Message Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_MALFORMED, "Malformed Attribute List" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_UNKNOWN_WELL_KNOWN, "Unrecognized Well-known Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_MISSING_WELL_KNOWN, "Missing Well-known Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_FLAGS, "Attribute Flags Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_LENGTH, "Attribute Length Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_ORIGIN, "Invalid ORIGIN Attribute" },
	{ BGP_ERR_UPDATE, 7, "AS Routing Loop" }, /* deprecated */
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_NEXT_HOP, "Invalid NEXT_HOP Attribute" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_OPTIONAL, "Optional Attribute Error" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_NETWORK, "Invalid Network Field" },
	{ BGP_ERR_UPDATE, BGP_ERR_UPDATE_AS_PATH, "Malformed AS_PATH" },
	{ BGP_ERR_HOLD_TIMER, 0, "Hold Timer Expired" },
	{ BGP_ERR_FSM, 0, "Finite State Machine Error" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_OPENSENT, "Unexpected Message in OpenSent" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_OPENCONFIRM, "Unexpected Message in OpenConfirm" },
	{ BGP_ERR_FSM, BGP_ERR_FSM_ESTABLISHED, "Unexpected Message in Established" },
	{ BGP_ERR_CEASE, 0, "Cease" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_MAX_PREFIXES, "Maximum Number of Prefixes Reached" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_ADMIN_SHUTDOWN, "Administrative Shutdown" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_DECONFIGURED, "Peer De-configured" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_ADMIN_RESET, "Administrative Reset" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_REJECTED, "Connection Rejected" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_CONFIG_CHANGE, "Other Configuration Change" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_COLLISION, "Connection Collision Resolution" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_RESOURCES, "Out of Resources" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_HARD_RESET, "Hard Reset" },
	{ BGP_ERR_CEASE, BGP_ERR_CEASE_BFD_DOWN, "BFD Down" },
	{ BGP_ERR_ROUTE_REFRESH, 0, "ROUTE-REFRESH Message Error" },
	{ BGP_ERR_ROUTE_REFRESH, BGP_ERR_REFRESH_LENGTH, "Invalid Message Length" },
	{ BGP_ERR_SEND_HOLD_TIMER, 0, "Send Hold Timer Expired" },
};

static const char *name_find(uint8_t code, uint8_t subcode)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].code == code && names[i].subcode == subcode)
			return names[i].name;
	return NULL;
}

const char *bgp_error_name(uint8_t code)
{
	return name_find(code, 0);
}

const char *bgp_error_subcode_name(uint8_t code, uint8_t subcode)
{
	return subcode ? name_find(code, subcode) : NULL;
}

static bool utf8_is_valid(struct reader text)
{
	uint32_t c;
	for (size_t n; reader_left(&text) > 0; reader_bytes(&text, n)) {
		n = utf8_decode((const char *)text.p, reader_left(&text), &c);
		if (n == 0)
			return false;
	}
	return !text.failed;
}

/* Escapes all that is not plain text: the peer must not be able to forge log lines or control a
 * terminal. */
static void add_quoted(struct strbuf *sb, struct reader text)
{
	strbuf_add(sb, ": \"");
	while (reader_left(&text) > 0) {
		const char *at = (const char *)text.p;
		uint32_t c = 0;
		size_t n = utf8_decode(at, reader_left(&text), &c);
		if (n == 0 || sb->size - sb->len < n + 2) /* no half characters, and the quote */
			break;
		if (!utf8_kind(c))
			strbuf_add(sb, "%.*s", (int)n, at);
		reader_bytes(&text, n);
	}
	strbuf_add(sb, "\"");
}

/* IANA: Capability Codes. */
static const struct {
	uint8_t code;
	const char *name;
} capabilities[] = {
	{ BGP_CAP_MULTIPROTOCOL, "Multiprotocol" },
	{ BGP_CAP_ROUTE_REFRESH, "Route Refresh" },
	{ 5, "Extended Next Hop Encoding" },
	{ BGP_CAP_EXTENDED_MESSAGE, "Extended Message" },
	{ BGP_CAP_ROLE, "BGP Role" },
	{ BGP_CAP_GRACEFUL_RESTART, "Graceful Restart" },
	{ BGP_CAP_FOUR_OCTET_AS, "4-octet AS number" },
	{ 69, "ADD-PATH" },
	{ BGP_CAP_ENHANCED_REFRESH, "Enhanced Route Refresh" },
	{ BGP_CAP_LONG_LIVED_GRACEFUL_RESTART, "Long-Lived Graceful Restart" },
	{ 73, "FQDN" },
};

static void add_capability(struct strbuf *sb, uint8_t code, struct reader value)
{
	const char *name = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(capabilities) && !name; i++)
		if (capabilities[i].code == code)
			name = capabilities[i].name;
	if (name)
		strbuf_add(sb, "%s", name);
	else
		strbuf_add(sb, "capability %u", code);
	if (code != BGP_CAP_MULTIPROTOCOL || reader_left(&value) != 4)
		return;
	uint16_t afi = reader_u16(&value);
	reader_u8(&value);
	strbuf_add(sb, " AFI %u SAFI %u", afi, reader_u8(&value));
}

/* RFC 5492 5: the capabilities that are missing, as they are encoded in an OPEN. */
static bool add_capabilities(struct strbuf *sb, struct reader data)
{
	struct strbuf before = *sb;
	for (bool first = true; reader_left(&data) > 0 && !data.failed; first = false) {
		uint8_t code = reader_u8(&data);
		struct reader value = reader_sub(&data, reader_u8(&data));
		strbuf_add(sb, "%s", first ? " (" : ", ");
		add_capability(sb, code, value);
	}
	if (data.failed) {
		*sb = before;
		return false;
	}
	strbuf_add(sb, ")");
	return true;
}

/* RFC 4486 4: address family and limit. */
static bool add_limit(struct strbuf *sb, struct reader data)
{
	if (reader_left(&data) != 7)
		return false;
	uint16_t afi = reader_u16(&data);
	uint8_t safi = reader_u8(&data);
	uint32_t limit = reader_u32(&data);
	if (safi != BGP_SAFI_UNICAST || (afi != BGP_AFI_IPV4 && afi != BGP_AFI_IPV6))
		return false;
	strbuf_add(sb, " (%s unicast, limit %u)", afi == BGP_AFI_IPV4 ? "IPv4" : "IPv6", limit);
	return true;
}

/* Some routers put a text where no RFC has one. */
static bool is_text(struct reader data)
{
	size_t n = reader_left(&data);
	while (reader_left(&data) > 0) {
		uint8_t c = reader_u8(&data);
		if (c < 0x20 || c > 0x7e)
			return false;
	}
	return n >= 4;
}

static void add_octets(struct strbuf *sb, struct reader data)
{
	size_t n = 0;
	if (reader_left(&data) == 0)
		return;
	strbuf_add(sb, " (data");
	for (; n < 16 && reader_left(&data) > 0; n++)
		strbuf_add(sb, " %02x", reader_u8(&data));
	strbuf_add(sb, reader_left(&data) > 0 ? " …)" : ")");
}

static void add_data(struct strbuf *sb, uint8_t code, uint8_t subcode, struct reader data)
{
	if (reader_left(&data) == 0)
		return;
	if (code == BGP_ERR_OPEN && subcode == BGP_ERR_OPEN_CAPABILITY &&
	    add_capabilities(sb, data))
		return;
	if (code == BGP_ERR_CEASE && subcode == BGP_ERR_CEASE_MAX_PREFIXES && add_limit(sb, data))
		return;
	if (is_text(data))
		add_quoted(sb, data);
	else
		add_octets(sb, data);
}

/* RFC 9003 2: an octet of length, then that many octets of UTF-8. */
static void add_shutdown(struct strbuf *sb, struct reader data)
{
	struct reader all = data;
	if (reader_left(&data) == 0)
		return;
	struct reader text = reader_sub(&data, reader_u8(&data));
	if (!utf8_is_valid(text)) {
		strbuf_add(sb, ": unreadable text");
		add_octets(sb, all);
	} else if (reader_left(&text) > 0) {
		add_quoted(sb, text);
	}
}

static void add_name(struct strbuf *sb, uint8_t code, uint8_t subcode)
{
	const char *name = bgp_error_name(code), *sub = bgp_error_subcode_name(code, subcode);
	if (name)
		strbuf_add(sb, "%s", name);
	else
		strbuf_add(sb, "error %u", code);
	if (sub)
		strbuf_add(sb, "/%s", sub);
	else if (subcode || !name)
		strbuf_add(sb, "/%u", subcode);
}

static bool is_shutdown(uint8_t code, uint8_t subcode)
{
	return code == BGP_ERR_CEASE &&
	       (subcode == BGP_ERR_CEASE_ADMIN_SHUTDOWN || subcode == BGP_ERR_CEASE_ADMIN_RESET);
}

static void add_all(struct strbuf *sb, uint8_t code, uint8_t subcode, struct reader data)
{
	add_name(sb, code, subcode);
	if (is_shutdown(code, subcode))
		add_shutdown(sb, data);
	else
		add_data(sb, code, subcode, data);
}

char *bgp_notification_text(const struct bgp_notification *n, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	struct reader data = reader_over(bgp_notification_data(n), n->data_len);
	if (n->code != BGP_ERR_CEASE || n->subcode != BGP_ERR_CEASE_HARD_RESET || n->data_len < 2) {
		add_all(&sb, n->code, n->subcode, data);
		return buf;
	}
	/* RFC 8538 3.1: the NOTIFICATION that would have been sent is inside. */
	uint8_t code = reader_u8(&data), subcode = reader_u8(&data);
	strbuf_add(&sb, "Cease/Hard Reset: ");
	add_all(&sb, code, subcode, data);
	return buf;
}

/* The longest part of at most BGP_SHUTDOWN_TEXT_MAX bytes that does not end inside a character. */
static size_t shutdown_text_len(const char *text)
{
	size_t len = strnlen(text, BGP_SHUTDOWN_TEXT_MAX);
	while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

struct bgp_notification bgp_notification_shutdown(enum bgp_error_cease subcode, const char *text,
						  uint8_t data[static BGP_SHUTDOWN_DATA_MAX])
{
	struct bgp_notification n = { .code = BGP_ERR_CEASE, .subcode = (uint8_t)subcode };
	size_t len = text ? shutdown_text_len(text) : 0;
	if (len == 0)
		return n;
	data[0] = (uint8_t)len;
	memcpy(data + 1, text, len);
	n.data = data;
	n.data_len = 1 + len;
	return n;
}

struct bgp_notification bgp_notification_hard_reset(const struct bgp_notification *why,
						    uint8_t data[static BGP_HARD_RESET_DATA_MAX])
{
	size_t len = why->data_len < BGP_SHUTDOWN_DATA_MAX ? why->data_len : BGP_SHUTDOWN_DATA_MAX;
	data[0] = why->code;
	data[1] = why->subcode;
	memcpy(data + 2, bgp_notification_data(why), len);
	return (struct bgp_notification){ .code = BGP_ERR_CEASE,
					  .subcode = BGP_ERR_CEASE_HARD_RESET,
					  .data = data,
					  .data_len = 2 + len };
}
