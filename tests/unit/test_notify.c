/* SPDX-License-Identifier: MIT */
#include "bgp/notify.h"

#include "tests/unit/hex.h"

static const struct {
	const char *name;
	uint8_t code, subcode;
	const char *data, *text;
} texts[] = {
	{ "6.1", 1, 2, "0012", "Message Header Error/Bad Message Length (data 00 12)" },
	{ "6.2", 2, 2, "", "OPEN Message Error/Bad Peer AS" },
	{ "6.2 unspecific", 2, 0, "", "OPEN Message Error" },
	{ "6.3, long data", 3, 5, "400200112233445566778899aabbccddeeff",
	  "UPDATE Message Error/Attribute Length Error (data 40 02 00 11 22 33 44 55 66 77 88 99 "
	  "aa bb "
	  "cc dd …)" },
	{ "6.3, data of 17 octets", 3, 5, "400200112233445566778899aabbccddee",
	  "UPDATE Message Error/Attribute Length Error (data 40 02 00 11 22 33 44 55 66 77 88 99 "
	  "aa bb "
	  "cc dd …)" },
	{ "6.3, data of 16 octets", 3, 5, "400200112233445566778899aabbccdd",
	  "UPDATE Message Error/Attribute Length Error (data 40 02 00 11 22 33 44 55 66 77 88 99 "
	  "aa bb "
	  "cc dd)" },
	{ "hold timer", 4, 0, "", "Hold Timer Expired" },
	{ "6608", 5, 2, "", "Finite State Machine Error/Unexpected Message in OpenConfirm" },
	{ "4486", 6, 7, "", "Cease/Connection Collision Resolution" },
	{ "4486 maximum", 6, 1, "00010100000064",
	  "Cease/Maximum Number of Prefixes Reached (IPv4 unicast, limit 100)" },
	{ "4486 maximum, another family", 6, 1, "00194600000064",
	  "Cease/Maximum Number of Prefixes Reached (data 00 19 46 00 00 00 64)" },
	{ "4486 maximum, short", 6, 1, "000101",
	  "Cease/Maximum Number of Prefixes Reached (data 00 01 01)" },
	{ "5492 capabilities", 2, 7, "0900 0104 00020001 c800",
	  "OPEN Message Error/Unsupported Capability (BGP Role, Multiprotocol AFI 2 SAFI 1, "
	  "capability 200)" },
	{ "5492 capabilities, cut", 2, 7, "0104 0002",
	  "OPEN Message Error/Unsupported Capability (data 01 04 00 02)" },
	{ "a text where none belongs", 6, 5, "6e6f 2070 6565 72",
	  "Cease/Connection Rejected: \"no peer\"" },
	{ "a text of three", 6, 5, "6e6f 20", "Cease/Connection Rejected (data 6e 6f 20)" },
	{ "a text of four", 6, 5, "6e6f 207e", "Cease/Connection Rejected: \"no ~\"" },
	{ "a text with DEL", 6, 5, "6e6f 7f7e", "Cease/Connection Rejected (data 6e 6f 7f 7e)" },
	{ "a text with a control", 6, 5, "6e6f 1f7e",
	  "Cease/Connection Rejected (data 6e 6f 1f 7e)" },
	{ "4486 maximum, IPv6", 6, 1, "00020100000001",
	  "Cease/Maximum Number of Prefixes Reached (IPv6 unicast, limit 1)" },
	{ "4486 maximum, multicast", 6, 1, "00010200000064",
	  "Cease/Maximum Number of Prefixes Reached (data 00 01 02 00 00 00 64)" },
	{ "4486 maximum, long", 6, 1, "0001010000006400",
	  "Cease/Maximum Number of Prefixes Reached (data 00 01 01 00 00 00 64 00)" },
	{ "a limit of another subcode", 6, 2, "07 000101000000",
	  "Cease/Administrative Shutdown: unreadable text (data 07 00 01 01 00 00 00)" },
	{ "5492 one capability", 2, 7, "4100",
	  "OPEN Message Error/Unsupported Capability (4-octet AS number)" },
	{ "5492 an octet behind a capability", 2, 7, "4100 41",
	  "OPEN Message Error/Unsupported Capability (data 41 00 41)" },
	{ "a text that ends with a control", 6, 5, "6e6f 200a",
	  "Cease/Connection Rejected (data 6e 6f 20 0a)" },
	{ "5492 multiprotocol of another length", 2, 7, "0102 0001",
	  "OPEN Message Error/Unsupported Capability (Multiprotocol)" },
	{ "5492 four octets of another", 2, 7, "0204 00010001",
	  "OPEN Message Error/Unsupported Capability (Route Refresh)" },
	{ "5492 all names", 2, 7, "0500 0600 0900 4000 4500 4600 4700 4900",
	  "OPEN Message Error/Unsupported Capability (Extended Next Hop Encoding, Extended "
	  "Message, BGP Role, Graceful Restart, ADD-PATH, Enhanced Route Refresh, Long-Lived "
	  "Graceful Restart, FQDN)" },
	{ "capabilities with another subcode", 2, 6, "4100",
	  "OPEN Message Error/Unacceptable Hold Time (data 41 00)" },
	{ "8538 hard reset of two octets", 6, 9, "0400", "Cease/Hard Reset: Hold Timer Expired" },
	{ "7313", 7, 1, "", "ROUTE-REFRESH Message Error/Invalid Message Length" },
	{ "9687", 8, 0, "", "Send Hold Timer Expired" },
	{ "9384", 6, 10, "", "Cease/BFD Down" },
	{ "unknown subcode", 6, 99, "", "Cease/99" },
	{ "unknown subcode of a code without any", 4, 1, "", "Hold Timer Expired/1" },
	{ "unknown code", 200, 3, "01", "error 200/3 (data 01)" },

	{ "9003 shutdown", 6, 2, "04 67 6f 6e 65", "Cease/Administrative Shutdown: \"gone\"" },
	{ "9003 reset", 6, 4, "04 67 6f 6e 65", "Cease/Administrative Reset: \"gone\"" },
	{ "9003 no text", 6, 2, "", "Cease/Administrative Shutdown" },
	{ "9003 empty text", 6, 2, "00", "Cease/Administrative Shutdown" },
	{ "9003 one octet", 6, 2, "01 78", "Cease/Administrative Shutdown: \"x\"" },
	{ "9003 UTF-8", 6, 2, "07 c3a4 e282ac 2e 41", "Cease/Administrative Shutdown: \"ä€.A\"" },
	{ "9003 four octets", 6, 2, "04 f09f9880", "Cease/Administrative Shutdown: \"😀\"" },
	{ "9003 control characters", 6, 2, "09 61 0a 62 1b 5b 00 7f c285",
	  "Cease/Administrative Shutdown: \"ab[\"" },
	{ "9003 direction of writing", 6, 2, "08 61 e280ae e281a6 62",
	  "Cease/Administrative Shutdown: \"ab\"" },
	{ "9003 length beyond the data", 6, 2, "05 67 6f 6e 65",
	  "Cease/Administrative Shutdown: unreadable text (data 05 67 6f 6e 65)" },
	{ "9003 length far beyond the data", 6, 2, "ff 67",
	  "Cease/Administrative Shutdown: unreadable text (data ff 67)" },
	{ "9003 data beyond the length", 6, 2, "03 67 6f 6e 65",
	  "Cease/Administrative Shutdown: \"gon\"" },
	{ "9003 no UTF-8", 6, 2, "02 61 ff",
	  "Cease/Administrative Shutdown: unreadable text (data 02 61 ff)" },
	{ "UTF-8 overlong of 2", 6, 2, "02 c080",
	  "Cease/Administrative Shutdown: unreadable text (data 02 c0 80)" },
	{ "UTF-8 overlong of 3", 6, 2, "03 e08080",
	  "Cease/Administrative Shutdown: unreadable text (data 03 e0 80 80)" },
	{ "UTF-8 overlong of 4", 6, 2, "04 f0808080",
	  "Cease/Administrative Shutdown: unreadable text (data 04 f0 80 80 80)" },
	{ "UTF-8 surrogate", 6, 2, "03 eda080",
	  "Cease/Administrative Shutdown: unreadable text (data 03 ed a0 80)" },
	{ "UTF-8 beyond U+10FFFF", 6, 2, "04 f4908080",
	  "Cease/Administrative Shutdown: unreadable text (data 04 f4 90 80 80)" },
	{ "UTF-8 cut", 6, 2, "02 e282",
	  "Cease/Administrative Shutdown: unreadable text (data 02 e2 82)" },
	{ "UTF-8 continuation first", 6, 2, "01 80",
	  "Cease/Administrative Shutdown: unreadable text (data 01 80)" },
	{ "text with another subcode is data", 6, 3, "01 61",
	  "Cease/Peer De-configured (data 01 61)" },
	{ "8538 hard reset", 6, 9, "0602 04 67 6f 6e 65",
	  "Cease/Hard Reset: Cease/Administrative Shutdown: \"gone\"" },
	{ "8538 hard reset in itself", 6, 9, "0609 0609",
	  "Cease/Hard Reset: Cease/Hard Reset (data 06 09)" },
	{ "8538 hard reset without data", 6, 9, "", "Cease/Hard Reset" },
	{ "8538 hard reset, cut", 6, 9, "06", "Cease/Hard Reset (data 06)" },
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct hex h = hex_parse(texts[i].data);
		struct bgp_notification n = { .code = texts[i].code,
					      .subcode = texts[i].subcode,
					      .data = h.p,
					      .data_len = h.n };
		char text[BGP_NOTIFICATION_TEXT_MAX];
		assert_text(texts[i].name, bgp_notification_text(&n, text, sizeof(text)),
			    texts[i].text);
		hex_done(&h);
	}
}

