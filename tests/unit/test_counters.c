/* SPDX-License-Identifier: MIT */
/* The counters of traffic in the kernel: what is read, and how often the kernel is asked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>

#include "lib/array.h"
#include "lib/log.h"
#include "nat/counters.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

struct bed {
	sd_event *loop;
	struct counters *counters;
	size_t n; /* elements of the last reading */
	bool done;
};

static void on_count(const struct traffic_count *count, void *userdata)
{
	struct bed *b = userdata;
	assert_int_equal(count->packets, 0);
	b->n++;
}

static void on_done(int result, const struct err *err, void *userdata)
{
	struct bed *b = userdata;
	if (result < 0)
		fail_msg("%s", err->text);
	b->done = true;
}

static int setup(void **state)
{
	static const struct counters_ops ops = { on_count, on_done };
	static struct bed b;
	struct err err = { "" };
	b = (struct bed){ 0 };
	assert_true(sd_event_new(&b.loop) >= 0);
	if (counters_new(b.loop, &ops, &b, &b.counters, &err) < 0)
		fail_msg("%s", err.text);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	counters_free(b->counters);
	sd_event_unref(b->loop);
	return 0;
}

/* Returns how often the kernel was asked. */
static uint64_t sample(struct bed *b)
{
	struct err err = { "" };
	uint64_t before = counters_questions(b->counters);
	b->n = 0;
	b->done = false;
	assert_int_equal(counters_read(b->counters, &err), 0);
	loop_until(b->loop, loop_until_true, &b->done);
	return counters_questions(b->counters) - before;
}

/* Right after elements were added the kernel may still be resizing its hash table: then a listing
 * has one of them twice, and lacks another. */
static void expect_sample(struct bed *b, uint64_t questions, size_t n)
{
	for (int tries = 0; tries == 0 || (b->n != n && tries < 1000); tries++)
		assert_int_equal(sample(b), questions);
	assert_int_equal(b->n, n);
}

static void add(struct bed *b, const struct prefix *vips, size_t n)
{
	struct err err = { "" };
	uint64_t before = counters_questions(b->counters);
	if (counters_add(b->counters, vips, n, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(counters_questions(b->counters) - before, 1);
}

/* As docs/metrics.md has it: one for each length of a family, however many VIPs there are; of
 * changes one for each COUNTERS_CHANGE_MAX. */
static void test_how_many_questions(void **state)
{
	struct bed *b = *state;
	static const char *const texts[] = { "198.51.100.0/24", "2001:db8::1/128",
					     "2001:db8:1::/64" };
	struct prefix vips[COUNTERS_CHANGE_MAX], others[ARRAY_SIZE(texts)];
	struct err err = { "" };
	assert_int_equal(sample(b), 0); /* without VIPs there is nothing to ask for */
	for (size_t block = 0; block < 5; block++) {
		for (size_t i = 0; i < ARRAY_SIZE(vips); i++)
			vips[i] = (struct prefix)PREFIX4(32, 198, 18, (uint8_t)block, (uint8_t)i);
		add(b, vips, ARRAY_SIZE(vips));
		expect_sample(b, 1, (block + 1) * ARRAY_SIZE(vips));
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(prefix_parse(texts[i], &others[i], NULL), 0);
	add(b, others, ARRAY_SIZE(others));
	expect_sample(b, 4, 5 * ARRAY_SIZE(vips) + ARRAY_SIZE(others));
	assert_int_equal(counters_del(b->counters, vips, ARRAY_SIZE(vips), &err), 0);
	expect_sample(b, 4, 4 * ARRAY_SIZE(vips) + ARRAY_SIZE(others));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_how_many_questions,
									    setup, teardown) };
	log_setup(LOG_ERROR, LOG_TEXT);
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
