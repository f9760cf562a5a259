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
	assert_true(t.packet_rate == 0 && t.byte_rate == 0);
	assert_int_equal(t.packets, 30);
	assert_int_equal(t.bytes, 3000);
	assert_true(traffic_is_measured(&t, 103 * SEC));
	assert_false(traffic_is_measured(&t, 103 * SEC + 1));
	run(&t, &n, 20, TRAFFIC_ANNOUNCED, 107, 109);
	assert_true(t.packet_rate == 20 && t.byte_rate == 2000);
}

/* Packets and octets are each what their counter says. */
static void test_counters(void **state)
{
	struct traffic t;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 0);
	traffic_sample(&t, 6, 100, TRAFFIC_ANNOUNCED, 1 * SEC);
	assert_int_equal(t.last_packet, 1 * SEC);
	traffic_sample(&t, 6, 70, TRAFFIC_ANNOUNCED, 2 * SEC);
	assert_int_equal(t.packets, 6);
	assert_int_equal(t.bytes, 170);
	assert_int_equal(t.last_packet, 1 * SEC);
	traffic_sample(&t, 7, 71, TRAFFIC_ANNOUNCED, 4 * SEC);
	assert_int_equal(t.bytes, 171);
	assert_int_equal(t.last_packet, 4 * SEC);
	assert_int_equal(t.sample_span, 2 * SEC);
	assert_true(t.packet_rate == 7 / 4.0);
	assert_true(t.byte_rate == 171 / 4.0);
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
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 241, 242);
	assert_false(
		traffic_is_stray(&t, 242 * SEC)); /* the first sample that is all of that time */
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 243, 243);
	assert_true(traffic_is_stray(&t, 243 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 244, 258);
	assert_true(traffic_is_stray(&t, 258 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 259, 259);
	assert_false(traffic_is_stray(&t, 259 * SEC));
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 260, 260);
	assert_false(traffic_is_stray(&t, 260 * SEC)); /* one packet is none */
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 261, 264);
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 265, 265);
	assert_true(traffic_is_stray(&t, 265 * SEC));
	run(&t, &n, 1, TRAFFIC_ANNOUNCED, 266, 266);
	assert_false(traffic_is_stray(&t, 266 * SEC));
}

/* Counting was interrupted: the packets of the next sample may be of before the withdrawal. */
static void test_a_sample_of_a_long_time(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 100 * SEC);
	run(&t, &n, 5, TRAFFIC_ANNOUNCED, 101, 110);
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 111, 111);
	run(&t, &n, 100, TRAFFIC_WITHDRAWN, 171, 171);
	assert_int_equal(t.sample_span, 60 * SEC);
	assert_int_equal(t.sampled_at, 171 * SEC);
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 172, 172);
	assert_false(traffic_is_stray(&t, 172 * SEC));
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 173, 173);
	assert_true(traffic_is_stray(&t, 173 * SEC));
}

/* As with 50,000 VIPs: what is found holds until the next sample. */
static void test_samples_that_are_far_apart(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 0);
	for (unsigned at = 50; at <= 300; at += 50)
		run(&t, &n, 5, at < 100 ? TRAFFIC_ANNOUNCED : TRAFFIC_WITHDRAWN, at, at);
	assert_true(traffic_is_stray(&t, 300 * SEC));
	assert_true(traffic_is_stray(&t, 349 * SEC));
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 350, 350);
	run(&t, &n, 0, TRAFFIC_WITHDRAWN, 401, 401);
	assert_false(traffic_is_stray(&t, 405 * SEC));
}

/* A sample of the moment of the withdrawal is none of the time after it. */
static void test_withdrawn_once_more(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_ANNOUNCED, 0);
	for (unsigned at = 50; at <= 400; at += 50)
		run(&t, &n, 5,
		    at == 100 || at == 150 || at >= 300 ? TRAFFIC_WITHDRAWN : TRAFFIC_ANNOUNCED, at,
		    at);
	assert_false(traffic_is_stray(&t, 400 * SEC));
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 450, 450);
	assert_true(traffic_is_stray(&t, 450 * SEC));
	/* Samples of before it was announced again do not count, however long one takes. */
	run(&t, &n, 5, TRAFFIC_ANNOUNCED, 451, 451);
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 452, 452);
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 482, 482);
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 600, 600);
	assert_false(traffic_is_stray(&t, 600 * SEC));
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 601, 601);
	assert_true(traffic_is_stray(&t, 601 * SEC));
}

/* A packet of the moment at which it was announced may have come after that. */
static void test_a_packet_at_the_announcement(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_WITHDRAWN, 100 * SEC);
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 101, 110);
	run(&t, &n, 1, TRAFFIC_ANNOUNCED, 111, 111);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 112, 180);
	assert_false(traffic_is_idle(&t, 180 * SEC));
}

/* An old sample is not taken for the present rate. */
static void test_stale_samples(void **state)
{
	struct traffic t;
	uint64_t n = 0;
	(void)state;
	traffic_init(&t, TRAFFIC_WITHDRAWN, 100 * SEC);
	assert_false(traffic_has_rate(&t, 101 * SEC)); /* there is none yet */
	run(&t, &n, 1, TRAFFIC_WITHDRAWN, 101, 110);
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 111, 180);
	assert_true(traffic_is_current(&t, 190 * SEC) && traffic_has_rate(&t, 190 * SEC));
	assert_true(traffic_is_idle(&t, 190 * SEC));
	assert_false(traffic_is_current(&t, 191 * SEC) || traffic_has_rate(&t, 191 * SEC));
	assert_false(traffic_is_idle(&t, 191 * SEC));
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 192, 192); /* after 12 s: the next may take as long */
	assert_true(traffic_is_current(&t, 228 * SEC));
	assert_false(traffic_is_current(&t, 229 * SEC));
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 1000, 1000);
	assert_true(traffic_is_current(&t, 1180 * SEC));
	assert_false(traffic_is_current(&t, 1181 * SEC));
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
	run(&t, &n, 5, TRAFFIC_WITHDRAWN, 231, 233);
	assert_true(traffic_is_stray(&t, 233 * SEC));
	run(&t, &n, 0, TRAFFIC_COVERED, 234, 400);
	assert_false(traffic_is_idle(&t, 400 * SEC));
	run(&t, &n, 0, TRAFFIC_ANNOUNCED, 401, 461);
	assert_true(traffic_is_idle(&t, 461 * SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_a_counter_that_is_set_back),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_never_any),
		cmocka_unit_test(test_stray),
		cmocka_unit_test(test_a_sample_of_a_long_time),
		cmocka_unit_test(test_samples_that_are_far_apart),
		cmocka_unit_test(test_withdrawn_once_more),
		cmocka_unit_test(test_a_packet_at_the_announcement),
		cmocka_unit_test(test_stale_samples),
		cmocka_unit_test(test_covered_by_an_aggregate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