static void test_own_data(void **state)
{
	(void)state;
	struct bgp_notification n = { .code = 2, .subcode = 1, .own = { 0, 4 }, .data_len = 2 };
	char text[BGP_NOTIFICATION_TEXT_MAX];
	assert_string_equal(bgp_notification_text(&n, text, sizeof(text)),
			    "OPEN Message Error/Unsupported Version Number (data 00 04)");
}

/* Whatever the size, a text, and no byte behind it. */
static void test_small_buffers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct hex h = hex_parse(texts[i].data);
		struct bgp_notification n = { .code = texts[i].code,
					      .subcode = texts[i].subcode,
					      .data = h.p,
					      .data_len = h.n };
		for (size_t size = 1; size < 120; size++) {
			char *text = hex_room(size);
			assert_ptr_equal(bgp_notification_text(&n, text, size), text);
			assert_true(strlen(text) < size);
			free(text);
		}
		hex_done(&h);
	}
}

/* Cut in front of a character that does not fit with the quote behind it. */
static void test_cut_text(void **state)
{
	(void)state;
	static const char head[] = "Cease/Administrative Shutdown: \"";
	static const char *const fits[] = { "", "", "ä", "ä", "ä", "ä€", "ä€.", "ä€.A", "ä€.A" };
	const size_t least = strlen(head) + 1;
	struct hex h = hex_parse("07 c3a4 e282ac 2e 41");
	struct bgp_notification n = { .code = 6, .subcode = 2, .data = h.p, .data_len = h.n };
	for (size_t more = 0; more < ARRAY_SIZE(fits); more++) {
		char expected[80], text[80];
		snprintf(expected, sizeof(expected), "%s%s\"", head, fits[more]);
		bgp_notification_text(&n, text, least + 1 + more);
		assert_string_equal(text, expected);
	}
	for (size_t size = 1; size <= least; size++) {
		char text[80];
		bgp_notification_text(&n, text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, head, size - 1);
	}
	hex_done(&h);
}

