/* SPDX-License-Identifier: MIT */
#include "bgp/codec.h"

#include "tests/unit/hex.h"

/* RFC 4271 6.1, RFC 8654: `at` is the number of bytes from which on the error has to show. */
static const struct {
	const char *name, *hex;
	size_t max, at;
	uint8_t subcode;
	const char *data;
} broken[] = {
	{ "6.1 marker: first octet", "00", 4096, 1, 1, "" },
	{ "6.1 marker: last octet", "ffffffffffffffffffffffffffffff fe 0013 04", 4096, 16, 1, "" },
	{ "6.1 marker: HTTP", "474554202f20", 4096, 1, 1, "" },
	{ "6.1 length 0", "* 0000 04", 4096, 18, 2, "0000" },
	{ "6.1 length 18", "* 0012 04", 4096, 18, 2, "0012" },
	{ "6.1 length 4097", "* 1001 02", 4096, 18, 2, "1001" },
	{ "6.1 length 65535 not negotiated", "* ffff 02", 4096, 18, 2, "ffff" },
	{ "6.1 OPEN of 28", "* 001c 01", 4096, 19, 2, "001c" },
	{ "6.1 UPDATE of 22", "* 0016 02", 4096, 19, 2, "0016" },
	{ "6.1 NOTIFICATION of 20", "* 0014 03", 4096, 19, 2, "0014" },
	{ "6.1 KEEPALIVE of 20", "* 0014 04", 4096, 19, 2, "0014" },
	{ "8654 OPEN of 4097", "* 1001 01", 65535, 19, 2, "1001" },
	{ "8654 KEEPALIVE of 4097", "* 1001 04", 65535, 19, 2, "1001" },
	{ "6.1 type 0", "* 0013 00", 4096, 19, 3, "00" },
	{ "6.1 type 6", "* 0013 06", 4096, 19, 3, "06" },
	{ "6.1 type 255", "* 0013 ff", 4096, 19, 3, "ff" },
};

static void test_broken_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct hex h = hex_parse(broken[i].hex);
		for (size_t n = 0; n <= h.n; n++) {
			struct bgp_frame_view view;
			struct bgp_notification error = { 0 };
			struct hex part = hex_copy(h.p, n);
			enum bgp_frame got =
				bgp_frame_next(part.p, n, broken[i].max, &view, &error);
			enum bgp_frame want =
				n < broken[i].at ? BGP_FRAME_NEED_MORE : BGP_FRAME_BROKEN;
			if (got != want)
				fail_msg("%s: with %zu bytes got %d, expected %d", broken[i].name,
					 n, got, want);
			if (want == BGP_FRAME_BROKEN)
				assert_notification(broken[i].name, &error, BGP_ERR_HEADER,
						    broken[i].subcode, broken[i].data);
			hex_done(&part);
		}
		hex_done(&h);
	}
}

/* The smallest and the largest of each kind: sizes one below and one above are in `broken`. */
static const struct {
	const char *name;
	uint8_t type;
	size_t size, max;
} sizes[] = {
	{ "smallest OPEN", BGP_MSG_OPEN, 29, 4096 },
	{ "largest OPEN", BGP_MSG_OPEN, 4096, 65535 },
	{ "smallest UPDATE", BGP_MSG_UPDATE, 23, 4096 },
	{ "largest UPDATE", BGP_MSG_UPDATE, 4096, 4096 },
	{ "extended UPDATE", BGP_MSG_UPDATE, 65535, 65535 },
	{ "smallest NOTIFICATION", BGP_MSG_NOTIFICATION, 21, 4096 },
	{ "extended NOTIFICATION", BGP_MSG_NOTIFICATION, 65535, 65535 },
	{ "KEEPALIVE", BGP_MSG_KEEPALIVE, 19, 65535 },
	{ "ROUTE-REFRESH", BGP_MSG_ROUTE_REFRESH, 23, 4096 },
	{ "extended ROUTE-REFRESH", BGP_MSG_ROUTE_REFRESH, 65535, 65535 },
};

static void test_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i].size;
		struct hex h = { .p = hex_room(size), .n = size };
		memset(h.p, 0xff, size);
		h.p[16] = (uint8_t)(size >> 8);
		h.p[17] = (uint8_t)size;
		h.p[18] = sizes[i].type;
		struct bgp_frame_view view;
		struct bgp_notification error = { 0 };
		struct hex cut = hex_copy(h.p, size - 1);
		if (bgp_frame_next(cut.p, cut.n, sizes[i].max, &view, &error) !=
		    BGP_FRAME_NEED_MORE)
			fail_msg("%s: one byte is missing", sizes[i].name);
		if (bgp_frame_next(h.p, h.n, sizes[i].max, &view, &error) != BGP_FRAME_COMPLETE)
			fail_msg("%s: error %u/%u", sizes[i].name, error.code, error.subcode);
		assert_int_equal(view.type, sizes[i].type);
		assert_int_equal(view.size, size);
		assert_ptr_equal(view.message, h.p);
		assert_int_equal(reader_left(&view.body), size - 19);
		hex_done(&cut);
		hex_done(&h);
	}
}

