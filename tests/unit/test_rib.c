/* SPDX-License-Identifier: MIT */
/* Routes and their attributes: sharing, freeing, reuse of ids. */
#include "bgp/rib.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/array.h"

static struct prefix vip(uint32_t i)
{
	return (struct prefix){ .addr = addr_v4(0xc0000200 + i), .len = 32 };
}

static struct rib_route *announce(struct rib *rib, uint32_t i, uint32_t med, bool want_changed)
{
	struct prefix p = vip(i);
	struct bgp_route_attrs attrs = { .has_med = true, .med = med };
	bool changed;
	struct rib_route *r = rib_announce(rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	assert_int_equal(changed, want_changed);
	return r;
}

static void withdraw(struct rib *rib, uint32_t i)
{
	struct prefix p = vip(i);
	struct rib_route *r = rib_withdraw(rib, &p);
	assert_non_null(r);
	rib_collect(rib, r);
}

static void equal_attributes_are_shared_and_freed_with_the_last_route(void **state)
{
	(void)state;
	struct rib rib;
	rib_init(&rib);
	struct rib_route *a = announce(&rib, 1, 10, true), *b = announce(&rib, 2, 10, true);
	assert_ptr_equal(a->attrs, b->attrs);
	announce(&rib, 1, 10, false);
	assert_int_equal(a->attrs->refs, 2);
	announce(&rib, 1, 20, true);
	assert_int_equal(HASH_COUNT(rib.attrs), 2);
	assert_true(a->attrs->id != b->attrs->id);
	withdraw(&rib, 2);
	assert_int_equal(HASH_COUNT(rib.attrs), 1);
	withdraw(&rib, 1);
	assert_int_equal(HASH_COUNT(rib.attrs), 0);
	uint64_t last = rib.last_attrs_id;
	assert_true(announce(&rib, 1, 10, true)->attrs->id > last); /* no id is used twice */
	rib_done(&rib);
}

/* All three lists stand in one key: none overwrites another, and each of them tells routes apart.
 */
static void every_community_counts(void **state)
{
	(void)state;
	uint32_t standard[] = { 1, 2 };
	struct bgp_ext_community ext[] = { { 3, 4 }, { 5, 6 } };
	struct bgp_large_community large[] = { { 7, 8, 9 } };
	uint32_t *const numbers[] = { &standard[0], &standard[1],     &ext[0].high,
				      &ext[1].low,  &large[0].global, &large[0].local2 };
	struct bgp_route_attrs attrs = { .communities = { standard, 2 },
					 .ext_communities = { ext, 2 },
					 .large_communities = { large, 1 } };
	struct prefix p = vip(1);
	struct rib rib;
	bool changed;
	rib_init(&rib);
	struct rib_route *r = rib_announce(&rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct bgp_route_attrs *kept = &r->attrs->route;
		assert_memory_equal(kept->communities.values, standard, sizeof(standard));
		assert_memory_equal(kept->ext_communities.values, ext, sizeof(ext));
		assert_memory_equal(kept->large_communities.values, large, sizeof(large));
		rib_announce(&rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
		assert_false(changed);
		++*numbers[i];
		rib_announce(&rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
		if (!changed)
			fail_msg("number %zu", i);
	}
	rib_announce(&rib, &p, BGP_ORIGIN_EGP, &attrs, &changed);
	assert_true(changed);
	rib_done(&rib);
}

/* A MED of 0 is not the same as none; the value of a number that is not given does not count. */
static void a_number_that_is_not_given_does_not_count(void **state)
{
	struct prefix p = vip(1);
	struct rib rib;
	bool changed;
	(void)state;
	rib_init(&rib);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ 0 }, &changed);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP,
		     &(struct bgp_route_attrs){ .med = 7, .local_pref = 8 }, &changed);
	assert_false(changed);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ .has_med = true },
		     &changed);
	assert_true(changed);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ .has_local_pref = true },
		     &changed);
	assert_true(changed);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP,
		     &(struct bgp_route_attrs){ .has_local_pref = true, .local_pref = 1 },
		     &changed);
	assert_true(changed);
	rib_announce(&rib, &p, BGP_ORIGIN_IGP,
		     &(struct bgp_route_attrs){ .has_prepends = true, .prepends = 1 }, &changed);
	assert_true(changed);
	rib_done(&rib);
}

