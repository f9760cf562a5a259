/* SPDX-License-Identifier: MIT */
/* Aggregates: which apps count, what is announced and when, and what a reload keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/aggregate.h"
#include "agent/vip/aggregates.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static struct prefix prefix(const char *text)
{
	struct prefix p = { 0 };
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

/* ---- the decision ---- */

static void covering(void **state)
{
	(void)state;
	static const struct {
		const char *aggregate, *vip;
		bool covers;
	} cases[] = {
		{ "198.51.100.0/24", "198.51.100.1/32", true },
		{ "198.51.100.0/24", "198.51.100.128/25", true },
		{ "198.51.100.0/24", "198.51.100.0/24", false }, /* the same */
		{ "198.51.100.0/24", "198.51.0.0/16", false },
		{ "198.51.100.0/24", "198.51.101.1/32", false },
		{ "2001:db8::/32", "2001:db8::53/128", true },
		{ "2001:db8::/32", "2001:db9::53/128", false },
		{ "32.0.0.0/8", "2001:db8::53/128", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct aggregate_spec spec = { .prefix = prefix(cases[i].aggregate) };
		const struct prefix vip = prefix(cases[i].vip);
		if (aggregate_covers(&spec, &vip) != cases[i].covers)
			fail_msg("%s in %s", cases[i].vip, cases[i].aggregate);
	}
}

static void forms(void **state)
{
	(void)state;
	static const struct {
		uint16_t min;
		struct aggregate_count count;
		enum route_form form;
	} cases[] = {
		{ 1, { 0, 0 }, ROUTE_NONE },  { 1, { 1, 1 }, ROUTE_UP },
		{ 1, { 0, 1 }, ROUTE_DRAIN }, { 2, { 1, 1 }, ROUTE_NONE },
		{ 2, { 1, 2 }, ROUTE_DRAIN }, { 2, { 2, 3 }, ROUTE_UP },
		{ 2, { 0, 1 }, ROUTE_NONE },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct aggregate_spec spec = { .min = cases[i].min };
		if (aggregate_form(&spec, cases[i].count) != cases[i].form)
			fail_msg("case %zu", i);
	}
}

static void attributes(void **state)
{
	(void)state;
	uint32_t community = 7;
	const struct aggregate_spec spec = { .med = { true, 5 },
					     .weight = { true, 9 },
					     .communities = { &community, 1 } };
	struct announce_room room;
	struct bgp_route_attrs attrs;
	aggregate_attrs(&spec, ROUTE_UP, &room, &attrs);
	assert_true(attrs.has_med && attrs.med == 5 && attrs.has_weight && attrs.weight == 9);
	assert_false(attrs.has_local_pref || attrs.has_prepends);
	assert_int_equal(attrs.communities.n, 1);
	assert_int_equal(attrs.ext_communities.n + attrs.large_communities.n, 0);
	aggregate_attrs(&spec, ROUTE_DRAIN, &room, &attrs);
	assert_int_equal(attrs.communities.n, 2);
	assert_int_equal(attrs.communities.values[0], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	assert_true(attrs.has_local_pref && attrs.local_pref == 0);
}

/* ---- counting ---- */

struct world {
	char did[1024];
	struct strbuf log;
	struct aggregates *a;
};

static void note(struct world *w, const char *what, const struct aggregate_spec *spec,
		 const char *how)
{
	char text[PREFIX_TEXT_MAX];
	strbuf_add(&w->log, "%s%s %s%s%s", w->log.len > 0 ? ", " : "", what,
		   prefix_format(&spec->prefix, text), *how ? " " : "", how);
}

static void announce(const struct aggregate_spec *spec, enum route_form form, void *userdata)
{
	note(userdata, "announce", spec, route_form_name(form));
}

static void withdraw(const struct aggregate_spec *spec, void *userdata)
{
	note(userdata, "withdraw", spec, "");
}

static void changed(const struct aggregate_spec *spec, enum route_form form,
		    struct aggregate_count count, void *userdata)
{
	char text[32];
	(void)form;
	snprintf(text, sizeof(text), "%zu/%zu", count.up, count.announced);
	note(userdata, "changed", spec, text);
}

static const struct aggregates_ops ops = { announce, withdraw, changed };

static void expect(struct world *w, const char *want)
{
	if (!str_equal(w->did, want))
		fail_msg("'%s', expected '%s'", w->did, want);
	w->did[0] = 0;
	w->log = strbuf_over(w->did, sizeof(w->did));
}

static struct world begin(void)
{
	return (struct world){ .a = NULL };
}

static void set(struct world *w, struct aggregate_spec *specs, size_t n)
{
	const struct aggregate_list list = { specs, n, n };
	aggregates_begin_change(w->a, &list);
	aggregates_end_change(w->a, 1);
}

static void count(struct world *w, const char *vip, const void *app, enum route_form form)
{
	const struct prefix p = prefix(vip);
	aggregates_count(w->a, &p, app, form, 2);
}

static const char one[1], two[1];

static void apps_are_counted(void **state)
{
	(void)state;
	struct world w = begin();
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.100.0/24"), .min = 2 } };
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.a = aggregates_new(&ops, &w);
	count(&w, "198.51.100.1/32", one, ROUTE_UP); /* none is configured */
	count(&w, "198.51.100.1/32", one, ROUTE_NONE);
	set(&w, specs, 1);
	expect(&w, "");
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "198.51.100.2/32", one, ROUTE_UP); /* the same app */
	count(&w, "192.0.2.1/32", two, ROUTE_UP);    /* not in it */
	expect(&w, "");
	count(&w, "198.51.100.3/32", two, ROUTE_UP);
	expect(&w, "announce 198.51.100.0/24 up, changed 198.51.100.0/24 2/2");
	count(&w, "198.51.100.2/32", one, ROUTE_NONE); /* it has another VIP */
	count(&w, "198.51.100.3/32", two, ROUTE_UP);   /* again */
	expect(&w, "");
	count(&w, "198.51.100.3/32", two, ROUTE_DRAIN);
	expect(&w, "announce 198.51.100.0/24 drain, changed 198.51.100.0/24 1/2");
	count(&w, "198.51.100.3/32", two, ROUTE_NONE);
	expect(&w, "withdraw 198.51.100.0/24, changed 198.51.100.0/24 1/1");
	count(&w, "198.51.100.3/32", two, ROUTE_NONE);
	expect(&w, "");
	aggregates_free(w.a);
}

/* A VIP that moves to another app counts for that one. */
static void a_vip_moves(void **state)
{
	(void)state;
	struct world w = begin();
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.100.0/24"), .min = 2 } };
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.a = aggregates_new(&ops, &w);
	set(&w, specs, 1);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "198.51.100.2/32", one, ROUTE_UP);
	count(&w, "198.51.100.2/32", two, ROUTE_UP);
	expect(&w, "announce 198.51.100.0/24 up, changed 198.51.100.0/24 2/2");
	count(&w, "198.51.100.1/32", two, ROUTE_UP);
	expect(&w, "withdraw 198.51.100.0/24, changed 198.51.100.0/24 1/1");
	aggregates_free(w.a);
}

