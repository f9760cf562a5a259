/* SPDX-License-Identifier: MIT */
/* Which connection comes in, and which makes room for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agent/http/slots.h"
#include "lib/array.h"
#include "lib/mem.h"

#define NOW (1000 * USEC_PER_SEC)

static struct slot_origin from(const char *text)
{
	struct addr addr;
	assert_int_equal(addr_parse(text, &addr), 0);
	return slot_origin_of(&addr, addr_is_loopback(&addr));
}

static struct slot_origin user(uint32_t uid)
{
	return (struct slot_origin){ .own = uid == 0, .uid = uid };
}

/* `n` of one origin at one stage, the first of them since `since` seconds, each a second later. */
static struct slot *fill(struct slots *s, size_t n, struct slot_origin origin,
			 enum slot_stage stage, unsigned since)
{
	struct slot *first = NULL;
	for (size_t i = 0; i < n; i++) {
		struct slot *slot = slots_add(s, &origin, 0);
		assert_non_null(slot);
		slot_set(slot, stage, (since + i) * USEC_PER_SEC);
		first = first ? first : slot;
	}
	return first;
}

static void expect(const struct slots *s, struct slot_origin origin, enum slot_choice choice,
		   const struct slot *victim)
{
	struct slot *found = NULL;
	assert_int_equal(slots_choose(s, &origin, NOW, &found), choice);
	assert_ptr_equal(found, victim);
}

static int setup(void **state)
{
	*state = mem_new(1, sizeof(struct slots));
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_limits_of_one_origin(void **state)
{
	static const struct {
		const char *first, *second;
		size_t limit;
		bool same;
	} rows[] = {
		{ "203.0.113.1", "203.0.113.1", SLOTS_PER_ADDRESS, true },
		{ "203.0.113.1", "203.0.113.2", SLOTS_PER_ADDRESS, false },
		{ "2001:db8::1", "2001:db8::ffff:1", SLOTS_PER_ADDRESS, true },
		{ "2001:db8::1", "2001:db8:0:1::1", SLOTS_PER_ADDRESS, false },
		{ "127.0.0.1", "127.0.0.1", SLOTS_PER_OWN, true },
		{ "127.0.0.1", "127.0.0.2", SLOTS_PER_OWN, false },
	};
	struct slots *s = *state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		*s = (struct slots){ 0 };
		const struct slot *first = fill(s, 1, from(rows[i].first), SLOT_HEADER, 10);
		fill(s, rows[i].limit - 2, from(rows[i].first), SLOT_HEADER, 11);
		expect(s, from(rows[i].first), SLOT_COMES_IN, NULL);
		fill(s, 1, from(rows[i].first), SLOT_HEADER, 5000);
		expect(s, from(rows[i].second), rows[i].same ? SLOT_PUSHES_OUT : SLOT_COMES_IN,
		       rows[i].same ? first : NULL);
	}
}

static void test_limits_of_one_user(void **state)
{
	struct slots *s = *state;
	const struct slot *first = fill(s, SLOTS_PER_UID, user(1000), SLOT_HEADER, 10);
	expect(s, user(1000), SLOT_PUSHES_OUT, first);
	expect(s, user(1001), SLOT_COMES_IN, NULL);
	fill(s, SLOTS_MAX - SLOTS_KEPT - SLOTS_PER_UID, user(1001), SLOT_WAITING, 1);
	expect(s, user(1002), SLOT_PUSHES_OUT, first);
	expect(s, user(0), SLOT_COMES_IN, NULL);
}

static void test_slots_are_kept_for_this_host(void **state)
{
	struct slots *s = *state;
	const struct slot *oldest = fill(s, SLOTS_PER_ADDRESS, from("203.0.113.2"), SLOT_HEADER, 1);
	fill(s, SLOTS_PER_ADDRESS, from("203.0.113.1"), SLOT_HEADER, 100);
	fill(s, SLOTS_PER_ADDRESS, from("203.0.113.3"), SLOT_HEADER, 100);
	expect(s, from("203.0.113.4"), SLOT_PUSHES_OUT, oldest);
	expect(s, from("127.0.0.1"), SLOT_COMES_IN, NULL);
	fill(s, SLOTS_KEPT, from("127.0.0.1"), SLOT_HEADER, 0);
	/* All are taken: whoever is the laziest goes, but others take none of those kept. */
	expect(s, from("203.0.113.4"), SLOT_PUSHES_OUT, oldest);
	expect(s, from("127.0.0.1"), SLOT_PUSHES_OUT, s->items + (size_t)3 * SLOTS_PER_ADDRESS);
}

