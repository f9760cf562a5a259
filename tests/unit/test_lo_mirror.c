/* SPDX-License-Identifier: MIT */
/* The addresses of lo and their owners, from dumps and notifications made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "net/lo_mirror.h"

#define V4  "192.0.2.1/32"
#define NET "198.51.100.0/24"
#define V6  "2001:db8::53/128"

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static struct nladdr address(const char *text)
{
	struct prefix p = prefix(text);
	struct nladdr a = vipaddr_make(&p, &vip_link_lo, "web");
	a.valid = NLADDR_FOR_EVER;
	a.preferred = p.addr.family == AF_INET6 ? 0 : NLADDR_FOR_EVER;
	return a;
}

static struct nladdr foreign(const char *text)
{
	struct nladdr a = address(text);
	a.proto = 0;
	strcpy(a.label, "lo:other");
	return a;
}

static int setup(void **state)
{
	static struct lo_mirror m;
	lo_mirror_init(&m, true, true);
	*state = &m;
	return 0;
}

static int teardown(void **state)
{
	lo_mirror_done(*state);
	return 0;
}

static void bound(struct lo_mirror *m, const char *text)
{
	struct prefix p = prefix(text);
	lo_mirror_bound(m, &p, vipaddr_parts(&p, true));
}

static bool owns(struct lo_mirror *m, const char *text)
{
	struct prefix p = prefix(text);
	return lo_mirror_owns(m, &p);
}

static bool is_bound(struct lo_mirror *m, const char *text)
{
	struct prefix p = prefix(text);
	return lo_mirror_is_bound(m, &p, vipaddr_parts(&p, true));
}

static void on_address(struct lo_mirror *m, struct nladdr a, bool removed)
{
	lo_mirror_on_address(m, &a, removed);
}

static void on_route_removed(struct lo_mirror *m, const char *text)
{
	struct prefix p = prefix(text);
	lo_mirror_on_route_removed(m, &p);
}

/* A dump that shows one address and one route; NULL: none. */
static void dump(struct lo_mirror *m, const struct nladdr *a, const char *route)
{
	lo_mirror_dump_begin(m);
	if (a)
		lo_mirror_dump_address(m, a);
	if (route) {
		struct prefix p = prefix(route);
		lo_mirror_dump_route(m, &p);
	}
	lo_mirror_dump_end(m);
}

static void expect_loss(struct lo_mirror *m, const char *text, enum loopback_loss why)
{
	struct prefix lost, p = prefix(text);
	enum loopback_loss got;
	assert_true(lo_mirror_next_loss(m, &lost, &got));
	assert_true(prefix_equal(&lost, &p));
	assert_int_equal(got, why);
}

static void expect_no_loss(struct lo_mirror *m)
{
	struct prefix lost;
	enum loopback_loss why;
	assert_false(lo_mirror_next_loss(m, &lost, &why));
}

static void added_addresses_are_ours_until_removed(void **state)
{
	struct lo_mirror *m = *state;
	assert_false(is_bound(m, V4));
	bound(m, V4);
	assert_true(is_bound(m, V4) && owns(m, V4));
	on_address(m, address(V4), true);
	assert_false(owns(m, V4));
	expect_loss(m, V4, LOOPBACK_REMOVED);
	expect_no_loss(m);
	/* Without its route it is not told again. */
	on_route_removed(m, V4);
	expect_no_loss(m);
	bound(m, V4);
	assert_true(is_bound(m, V4));
}

static void a_removed_route_is_a_loss(void **state)
{
	struct lo_mirror *m = *state;
	bound(m, V6);
	on_route_removed(m, V6);
	expect_loss(m, V6, LOOPBACK_UNROUTED);
	assert_false(owns(m, V6));
}

static void an_address_bound_again_is_no_loss(void **state)
{
	struct lo_mirror *m = *state;
	bound(m, V4);
	on_address(m, address(V4), true);
	bound(m, V4);
	expect_no_loss(m);
}