/* Paths, next hops and origins of their own: each value, and that there is one, tells routes
 * apart. */
static void a_path_of_its_own_counts(void **state)
{
	(void)state;
	uint32_t path[] = { 65001, 65002 };
	static const struct addr hop = { AF_INET, { 192, 0, 2, 9 } };
	static const struct addr last = { AF_INET6, { [15] = 1 } };
	const struct bgp_route_attrs all[] = {
		{ .has_med = true },
		{ .has_med = true, .as_path.given = true },
		{ .has_med = true, .as_path = { true, path, 1 } },
		{ .has_med = true, .as_path = { true, path + 1, 1 } },
		{ .has_med = true, .as_path = { true, path, 2 } },
		{ .has_med = true, .as_path = { true, path, 2 }, .next_hop = hop },
		{ .has_med = true, .as_path = { true, path, 2 }, .next_hop = last },
		{ .has_med = true, .origin = { true, BGP_ORIGIN_INCOMPLETE } },
	};
	struct prefix p = vip(1);
	struct rib rib;
	bool changed;
	rib_init(&rib);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		rib_announce(&rib, &p, BGP_ORIGIN_IGP, &all[i], &changed);
		if (!changed)
			fail_msg("attributes %zu are those before", i);
		struct rib_route *r = rib_announce(&rib, &p, BGP_ORIGIN_IGP, &all[i], &changed);
		assert_false(changed);
		assert_int_equal(r->attrs->route.as_path.n, all[i].as_path.n);
		if (all[i].as_path.n > 0)
			assert_memory_equal(r->attrs->route.as_path.values, all[i].as_path.values,
					    all[i].as_path.n * sizeof(path[0]));
	}
	assert_int_equal(rib_find(&rib, &p)->attrs->origin, BGP_ORIGIN_INCOMPLETE);
	/* The speaker's own is the same as one that the route names. */
	rib_announce(&rib, &p, BGP_ORIGIN_INCOMPLETE, &all[0], &changed);
	assert_false(changed);
	rib_done(&rib);
}

/* Each flag, number, list and place in a list: no two of these are the same attributes. */
static void every_difference_makes_other_attributes(void **state)
{
	(void)state;
	static uint32_t n[] = { 1, 2, 1 };
	static struct bgp_ext_community ext[] = { { 1, 2 }, { 2, 1 }, { 1, 2 } };
	static struct bgp_large_community large[] = { { 1, 2, 1 }, { 2, 1, 2 }, { 1, 2, 1 } };
	static struct bgp_large_community as_ext[] = { { 1, 2, 2 }, { 1, 1, 2 } };
	const struct bgp_route_attrs all[] = {
		{ 0 },
		{ .has_med = true },
		{ .has_local_pref = true },
		{ .has_prepends = true },
		{ .has_weight = true },
		{ .as_path.given = true },
		{ .has_med = true, .med = 1 },
		{ .has_local_pref = true, .local_pref = 1 },
		{ .has_prepends = true, .prepends = 1 },
		{ .has_weight = true, .weight = 1 },
		{ .has_med = true, .has_local_pref = true },
		{ .has_med = true, .has_prepends = true },
		{ .has_prepends = true, .has_weight = true },
		{ .has_weight = true, .as_path.given = true },
		{ .origin = { true, BGP_ORIGIN_EGP } },
		{ .origin = { true, BGP_ORIGIN_INCOMPLETE } },
		{ .next_hop = { AF_INET, { 0, 0, 0, 1 } } },
		{ .next_hop = { AF_INET6, { 0, 0, 0, 1 } } },
		{ .next_hop = { AF_INET6, { 0 } } },
		{ .next_hop = { AF_INET6, { [7] = 1 } } },
		{ .next_hop = { AF_INET6, { [11] = 1 } } },
		{ .next_hop = { AF_INET6, { [15] = 1 } } },
		/* The same numbers in other lists. */
		{ .as_path = { true, n, 1 }, .communities = { n + 1, 2 } },
		{ .as_path = { true, n, 2 }, .communities = { n + 2, 1 } },
		{ .ext_communities = { ext, 3 } },
		{ .large_communities = { as_ext, 2 } },
		{ .as_path = { true, n, 1 } },
		{ .as_path = { true, n, 2 } },
		{ .as_path = { true, n + 1, 2 } },
		{ .communities = { n, 1 } },
		{ .communities = { n, 2 } },
		{ .communities = { n + 1, 1 } },
		{ .communities = { n + 1, 2 } },
		{ .communities = { n, 3 } },
		{ .ext_communities = { ext, 1 } },
		{ .ext_communities = { ext, 2 } },
		{ .ext_communities = { ext + 1, 1 } },
		{ .ext_communities = { ext + 1, 2 } },
		{ .large_communities = { large, 1 } },
		{ .large_communities = { large, 2 } },
		{ .large_communities = { large + 1, 1 } },
		{ .large_communities = { large + 1, 2 } },
		{ .communities = { n, 1 }, .as_path = { true, n, 1 } },
		{ .communities = { n, 2 }, .ext_communities = { ext, 1 } },
		{ .communities = { n, 2 }, .large_communities = { large, 1 } },
	};
	struct rib rib;
	bool changed;
	rib_init(&rib);
	for (uint32_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < ARRAY_SIZE(all); i++) {
			struct prefix p = vip(i);
			struct rib_route *r =
				rib_announce(&rib, &p, BGP_ORIGIN_IGP, &all[i], &changed);
			assert_int_equal(changed, round == 0);
			if (HASH_COUNT(rib.attrs) != (round == 0 ? i + 1 : ARRAY_SIZE(all)))
				fail_msg("attributes %u are those of another", i);
			assert_int_equal(r->attrs->refs, 1);
			assert_int_equal(rib.n_announced, HASH_COUNT(rib.routes));
		}
	}
	rib_done(&rib);
}