/* Messages that come one byte at a time, and all at once. */
static void test_stream(void **state)
{
	(void)state;
	static const uint8_t types[] = { BGP_MSG_KEEPALIVE, BGP_MSG_UPDATE, BGP_MSG_ROUTE_REFRESH,
					 BGP_MSG_KEEPALIVE, BGP_MSG_NOTIFICATION };
	struct hex h = hex_parse("* 0013 04 * 0017 02 00000000 * 0017 05 00010001"
				 "* 0013 04 * 0015 03 0602");
	for (size_t step = 1; step <= h.n; step++) {
		size_t start = 0, got = 0;
		for (size_t end = 0; end <= h.n; end = end == h.n         ? h.n + 1
						       : end + step < h.n ? end + step
									  : h.n) {
			struct bgp_frame_view view;
			struct bgp_notification error;
			struct hex part = hex_copy(h.p + start, end - start);
			size_t used = 0;
			while (bgp_frame_next(part.p + used, part.n - used, 4096, &view, &error) ==
			       BGP_FRAME_COMPLETE) {
				assert_true(got < ARRAY_SIZE(types));
				assert_int_equal(view.type, types[got++]);
				used += view.size;
			}
			start += used;
			hex_done(&part);
		}
		assert_int_equal(start, h.n);
		assert_int_equal(got, ARRAY_SIZE(types));
	}
	hex_done(&h);
}

struct encoded {
	const char *name, *hex;
	size_t (*encode)(uint8_t *buf, size_t cap);
};

static size_t encode_cease(uint8_t *buf, size_t cap)
{
	static const uint8_t text[] = { 3, 'b', 'y', 'e' };
	struct bgp_notification n = { .code = 6, .subcode = 2, .data = text, .data_len = 4 };
	return bgp_encode_notification(buf, cap, &n);
}

static size_t encode_version(uint8_t *buf, size_t cap)
{
	struct bgp_notification n = { .code = 2, .subcode = 1, .own = { 0, 4 }, .data_len = 2 };
	struct bgp_notification copy = n; /* own data must not be left behind */
	memset(&n, 0xee, sizeof(n));
	return bgp_encode_notification(buf, cap, &copy);
}

static size_t encode_hold_timer(uint8_t *buf, size_t cap)
{
	return bgp_encode_notification(buf, cap, &(struct bgp_notification){ .code = 4 });
}

static size_t encode_refresh(uint8_t *buf, size_t cap)
{
	struct bgp_route_refresh r = { .afi = 2, .safi = 1 };
	return bgp_encode_route_refresh(buf, cap, &r);
}

static size_t encode_refresh_end(uint8_t *buf, size_t cap)
{
	struct bgp_route_refresh r = { .afi = 1, .subtype = BGP_REFRESH_END, .safi = 1 };
	return bgp_encode_route_refresh(buf, cap, &r);
}

static size_t encode_end_of_rib4(uint8_t *buf, size_t cap)
{
	return bgp_encode_end_of_rib(buf, cap, BGP_AFI_IPV4);
}

static size_t encode_end_of_rib6(uint8_t *buf, size_t cap)
{
	return bgp_encode_end_of_rib(buf, cap, BGP_AFI_IPV6);
}

static const struct encoded encoded[] = {
	{ "KEEPALIVE", "* 0013 04", bgp_encode_keepalive },
	{ "NOTIFICATION", "* 0019 03 06 02 03627965", encode_cease },
	{ "NOTIFICATION with own data", "* 0017 03 02 01 0004", encode_version },
	{ "NOTIFICATION without data", "* 0015 03 04 00", encode_hold_timer },
	{ "ROUTE-REFRESH", "* 0017 05 0002 00 01", encode_refresh },
	{ "ROUTE-REFRESH EoRR", "* 0017 05 0001 02 01", encode_refresh_end },
	{ "End-of-RIB IPv4", "* 0017 02 0000 0000", encode_end_of_rib4 },
	{ "End-of-RIB IPv6", "* 001d 02 0000 0006 800f03 0002 01", encode_end_of_rib6 },
};

static void test_encode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		struct hex want = hex_parse(encoded[i].hex);
		uint8_t *buf = hex_room(want.n);
		assert_hex(encoded[i].name, buf, encoded[i].encode(buf, want.n), encoded[i].hex);
		free(buf);
		hex_done(&want);
	}
}

/* NOTIFICATIONs are cut rather than refused: see the next test. */
static void test_encode_without_room(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++) {
		struct hex want = hex_parse(encoded[i].hex);
		size_t least = want.p[18] == BGP_MSG_NOTIFICATION ? 21 : want.n;
		for (size_t cap = 0; cap < least; cap++) {
			uint8_t *buf = hex_room(cap);
			if (encoded[i].encode(buf, cap) != 0)
				fail_msg("%s fits into %zu bytes", encoded[i].name, cap);
			free(buf);
		}
		hex_done(&want);
	}
}

