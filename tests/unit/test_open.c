/* SPDX-License-Identifier: MIT */
#include "bgp/open.h"

#include "bgp/codec.h"
#include "tests/unit/hex.h"

enum {
	CAPS = 1,
	V4 = 2,
	V6 = 4,
	MP = 8,
	REFRESH = 16,
	ENHANCED = 32,
	EXTENDED = 64,
	AS4 = 128,
	PARAMS_EXT = 256,
	NEXT_HOP6 = 512,
};

static unsigned flags_of(const struct bgp_open *o)
{
	return (o->has_capabilities ? CAPS : 0) | (o->ipv4_unicast ? V4 : 0) |
	       (o->ipv6_unicast ? V6 : 0) | (o->multiprotocol ? MP : 0) |
	       (o->route_refresh ? REFRESH : 0) | (o->enhanced_refresh ? ENHANCED : 0) |
	       (o->extended_messages ? EXTENDED : 0) | (o->four_octet_as ? AS4 : 0) |
	       (o->extended_params ? PARAMS_EXT : 0) | (o->extended_next_hop ? NEXT_HOP6 : 0);
}

/* Bodies. The named daemons' are captures of what Debian 12 packages send. */
static const struct {
	const char *name, *hex;
	uint32_t as;
	uint16_t hold_time;
	uint32_t router_id;
	unsigned flags;
} accepted[] = {
	{ "BIRD 2.0.12",
	  "045ba000f00a0900021e021c0104000100010104000200010200400200784104fa56ea0246004700",
	  4200000002, 240, 0x0a090002, CAPS | MP | V4 | V6 | REFRESH | ENHANCED | AS4 },
	{ "FRR 8.4.4, a parameter for each capability",
	  "04fdea00b40a0900025402060104000100010206010400020001020280000202020002024600020641040000"
	  "fdea02020600020a450800010101000201010206490402766d0002044002c0780210470e0001018000000000"
	  "020180000000",
	  65002, 180, 0x0a090002, CAPS | MP | V4 | V6 | REFRESH | ENHANCED | EXTENDED | AS4 },
	{ "GoBGP 3.10",
	  "045ba0005a0a0900022402220200490402766d000104000100010104000200014104fa56ea02050600010001"
	  "0002",
	  4200000002, 90, 0x0a090002, CAPS | MP | V4 | V6 | REFRESH | AS4 | NEXT_HOP6 },
	{ "ExaBGP 4.2.21",
	  "04fdea00b40a0900021c02060104000100010206010400020001020641040000fdea02020600", 65002,
	  180, 0x0a090002, CAPS | MP | V4 | V6 | EXTENDED | AS4 },
	{ "OpenBGPD 7.7",
	  "045ba0005a0a0900021a02180104000100010104000200010200400280004104fa56ea02", 4200000002,
	  90, 0x0a090002, CAPS | MP | V4 | V6 | REFRESH | AS4 },
	{ "no capabilities: 5492 fallback", "04fde9005ac000020100", 65001, 90, 0xc0000201, 0 },
	{ "smallest AS number", "0400 01005ac000020100", 1, 90, 0xc0000201, 0 },
	{ "hold time 0", "04fde90000c000020100", 65001, 0, 0xc0000201, 0 },
	{ "hold time 3", "04fde90003c000020100", 65001, 3, 0xc0000201, 0 },
	{ "hold time 65535", "04fde9ffffc000020100", 65001, 65535, 0xc0000201, 0 },
	{ "6286: identifier need not be an address", "04fde9005affffffff00", 65001, 90, 0xffffffff,
	  0 },
	{ "empty capabilities parameter", "04fde9005ac0000201020200", 65001, 90, 0xc0000201, CAPS },
	{ "family that is not known", "04fde9005ac00002010802060104001900 46", 65001, 90,
	  0xc0000201, CAPS | MP },
	{ "IPv4 multicast is not unicast", "04fde9005ac00002010802060104000100 02", 65001, 90,
	  0xc0000201, CAPS | MP },
	{ "unknown capabilities, also with data", "04fde9005ac000020109 0207 fe00 ff03 010203",
	  65001, 90, 0xc0000201, CAPS },
	{ "duplicates", "04fde9005ac0000201 0e 0204 0200 0200 0206 0200 4600 4600", 65001, 90,
	  0xc0000201, CAPS | REFRESH | ENHANCED },
	{ "known capabilities of a wrong length",
	  "04fde9005ac0000201 18 0216 0103000100 020100 060100 410200 01 460100 0100 4100", 65001,
	  90, 0xc0000201, CAPS },
	{ "8950: IPv4 unicast is the second of two",
	  "04fde9005ac0000201 10 020e 050c 000100800002 000100010002", 65001, 90, 0xc0000201,
	  CAPS | NEXT_HOP6 },
	{ "8950: other families and next hops, a length of 5, none at all",
	  "04fde9005ac0000201 1d 021b 0512 000100020002 000200010002 000100010001 0505 0001000100",
	  65001, 90, 0xc0000201, CAPS },
	{ "9072: extended though short", "04fde9005ac0000201 ff ff 0009 02 0006 010400010001",
	  65001, 90, 0xc0000201, CAPS | MP | V4 | PARAMS_EXT },
	{ "9072: non-extended length does not matter",
	  "04fde9005ac0000201 01 ff 0009 02 0006 010400020001", 65001, 90, 0xc0000201,
	  CAPS | MP | V6 | PARAMS_EXT },
	{ "9072: no parameters", "04fde9005ac0000201 ff ff 0000", 65001, 90, 0xc0000201,
	  PARAMS_EXT },
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct hex h = hex_parse(accepted[i].hex);
		struct bgp_open o;
		struct bgp_notification error = { 0 };
		if (!bgp_open_decode(hex_reader(&h), &o, &error))
			fail_msg("%s: error %u/%u", accepted[i].name, error.code, error.subcode);
		if (o.version != 4 || o.as != accepted[i].as ||
		    o.hold_time != accepted[i].hold_time || o.router_id != accepted[i].router_id ||
		    flags_of(&o) != accepted[i].flags)
			fail_msg("%s: got AS %u hold %u id %x flags %x", accepted[i].name, o.as,
				 o.hold_time, o.router_id, flags_of(&o));
		hex_done(&h);
	}
}

