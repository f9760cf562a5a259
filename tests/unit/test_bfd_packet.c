/* SPDX-License-Identifier: MIT */
/* BFD Control packets: the frame of RFC 5880 4.1, and each rule of 6.8.6 that needs no session. */
#include "bfd/packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

/* State Up, P, a multiplier of 3, 300 ms. */
static const uint8_t golden[BFD_PACKET_MIN] = {
	0x20, 0xe0, 3,    24,   0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x00, 0x04, 0x93, 0xe0, 0x00, 0x00, 0xc3, 0x50, 0x00, 0x00, 0x00, 0x00,
};

static void frame_is_read(void **state)
{
	(void)state;
	struct bfd_packet p;
	enum bfd_drop why;
	assert_true(bfd_packet_read(golden, sizeof(golden), &p, &why));
	assert_int_equal(p.state, BFD_UP);
	assert_int_equal(p.diag, 0);
	assert_true(p.poll);
	assert_false(p.final || p.demand || p.independent);
	assert_int_equal(p.multiplier, 3);
	assert_int_equal(p.my_discr, 0x11223344);
	assert_int_equal(p.your_discr, 0x55667788);
	assert_int_equal(p.min_tx, 300000);
	assert_int_equal(p.min_rx, 50000);
	assert_int_equal(p.min_echo_rx, 0);
	assert_null(p.auth);
}

static void frame_is_written(void **state)
{
	(void)state;
	uint8_t buf[BFD_PACKET_MAX];
	const struct bfd_packet p = { .state = BFD_UP,
				      .poll = true,
				      .multiplier = 3,
				      .my_discr = 0x11223344,
				      .your_discr = 0x55667788,
				      .min_tx = 300000,
				      .min_rx = 50000 };
	assert_int_equal(bfd_packet_write(&p, 0, buf), sizeof(golden));
	assert_memory_equal(buf, golden, sizeof(golden));
}

static void every_flag_comes_back(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		uint8_t buf[BFD_PACKET_MAX];
		struct bfd_packet back;
		enum bfd_drop why;
		const struct bfd_packet p = { .state = (enum bfd_state)(bits & 3),
					      .poll = bits & 4,
					      .final = bits & 8,
					      .independent = bits & 16,
					      .demand = bits & 32,
					      .diag = (uint8_t)(bits >> 3),
					      .multiplier = (uint8_t)(bits | 1),
					      .my_discr = 1,
					      .your_discr = 2 };
		size_t len = bfd_packet_write(&p, bits & 64 ? 28 : 0, buf);
		assert_true(bfd_packet_read(buf, len, &back, &why));
		assert_int_equal(back.auth_len, bits & 64 ? 28 : 0);
		assert_int_equal(back.auth != NULL, (bits & 64) != 0);
		back.auth = NULL;
		back.auth_len = 0;
		assert_memory_equal(&back, &p, sizeof(p));
	}
}