static void test_notification_is_cut(void **state)
{
	(void)state;
	uint8_t message[5000], buf[4096];
	memset(message, 0xab, sizeof(message));
	struct bgp_notification n = {
		.code = 7, .subcode = 1, .data = message, .data_len = sizeof(message)
	};
	assert_int_equal(bgp_encode_notification(buf, sizeof(buf), &n), 4096);
	struct bgp_frame_view view;
	struct bgp_notification error, got;
	assert_int_equal(bgp_frame_next(buf, 4096, 4096, &view, &error), BGP_FRAME_COMPLETE);
	bgp_decode_notification(&view, &got);
	assert_int_equal(got.code, 7);
	assert_int_equal(got.subcode, 1);
	assert_int_equal(got.data_len, 4096 - 21);
	assert_memory_equal(got.data, message, got.data_len);
}

/* RFC 8654: 65,535 octets, whatever the room. */
static void test_the_largest_message(void **state)
{
	(void)state;
	static uint8_t data[70000], buf[70000];
	for (size_t len = 65535 - 21 - 1; len <= 65535 - 21 + 1; len++) {
		struct bgp_notification n = { .code = 7, .data = data, .data_len = len };
		size_t whole = 21 + len;
		assert_int_equal(bgp_encode_notification(buf, sizeof(buf), &n),
				 whole < 65535 ? whole : 65535);
	}
	for (size_t len = 65534; len <= 65536; len++) {
		struct writer w = writer_over(buf, sizeof(buf));
		bgp_message_begin(&w, BGP_MSG_UPDATE);
		writer_bytes(&w, data, len - 19);
		assert_int_equal(bgp_message_finish(&w), len > 65535 ? 0 : len);
	}
}

static struct bgp_frame_view frame_of(const struct hex *h)
{
	struct bgp_frame_view view;
	struct bgp_notification error;
	assert_int_equal(bgp_frame_next(h->p, h->n, 4096, &view, &error), BGP_FRAME_COMPLETE);
	return view;
}

static void test_decode_notification(void **state)
{
	(void)state;
	struct hex h = hex_parse("* 0019 03 06 02 03627965");
	struct bgp_frame_view view = frame_of(&h);
	struct bgp_notification n;
	bgp_decode_notification(&view, &n);
	assert_notification("with data", &n, 6, 2, "03627965");
	hex_done(&h);

	h = hex_parse("* 0015 03 04 00");
	view = frame_of(&h);
	bgp_decode_notification(&view, &n);
	assert_notification("without data", &n, 4, 0, "");
	hex_done(&h);
}

static const struct {
	const char *name, *hex;
	bool enhanced, ok;
	uint8_t subtype; /* or code of the error, */
	uint16_t afi;    /* its subcode, */
	const char *data;
} refreshes[] = {
	{ "2918 request IPv4", "* 0017 05 0001 00 01", false, true, 0, 1, "" },
	{ "2918 request IPv6", "* 0017 05 0002 00 01", true, true, 0, 2, "" },
	{ "2918 reserved octet is ignored", "* 0017 05 0001 07 01", false, true, 0, 1, "" },
	{ "7313 BoRR", "* 0017 05 0001 01 01", true, true, 1, 1, "" },
	{ "7313 EoRR", "* 0017 05 0002 02 01", true, true, 2, 2, "" },
	{ "7313 unknown subtype passes", "* 0017 05 0001 03 01", true, true, 3, 1, "" },
	{ "7313 5 BoRR too long", "* 0018 05 0001 01 01 00", true, false, 7, 1,
	  "* 0018 05 0001 01 01 00" },
	{ "7313 5 EoRR too short", "* 0016 05 0001 02", true, false, 7, 1, "* 0016 05 0001 02" },
	{ "request too long", "* 0018 05 0001 00 01 00", true, false, 1, 2, "0018" },
	{ "BoRR too long, not negotiated", "* 0018 05 0001 01 01 00", false, false, 1, 2, "0018" },
	{ "empty", "* 0013 05", true, false, 1, 2, "0013" },
};

static void test_decode_route_refresh(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refreshes); i++) {
		struct hex h = hex_parse(refreshes[i].hex);
		struct bgp_frame_view view = frame_of(&h);
		struct bgp_route_refresh r = { 0 };
		struct bgp_notification error = { 0 };
		bool ok = bgp_decode_route_refresh(&view, refreshes[i].enhanced, &r, &error);
		if (ok != refreshes[i].ok)
			fail_msg("%s: got %d", refreshes[i].name, ok);
		if (!ok) {
			assert_notification(refreshes[i].name, &error, refreshes[i].subtype,
					    (uint8_t)refreshes[i].afi, refreshes[i].data);
		} else if (r.afi != refreshes[i].afi || r.subtype != refreshes[i].subtype ||
			   r.safi != 1) {
			fail_msg("%s: got %u %u %u", refreshes[i].name, r.afi, r.subtype, r.safi);
		}
		hex_done(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_headers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_encode_without_room),
		cmocka_unit_test(test_notification_is_cut),
		cmocka_unit_test(test_the_largest_message),
		cmocka_unit_test(test_decode_notification),
		cmocka_unit_test(test_decode_route_refresh),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