static const struct {
	const char *name, *hex;
	uint8_t subcode;
	const char *data;
} refused[] = {
	{ "6.2 version 3", "03fde9005ac000020100", 1, "0004" },
	{ "6.2 version 5 with another format", "05ffff", 0, "" },
	{ "6.2 version 5", "05fde9005ac0000201ff", 1, "0004" },
	{ "6.2 version 0", "00fde9005ac000020100", 1, "0004" },
	{ "7607 AS 0", "040000005ac000020100", 2, "" },
	{ "7607 AS 0 in the capability", "045ba0005ac000020108 0206 4104 00000000", 2, "" },
	{ "6793 AS_TRANS without the capability", "045ba0005ac000020100", 2, "" },
	{ "6793 AS_TRANS in the capability", "045ba0005ac000020108 0206 4104 00005ba0", 2, "" },
	{ "6793 AS_TRANS, capability of a wrong length", "045ba0005ac000020105 0203 4101 00", 2,
	  "" },
	{ "6.2 hold time 1", "04fde90001c000020100", 6, "" },
	{ "6.2 hold time 2", "04fde90002c000020100", 6, "" },
	{ "6286 identifier 0", "04fde9005a0000000000", 3, "" },
	{ "6.2 parameter: authentication (1)", "04fde9005ac000020103 0101 00", 4, "" },
	{ "6.2 parameter: unknown (3)", "04fde9005ac000020102 0300", 4, "" },
	{ "6.2 parameter: unknown behind a good one", "04fde9005ac000020106 0202 0200 fe00", 4,
	  "" },
	{ "9072 parameter 255 inside the extended format", "04fde9005ac0000201 ff ff 0003 ff0000",
	  4, "" },
	{ "6.2 parameters shorter than the message", "04fde9005ac0000201 00 00", 0, "" },
	{ "6.2 parameters longer than the message", "04fde9005ac0000201 05 0202 0200", 0, "" },
	{ "9072 the extended format announced by 0", "04fde9005ac0000201 00 ff 0000", 0, "" },
	{ "6.2 length of a parameter missing", "04fde9005ac0000201 01 02", 0, "" },
	{ "6.2 parameter too long", "04fde9005ac0000201 04 0203 0200", 0, "" },
	{ "6.2 parameter too short, the rest is another", "04fde9005ac0000201 04 0201 0200", 0,
	  "" },
	{ "5492 capability too long", "04fde9005ac0000201 04 0202 0201", 0, "" },
	{ "5492 capability without a length", "04fde9005ac0000201 05 0203 0200 02", 0, "" },
	{ "9072 length too long", "04fde9005ac0000201 ff ff 000a 02 0006 010400010001", 0, "" },
	{ "9072 length too short", "04fde9005ac0000201 ff ff 0008 02 0006 010400010001", 0, "" },
	{ "9072 length cut", "04fde9005ac0000201 ff ff 00", 0, "" },
	{ "9072 parameter length of one octet", "04fde9005ac0000201 ff ff 0008 02 06 010400010001",
	  0, "" },
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct hex h = hex_parse(refused[i].hex);
		struct bgp_open o;
		struct bgp_notification error = { 0 };
		if (bgp_open_decode(hex_reader(&h), &o, &error))
			fail_msg("%s: accepted", refused[i].name);
		assert_notification(refused[i].name, &error, BGP_ERR_OPEN, refused[i].subcode,
				    refused[i].data);
		hex_done(&h);
	}
}