static void losses_that_come_with_lo_are_dropped(void **state)
{
	struct lo_mirror *m = *state;
	bound(m, V4);
	bound(m, V6);
	dump(m, NULL, NULL);
	lo_mirror_drop_losses(m);
	expect_no_loss(m);
	assert_false(owns(m, V4) || owns(m, V6));
}

static void a_lifetime_or_a_lost_tag_is_an_alteration(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr mortal = address(V4), untagged = address(V6);
	mortal.valid = mortal.preferred = 100;
	untagged.proto = 0;
	bound(m, V4);
	bound(m, V6);
	on_address(m, address(V4), false); /* our own addition, or the same again */
	expect_no_loss(m);
	on_address(m, mortal, false);
	on_address(m, untagged, false);
	on_address(m, mortal, false);
	expect_loss(m, V4, LOOPBACK_ALTERED);
	expect_loss(m, V6, LOOPBACK_ALTERED);
	expect_no_loss(m);
	assert_true(lo_mirror_find(m, &mortal.prefix)->altered);
	bound(m, V4);
	assert_true(is_bound(m, V4));
}

static void a_kernel_without_tags_alters_nothing_by_dropping_them(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr untagged = address(V4);
	untagged.proto = 0;
	m->tags = false;
	bound(m, V4);
	on_address(m, untagged, false);
	expect_no_loss(m);
	assert_true(is_bound(m, V4));
}

static void a_dump_tells_leftovers_from_foreign_addresses(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr left = address(V4), other = foreign(V6);
	lo_mirror_dump_begin(m);
	lo_mirror_dump_address(m, &left);
	lo_mirror_dump_address(m, &other);
	lo_mirror_dump_end(m);
	assert_int_equal(lo_mirror_find(m, &left.prefix)->origin, LO_LEFTOVER);
	assert_int_equal(lo_mirror_find(m, &other.prefix)->origin, LO_FOREIGN);
	assert_false(owns(m, V4)); /* its route is missing */
	dump(m, &left, V4);
	assert_true(owns(m, V4));
	assert_false(is_bound(m, V4)); /* until it is added */
	/* The dump did not show the other one: it is gone. */
	assert_null(lo_mirror_find(m, &other.prefix));
}

static void a_route_alone_is_a_leftover(void **state)
{
	struct lo_mirror *m = *state;
	struct prefix net = prefix(NET);
	dump(m, NULL, NET);
	assert_int_equal(lo_mirror_find(m, &net)->origin, LO_LEFTOVER);
	assert_true(owns(m, NET));
	dump(m, NULL, NULL);
	assert_null(lo_mirror_find(m, &net));
}

/* Our own address that was removed and is there again may be another process's. */
static void an_address_removed_and_added_again_is_not_ours(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V4);
	bound(m, V4);
	on_address(m, address(V4), true);
	dump(m, &other, NULL);
	assert_false(owns(m, V4));
	expect_loss(m, V4, LOOPBACK_REMOVED);
}

/* The kernel drops the routes of networks without a notification with the last IPv4 address. */
static void a_removed_address_makes_networks_doubtful(void **state)
{
	struct lo_mirror *m = *state;
	on_address(m, foreign(V4), true);
	assert_false(m->stale);
	bound(m, NET);
	bound(m, NET);
	on_address(m, address(V6), true);
	assert_false(m->stale);
	on_address(m, foreign(V4), true);
	assert_true(m->stale);
	dump(m, NULL, NULL);
	assert_false(m->stale);
	expect_loss(m, NET, LOOPBACK_UNROUTED);
	struct prefix net = prefix(NET);
	lo_mirror_forget(m, &net);
	on_address(m, foreign(V4), true);
	assert_false(m->stale);
}

static void only_ipv4_networks_of_ours_count(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V4);
	other.prefix.len = 24;
	dump(m, &other, NULL);
	on_address(m, other, true); /* gone */
	bound(m, V4);
	bound(m, V6);
	bound(m, "2001:d00::/29");
	assert_int_equal(m->networks, 0);
	bound(m, NET);
	dump(m, &other, NET);
	on_address(m, other, true);
	assert_int_equal(m->networks, 1);
}