static void test_who_makes_room(void **state)
{
	static const struct {
		const char *name;
		enum slot_stage first;
		unsigned since;
		enum slot_stage second;
		unsigned second_since;
		int victim; /* 0, 1; -1: none */
	} rows[] = {
		{ "the one that waits for longer", SLOT_HEADER, 990, SLOT_HEADER, 980, 1 },
		{ "of two alike the first", SLOT_HEADER, 980, SLOT_HEADER, 980, 0 },
		{ "a body counts as its headers", SLOT_BODY, 980, SLOT_HEADER, 990, 0 },
		{ "no request before a slow reader", SLOT_SENDING, 10, SLOT_HEADER, 999, 1 },
		{ "a slow reader", SLOT_SENDING, 990, SLOT_WAITING, 1, 0 },
		{ "no fast reader", SLOT_SENDING, 991, SLOT_SENDING, 999, -1 },
		{ "none whose reply is deferred", SLOT_WAITING, 1, SLOT_WAITING, 2, -1 },
		{ "no follower of the events", SLOT_FOLLOWER, 1, SLOT_HEADER, 999, 1 },
		{ "no follower at all", SLOT_FOLLOWER, 1, SLOT_FOLLOWER, 2, -1 },
	};
	struct slots *s = *state;
	const struct slot_origin local = from("127.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("%s\n", rows[i].name);
		*s = (struct slots){ 0 };
		fill(s, 1, local, rows[i].first, rows[i].since);
		fill(s, 1, local, rows[i].second, rows[i].second_since);
		fill(s, SLOTS_PER_OWN - 2, local, SLOT_WAITING, 0);
		expect(s, local, rows[i].victim < 0 ? SLOT_REFUSED : SLOT_PUSHES_OUT,
		       rows[i].victim < 0 ? NULL : &s->items[rows[i].victim]);
	}
}

static void test_one_that_is_closing_counts_no_more(void **state)
{
	struct slots *s = *state;
	const struct slot_origin far = from("203.0.113.1");
	struct slot *first = fill(s, SLOTS_PER_ADDRESS, far, SLOT_HEADER, 1);
	assert_int_equal(slots_count(s), SLOTS_PER_ADDRESS);
	slot_set(first, SLOT_CLOSING, NOW);
	assert_int_equal(slots_count(s), SLOTS_PER_ADDRESS - 1);
	expect(s, far, SLOT_COMES_IN, NULL);
	/* Later calls of its server change nothing. */
	slot_set(first, SLOT_HEADER, NOW);
	assert_int_equal(first->stage, SLOT_CLOSING);
	assert_ptr_not_equal(slots_add(s, &far, NOW), first);
	slot_set(first, SLOT_FREE, NOW);
	assert_ptr_equal(slots_add(s, &far, NOW), first);
}

static void test_room(void **state)
{
	struct slots *s = *state;
	assert_true(slots_have_room(s, NOW));
	fill(s, SLOTS_MAX - 1, from("127.0.0.1"), SLOT_WAITING, 1);
	assert_true(slots_have_room(s, NOW));
	struct slot *last = fill(s, 1, from("127.0.0.1"), SLOT_WAITING, 1);
	assert_false(slots_have_room(s, NOW));
	slot_set(last, SLOT_BODY, NOW);
	assert_true(slots_have_room(s, NOW));
	slot_set(last, SLOT_SENDING, NOW);
	assert_false(slots_have_room(s, NOW));
	assert_true(slots_have_room(s, NOW + SLOT_READING));
	/* More than fit are never added. */
	fill(s, SLOTS_MAX, from("127.0.0.1"), SLOT_CLOSING, 1);
	const struct slot_origin local = from("127.0.0.1");
	assert_null(slots_add(s, &local, NOW));
}

static void test_deadlines(void **state)
{
	static const struct {
		enum slot_stage stage;
		mono_t deadline;
	} rows[] = {
		{ SLOT_FREE, USEC_NEVER },          { SLOT_HEADER, NOW + SLOT_HEADER_MAX },
		{ SLOT_WAITING, USEC_NEVER },       { SLOT_FOLLOWER, USEC_NEVER },
		{ SLOT_BODY, NOW + SLOT_BODY_MAX }, { SLOT_SENDING, USEC_NEVER },
		{ SLOT_CLOSING, USEC_NEVER },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slot slot = { 0 };
		slot_set(&slot, rows[i].stage, NOW);
		assert_int_equal(slot_deadline(&slot), rows[i].deadline);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_limits_of_one_origin),
		TEST(test_limits_of_one_user),
		TEST(test_slots_are_kept_for_this_host),
		TEST(test_who_makes_room),
		TEST(test_one_that_is_closing_counts_no_more),
		TEST(test_room),
		TEST(test_deadlines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