/* Cut anywhere, and with any octet one more or less: never a read beyond the end, and a cut one is
 * never accepted. */
static void test_damaged(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct hex h = hex_parse(accepted[i].hex);
		struct bgp_open o;
		struct bgp_notification error;
		for (size_t n = 0; n < h.n; n++) {
			struct hex cut = hex_copy(h.p, n);
			if (bgp_open_decode(hex_reader(&cut), &o, &error))
				fail_msg("%s: accepted %zu bytes", accepted[i].name, n);
			hex_done(&cut);
			h.p[n]++;
			bgp_open_decode(hex_reader(&h), &o, &error);
			h.p[n] = (uint8_t)(h.p[n] - 2);
			bgp_open_decode(hex_reader(&h), &o, &error);
			h.p[n]++;
		}
		hex_done(&h);
	}
}

/* 9072: more than 255 octets of capabilities, in one parameter. */
static void test_large_extended(void **state)
{
	(void)state;
	uint8_t buf[1024];
	struct writer w = writer_over(buf, sizeof(buf));
	struct hex head = hex_parse("04 5ba0 005a c0000201 ff ff");
	writer_bytes(&w, head.p, head.n);
	size_t params = writer_open_u16(&w);
	writer_u8(&w, BGP_OPT_PARAM_CAPABILITIES);
	size_t capabilities = writer_open_u16(&w);
	for (int i = 0; i < 5; i++) {
		static const uint8_t zero[100];
		writer_u8(&w, 200);
		writer_u8(&w, sizeof(zero));
		writer_bytes(&w, zero, sizeof(zero));
	}
	writer_u8(&w, BGP_CAP_FOUR_OCTET_AS);
	writer_u8(&w, 4);
	writer_u32(&w, 4200000001);
	writer_close_u16(&w, capabilities);
	writer_close_u16(&w, params);
	assert_false(w.failed);

	struct bgp_open o;
	struct bgp_notification error;
	assert_true(bgp_open_decode(reader_over(buf, w.len), &o, &error));
	assert_int_equal(o.as, 4200000001);
	assert_int_equal(flags_of(&o), CAPS | AS4 | PARAMS_EXT);
	hex_done(&head);
}

/* RFC 4724 3, RFC 8538 2. */
static const struct {
	const char *name, *params;
	struct bgp_graceful want;
} graceful[] = {
	{ "none", "02 0200", { 0 } },
	{ "BIRD 2.0.12: helps others only",
	  "06 0204 4002 0078",
	  { .offered = true, .restart_time = 120 } },
	{ "FRR 8.4.4: the same, just started, N",
	  "06 0204 4002 c078",
	  { .offered = true, .restarting = true, .notification = true, .restart_time = 120 } },
	{ "longest time, both families, forwarding IPv6",
	  "0e 020c 400a 0fff 00010100 00020180",
	  { .offered = true,
	    .restart_time = 4095,
	    .ipv4 = { .listed = true },
	    .ipv6 = { .listed = true, .forwarding = true } } },
	{ "reserved bits mean nothing",
	  "0a 0208 4006 3001 0001017f",
	  { .offered = true, .restart_time = 1, .ipv4 = { .listed = true } } },
	{ "families that are not ours",
	  "0e 020c 400a 0078 00190180 00010280",
	  { .offered = true, .restart_time = 120 } },
	{ "the last one counts",
	  "0e 020c 4006 807800010180 4002 4001",
	  { .offered = true, .notification = true, .restart_time = 1 } },
	{ "a broken one does not count",
	  "0d 020b 4002 0078 4005 8001000101",
	  { .offered = true, .restart_time = 120 } },
	{ "an empty one does not count", "04 0202 4000", { 0 } },
	{ "time 0", "06 0204 4002 0000", { .offered = true } },
};

