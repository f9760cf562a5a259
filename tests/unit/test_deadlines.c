/* SPDX-License-Identifier: MIT */
#include "lib/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"

#define WEEK (7 * 86400ULL * USEC_PER_SEC)

static void test_order(void **state)
{
	(void)state;
	struct deadlines s = { 0 };
	struct deadline e[5] = { 0 };
	static const mono_t due[] = { 30, 10, 50, 20, 40 };
	assert_true(deadlines_next_due(&s) == USEC_NEVER);
	assert_null(deadlines_pop(&s, USEC_NEVER));
	for (int i = 0; i < 5; i++)
		deadlines_set(&s, &e[i], due[i]);
	assert_int_equal(deadlines_next_due(&s), 10);
	assert_null(deadlines_pop(&s, 9));
	assert_ptr_equal(deadlines_pop(&s, 10), &e[1]);
	assert_ptr_equal(deadlines_pop(&s, 45), &e[3]);
	deadlines_set(&s, &e[2], 25); /* moved forward */
	deadlines_set(&s, &e[0], 60); /* moved back */
	deadlines_remove(&s, &e[4]);
	deadlines_remove(&s, &e[4]); /* once more does nothing */
	assert_ptr_equal(deadlines_pop(&s, 100), &e[2]);
	assert_ptr_equal(deadlines_pop(&s, 100), &e[0]);
	assert_null(deadlines_pop(&s, USEC_NEVER));
	deadlines_set(&s, &e[4], 5); /* again after it was out */
	assert_ptr_equal(deadlines_pop(&s, 5), &e[4]);
	deadlines_done(&s);
}

/* 10,000 entries set, moved and removed at random against a plain array: both have the
 * same next entry, and every entry knows its own place. */
static void test_against_array(void **state)
{
	(void)state;
	enum { N = 10000 };
	struct deadlines s = { 0 };
	struct deadline *e = mem_new(N, sizeof(*e));
	unsigned seed = 1;
	for (int round = 0; round < 5 * N; round++) {
		struct deadline *x = &e[rand_r(&seed) % N];
		if (rand_r(&seed) % 4 == 0)
			deadlines_remove(&s, x);
		else
			deadlines_set(&s, x, (mono_t)(rand_r(&seed) % 100000));
	}
	size_t scheduled = 0;
	for (int i = 0; i < N; i++) {
		if (e[i].slot == 0)
			continue;
		scheduled++;
		assert_ptr_equal(s.heap[e[i].slot - 1], &e[i]);
	}
	assert_int_equal(scheduled, s.n);
	mono_t last = 0;
	for (struct deadline *x; (x = deadlines_pop(&s, USEC_NEVER)); scheduled--) {
		assert_true(x->due >= last);
		assert_int_equal(x->slot, 0);
		last = x->due;
	}
	assert_int_equal(scheduled, 0);
	deadlines_done(&s);
	free(e);
}

/* Drains with a falling `for`: each deadline is earlier than all that are there, and moves those
 * of one branch of the heap, 15 levels for 20,000. */
static void test_the_earliest_of_many_moves_one_branch(void **state)
{
	(void)state;
	enum { N = 20000, LEVELS = 15 };
	struct deadlines s = { 0 };
	struct deadline *e = mem_new(N, sizeof(*e));
	struct deadline **before = mem_new(N, sizeof(struct deadline *));
	for (size_t i = 0; i < N; i++) {
		bool looked_at = i > 0 && i % 100 == 99;
		if (looked_at)
			memcpy(before, s.heap, s.n * sizeof(struct deadline *));
		deadlines_set(&s, &e[i], N - i);
		size_t moved = 1;
		for (size_t k = 0; looked_at && k < i; k++)
			moved += s.heap[k] != before[k];
		assert_in_range(moved, 1, LEVELS + 1);
		assert_int_equal(deadlines_next_due(&s), N - i);
	}
	free(before);
	free(e);
	deadlines_done(&s);
}

/* Few entries, so that each shape of the heap comes about: after each change the next one due is
 * the earliest of all. */