/* As a reload does it: all that is announced is counted anew. */
static void another_configuration(void **state)
{
	(void)state;
	struct world w = begin();
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.100.0/24"), .min = 1 },
					  { .prefix = prefix("192.0.2.0/24"), .min = 1 } };
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.a = aggregates_new(&ops, &w);
	set(&w, specs, 2);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "192.0.2.1/32", one, ROUTE_UP);
	w.did[0] = 0;
	w.log = strbuf_over(w.did, sizeof(w.did));

	struct aggregate_spec next[] = {
		{ .prefix = prefix("198.51.100.0/24"), .min = 1, .med = { true, 5 } },
		{ .prefix = prefix("198.51.0.0/16"), .min = 1 }
	};
	const struct aggregate_list list = { next, 2, 2 };
	assert_false(aggregate_list_equal(aggregates_list(w.a), &list));
	aggregates_begin_change(w.a, &list);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "192.0.2.1/32", one, ROUTE_UP);
	expect(&w, "");
	aggregates_end_change(w.a, 5);
	assert_true(aggregate_list_equal(aggregates_list(w.a), &list));
	/* The first one stays, with other attributes; the second comes, and 192.0.2.0/24 goes. */
	expect(&w, "announce 198.51.100.0/24 up, announce 198.51.0.0/16 up, "
		   "changed 198.51.0.0/16 1/1, withdraw 192.0.2.0/24");
	struct aggregate_status s;
	aggregates_status(w.a, 0, &s);
	assert_int_equal(s.changed_at, 2);
	assert_int_equal(s.count.announced, 1);
	aggregates_status(w.a, 1, &s);
	assert_int_equal(s.changed_at, 5);
	count(&w, "198.51.100.1/32", one, ROUTE_NONE);
	expect(&w, "withdraw 198.51.100.0/24, changed 198.51.100.0/24 0/0, "
		   "withdraw 198.51.0.0/16, changed 198.51.0.0/16 0/0");
	set(&w, NULL, 0);
	expect(&w, "");
	aggregates_free(w.a);
}