/* Each bit at its place (4.1), written and read. */
static void every_bit_has_its_place(void **state)
{
	static const struct {
		struct bfd_packet packet;
		size_t auth_len;
		uint8_t first, second;
	} cases[] = {
		{ { .state = BFD_ADMIN_DOWN }, 0, 0x20, 0x00 },
		{ { .state = BFD_DOWN }, 0, 0x20, 0x40 },
		{ { .state = BFD_INIT }, 0, 0x20, 0x80 },
		{ { .state = BFD_UP }, 0, 0x20, 0xc0 },
		{ { .diag = 1 }, 0, 0x21, 0x00 },
		{ { .diag = 31 }, 0, 0x3f, 0x00 },
		{ { .poll = true }, 0, 0x20, 0x20 },
		{ { .final = true }, 0, 0x20, 0x10 },
		{ { .independent = true }, 0, 0x20, 0x08 },
		{ { 0 }, 28, 0x20, 0x04 },
		{ { .demand = true }, 0, 0x20, 0x02 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t buf[BFD_PACKET_MAX];
		struct bfd_packet p = cases[i].packet, back;
		enum bfd_drop why;
		p.multiplier = 1;
		p.my_discr = p.your_discr = 1;
		p.min_echo_rx = 0x01020304;
		size_t len = bfd_packet_write(&p, cases[i].auth_len, buf);
		assert_int_equal(len, 24 + cases[i].auth_len);
		assert_int_equal(buf[0], cases[i].first);
		assert_int_equal(buf[1], cases[i].second);
		assert_int_equal(buf[3], len);
		assert_memory_equal(buf + 20, "\1\2\3\4", 4);
		assert_true(bfd_packet_read(buf, len, &back, &why));
		assert_int_equal(back.state, p.state);
		assert_int_equal(back.diag, p.diag);
		assert_int_equal(back.poll, p.poll);
		assert_int_equal(back.final, p.final);
		assert_int_equal(back.independent, p.independent);
		assert_int_equal(back.demand, p.demand);
		assert_int_equal(back.auth != NULL, cases[i].auth_len > 0);
		assert_int_equal(back.min_echo_rx, 0x01020304);
	}
}

/* Type and length of a section are all there has to be. */
static void the_shortest_section_is_read(void **state)
{
	(void)state;
	uint8_t buf[BFD_PACKET_MIN + 2] = { 0 };
	struct bfd_packet p;
	enum bfd_drop why;
	memcpy(buf, golden, sizeof(golden));
	buf[1] |= 0x04;
	buf[3] = sizeof(buf);
	assert_true(bfd_packet_read(buf, sizeof(buf), &p, &why));
	assert_ptr_equal(p.auth, buf + BFD_PACKET_MIN);
	assert_int_equal(p.auth_len, 2);
}

/* One octet changed, or the datagram cut; the first rule that is broken is the one that is
 * named. */
static void each_rule_drops(void **state)
{
	static const struct {
		const char *name;
		int at[2], value[2]; /* at -1: nothing */
		size_t len;
		enum bfd_drop why;
	} cases[] = {
		{ "empty", { -1, -1 }, { 0 }, 0, BFD_DROP_LENGTH },
		{ "an octet short", { -1, -1 }, { 0 }, 23, BFD_DROP_LENGTH },
		{ "version 0", { 0, -1 }, { 0 }, 24, BFD_DROP_VERSION },
		{ "version 2", { 0, -1 }, { 0x40 }, 24, BFD_DROP_VERSION },
		{ "version before length", { 0, 3 }, { 0, 0 }, 24, BFD_DROP_VERSION },
		{ "length 23", { 3, -1 }, { 23 }, 24, BFD_DROP_LENGTH },
		{ "length 25 of 24", { 3, -1 }, { 25 }, 24, BFD_DROP_LENGTH },
		{ "A without a section", { 1, -1 }, { 0xc4 }, 24, BFD_DROP_LENGTH },
		{ "A with one octet", { 1, 3 }, { 0xc4, 25 }, 25, BFD_DROP_LENGTH },
		{ "length before multiplier", { 3, 2 }, { 23, 0 }, 24, BFD_DROP_LENGTH },
		{ "multiplier 0", { 2, -1 }, { 0 }, 24, BFD_DROP_MULTIPLIER },
		{ "multiplier before M", { 2, 1 }, { 0, 0xc1 }, 24, BFD_DROP_MULTIPLIER },
		{ "M", { 1, -1 }, { 0xc1 }, 24, BFD_DROP_MULTIPOINT },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t buf[64] = { 0 };
		struct bfd_packet p;
		enum bfd_drop why = BFD_DROP_N;
		memcpy(buf, golden, sizeof(golden));
		for (size_t j = 0; j < 2; j++)
			if (cases[i].at[j] >= 0)
				buf[cases[i].at[j]] = (uint8_t)cases[i].value[j];
		if (bfd_packet_read(buf, cases[i].len, &p, &why) || why != cases[i].why)
			fail_msg("%s: %s", cases[i].name, bfd_drop_name(why));
	}
}

static void discriminators_must_fit_the_state(void **state)
{
	static const struct {
		uint32_t mine, yours;
		enum bfd_state state;
		bool valid;
		enum bfd_drop why;
	} cases[] = {
		{ 0, 1, BFD_UP, false, BFD_DROP_MY_DISCR },
		{ 0, 0, BFD_UP, false, BFD_DROP_MY_DISCR },
		{ 1, 0, BFD_UP, false, BFD_DROP_YOUR_DISCR },
		{ 1, 0, BFD_INIT, false, BFD_DROP_YOUR_DISCR },
		{ 1, 0, BFD_DOWN, true, 0 },
		{ 1, 0, BFD_ADMIN_DOWN, true, 0 },
		{ 1, 1, BFD_INIT, true, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t buf[BFD_PACKET_MAX];
		struct bfd_packet back;
		enum bfd_drop why;
		const struct bfd_packet p = { .state = cases[i].state,
					      .multiplier = 1,
					      .my_discr = cases[i].mine,
					      .your_discr = cases[i].yours };
		size_t len = bfd_packet_write(&p, 0, buf);
		assert_int_equal(bfd_packet_read(buf, len, &back, &why), cases[i].valid);
		if (!cases[i].valid)
			assert_int_equal(why, cases[i].why);
	}
}

static void octets_behind_the_packet_are_ignored(void **state)
{
	(void)state;
	uint8_t buf[1500] = { 0 };
	struct bfd_packet p;
	enum bfd_drop why;
	memcpy(buf, golden, sizeof(golden));
	assert_true(bfd_packet_read(buf, sizeof(buf), &p, &why));
	assert_int_equal(p.auth_len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frame_is_read),
		cmocka_unit_test(frame_is_written),
		cmocka_unit_test(every_flag_comes_back),
		cmocka_unit_test(every_bit_has_its_place),
		cmocka_unit_test(the_shortest_section_is_read),
		cmocka_unit_test(each_rule_drops),
		cmocka_unit_test(discriminators_must_fit_the_state),
		cmocka_unit_test(octets_behind_the_packet_are_ignored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