static void removal_of_a_foreign_address_is_no_loss(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V4), left = address(V6), mortal = address("192.0.2.9/32");
	left.valid = left.preferred = 100;
	on_address(m, other, false); /* unknown so far */
	dump(m, &other, NULL);
	other.valid = other.preferred = 100;
	on_address(m, other, false);
	assert_false(lo_mirror_find(m, &other.prefix)->altered);
	/* A leftover is repaired when it is claimed. */
	struct nladdr whole = address(V6);
	dump(m, &whole, V6);
	on_address(m, left, false);
	assert_true(lo_mirror_find(m, &left.prefix)->altered);
	expect_no_loss(m);
	/* Removed, and another process has it now. */
	bound(m, "192.0.2.9/32");
	on_address(m, mortal, true);
	expect_loss(m, "192.0.2.9/32", LOOPBACK_REMOVED);
	mortal.valid = mortal.preferred = 100;
	on_address(m, mortal, false);
	assert_false(lo_mirror_find(m, &mortal.prefix)->altered);
	expect_no_loss(m);
}

static void conflicts_name_the_other_address(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V6);
	struct prefix v6 = prefix(V6), v4 = prefix(V4);
	struct err err = { "" };
	other.prefix.len = 64;
	dump(m, &other, NULL);
	const struct lo_entry *e = lo_mirror_conflict(m, &v6);
	assert_non_null(e);
	assert_int_equal(e->prefix.len, 64);
	assert_int_equal(lo_mirror_explain(e, &v6, "lo", &err), -EEXIST);
	assert_non_null(strstr(err.text, "label lo:other"));
	assert_non_null(strstr(err.text, "ip address del 2001:db8::53/64 dev lo"));
	lo_mirror_bound(m, &other.prefix, vipaddr_parts(&other.prefix, true));
	lo_mirror_explain(lo_mirror_conflict(m, &v6), &v6, "lo", &err);
	assert_non_null(strstr(err.text, "for another app"));
	assert_null(lo_mirror_conflict(m, &v4));
	/* IPv4 allows one address with several lengths. */
	lo_mirror_bound(m, &v4, vipaddr_parts(&v4, true));
	v4.len = 24;
	assert_null(lo_mirror_conflict(m, &v4));
	assert_int_equal(lo_mirror_explain(NULL, &v4, "lo", &err), -EEXIST);
}

static void adoption_needs_the_label_and_our_form(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr a = address(V4);
	a.proto = 0;
	m->tags = false;
	assert_false(lo_mirror_adopt(m, &a.prefix, "lo:web"));
	a.valid = a.preferred = 100;
	dump(m, &a, V4);
	assert_false(lo_mirror_adopt(m, &a.prefix, "lo:web"));
	a = address(V4);
	a.proto = 0;
	dump(m, &a, V4);
	assert_false(lo_mirror_adopt(m, &a.prefix, "lo:dns"));
	m->tags = true;
	assert_false(lo_mirror_adopt(m, &a.prefix, "lo:web"));
	m->tags = false;
	assert_true(lo_mirror_adopt(m, &a.prefix, "lo:web"));
	assert_int_equal(lo_mirror_find(m, &a.prefix)->origin, LO_LEFTOVER);
	assert_false(lo_mirror_adopt(m, &a.prefix, "lo:web"));
}

static void a_stray_route_beside_a_foreign_address(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V4);
	dump(m, &other, V4);
	const struct lo_entry *e = lo_mirror_find(m, &other.prefix);
	assert_int_equal(e->origin, LO_FOREIGN);
	assert_int_equal(e->there, VIP_ADDRESS | VIP_ROUTE);
	lo_mirror_route_removed(m, &other.prefix);
	assert_int_equal(e->there, VIP_ADDRESS);
	on_address(m, other, true);
	assert_null(lo_mirror_find(m, &other.prefix));
}

/* ---- added, and not told of by the kernel yet ---- */