static const struct bgp_route_attrs with_med = { .has_med = true, .med = 7 };
static const struct bgp_route_attrs with_origin = { .origin = { true, BGP_ORIGIN_EGP } };

/* A route for 10.0.0.1, another variant for 10.0.0.2 and a third one for 10.0.0.3. */
static bool set_variants(struct rib *rib, struct rib_route *r, const char *second,
			 const struct bgp_route_attrs *third, size_t n)
{
	struct bgp_peer_filter a = { 0 }, b = { 0 };
	bgp_peer_refs_add(&a.only, second);
	bgp_peer_refs_add(&b.only, "10.0.0.3");
	const struct bgp_route_variant variants[] = { { .filter = &a },
						      { .attrs = *third, .filter = &b } };
	bool different = rib_set_variants(rib, r, BGP_ORIGIN_IGP, variants, n);
	for (size_t i = 0; i < 2; i++) {
		struct bgp_peer_filter *f = i ? &b : &a;
		free(f->only.items[0].text);
		free(f->only.items);
	}
	return different;
}

static void variants_are_another_when_one_of_them_differs(void **state)
{
	(void)state;
	static const struct bgp_route_attrs none = { 0 };
	struct bgp_peer_filter first = { 0 };
	struct bgp_peer_config peer = { .addr = addr_v4(0x0a000003) };
	struct rib rib;
	rib_init(&rib);
	bgp_peer_refs_add(&first.only, "10.0.0.1");
	struct rib_route *r = announce(&rib, 1, 10, true);
	assert_ptr_equal(rib_attrs_for(r, &peer), r->attrs);
	assert_true(rib_set_filter(r, &first));
	assert_false(rib_set_filter(r, &first));
	assert_true(rib_set_filter(r, NULL));
	assert_ptr_equal(rib_attrs_for(r, &peer), r->attrs);
	assert_true(rib_set_filter(r, &first));
	assert_null(rib_attrs_for(r, &peer));
	assert_false(set_variants(&rib, r, "10.0.0.2", &none, 0));
	assert_true(set_variants(&rib, r, "10.0.0.2", &none, 2));
	assert_false(set_variants(&rib, r, "10.0.0.2", &none, 2));
	assert_true(set_variants(&rib, r, "10.0.0.4", &none, 2));
	assert_true(set_variants(&rib, r, "10.0.0.4", &with_med, 2));
	assert_false(set_variants(&rib, r, "10.0.0.4", &with_med, 2));
	assert_int_equal(rib_attrs_for(r, &peer)->route.med, 7);
	assert_int_equal(HASH_COUNT(rib.attrs), 3);
	/* The origin of all that have none of their own. */
	assert_true(rib_set_origin(&rib, r, BGP_ORIGIN_EGP));
	assert_int_equal(rib_attrs_for(r, &peer)->origin, BGP_ORIGIN_EGP);
	assert_false(rib_set_origin(&rib, r, BGP_ORIGIN_EGP));
	assert_int_equal(HASH_COUNT(rib.attrs), 3);
	assert_true(set_variants(&rib, r, "10.0.0.4", &with_origin, 2));
	assert_true(rib_set_origin(&rib, r, BGP_ORIGIN_INCOMPLETE));
	assert_int_equal(r->attrs->origin, BGP_ORIGIN_INCOMPLETE);
	assert_int_equal(rib_attrs_for(r, &peer)->origin, BGP_ORIGIN_EGP);
	assert_true(set_variants(&rib, r, "10.0.0.4", &with_med, 1));
	assert_null(rib_attrs_for(r, &peer));
	assert_true(set_variants(&rib, r, "10.0.0.4", &with_med, 0));
	assert_int_equal(HASH_COUNT(rib.attrs), 1);
	assert_true(set_variants(&rib, r, "10.0.0.4", &with_med, 2));
	withdraw(&rib, 1);
	assert_int_equal(HASH_COUNT(rib.attrs), 0);
	r = announce(&rib, 1, 10, true); /* all of it is left at the end */
	rib_set_filter(r, &first);
	rib_set_tag(r, "dns", "up");
	set_variants(&rib, r, "10.0.0.2", &with_med, 2);
	free(first.only.items[0].text);
	free(first.only.items);
	rib_done(&rib);
}

