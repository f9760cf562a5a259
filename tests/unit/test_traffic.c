/* SPDX-License-Identifier: MIT */
/* Rates and verdicts from samples of counters, one a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/model/traffic.h"

#define SEC USEC_PER_SEC

/* `pps` packets of 100 octets each second, from `from` to `to`. */
static void run(struct traffic *t, uint64_t *packets, unsigned pps, enum traffic_route route,
		unsigned from, unsigned to)
{
	for (unsigned s = from; s <= to; s++) {
		*packets += pps;
		traffic_sample(t, *packets, *packets * 100, route, s * SEC);
	}
}

static void test_rates(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 100 * SEC);
	assert_false(traffic_is_measured(&t, 0));
	run(&t, &n, 10, TRAFFIC_ANNOUNCED, 101, 102);
	assert_false(traffic_is_measured(&t, 0));
	run(&t, &n, 10, TRAFFIC_ANNOUNCED, 103, 103);
	assert_true(traffic_is_measured(&t, 100 * SEC));
	assert_false(traffic_is_measured(&t, 101 * SEC)); /* part of it was before */
	assert_true(t.packet_rate == 10 && t.byte_rate == 1000);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 104, 106);
	assert_true(t.packet_rate == 0);
	assert_int_equal(t.packets, 30);
	assert_int_equal(t.bytes, 3000);
	assert_true(traffic_is_measured(&t, 103 * SEC));
}

/* By another process, which removed the element. */
static void test_a_counter_that_is_set_back(void **state)
{
	struct traffic t;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 0);
	traffic_sample(&t, 50, 5000, TRAFFIC_ANNOUNCED, 1 * SEC);
	traffic_sample(&t, 3, 300, TRAFFIC_ANNOUNCED, 2 * SEC);
	assert_int_equal(t.packets, 53);
	assert_int_equal(t.bytes, 5300);
	traffic_sample(&t, 0, 0, TRAFFIC_ANNOUNCED, 3 * SEC);
	assert_int_equal(t.packets, 53);
	assert_int_equal(t.last_packet, 2 * SEC);
}

static void test_idle(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 100 * SEC);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 101, 300);
	assert_false(traffic_is_idle(&t, 300 * SEC)); /* nothing is known of before */
	run(&t, &n, 1, TRAFFIC_ANNOUNCED, 301, 310);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 311, 400);
	assert_false(traffic_is_idle(&t, 400 * SEC)); /* silence alone is none */
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 401, 410);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 411, 470);
	assert_false(traffic_is_idle(&t, 470 * SEC));
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 471, 471);
	assert_true(traffic_is_idle(&t, 471 * SEC));
	run(&t, &n, 1, TRAFFIC_ANNOUNCED, 472, 472);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 473, 600);
	assert_false(traffic_is_idle(&t, 600 * SEC));
}

/* A VIP that never had any. */
static void test_never_any(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_WITHDRAWN, 100 * SEC);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 101, 300);
	assert_false(traffic_is_idle(&t, 300 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 301, 400);
	assert_false(traffic_is_stray(&t, 400 * SEC));
}

static void test_stray(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_WITHDRAWN, 100 * SEC);
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 101, 200);
	assert_false(traffic_is_stray(&t, 200 * SEC)); /* never withdrawn */
	run(&t, &n, 5, TRAFFIC_ANNOUNCED, 201, 210);
	assert_false(traffic_is_stray(&t, 210 * SEC));
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 211, 240);
	assert_false(traffic_is_stray(&t, 240 * SEC)); /* the routers have half a minute */
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 241, 241);
	assert_true(traffic_is_stray(&t, 241 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 242, 256);
	assert_true(traffic_is_stray(&t, 256 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 257, 257);
	assert_false(traffic_is_stray(&t, 257 * SEC));
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 258, 258);
	assert_true(traffic_is_stray(&t, 258 * SEC));
	run(&t, &n, 1, TRAFFIC_ANNOUNCED, 259, 259);
	assert_false(traffic_is_stray(&t, 259 * SEC));
}

/* Packets for a withdrawn VIP come by the aggregate; those of an announced one need not. */
static void test_covered_by_an_aggregate(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 100 * SEC);
	run(&t, &n, 5, TRAFFIC_ANNOUNCED, 101, 110);
	run(&t, &n, 5, TRAFFIC_COVERED, 111, 200);
	assert_false(traffic_is_stray(&t, 200 * SEC));
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 201, 230);
	assert_false(traffic_is_stray(&t, 230 * SEC)); /* half a minute for the aggregate, too */
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 231, 231);
	assert_true(traffic_is_stray(&t, 231 * SEC));
	run(&t, &n, 0, TRAFFIC_COVERED, 232, 400);
	assert_false(traffic_is_idle(&t, 400 * SEC));
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 401, 461);
	assert_true(traffic_is_idle(&t, 461 * SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates), cmocka_unit_test(test_a_counter_that_is_set_back),
		cmocka_unit_test(test_idle),  cmocka_unit_test(test_never_any),
		cmocka_unit_test(test_stray), cmocka_unit_test(test_covered_by_an_aggregate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