/* The longest text there can be fits BGP_NOTIFICATION_TEXT_MAX with its closing quote. */
static void test_longest_text(void **state)
{
	(void)state;
	uint8_t data[2 + 1 + 255] = { 6, 2, 255 };
	memset(data + 3, 'x', 255);
	struct bgp_notification n = {
		.code = 6, .subcode = 9, .data = data, .data_len = sizeof(data)
	};
	char text[BGP_NOTIFICATION_TEXT_MAX];
	bgp_notification_text(&n, text, sizeof(text));
	assert_true(strlen(text) > 255);
	assert_string_equal(text + strlen(text) - 3, "xx\"");
}

static void test_shutdown(void **state)
{
	(void)state;
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification n =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, "going home", data);
	assert_notification("text", &n, 6, 2, "0a 676f696e6720686f6d65");
	n = bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_RESET, NULL, data);
	assert_notification("none", &n, 6, 4, "");
	n = bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, "", data);
	assert_notification("empty", &n, 6, 2, "");
}

/* Cut at 255 octets, or before the character that does not fit whole. */
static void test_shutdown_is_cut(void **state)
{
	(void)state;
	static const struct {
		size_t ascii;
		const char *end;
		size_t want;
	} cases[] = { { 255, "", 255 },     { 256, "", 255 },   { 600, "", 255 },
		      { 253, "ä", 255 },    { 254, "ä", 254 },  { 253, "€", 253 },
		      { 252, "€", 255 },    { 251, "😀", 255 },  { 252, "😀x", 252 },
		      { 252, "€€€€", 255 }, { 253, "xxä", 255 } };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[700], out[BGP_NOTIFICATION_TEXT_MAX];
		uint8_t data[BGP_SHUTDOWN_DATA_MAX];
		memset(text, 'a', cases[i].ascii);
		snprintf(text + cases[i].ascii, sizeof(text) - cases[i].ascii, "%s", cases[i].end);
		struct bgp_notification n =
			bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data);
		assert_int_equal(n.data_len, 1 + cases[i].want);
		assert_int_equal(n.data[0], cases[i].want);
		bgp_notification_text(&n, out, sizeof(out));
		assert_null(strstr(out, "unreadable"));
	}
	/* No character begins at all. */
	char text[300] = "";
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	memset(text, 0x80, sizeof(text) - 1);
	assert_int_equal(
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data).data_len, 0);
}