/* Of the ids that the rib has room for, and with a tag and variants left at its end. */
static void a_full_rib_is_gone_through_to_its_end(void **state)
{
	(void)state;
	struct rib rib;
	rib_init(&rib);
	for (uint32_t i = 0; i < 8; i++)
		rib_set_tag(announce(&rib, i, 10, true), "dns", "up");
	struct prefix p = vip(7);
	struct rib_route *r = rib_find(&rib, &p);
	assert_string_equal(r->tag, "dns");
	assert_string_equal(r->why, "up");
	rib_set_tag(r, "dns", "drain");
	assert_string_equal(r->tag, "dns");
	assert_string_equal(r->why, "drain");
	rib_set_tag(r, "web", NULL);
	assert_string_equal(r->tag, "web");
	assert_null(r->why);
	rib_set_tag(r, NULL, NULL);
	assert_null(r->tag);
	set_variants(&rib, r, "10.0.0.2", &with_med, 2);
	rib_collect_disowned(&rib);
	for (uint32_t i = 0; i < 8; i++)
		withdraw(&rib, i);
	assert_int_equal(rib.n_free, 8);
	for (uint32_t i = 0; i < 8; i++) {
		p = vip(i);
		rib_disown(&rib, &p);
	}
	rib_collect_disowned(&rib);
	assert_int_equal(HASH_COUNT(rib.routes), 0);
	for (uint32_t i = 0; i < 8; i++)
		rib_set_tag(announce(&rib, i, 10, true), "dns", "up");
	assert_int_equal(rib.n_ids, 8);
	rib_done(&rib);
	assert_int_equal(rib.n_ids + rib.n_announced, 0); /* may be used again */
	announce(&rib, 0, 10, true);
	rib_done(&rib);
}

/* It shares attributes with a route that has the speaker's, whichever was first, and keeps its own
 * when the speaker has another one. */