static void settle(struct lo_mirror *m, const char *text)
{
	struct prefix p = prefix(text);
	lo_mirror_settle(m, &p);
}

static void expect_settled(struct lo_mirror *m, const char *text)
{
	struct prefix settled, p = prefix(text);
	assert_true(lo_mirror_next_settled(m, &settled));
	assert_true(prefix_equal(&settled, &p));
}

static void expect_none_settled(struct lo_mirror *m)
{
	struct prefix settled;
	assert_false(lo_mirror_next_settled(m, &settled));
}

static void an_added_address_settles_once(void **state)
{
	struct lo_mirror *m = *state;
	expect_none_settled(m);
	settle(m, V4);
	struct prefix p = prefix(V4);
	assert_int_equal(lo_mirror_find(m, &p)->origin, LO_OURS);
	assert_int_equal(lo_mirror_find(m, &p)->there, VIP_ADDRESS);
	expect_none_settled(m);
	bound(m, V4);
	assert_false(is_bound(m, V4)); /* nothing may answer on it yet */
	on_address(m, address(V4), false);
	assert_true(is_bound(m, V4));
	expect_settled(m, V4);
	expect_none_settled(m);
	on_address(m, address(V4), false);
	expect_none_settled(m);
	expect_no_loss(m);
}

/* The notification may be lost. */
static void a_dump_settles_as_well(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr a = address(V6);
	settle(m, V6);
	dump(m, &a, NULL);
	expect_settled(m, V6);
	expect_none_settled(m);
	bound(m, V6);
	assert_true(is_bound(m, V6));
}

static void a_settling_address_that_is_removed_does_not_settle(void **state)
{
	struct lo_mirror *m = *state;
	settle(m, V4);
	bound(m, V4);
	on_address(m, address(V4), true);
	expect_loss(m, V4, LOOPBACK_REMOVED);
	on_address(m, foreign(V4), false);
	expect_none_settled(m);
	/* Its route is another matter. */
	settle(m, V6);
	on_route_removed(m, V6);
	on_address(m, address(V6), false);
	expect_settled(m, V6);
}

static void a_settling_address_that_is_altered_is_a_loss(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr mortal = address(V4);
	mortal.valid = mortal.preferred = 100;
	settle(m, V4);
	bound(m, V4);
	on_address(m, mortal, false);
	expect_none_settled(m);
	expect_loss(m, V4, LOOPBACK_ALTERED);
	expect_none_settled(m);
}

static void a_leftover_that_is_added_again_is_ours(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr left = address(V4);
	dump(m, &left, NULL);
	settle(m, V4);
	assert_int_equal(lo_mirror_find(m, &left.prefix)->origin, LO_OURS);
	lo_mirror_forget(m, &left.prefix);
	dump(m, NULL, V4);
	settle(m, V4);
	assert_int_equal(lo_mirror_find(m, &left.prefix)->there, VIP_ADDRESS | VIP_ROUTE);
}

/* ---- what is forgotten, what is wrong with it, and what is said of it ---- */

static void the_loss_of_a_forgotten_address_is_not_told(void **state)
{
	struct lo_mirror *m = *state;
	struct prefix p = prefix(V4);
	bound(m, V4);
	bound(m, V6);
	on_address(m, address(V4), true);
	on_address(m, address(V6), true);
	lo_mirror_forget(m, &p);
	expect_loss(m, V6, LOOPBACK_REMOVED);
	expect_no_loss(m);
	bound(m, V6);
	settle(m, V6);
	on_address(m, address(V6), false);
	lo_mirror_forget(m, &(struct prefix){ .addr = prefix(V6).addr, .len = 128 });
	expect_none_settled(m);
}

static void a_dump_shows_alterations(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr a = address(V4);
	bound(m, V4);
	a.valid = a.preferred = 100;
	dump(m, &a, V4);
	expect_loss(m, V4, LOOPBACK_ALTERED);
	assert_false(lo_mirror_find(m, &a.prefix)->wrong_scope);
	bound(m, V4);
	a = address(V4);
	dump(m, &a, V4);
	expect_no_loss(m);
	assert_true(is_bound(m, V4));
}