/* RFC 8538 3.1 */
static void test_hard_reset(void **state)
{
	(void)state;
	char text[BGP_NOTIFICATION_TEXT_MAX];
	uint8_t inner[BGP_SHUTDOWN_DATA_MAX], data[BGP_HARD_RESET_DATA_MAX], big[1000] = { 0 };
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, "bye", inner);
	struct bgp_notification n = bgp_notification_hard_reset(&why, data);
	assert_int_equal(n.code, BGP_ERR_CEASE);
	assert_int_equal(n.subcode, BGP_ERR_CEASE_HARD_RESET);
	assert_int_equal(n.data_len, 6);
	assert_memory_equal(n.data,
			    "\x06\x02\x03"
			    "bye",
			    6);
	assert_string_equal(bgp_notification_text(&n, text, sizeof(text)),
			    "Cease/Hard Reset: Cease/Administrative Shutdown: \"bye\"");
	why = (struct bgp_notification){ .code = BGP_ERR_CEASE, .data = big, .data_len = 1000 };
	assert_int_equal(bgp_notification_hard_reset(&why, data).data_len, BGP_HARD_RESET_DATA_MAX);
}

/* IANA: BGP Error (Notification) Codes and the registries of their subcodes. */
static const struct {
	uint8_t code, subcode;
	const char *name;
} assigned[] = {
	{ 1, 0, "Message Header Error" },
	{ 1, 1, "Connection Not Synchronized" },
	{ 1, 2, "Bad Message Length" },
	{ 1, 3, "Bad Message Type" },
	{ 2, 0, "OPEN Message Error" },
	{ 2, 1, "Unsupported Version Number" },
	{ 2, 2, "Bad Peer AS" },
	{ 2, 3, "Bad BGP Identifier" },
	{ 2, 4, "Unsupported Optional Parameter" },
	{ 2, 5, "Authentication Failure" },
	{ 2, 6, "Unacceptable Hold Time" },
	{ 2, 7, "Unsupported Capability" },
	{ 2, 11, "Role Mismatch" },
	{ 3, 0, "UPDATE Message Error" },
	{ 3, 1, "Malformed Attribute List" },
	{ 3, 2, "Unrecognized Well-known Attribute" },
	{ 3, 3, "Missing Well-known Attribute" },
	{ 3, 4, "Attribute Flags Error" },
	{ 3, 5, "Attribute Length Error" },
	{ 3, 6, "Invalid ORIGIN Attribute" },
	{ 3, 7, "AS Routing Loop" },
	{ 3, 8, "Invalid NEXT_HOP Attribute" },
	{ 3, 9, "Optional Attribute Error" },
	{ 3, 10, "Invalid Network Field" },
	{ 3, 11, "Malformed AS_PATH" },
	{ 4, 0, "Hold Timer Expired" },
	{ 5, 0, "Finite State Machine Error" },
	{ 5, 1, "Unexpected Message in OpenSent" },
	{ 5, 2, "Unexpected Message in OpenConfirm" },
	{ 5, 3, "Unexpected Message in Established" },
	{ 6, 0, "Cease" },
	{ 6, 1, "Maximum Number of Prefixes Reached" },
	{ 6, 2, "Administrative Shutdown" },
	{ 6, 3, "Peer De-configured" },
	{ 6, 4, "Administrative Reset" },
	{ 6, 5, "Connection Rejected" },
	{ 6, 6, "Other Configuration Change" },
	{ 6, 7, "Connection Collision Resolution" },
	{ 6, 8, "Out of Resources" },
	{ 6, 9, "Hard Reset" },
	{ 6, 10, "BFD Down" },
	{ 7, 0, "ROUTE-REFRESH Message Error" },
	{ 7, 1, "Invalid Message Length" },
	{ 8, 0, "Send Hold Timer Expired" },
};

