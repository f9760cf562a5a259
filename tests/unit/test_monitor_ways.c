/* SPDX-License-Identifier: MIT */
/* Where the clients of an app arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "monitors/ways.h"

static struct monitor_way way(const char *vip, const char *at, uint16_t port)
{
	struct monitor_way w = { .port = port };
	assert_int_equal(prefix_parse(vip, &w.vip, NULL), 0);
	assert_int_equal(prefix_parse(at, &w.at, NULL), 0);
	return w;
}

#define VIP   "192.0.2.1/32"
#define OTHER "192.0.2.2/32"
#define HOST  "10.0.0.5/32"

static void add(struct monitor_ways *w, const char *vip, const char *at, uint16_t port)
{
	const struct monitor_way one = way(vip, at, port);
	monitor_ways_add(w, &one);
}

static void a_place_is_there_once(void **state)
{
	struct monitor_ways w = { 0 };
	(void)state;
	add(&w, VIP, HOST, 8053);
	add(&w, OTHER, HOST, 8053); /* the same place, of another VIP */
	assert_int_equal(w.n, 1);
	add(&w, VIP, HOST, 8054);
	add(&w, VIP, VIP, 8053);
	add(&w, VIP, VIP, 8053);
	add(&w, VIP, HOST, 8054);
	assert_int_equal(w.n, 3);
	assert_int_equal(w.items[0].port, 8053);
	assert_int_equal(w.items[1].port, 8054);
	assert_false(monitor_way_is_nat(&w.items[2]));
	assert_true(monitor_way_is_nat(&w.items[0]));
	for (uint16_t port = 1; port <= 20; port++)
		add(&w, VIP, HOST, port);
	assert_int_equal(w.n, 23);
	monitor_ways_done(&w);
	assert_int_equal(w.n, 0);
	assert_null(w.items);
}

/* The VIP counts as well, and the number of them. */
static void ways_are_the_same(void **state)
{
	struct monitor_ways a = { 0 }, b = { 0 };
	(void)state;
	assert_true(monitor_ways_equal(&a, &b));
	add(&a, VIP, HOST, 53);
	assert_false(monitor_ways_equal(&a, &b));
	assert_false(monitor_ways_equal(&b, &a));
	add(&b, VIP, HOST, 53);
	assert_true(monitor_ways_equal(&a, &b));
	add(&a, VIP, HOST, 54);
	add(&b, VIP, HOST, 55);
	assert_false(monitor_ways_equal(&a, &b));
	b.items[1].port = 54;
	assert_true(monitor_ways_equal(&a, &b));
	b.items[1].at = b.items[1].vip;
	assert_false(monitor_ways_equal(&a, &b));
	b.items[1] = way(OTHER, HOST, 54);
	assert_false(monitor_ways_equal(&a, &b));
	b.items[0] = way(OTHER, HOST, 53);
	b.items[1] = way(VIP, HOST, 54);
	assert_false(monitor_ways_equal(&a, &b));
	monitor_ways_done(&a);
	monitor_ways_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_there_once),
		cmocka_unit_test(ways_are_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