static void an_address_of_another_scope_must_be_made_anew(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr a = address(V4);
	a.scope = RT_SCOPE_UNIVERSE;
	bound(m, V4);
	on_address(m, a, false);
	expect_loss(m, V4, LOOPBACK_ALTERED);
	assert_true(lo_mirror_find(m, &a.prefix)->wrong_scope);
	bound(m, V4);
	assert_false(lo_mirror_find(m, &a.prefix)->wrong_scope);
	lo_mirror_forget(m, &a.prefix);
	dump(m, &a, V4);
	assert_true(lo_mirror_find(m, &a.prefix)->wrong_scope);
	/* Adopted, it is still to be made anew. */
	lo_mirror_forget(m, &a.prefix);
	m->tags = false;
	a.proto = 0;
	dump(m, &a, V4);
	assert_true(lo_mirror_adopt(m, &a.prefix, "lo:web"));
	assert_true(lo_mirror_find(m, &a.prefix)->altered);
}

static void the_text_says_what_is_in_the_way(void **state)
{
	struct lo_mirror *m = *state;
	struct nladdr other = foreign(V6);
	struct prefix v6 = prefix(V6), v4 = prefix(V4);
	struct err err = { "" };
	other.prefix.len = 64;
	strcpy(other.label, "a");
	dump(m, &other, NULL);
	lo_mirror_explain(lo_mirror_conflict(m, &v6), &v6, "lo", &err);
	assert_string_equal(err.text,
			    "2001:db8::53/128 is on lo already (2001:db8::53/64, label a) and was "
			    "not put there by vipherald: it is left alone. Set 'bind: present' to "
			    "announce it as it is, or remove it with 'ip address del "
			    "2001:db8::53/64 dev lo' to let vipherald have it");
	lo_mirror_explain(NULL, &v4, "dummy0", &err);
	assert_string_equal(err.text,
			    "192.0.2.1/32 is on dummy0 already (192.0.2.1/32) and was not put "
			    "there by vipherald: it is left alone. Set 'bind: present' to announce "
			    "it as it is, or remove it with 'ip address del 192.0.2.1/32 dev "
			    "dummy0' to let vipherald have it");
	lo_mirror_bound(m, &other.prefix, VIP_ADDRESS);
	lo_mirror_explain(lo_mirror_conflict(m, &v6), &v6, "lo", &err);
	assert_string_equal(err.text, "2001:db8::53/128 is on lo already, bound as "
				      "2001:db8::53/64 for another app");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(added_addresses_are_ours_until_removed),
		TEST(a_removed_route_is_a_loss),
		TEST(an_address_bound_again_is_no_loss),
		TEST(losses_that_come_with_lo_are_dropped),
		TEST(a_lifetime_or_a_lost_tag_is_an_alteration),
		TEST(a_kernel_without_tags_alters_nothing_by_dropping_them),
		TEST(a_dump_tells_leftovers_from_foreign_addresses),
		TEST(a_route_alone_is_a_leftover),
		TEST(an_address_removed_and_added_again_is_not_ours),
		TEST(a_removed_address_makes_networks_doubtful),
		TEST(only_ipv4_networks_of_ours_count),
		TEST(removal_of_a_foreign_address_is_no_loss),
		TEST(conflicts_name_the_other_address),
		TEST(adoption_needs_the_label_and_our_form),
		TEST(a_stray_route_beside_a_foreign_address),
		TEST(an_added_address_settles_once),
		TEST(a_dump_settles_as_well),
		TEST(a_settling_address_that_is_removed_does_not_settle),
		TEST(a_settling_address_that_is_altered_is_a_loss),
		TEST(a_leftover_that_is_added_again_is_ours),
		TEST(the_loss_of_a_forgotten_address_is_not_told),
		TEST(a_dump_shows_alterations),
		TEST(an_address_of_another_scope_must_be_made_anew),
		TEST(the_text_says_what_is_in_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