static void an_origin_of_its_own_stays(void **state)
{
	(void)state;
	static const struct bgp_route_attrs none = { 0 };
	for (int own_first = 0; own_first < 2; own_first++) {
		struct prefix own = vip(1), other = vip(2);
		struct rib_route *a, *b;
		struct rib rib;
		bool changed;
		rib_init(&rib);
		if (own_first)
			rib_announce(&rib, &own, BGP_ORIGIN_EGP, &with_origin, &changed);
		b = rib_announce(&rib, &other, BGP_ORIGIN_EGP, &none, &changed);
		a = rib_announce(&rib, &own, BGP_ORIGIN_EGP, &with_origin, &changed);
		assert_ptr_equal(a->attrs, b->attrs);
		assert_false(rib_set_origin(&rib, a, BGP_ORIGIN_INCOMPLETE));
		assert_true(rib_set_origin(&rib, b, BGP_ORIGIN_INCOMPLETE));
		assert_int_equal(a->attrs->origin, BGP_ORIGIN_EGP);
		assert_int_equal(b->attrs->origin, BGP_ORIGIN_INCOMPLETE);
		/* Now it has that of the speaker, and the other way round. */
		rib_announce(&rib, &own, BGP_ORIGIN_EGP, &none, &changed);
		assert_false(changed);
		assert_true(rib_set_origin(&rib, a, BGP_ORIGIN_IGP));
		assert_int_equal(a->attrs->origin, BGP_ORIGIN_IGP);
		rib_announce(&rib, &own, BGP_ORIGIN_IGP, &with_origin, &changed);
		assert_true(changed);
		assert_false(rib_set_origin(&rib, a, BGP_ORIGIN_IGP));
		rib_done(&rib);
	}
}

static void ids_of_freed_routes_are_used_again(void **state)
{
	(void)state;
	struct rib rib;
	rib_init(&rib);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(announce(&rib, i, 10, true)->id, i);
	withdraw(&rib, 0);
	withdraw(&rib, 2);
	assert_null(rib.by_id[0]);
	assert_null(rib.by_id[2]);
	struct rib_route *r = announce(&rib, 7, 10, true), *s = announce(&rib, 8, 10, true);
	assert_int_equal(r->id + s->id, 2);
	assert_ptr_equal(rib.by_id[r->id], r);
	assert_ptr_equal(rib.by_id[s->id], s);
	assert_int_equal(announce(&rib, 9, 10, true)->id, 3);
	assert_int_equal(rib.n_announced, 4);
	rib_done(&rib);
}

static void a_withdrawn_route_stays_for_its_holders(void **state)
{
	(void)state;
	struct rib rib;
	struct prefix p = vip(1);
	rib_init(&rib);
	struct rib_route *r = announce(&rib, 1, 10, true);
	r->holders = 1;
	withdraw(&rib, 1);
	assert_ptr_equal(rib_find(&rib, &p), r);
	assert_int_equal(rib.n_announced, 0);
	assert_null(rib_withdraw(&rib, &p)); /* it is already */
	r->holders = 0;
	rib_collect(&rib, r);
	assert_null(rib_find(&rib, &p));
	assert_null(rib_withdraw(&rib, &p));
	rib_done(&rib);
}

static void a_disowned_route_stays_until_no_peer_can_hold_it(void **state)
{
	(void)state;
	struct rib rib;
	struct prefix p = vip(1);
	rib_init(&rib);
	struct rib_route *r = rib_disown(&rib, &p);
	assert_ptr_equal(rib_disown(&rib, &p), r);
	rib_collect(&rib, r);
	assert_ptr_equal(rib_find(&rib, &p), r);
	announce(&rib, 2, 10, true);
	announce(&rib, 3, 10, true);
	withdraw(&rib, 3); /* its id is free now */
	rib_collect_disowned(&rib);
	assert_null(rib_find(&rib, &p));
	p = vip(2);
	assert_non_null(rib_find(&rib, &p));
	rib_done(&rib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_attributes_are_shared_and_freed_with_the_last_route),
		cmocka_unit_test(every_community_counts),
		cmocka_unit_test(a_number_that_is_not_given_does_not_count),
		cmocka_unit_test(a_path_of_its_own_counts),
		cmocka_unit_test(every_difference_makes_other_attributes),
		cmocka_unit_test(variants_are_another_when_one_of_them_differs),
		cmocka_unit_test(a_full_rib_is_gone_through_to_its_end),
		cmocka_unit_test(an_origin_of_its_own_stays),
		cmocka_unit_test(ids_of_freed_routes_are_used_again),
		cmocka_unit_test(a_withdrawn_route_stays_for_its_holders),
		cmocka_unit_test(a_disowned_route_stays_until_no_peer_can_hold_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