static const char *assigned_name(unsigned code, unsigned subcode)
{
	for (size_t i = 0; i < ARRAY_SIZE(assigned); i++)
		if (assigned[i].code == code && assigned[i].subcode == subcode)
			return assigned[i].name;
	return NULL;
}

static void test_every_name(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 16; code++)
		for (unsigned subcode = 0; subcode < 16; subcode++) {
			const char *wanted = assigned_name(code, subcode);
			const char *got =
				subcode ? bgp_error_subcode_name((uint8_t)code, (uint8_t)subcode)
					: bgp_error_name((uint8_t)code);
			if (!wanted != !got || (wanted && strcmp(wanted, got) != 0))
				fail_msg("%u/%u: '%s'", code, subcode, got ? got : "none");
		}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(bgp_error_name(6), "Cease");
	assert_null(bgp_error_name(0));
	assert_null(bgp_error_name(9));
	assert_string_equal(bgp_error_subcode_name(3, 11), "Malformed AS_PATH");
	assert_null(bgp_error_subcode_name(3, 0));
	assert_null(bgp_error_subcode_name(3, 12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),          cmocka_unit_test(test_own_data),
		cmocka_unit_test(test_small_buffers), cmocka_unit_test(test_longest_text),
		cmocka_unit_test(test_shutdown),      cmocka_unit_test(test_shutdown_is_cut),
		cmocka_unit_test(test_every_name),    cmocka_unit_test(test_names),
		cmocka_unit_test(test_hard_reset),    cmocka_unit_test(test_cut_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