/* RFC 9234 4. */
static const struct {
	const char *name, *params;
	enum bgp_role want;
} roles[] = {
	{ "none", "02 0200", BGP_ROLE_NONE },
	{ "provider", "05 0203 0901 00", BGP_ROLE_PROVIDER },
	{ "rs", "05 0203 0901 01", BGP_ROLE_RS },
	{ "rs-client", "05 0203 0901 02", BGP_ROLE_RS_CLIENT },
	{ "customer", "05 0203 0901 03", BGP_ROLE_CUSTOMER },
	{ "peer", "05 0203 0901 04", BGP_ROLE_PEER },
	{ "the first number that is not assigned", "05 0203 0901 05", BGP_ROLE_UNKNOWN },
	{ "255", "05 0203 0901 ff", BGP_ROLE_UNKNOWN },
	{ "twice the same is one", "0a 0203 0901 03 0203 0901 03", BGP_ROLE_CUSTOMER },
	{ "4.2 two that differ", "08 0206 0901 03 0901 04", BGP_ROLE_CONTRADICTS },
	{ "and the first again", "0b 0209 0901 03 0901 04 0901 03", BGP_ROLE_CONTRADICTS },
	{ "of a wrong length", "0a 0208 0902 0303 0900 0100", BGP_ROLE_NONE },
};

static void test_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		char text[200];
		struct bgp_notification error;
		struct bgp_open o;
		snprintf(text, sizeof(text), "04 fde9 005a c0000201 %s", roles[i].params);
		struct hex h = hex_parse(text);
		if (!bgp_open_decode(hex_reader(&h), &o, &error))
			fail_msg("%s: error %u/%u", roles[i].name, error.code, error.subcode);
		if (o.role != roles[i].want)
			fail_msg("%s: got %s", roles[i].name, bgp_role_name(o.role));
		hex_done(&h);
	}
}

static void assert_graceful(const char *name, const struct bgp_graceful *got,
			    const struct bgp_graceful *want)
{
	if (got->offered != want->offered || got->restarting != want->restarting ||
	    got->notification != want->notification || got->restart_time != want->restart_time ||
	    got->ipv4.listed != want->ipv4.listed ||
	    got->ipv4.forwarding != want->ipv4.forwarding ||
	    got->ipv6.listed != want->ipv6.listed || got->ipv6.forwarding != want->ipv6.forwarding)
		fail_msg("%s: got %d, R %d, N %d, %u s, IPv4 %d %d, IPv6 %d %d", name, got->offered,
			 got->restarting, got->notification, got->restart_time, got->ipv4.listed,
			 got->ipv4.forwarding, got->ipv6.listed, got->ipv6.forwarding);
}

/* RFC 9494 3. */
static const struct {
	const char *name, *params;
	struct bgp_long_lived want;
} long_lived[] = {
	{ "none", "02 0200", { 0 } },
	{ "of no family", "04 0202 4700", { .offered = true } },
	{ "both families, the longest time, forwarding IPv6",
	  "12 0210 470e 00010100ffffff 00020180000001",
	  { .offered = true,
	    .ipv4 = { .listed = true, .stale_time = 0xffffff },
	    .ipv6 = { .listed = true, .forwarding = true, .stale_time = 1 } } },
	{ "reserved bits mean nothing",
	  "0b 0209 4707 0001017f000e10",
	  { .offered = true, .ipv4 = { .listed = true, .stale_time = 3600 } } },
	{ "a family that is not ours", "0b 0209 4707 00190180000e10", { .offered = true } },
	{ "the last one counts", "0d 020b 4707 00010100000e10 4700", { .offered = true } },
	{ "a broken one does not count", "0a 0208 4706 00010100000e", { 0 } },
};

static void assert_long_lived_family(const char *name, const struct bgp_long_lived_family *got,
				     const struct bgp_long_lived_family *want)
{
	if (got->listed != want->listed || got->forwarding != want->forwarding ||
	    got->stale_time != want->stale_time)
		fail_msg("%s: got %d %d %u", name, got->listed, got->forwarding, got->stale_time);
}

