/* SPDX-License-Identifier: MIT */
/* The addresses and interfaces of the host, as dumps and notifications tell them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/addr_table.h"

static struct nladdr address(const char *text, uint32_t ifindex)
{
	struct nladdr a = { .ifindex = ifindex, .proto = 3, .flags = 0x80 };
	assert_int_equal(prefix_parse(text, &a.prefix, NULL), 0);
	return a;
}

static size_t count(const struct addr_table *t, const struct nladdr *a)
{
	size_t n = 77;
	const struct addr_entry *e = addr_table_find(t, &a->prefix.addr, &n);
	assert_int_equal(e != NULL, n > 0);
	return n;
}

static void test_interfaces(void **state)
{
	struct addr_table t = { 0 };
	(void)state;
	assert_null(addr_table_link(&t, 1));
	assert_true(addr_table_set_link(&t, 1, "lo", false));
	assert_false(addr_table_set_link(&t, 1, "lo", false));
	assert_true(addr_table_set_link(&t, 1, "lo", true));
	assert_true(addr_table_set_link(&t, 1, "eth0", true));
	assert_true(addr_table_set_link(&t, 2, "eth1", false));
	const struct addr_link *link = addr_table_link(&t, 1);
	assert_int_equal(link->ifindex, 1);
	assert_string_equal(link->name, "eth0");
	assert_true(link->up);
	assert_true(addr_table_remove_link(&t, 1));
	assert_false(addr_table_remove_link(&t, 1));
	assert_null(addr_table_link(&t, 1));
	assert_non_null(addr_table_link(&t, 2));
	addr_table_done(&t);
	assert_null(t.links);
}

static void test_a_change_is_told(void **state)
{
	struct addr_table t = { 0 };
	struct nladdr a = address("192.0.2.1/32", 1);
	size_t n;
	(void)state;
	assert_int_equal(count(&t, &a), 0);
	assert_false(addr_table_remove(&t, &a));
	assert_true(addr_table_set(&t, &a));
	assert_false(addr_table_set(&t, &a));
	a.proto = 4;
	assert_true(addr_table_set(&t, &a));
	a.flags = 0;
	assert_true(addr_table_set(&t, &a));
	assert_false(addr_table_set(&t, &a));
	const struct addr_entry *e = addr_table_find(&t, &a.prefix.addr, &n);
	assert_int_equal(n, 1);
	assert_int_equal(e->ifindex, 1);
	assert_int_equal(e->len, 32);
	assert_int_equal(e->proto, 4);
	assert_int_equal(e->flags, 0);
	addr_table_done(&t);
	assert_null(t.nodes);
}

/* On another interface, or with another length, it is another one. */
static void test_an_address_more_than_once(void **state)
{
	struct addr_table t = { 0 };
	const struct nladdr a = address("192.0.2.0/32", 1), b = address("192.0.2.0/32", 2),
			    c = address("192.0.2.0/24", 1), other = address("192.0.2.0/24", 2);
	(void)state;
	assert_true(addr_table_set(&t, &a));
	assert_true(addr_table_set(&t, &b));
	assert_true(addr_table_set(&t, &c));
	assert_int_equal(count(&t, &a), 3);
	assert_false(addr_table_remove(&t, &other));
	assert_true(addr_table_remove(&t, &a));
	assert_false(addr_table_remove(&t, &a));
	assert_int_equal(count(&t, &b), 2);
	assert_false(addr_table_set(&t, &b));
	assert_false(addr_table_set(&t, &c));
	assert_true(addr_table_remove(&t, &c));
	assert_true(addr_table_remove(&t, &b));
	assert_int_equal(count(&t, &b), 0);
	assert_null(t.nodes);
	addr_table_done(&t);
}

/* More than there is room for at first. */
static void test_an_address_on_many_interfaces(void **state)
{
	struct addr_table t = { 0 };
	struct nladdr a = address("2001:db8::1/128", 0);
	(void)state;
	for (a.ifindex = 1; a.ifindex <= 20; a.ifindex++) {
		assert_true(addr_table_set(&t, &a));
		/* A dump of all of them changes nothing. */
		struct nladdr each = a;
		addr_table_dump_begin(&t);
		for (each.ifindex = 1; each.ifindex <= a.ifindex; each.ifindex++)
			assert_false(addr_table_set(&t, &each));
		addr_table_dump_end(&t);
		assert_int_equal(count(&t, &a), a.ifindex);
	}
	for (a.ifindex = 1; a.ifindex <= 20; a.ifindex++)
		assert_false(addr_table_set(&t, &a));
	addr_table_done(&t);
}

/* The first, one in the middle and the last of them; and what was added after the dump began. */
static void test_what_a_dump_does_not_show_is_gone(void **state)
{
	struct addr_table t = { 0 };
	const struct nladdr gone = address("192.0.2.1/32", 1), kept = address("192.0.2.1/32", 2),
			    also_gone = address("192.0.2.1/32", 3),
			    also_kept = address("192.0.2.1/32", 4),
			    alone = address("2001:db8::1/128", 1);
	(void)state;
	addr_table_set(&t, &gone);
	addr_table_set(&t, &kept);
	addr_table_set(&t, &also_gone);
	addr_table_set(&t, &also_kept);
	addr_table_set(&t, &alone);
	addr_table_set_link(&t, 1, "lo", true);
	addr_table_set_link(&t, 2, "eth0", true);
	addr_table_dump_end(&t); /* all of it is new */
	assert_int_equal(count(&t, &gone), 4);
	assert_int_equal(count(&t, &alone), 1);
	assert_non_null(addr_table_link(&t, 1));
	addr_table_dump_begin(&t);
	addr_table_set(&t, &kept);
	addr_table_set(&t, &also_kept);
	addr_table_set_link(&t, 2, "eth0", true);
	addr_table_dump_end(&t);
	assert_int_equal(count(&t, &kept), 2);
	assert_int_equal(count(&t, &alone), 0);
	assert_false(addr_table_remove(&t, &gone));
	assert_false(addr_table_remove(&t, &also_gone));
	assert_true(addr_table_remove(&t, &kept));
	assert_true(addr_table_remove(&t, &also_kept));
	assert_null(addr_table_link(&t, 1));
	assert_non_null(addr_table_link(&t, 2));
	addr_table_dump_begin(&t);
	addr_table_dump_end(&t);
	assert_null(t.nodes);
	assert_null(t.links);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interfaces),
		cmocka_unit_test(test_a_change_is_told),
		cmocka_unit_test(test_an_address_more_than_once),
		cmocka_unit_test(test_an_address_on_many_interfaces),
		cmocka_unit_test(test_what_a_dump_does_not_show_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
