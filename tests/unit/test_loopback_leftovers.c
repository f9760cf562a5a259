/* SPDX-License-Identifier: MIT */
/* Leftovers of a previous instance on lo, with tags and, before Linux 5.18, without them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/loopback_bed.h"

struct walk {
	struct fixture *f;
	size_t n;
	bool del;
};

static void on_leftover(const struct prefix *p, void *userdata)
{
	struct walk *walk = userdata;
	walk->n++;
	if (walk->del)
		assert_int_equal(loopback_del(walk->f->lo, p, NULL), 0);
}

static size_t leftovers(struct fixture *f, bool del_them)
{
	struct walk walk = { .f = f, .del = del_them };
	loopback_walk_leftovers(f->lo, on_leftover, &walk);
	return walk.n;
}

static void test_leftovers(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < N_VIPS; i++)
		assert_int_equal(add(f, vips[i].vip, NULL), 0);
	assert_int_equal(shell("ip addr add 192.0.2.99/32 dev lo"), 0);
	assert_int_equal(leftovers(f, false), 0);
	restart(f);
	assert_int_equal(leftovers(f, false), N_VIPS);
	assert_true(owns(f, vips[0].vip));
	assert_int_equal(add(f, vips[0].vip, NULL), 0); /* claimed */
	assert_int_equal(add(f, vips[3].vip, NULL), 0);
	assert_int_equal(leftovers(f, true), N_VIPS - 2);
	assert_true(shown("192.0.2.1/32"));
	assert_false(routed("198.51.100.0/24"));
	assert_false(routed("2001:db8::1"));
	assert_true(routed("2001:db8:1::/64"));
	assert_true(shown("192.0.2.99/32"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost + f->n_lost_all, 0);
}

/* The previous instance had another length for the same IPv6 address, which can be there only once.
 */
static void test_leftover_of_another_length(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(add(f, "2001:db8::/64", NULL), 0);
	restart(f);
	assert_int_equal(add(f, "2001:db8::/128", &err), 0);
	assert_true(shown("2001:db8::/128"));
	assert_false(shown("2001:db8::/64"));
	assert_int_not_equal(shell("ip -6 route get 2001:db8::77 | grep -q ^local"), 0);
	/* Within one instance it is a conflict of two apps. */
	assert_int_equal(add(f, "2001:db8::/64", &err), -EEXIST);
	assert_non_null(strstr(err.text, "2001:db8::/128"));
	assert_non_null(strstr(err.text, "another app"));
}

/* A leftover that another process removes before it is claimed. */
static void test_leftover_removed(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	restart(f);
	assert_int_equal(shell("ip addr del 192.0.2.1/32 dev lo"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_true(shown("192.0.2.1/32"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
}

/* Another process added the address meanwhile: our route to it must not stay. */
static void test_leftover_route_to_a_foreign_address(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "2001:db8::1/128", NULL), 0);
	assert_int_equal(add(f, "2001:db8::2/128", NULL), 0);
	assert_int_equal(shell(DEL_ADDR("2001:db8::1/128") "; " DEL_ADDR("2001:db8::2/128")), 0);
	assert_int_equal(shell("ip addr add 2001:db8::1/128 dev lo"), 0);
	restart(f);
	assert_int_equal(leftovers(f, true), 1); /* a route that nothing belongs to */
	assert_false(routed(".*"));
	assert_true(shown("2001:db8::1/128"));
}

/* Before Linux 5.18. */

static bool adopt(struct fixture *f, const char *text, const char *label)
{
	struct prefix p = vip(text);
	return loopback_adopt(f->lo, &p, label);
}

static void count_leftover(const struct prefix *p, void *userdata)
{
	(void)p;
	++*(unsigned *)userdata;
}

static unsigned n_leftovers(struct fixture *f)
{
	unsigned n = 0;
	loopback_walk_leftovers(f->lo, count_leftover, &n);
	return n;
}

static void test_without_tags_notes_prove_ownership(void **state)
{
	struct fixture *f = *state;
	tags_hidden = true;
	restart(f);
	assert_false(loopback_has_tags(f->lo));
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(add(f, "2001:db8::1/128", NULL), 0);
	restart(f);
	/* Not in the state file: not ours. */
	assert_int_equal(n_leftovers(f), 0);
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
	assert_true(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_true(adopt(f, "2001:db8::1/128", ""));
	assert_int_equal(n_leftovers(f), 2);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(n_leftovers(f), 1);
	assert_int_equal(del(f, "192.0.2.1/32"), 0);
	assert_int_equal(del(f, "2001:db8::1/128"), 0);
}

static void test_without_tags_what_looks_otherwise_is_not_ours(void **state)
{
	struct fixture *f = *state;
	tags_hidden = true;
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo && "
			       "ip addr add 192.0.2.2/32 dev lo label lo:other && "
			       "ip addr add 2001:db8::1/128 dev lo nodad"),
			 0);
	restart(f);
	assert_false(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_false(adopt(f, "192.0.2.1/32", ""));
	assert_false(adopt(f, "192.0.2.2/32", "lo:app"));
	assert_false(adopt(f, "2001:db8::1/128", ""));
	assert_false(adopt(f, "192.0.2.3/32", "lo:app")); /* not there */
	assert_int_equal(n_leftovers(f), 0);
}

static void test_with_tags_notes_count_for_nothing(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo label lo:app"), 0);
	restart(f);
	if (!kernel_tags(f)) {
		assert_true(adopt(f, "192.0.2.1/32", "lo:app"));
		return;
	}
	assert_false(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leftovers),
		TEST(test_leftover_of_another_length),
		TEST(test_leftover_removed),
		TEST(test_leftover_route_to_a_foreign_address),
		TEST(test_without_tags_notes_prove_ownership),
		TEST(test_without_tags_what_looks_otherwise_is_not_ours),
		TEST(test_with_tags_notes_count_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