static void test_long_lived(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(long_lived); i++) {
		char text[200];
		struct bgp_notification error;
		struct bgp_open o;
		snprintf(text, sizeof(text), "04 fde9 005a c0000201 %s", long_lived[i].params);
		struct hex h = hex_parse(text);
		if (!bgp_open_decode(hex_reader(&h), &o, &error))
			fail_msg("%s: error %u/%u", long_lived[i].name, error.code, error.subcode);
		assert_int_equal(o.long_lived.offered, long_lived[i].want.offered);
		assert_long_lived_family(long_lived[i].name, &o.long_lived.ipv4,
					 &long_lived[i].want.ipv4);
		assert_long_lived_family(long_lived[i].name, &o.long_lived.ipv6,
					 &long_lived[i].want.ipv6);
		hex_done(&h);
	}
}

static void test_graceful(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(graceful); i++) {
		char text[200];
		struct bgp_notification error;
		struct bgp_open o;
		snprintf(text, sizeof(text), "04 fde9 005a c0000201 %s", graceful[i].params);
		struct hex h = hex_parse(text);
		if (!bgp_open_decode(hex_reader(&h), &o, &error))
			fail_msg("%s: error %u/%u", graceful[i].name, error.code, error.subcode);
		assert_graceful(graceful[i].name, &o.graceful, &graceful[i].want);
		hex_done(&h);
	}
}

static const struct bgp_open everything = {
	.version = 4,
	.as = 4200000001,
	.hold_time = 90,
	.router_id = 0xc0000201,
	.has_capabilities = true,
	.four_octet_as = true,
	.route_refresh = true,
	.enhanced_refresh = true,
	.extended_messages = true,
	.ipv4_unicast = true,
	.ipv6_unicast = true,
};

static void check_encoded(const char *name, const struct bgp_open *open, const char *want)
{
	struct hex h = hex_parse(want);
	for (size_t cap = 0; cap < h.n; cap++) {
		uint8_t *small = hex_room(cap);
		if (bgp_open_encode(small, cap, open) != 0)
			fail_msg("%s: fits into %zu bytes", name, cap);
		free(small);
	}
	uint8_t *buf = hex_room(h.n);
	assert_hex(name, buf, bgp_open_encode(buf, h.n, open), want);

	struct bgp_frame_view view;
	struct bgp_notification error;
	struct bgp_open got;
	assert_int_equal(bgp_frame_next(buf, h.n, 4096, &view, &error), BGP_FRAME_COMPLETE);
	if (!bgp_open_decode(view.body, &got, &error))
		fail_msg("%s: own OPEN refused with %u/%u", name, error.code, error.subcode);
	assert_int_equal(got.as, open->as);
	assert_int_equal(got.hold_time, open->hold_time);
	assert_int_equal(got.router_id, open->router_id);
	assert_graceful(name, &got.graceful, &open->graceful);
	assert_int_equal(got.role, open->role);
	assert_int_equal(flags_of(&got) & ~(unsigned)MP, flags_of(open) & ~(unsigned)MP);
	free(buf);
	hex_done(&h);
}

