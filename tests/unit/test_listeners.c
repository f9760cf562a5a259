/* SPDX-License-Identifier: MIT */
/* Whom the sockets of a port serve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>

#include "lib/array.h"
#include "net/listeners.h"

#define LO LISTENER_LO_IFINDEX

static struct listener listener(const char *addr, uint32_t ifindex, bool v6only)
{
	struct listener l = { .ifindex = ifindex, .v6only = v6only };
	assert_int_equal(addr_parse(addr, &l.addr), 0);
	return l;
}

static struct listener_place place(const char *at, bool local)
{
	struct listener_place p = { .proto = IPPROTO_TCP, .port = 53, .local = local };
	assert_int_equal(prefix_parse(at, &p.at, NULL), 0);
	return p;
}

static void test_a_listener_serves_its_own(void **state)
{
	static const struct {
		const char *addr;
		uint32_t ifindex;
		bool v6only;
		const char *at;
		bool local, serves;
	} rows[] = {
		{ "192.0.2.1", 0, false, "192.0.2.1/32", false, true },
		{ "192.0.2.2", 0, false, "192.0.2.1/32", false, false },
		{ "192.0.2.2", 0, false, "192.0.2.0/30", false, true },
		{ "0.0.0.0", 0, false, "192.0.2.1/32", false, true },
		{ "0.0.0.0", 0, false, "2001:db8::1/128", false, false },
		{ "::", 0, false, "2001:db8::1/128", false, true },
		{ "::", 0, true, "2001:db8::1/128", false, true },
		{ "::", 0, false, "192.0.2.1/32", false, true },
		{ "::", 0, true, "192.0.2.1/32", false, false },
		{ "0.0.0.0", LO, false, "192.0.2.1/32", false, false },
		{ "0.0.0.0", LO, false, "192.0.2.1/32", true, true },
		{ "0.0.0.0", LO + 1, false, "192.0.2.1/32", false, true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct listener l = listener(rows[i].addr, rows[i].ifindex, rows[i].v6only);
		const struct listener_place p = place(rows[i].at, rows[i].local);
		if (listener_serves(&l, &p) != rows[i].serves)
			fail_msg("%s for %s", rows[i].addr, rows[i].at);
	}
}

/* Of each number of them each one is found, and none between. */
static void test_each_of_many_is_found(void **state)
{
	(void)state;
	for (unsigned n = 0; n <= 20; n++) {
		struct listeners all = { 0 };
		char text[32];
		/* 10.0.0.1, 3, 5 …, in another order */
		for (unsigned i = 0; i < n; i++) {
			snprintf(text, sizeof(text), "10.0.0.%u", 2 * (n - 1 - i) + 1);
			const struct listener l = listener(text, 0, false);
			listeners_add(&all, &l);
		}
		listeners_sort(&all);
		for (unsigned host = 0; host <= 2 * n; host++) {
			snprintf(text, sizeof(text), "10.0.0.%u/32", host);
			const struct listener_place p = place(text, false);
			assert_int_equal(listeners_serve(&all, &p), host % 2);
		}
		listeners_done(&all);
	}
}

/* One that serves is behind others that do not. */
static void test_all_that_may_serve_are_asked(void **state)
{
	static const struct {
		const char *addr[3];
		uint32_t ifindex[3];
		bool v6only;
		const char *at;
		bool serves;
	} rows[] = {
		{ { "::", "0.0.0.0", "10.0.0.1" }, { 0 }, true, "192.0.2.1/32", true },
		{ { "::", "0.0.0.0", "10.0.0.1" }, { 0 }, true, "2001:db8::1/128", true },
		{ { "::", "10.0.0.1", "10.0.0.2" }, { 0 }, false, "192.0.2.1/32", true },
		{ { "::", "10.0.0.1", "10.0.0.2" }, { 0 }, true, "10.0.0.2/32", true },
		{ { "::", "10.0.0.1", "2001:db8::1" }, { 0 }, true, "192.0.2.1/32", false },
		{ { "10.0.0.3", "10.0.0.2", "10.0.0.1" }, { 0, LO, LO }, true, "10.0.0.0/8", true },
		{ { "10.0.0.1", "10.0.0.3", "10.0.0.2" },
		  { 0, LO, LO },
		  true,
		  "10.0.0.2/31",
		  false },
		{ { "10.0.0.1", "10.0.0.3", "10.0.0.2" }, { 0, LO, 0 }, true, "10.0.0.2/31", true },
		{ { "10.0.0.2", "10.0.0.1", "10.0.0.4" },
		  { LO, 0, 0 },
		  true,
		  "10.0.0.2/31",
		  false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct listener_place p = place(rows[i].at, false);
		struct listeners all = { 0 };
		for (size_t k = 0; k < 3; k++) {
			const struct listener l =
				listener(rows[i].addr[k], rows[i].ifindex[k], rows[i].v6only);
			listeners_add(&all, &l);
		}
		listeners_sort(&all);
		if (listeners_serve(&all, &p) != rows[i].serves)
			fail_msg("row %zu", i);
		listeners_done(&all);
	}
}

static void test_a_cleared_list_serves_no_more(void **state)
{
	const struct listener l = listener("0.0.0.0", 0, false);
	const struct listener_place p = place("192.0.2.1/32", false);
	struct listeners all = { 0 };
	(void)state;
	listeners_add(&all, &l);
	listeners_clear(&all);
	assert_int_equal(all.n, 0);
	assert_false(listeners_serve(&all, &p));
	listeners_add(&all, &l);
	assert_true(listeners_serve(&all, &p));
	listeners_done(&all);
	assert_null(all.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_listener_serves_its_own),
		cmocka_unit_test(test_each_of_many_is_found),
		cmocka_unit_test(test_all_that_may_serve_are_asked),
		cmocka_unit_test(test_a_cleared_list_serves_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