/* A VIP of the prefix goes after the aggregate has come: its withdrawal took the route with it. */
static void a_vip_of_the_same_prefix(void **state)
{
	(void)state;
	struct world w = begin();
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.100.0/24"), .min = 1 } };
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.a = aggregates_new(&ops, &w);
	set(&w, specs, 1);
	count(&w, "198.51.100.0/24", two, ROUTE_UP);
	expect(&w, "");
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	expect(&w, "announce 198.51.100.0/24 up, changed 198.51.100.0/24 1/1");
	count(&w, "198.51.100.0/24", two, ROUTE_NONE);
	expect(&w, "announce 198.51.100.0/24 up");
	/* That is done with; and nothing is taken from it when such a VIP comes. */
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "198.51.100.0/24", two, ROUTE_UP);
	expect(&w, "");
	count(&w, "198.51.100.1/32", one, ROUTE_NONE);
	expect(&w, "withdraw 198.51.100.0/24, changed 198.51.100.0/24 0/0");
	count(&w, "198.51.100.0/24", two, ROUTE_NONE);
	expect(&w, "");
	aggregates_free(w.a);
}

/* Each by its prefix, wherever it stands; what is as before is announced once more, for its
 * attributes. */
static void several_are_kept(void **state)
{
	(void)state;
	struct world w = begin();
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.100.0/24"), .min = 1 },
					  { .prefix = prefix("192.0.2.0/24"), .min = 1 },
					  { .prefix = prefix("203.0.113.0/24"), .min = 1 } };
	struct aggregate_spec next[] = { specs[2], specs[1], specs[0] };
	const struct aggregate_list list = { next, 3, 3 };
	struct aggregate_status s;
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.a = aggregates_new(&ops, &w);
	set(&w, specs, 3);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "192.0.2.1/32", two, ROUTE_DRAIN);
	expect(&w, "announce 198.51.100.0/24 up, changed 198.51.100.0/24 1/1, "
		   "announce 192.0.2.0/24 drain, changed 192.0.2.0/24 0/1");
	aggregates_begin_change(w.a, &list);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	count(&w, "192.0.2.1/32", two, ROUTE_DRAIN);
	expect(&w, "");
	aggregates_end_change(w.a, 9);
	expect(&w, "announce 192.0.2.0/24 drain, announce 198.51.100.0/24 up");
	aggregates_status(w.a, 1, &s);
	assert_int_equal(s.form, ROUTE_DRAIN);
	assert_int_equal(s.changed_at, 2);
	assert_int_equal(s.count.up, 0);
	aggregates_status(w.a, 2, &s);
	assert_int_equal(s.changed_at, 2);
	assert_ptr_equal(s.spec, &aggregates_list(w.a)->items[2]);
	aggregates_status(w.a, 0, &s);
	assert_int_equal(s.form, ROUTE_NONE);
	assert_int_equal(s.changed_at, 0);
	count(&w, "192.0.2.1/32", two, ROUTE_DRAIN);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	expect(&w, "");
	/* All go. */
	aggregates_begin_change(w.a, &(struct aggregate_list){ NULL, 0, 0 });
	aggregates_end_change(w.a, 10);
	expect(&w, "withdraw 192.0.2.0/24, withdraw 198.51.100.0/24");
	set(&w, specs, 1);
	count(&w, "198.51.100.1/32", one, ROUTE_UP);
	expect(&w, "announce 198.51.100.0/24 up, changed 198.51.100.0/24 1/1");
	set(&w, NULL, 0);
	expect(&w, "withdraw 198.51.100.0/24");
	aggregates_free(w.a);
	aggregates_free(NULL);
}

static void suppressing(void **state)
{
	(void)state;
	struct aggregate_spec specs[] = {
		{ .prefix = prefix("198.51.0.0/16"), .min = 1 },
		{ .prefix = prefix("198.51.100.0/24"), .min = 1, .summary_only = true }
	};
	const struct aggregate_list list = { specs, 2, 2 };
	const struct prefix in = prefix("198.51.100.1/32"), beside = prefix("198.51.101.1/32");
	assert_ptr_equal(aggregate_list_suppressor(&list, &in), &specs[1]);
	assert_null(aggregate_list_suppressor(&list, &beside));
	assert_ptr_equal(aggregate_list_find(&list, &specs[1].prefix), &specs[1]);
	assert_null(aggregate_list_find(&list, &in));
	specs[0].summary_only = true;
	assert_ptr_equal(aggregate_list_suppressor(&list, &in), &specs[0]);
	assert_ptr_equal(aggregate_list_suppressor(&list, &beside), &specs[0]);
	assert_ptr_equal(aggregate_list_find(&list, &specs[0].prefix), &specs[0]);
}