static void test_encode(void **state)
{
	(void)state;
	struct bgp_open o = everything;
	check_encoded("all capabilities", &o,
		      "* 0037 01 04 5ba0 005a c0000201 1a 02 18 010400010001 010400020001 0200 0600"
		      "4104 fa56ea01 4600");
	o.role = BGP_ROLE_CUSTOMER;
	check_encoded("with a role", &o,
		      "* 003a 01 04 5ba0 005a c0000201 1d 02 1b 010400010001 010400020001 0200 0600"
		      "0901 03 4104 fa56ea01 4600");
	o.role = BGP_ROLE_NONE;
	o.extended_next_hop = true;
	check_encoded("with an extended next hop", &o,
		      "* 003f 01 04 5ba0 005a c0000201 22 02 20 010400010001 010400020001 0200"
		      "0506 0001 0001 0002 0600 4104 fa56ea01 4600");
	o.extended_next_hop = false;
	o.extended_params = true;
	check_encoded("9072 format", &o,
		      "* 003b 01 04 5ba0 005a c0000201 ff ff 001b 02 0018 010400010001 010400020001"
		      "0200 0600 4104 fa56ea01 4600");
	o = everything;
	o.graceful = (struct bgp_graceful){ .offered = true,
					    .restarting = true,
					    .notification = true,
					    .restart_time = 120,
					    .ipv4 = { .listed = true, .forwarding = true },
					    .ipv6 = { .listed = true } };
	check_encoded("graceful restart", &o,
		      "* 0043 01 04 5ba0 005a c0000201 26 02 24 010400010001 010400020001 0200 0600"
		      "400a c078 00010180 00020100 4104 fa56ea01 4600");
	o.graceful = (struct bgp_graceful){ .offered = true, .restart_time = 4095 };
	check_encoded("graceful restart of nothing", &o,
		      "* 003b 01 04 5ba0 005a c0000201 1e 02 1c 010400010001 010400020001 0200 0600"
		      "4002 0fff 4104 fa56ea01 4600");
	o.graceful = (struct bgp_graceful){ .offered = true, .restart_time = 120 };
	check_encoded("graceful restart without flags", &o,
		      "* 003b 01 04 5ba0 005a c0000201 1e 02 1c 010400010001 010400020001 0200 0600"
		      "4002 0078 4104 fa56ea01 4600");
	o.graceful = (struct bgp_graceful){ 0 };
	o.long_lived = (struct bgp_long_lived){
		.offered = true,
		.ipv4 = { .listed = true, .forwarding = true, .stale_time = 0x012345 },
		.ipv6 = { .listed = true, .stale_time = 1 }
	};
	check_encoded("long-lived graceful restart", &o,
		      "* 0047 01 04 5ba0 005a c0000201 2a 02 28 010400010001 010400020001 0200 0600"
		      "4104 fa56ea01 4600 470e 00010180012345 00020100000001");
	o = (struct bgp_open){ .version = 4, .as = 65001, .hold_time = 0, .router_id = 1 };
	check_encoded("no capabilities", &o, "* 001d 01 04 fde9 0000 00000001 00");
	o.as = UINT16_MAX;
	check_encoded("largest AS number of two octets", &o, "* 001d 01 04 ffff 0000 00000001 00");
	o.as = 65001;
	o.has_capabilities = o.four_octet_as = o.ipv6_unicast = true;
	check_encoded("2-octet AS number, IPv6 only", &o,
		      "* 002b 01 04 fde9 0000 00000001 0e 02 0c 010400020001 4104 0000fde9");
}

static const struct {
	const char *name;
	uint32_t as, router_id, peer_as, local_as, local_router_id;
	uint8_t subcode; /* 0: fine */
} checks[] = {
	{ "eBGP", 65002, 2, 65002, 65001, 1, 0 },
	{ "eBGP, any AS", 65002, 2, 0, 65001, 1, 0 },
	{ "6.2 another AS than configured", 65003, 2, 65002, 65001, 1, BGP_ERR_OPEN_PEER_AS },
	{ "6.2 own AS where another was expected", 65001, 2, 65002, 65001, 1,
	  BGP_ERR_OPEN_PEER_AS },
	{ "6793 same lower half", 65536 + 65002, 2, 65002, 65001, 1, BGP_ERR_OPEN_PEER_AS },
	{ "iBGP", 65001, 2, 65001, 65001, 1, 0 },
	{ "6286 iBGP with the own identifier", 65001, 1, 65001, 65001, 1, BGP_ERR_OPEN_IDENTIFIER },
	{ "6286 the same with any AS", 65001, 1, 0, 65001, 1, BGP_ERR_OPEN_IDENTIFIER },
	{ "6286 eBGP with the own identifier", 65002, 1, 65002, 65001, 1, 0 },
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct bgp_open o = { .as = checks[i].as, .router_id = checks[i].router_id };
		struct bgp_notification error = { 0 };
		bool ok = bgp_open_check(&o, checks[i].peer_as, checks[i].local_as,
					 checks[i].local_router_id, &error);
		if (ok != (checks[i].subcode == 0))
			fail_msg("%s: got %d", checks[i].name, ok);
		assert_notification(checks[i].name, &error, ok ? 0 : BGP_ERR_OPEN,
				    checks[i].subcode, "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_damaged),        cmocka_unit_test(test_encode),
		cmocka_unit_test(test_large_extended), cmocka_unit_test(test_check),
		cmocka_unit_test(test_graceful),       cmocka_unit_test(test_roles),
		cmocka_unit_test(test_long_lived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