static void test_the_earliest_is_always_next(void **state)
{
	enum { N = 9 };
	(void)state;
	for (size_t n = 1; n <= N; n++) {
		struct deadlines s = { 0 };
		struct deadline e[N] = { 0 };
		unsigned seed = (unsigned)n;
		for (int round = 0; round < 5000; round++) {
			mono_t earliest = USEC_NEVER;
			struct deadline *x = &e[(size_t)rand_r(&seed) % n];
			if (rand_r(&seed) % 4 == 0)
				deadlines_remove(&s, x);
			else
				deadlines_set(&s, x, 1 + (mono_t)(rand_r(&seed) % 50));
			for (size_t i = 0; i < n; i++)
				if (e[i].slot > 0 && e[i].due < earliest)
					earliest = e[i].due;
			assert_true(deadlines_next_due(&s) == earliest);
			assert_null(deadlines_pop(&s, earliest - 1));
			for (size_t i = 1; i < s.n; i++)
				assert_true(s.heap[(i - 1) / 2]->due <= s.heap[i]->due);
		}
		deadlines_done(&s);
		assert_null(s.heap);
	}
}

static void test_spread(void **state)
{
	(void)state;
	const mono_t now = 1000 * USEC_PER_SEC, interval = 10 * USEC_PER_SEC;
	size_t buckets[10] = { 0 };
	for (uint32_t i = 0; i < 65536; i++) {
		mono_t due = deadline_spread(now, interval, i * 2654435761U);
		assert_true(due > now && due <= now + interval);
		buckets[(due - now - 1) / USEC_PER_SEC]++;
	}
	for (size_t i = 0; i < 10; i++)
		assert_in_range(buckets[i], 6000, 7000);
	/* Short and very long intervals are spread, too. */
	assert_int_equal(deadline_spread(0, 1000, 32768), 500);
	assert_true(deadline_spread(0, 0, 5) == 0);
	assert_int_equal(deadline_spread(7, 1000, 0), 1007);
	assert_int_equal(deadline_spread(7, 1000, 65536), 1007); /* the upper bits do not matter */
	assert_int_equal(deadline_spread(0, 65536, 1), 65535);
	assert_int_equal(deadline_spread(0, 65536, 65535), 1);
	assert_int_equal(deadline_spread(0, 3 * 65536 + 32768, 32768), (3 * 65536 + 32768) / 2);
	mono_t week = deadline_spread(0, WEEK, 32768);
	assert_true(week == WEEK / 2);
	assert_true(deadline_spread(now, USEC_NEVER, 0) == USEC_NEVER);
}

static const struct {
	const char *name;
	mono_t due, now, interval, next;
} advances[] = {
	{ "on time", 100, 100, 10, 110 },
	{ "a little late keeps the rhythm", 100, 104, 10, 110 },
	{ "ahead of time keeps the rhythm", 100, 96, 10, 110 },
	{ "too late does not catch up", 100, 135, 10, 145 },
	{ "late by exactly one", 100, 110, 10, 120 },
	{ "late by one less a moment", 100, 109, 10, 110 },
	{ "without an interval", 100, 104, 0, 104 },
	{ "never", 100, 100, USEC_NEVER, USEC_NEVER },
};

static void test_advance(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(advances); i++) {
		mono_t next =
			deadline_advance(advances[i].due, advances[i].now, advances[i].interval);
		if (next != advances[i].next)
			fail_msg("%s: %llu", advances[i].name, (unsigned long long)next);
	}
}

static const struct {
	const char *name;
	mono_t now;
	span_t interval;
	mono_t due;
} alignments[] = {
	{ "at the start of the clock", 0, 10, 10 },
	{ "just before a multiple", 29, 10, 30 },
	{ "on a multiple: the next", 30, 10, 40 },
	{ "just after a multiple", 31, 10, 40 },
	{ "an interval of 1", 31, 1, 32 },
	{ "longer than the clock has run", 31, 100, 100 },
	{ "never", 31, USEC_NEVER, USEC_NEVER },
	{ "beyond the end of time", USEC_NEVER - 3, 10, USEC_NEVER },
	{ "without an interval", 31, 0, 31 },
};

static void test_align(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(alignments); i++) {
		mono_t due = deadline_align(alignments[i].now, alignments[i].interval);
		if (due != alignments[i].due)
			fail_msg("%s: %llu", alignments[i].name, (unsigned long long)due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_against_array),
		cmocka_unit_test(test_the_earliest_of_many_moves_one_branch),
		cmocka_unit_test(test_the_earliest_is_always_next),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_advance),
		cmocka_unit_test(test_align),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