/* ---- lists ---- */

static uint32_t one_community = 7;
static struct bgp_ext_community one_ext = { 0, 8 };
static struct bgp_large_community one_large = { 0, 0, 9 };

static void a_copy_of_a_list_is_its_own(void **state)
{
	(void)state;
	struct bgp_peer_filter *peers = mem_new(1, sizeof(*peers));
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.0.0/16"), .min = 1 },
					  { .prefix = prefix("192.0.2.0/24"),
					    .communities = { &one_community, 1 },
					    .ext_communities = { &one_ext, 1 },
					    .large_communities = { &one_large, 1 },
					    .peers = peers } };
	const struct aggregate_list list = { specs, 2, 2 }, none = { 0 };
	struct aggregate_list copy;
	bgp_peer_refs_add(&peers->only, "10.0.0.1");
	aggregate_list_copy(&copy, &list);
	assert_int_equal(copy.n, 2);
	assert_true(aggregate_list_equal(&copy, &list));
	assert_ptr_not_equal(copy.items[1].peers, peers);
	assert_ptr_not_equal(copy.items[1].communities.values, &one_community);
	assert_ptr_not_equal(copy.items[1].ext_communities.values, &one_ext);
	assert_ptr_not_equal(copy.items[1].large_communities.values, &one_large);
	aggregate_list_done(&copy);
	assert_int_equal(copy.n, 0);
	assert_null(copy.items);
	aggregate_list_copy(&copy, &none);
	assert_null(copy.items);
	assert_true(aggregate_list_equal(&copy, &none));
	assert_false(aggregate_list_equal(&list, &none));
	bgp_peer_filter_free(peers);
}

/* Of the last one in the list. */
static void each_key_counts(void **state)
{
	(void)state;
	struct bgp_peer_filter peers = { 0 };
	const struct bgp_number given = { true, 1 };
	struct aggregate_spec specs[] = { { .prefix = prefix("198.51.0.0/16"), .min = 1 },
					  { .prefix = prefix("192.0.2.0/24"), .min = 1 } };
	const struct aggregate_spec others[] = {
		{ .prefix = prefix("192.0.2.0/25"), .min = 1 },
		{ .prefix = specs[1].prefix, .min = 2 },
		{ .prefix = specs[1].prefix, .min = 1, .summary_only = true },
		{ .prefix = specs[1].prefix, .min = 1, .med = given },
		{ .prefix = specs[1].prefix, .min = 1, .local_pref = given },
		{ .prefix = specs[1].prefix, .min = 1, .prepends = given },
		{ .prefix = specs[1].prefix, .min = 1, .weight = given },
		{ .prefix = specs[1].prefix, .min = 1, .communities = { &one_community, 1 } },
		{ .prefix = specs[1].prefix, .min = 1, .ext_communities = { &one_ext, 1 } },
		{ .prefix = specs[1].prefix, .min = 1, .large_communities = { &one_large, 1 } },
		{ .prefix = specs[1].prefix, .min = 1, .peers = &peers },
	};
	bgp_peer_refs_add(&peers.except, "10.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct aggregate_spec next[] = { specs[0], others[i] };
		struct aggregate_spec first[] = { specs[1] }, another[] = { others[i] };
		const struct aggregate_list c = { first, 1, 1 }, d = { another, 1, 1 };
		assert_false(aggregate_list_equal(&c, &d));
		const struct aggregate_list a = { specs, 2, 2 }, b = { next, 2, 2 };
		if (aggregate_list_equal(&a, &b))
			fail_msg("key %zu", i);
		assert_true(aggregate_list_equal(&b, &b));
	}
	free(peers.except.items[0].text);
	free(peers.except.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(covering),
		cmocka_unit_test(forms),
		cmocka_unit_test(attributes),
		cmocka_unit_test(apps_are_counted),
		cmocka_unit_test(a_vip_moves),
		cmocka_unit_test(another_configuration),
		cmocka_unit_test(a_vip_of_the_same_prefix),
		cmocka_unit_test(several_are_kept),
		cmocka_unit_test(suppressing),
		cmocka_unit_test(a_copy_of_a_list_is_its_own),
		cmocka_unit_test(each_key_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
