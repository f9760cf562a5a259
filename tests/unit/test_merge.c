/* SPDX-License-Identifier: MIT */
/* A route as a peer gets it, down to the frame. */
#include "bgp/merge.h"

#include "bgp/rib.h"
#include "bgp/update.h"
#include "tests/unit/hex.h"

static uint32_t global[] = { 65001U << 16 | 1, 65001U << 16 | 2 };
static uint32_t peer[] = { 65001U << 16 | 3, 65001U << 16 | 2 };
static uint32_t own[] = { 0xffff0000, 65001U << 16 | 1 };
static struct bgp_ext_community ext[] = { { 0x0002fde9, 100 }, { 0x0002fde9, 100 } };
static struct bgp_large_community large[] = { { 65001, 1, 2 }, { 65001, 1, 3 }, { 65001, 1, 2 } };

static const struct bgp_peer_attrs common = { .global.communities = { global, 2 },
					      .peer.communities = { peer, 2 } };
static const struct addr next_hop = { AF_INET, { 192, 0, 2, 1 } };

static const struct bgp_route_attrs nothing;
static const struct bgp_route_attrs drained = {
	.has_med = true,
	.med = 1000,
	.has_local_pref = true,
	.local_pref = 0,
	.has_prepends = true,
	.prepends = 2,
	.communities = { own, 2 },
	.ext_communities = { ext, 2 },
	.large_communities = { large, 3 },
};

static uint32_t path[] = { 65010, 4200000001 };
static const struct bgp_route_attrs given = {
	.origin = { true, BGP_ORIGIN_INCOMPLETE },
	.as_path = { true, path, 2 },
	.has_prepends = true,
	.prepends = 3,
};
static const struct bgp_route_attrs empty_path = { .as_path.given = true };

/* One UPDATE for 192.0.2.53/32, without marker and length. */
static const struct {
	const char *name;
	bool ibgp, four_octet_as;
	const struct bgp_route_attrs *route;
	const char *hex;
	bool otc;
} frames[] = {
	{ "nothing of its own, eBGP", false, true, &nothing,
	  "02 0000 0023 40010100 400206 0201 0000fde9 400304 c0000201"
	  "c0080c fde90001 fde90002 fde90003 20 c0000235",
	  false },
	{ "everything, eBGP: no LOCAL_PREF, prepends, every community once", false, true, &drained,
	  "02 0000 005c 40010100 40020e 0203 0000fde9 0000fde9 0000fde9 400304 c0000201"
	  "800404 000003e8 c00810 fde90001 fde90002 fde90003 ffff0000"
	  "c01008 0002fde900000064 c02018 0000fde9 00000001 00000002 0000fde9 00000001 00000003"
	  "20 c0000235",
	  false },
	{ "everything, iBGP: LOCAL_PREF, no prepends", true, true, &drained,
	  "02 0000 0055 40010100 400200 400304 c0000201 800404 000003e8 400504 00000000"
	  "c00810 fde90001 fde90002 fde90003 ffff0000"
	  "c01008 0002fde900000064 c02018 0000fde9 00000001 00000002 0000fde9 00000001 00000003"
	  "20 c0000235",
	  false },
	{ "nothing of its own, iBGP: the usual LOCAL_PREF", true, true, &nothing,
	  "02 0000 0024 40010100 400200 400304 c0000201 400504 00000064"
	  "c0080c fde90001 fde90002 fde90003 20 c0000235",
	  false },
	{ "a path of its own, eBGP: our AS is not added", false, true, &given,
	  "02 0000 0027 40010102 40020a 0202 0000fdf2 fa56ea01 400304 c0000201"
	  "c0080c fde90001 fde90002 fde90003 20 c0000235",
	  false },
	{ "a path of its own, iBGP", true, true, &given,
	  "02 0000 002e 40010102 40020a 0202 0000fdf2 fa56ea01 400304 c0000201 400504 00000064"
	  "c0080c fde90001 fde90002 fde90003 20 c0000235",
	  false },
	{ "a path of its own, 2-octet AS numbers: AS4_PATH", false, false, &given,
	  "02 0000 0030 40010102 400206 0202 fdf2 5ba0 400304 c0000201"
	  "c0080c fde90001 fde90002 fde90003 c0110a 0202 0000fdf2 fa56ea01 20 c0000235",
	  false },
	{ "an empty path is one", false, true, &empty_path,
	  "02 0000 001d 40010100 400200 400304 c0000201"
	  "c0080c fde90001 fde90002 fde90003 20 c0000235",
	  false },
	{ "9234 5: towards a customer, a peer or a client, OTC is our AS", false, true, &nothing,
	  "02 0000 002a 40010100 400206 0201 0000fde9 400304 c0000201"
	  "c0080c fde90001 fde90002 fde90003 c02304 0000fde9 20 c0000235",
	  true },
};

static size_t encode(const struct bgp_merge_session *session, const struct bgp_route_attrs *route,
		     uint8_t family, uint8_t *buf, size_t *ret_prefixes)
{
	struct bgp_merge_room room;
	struct bgp_attrs_out out;
	struct bgp_update_builder b;
	struct addr hop6 = { AF_INET6, { 0x20, 1, 0xd, 0xb8 } };
	struct prefix p = { .addr = { family, { 192, 0, 2, 53 } },
			    .len = family == AF_INET ? 32 : 128 };
	bgp_attrs_merge(session, BGP_ORIGIN_IGP, route, &room, &out);
	out.next_hop = family == AF_INET ? next_hop : hop6;
	bgp_update_begin_announce(&b, buf, BGP_MESSAGE_MAX, &out, family);
	*ret_prefixes = 0;
	while (bgp_update_add(&b, &p) && ++*ret_prefixes < (family == AF_INET ? 1 : 1000))
		;
	return bgp_update_finish(&b);
}

static void frames_are_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(frames); i++) {
		uint8_t buf[BGP_MESSAGE_MAX];
		struct bgp_merge_session session = { .local_as = 65001,
						     .ibgp = frames[i].ibgp,
						     .four_octet_as = frames[i].four_octet_as,
						     .otc = frames[i].otc,
						     .peer_attrs = &common };
		size_t n;
		size_t size = encode(&session, frames[i].route, AF_INET, buf, &n);
		assert_hex(frames[i].name, buf + 18, size - 18, frames[i].hex);
	}
}

/* Lists add up in the order of the levels, each value once; of numbers the route's own count. */
static void levels_are_merged_by_one_rule(void **state)
{
	(void)state;
	static struct bgp_ext_community e[] = { { 0, 1 }, { 0, 2 }, { 0, 3 } };
	static struct bgp_large_community l[] = { { 0, 0, 1 }, { 0, 0, 2 }, { 0, 0, 3 } };
	const struct bgp_peer_attrs levels = {
		.global = { { global, 1 }, { e, 1 }, { l, 1 } },
		.peer = { { peer, 1 }, { e, 2 }, { l, 2 } },
		.med = { true, 10 },
		.local_pref = { true, 20 },
		.prepends = { true, 3 },
	};
	const struct bgp_route_attrs route = { .has_med = true,
					       .has_local_pref = true,
					       .local_pref = 7,
					       .has_prepends = true,
					       .communities = { own, 2 },
					       .ext_communities = { e + 2, 1 },
					       .large_communities = { l + 2, 1 } };
	for (int ibgp = 0; ibgp <= 1; ibgp++) {
		const struct bgp_merge_session session = { .local_as = 65001,
							   .ibgp = ibgp,
							   .peer_attrs = &levels };
		struct bgp_merge_room room;
		struct bgp_attrs_out out;
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &nothing, &room, &out);
		assert_int_equal(out.med, 10);
		assert_int_equal(out.local_pref, 20);
		assert_int_equal(out.n_as_path, ibgp ? 0 : 4);
		assert_int_equal(out.n_communities, 2);
		assert_int_equal(out.n_ext_communities, 2);
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
		assert_true(out.has_med && out.med == 0);
		assert_int_equal(out.local_pref, 7);
		assert_int_equal(out.n_as_path, ibgp ? 0 : 1); /* 0 prepends is a number, too */
		assert_int_equal(out.n_communities, 3);
		assert_int_equal(out.communities[2], own[0]);
		assert_int_equal(out.n_ext_communities, 3);
		assert_int_equal(out.ext_communities[2].low, 3);
		assert_int_equal(out.n_large_communities, 3);
	}
}

/* More of everything than the limits: it is cut, and the UPDATE still has room for prefixes. */
static void the_largest_route_fits(void **state)
{
	(void)state;
	static uint32_t many[2000];
	static struct bgp_ext_community many_ext[300];
	static struct bgp_large_community many_large[300];
	for (uint32_t i = 0; i < 2000; i++)
		many[i] = i;
	for (uint32_t i = 0; i < 300; i++) {
		many_ext[i] = (struct bgp_ext_community){ 0, i };
		many_large[i] = (struct bgp_large_community){ 0, 0, i };
	}
	const struct bgp_peer_attrs large_common = {
		.global = { { many, 2000 }, { many_ext, 100 }, { many_large, 100 } },
		.peer.communities = { peer, 2 },
		.prepends = { true, 200 },
	};
	struct bgp_merge_session session = { .local_as = 4200000001,
					     .otc = true,
					     .peer_attrs = &large_common };
	struct bgp_route_attrs route = { .has_med = true,
					 .has_local_pref = true,
					 .has_prepends = true,
					 .prepends = UINT8_MAX,
					 .communities = { own, 2 },
					 .ext_communities = { many_ext, 300 },
					 .large_communities = { many_large, 300 } };
	for (int ibgp = 0; ibgp <= 1; ibgp++) {
		uint8_t buf[BGP_MESSAGE_MAX];
		size_t prefixes;
		session.ibgp = ibgp;
		assert_true(encode(&session, &route, AF_INET6, buf, &prefixes) > 0);
		assert_true(prefixes >= 16);
		assert_true(encode(&session, &route, AF_INET, buf, &prefixes) > 0);
	}
}

/* The numbers of a peer that a route gets, when it has none, and those that it does not see. */
static void numbers_differ_where_they_are_sent(void **state)
{
	(void)state;
	static const struct bgp_peer_attrs none,
		med = { .med = { true, 1 } }, med2 = { .med = { true, 2 } },
		pref = { .local_pref = { true, 1 } }, prepends = { .prepends = { true, 1 } };
	static const struct bgp_route_attrs plain, with_med = { .has_med = true },
						   with_pref = { .has_local_pref = true },
						   with_prepends = { .has_prepends = true };
	static const struct {
		const struct bgp_peer_attrs *a, *b;
		const struct bgp_route_attrs *route;
		bool ibgp, differ;
	} cases[] = {
		{ &none, &none, &plain, false, false },
		{ &none, &none, &plain, true, false },
		{ &none, &med, &plain, false, true },
		{ &none, &med, &plain, true, true },
		{ &med, &med2, &plain, false, true },
		{ &med, &med2, &with_med, false, false },
		{ &none, &pref, &plain, true, true },
		{ &none, &pref, &plain, false, false },
		{ &none, &pref, &with_pref, true, false },
		{ &none, &prepends, &plain, false, true },
		{ &none, &prepends, &plain, true, false },
		{ &none, &prepends, &with_prepends, false, false },
		{ &none, &prepends, &given, false, false },
		{ &none, &prepends, &empty_path, false, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool got = bgp_peer_attrs_numbers_differ(cases[i].a, cases[i].b, cases[i].route,
							 cases[i].ibgp);
		if (got != cases[i].differ)
			fail_msg("case %zu", i);
	}
}

/* Of the lists that are sent, whatever level they are of. */
static void lists_are_equal_in_order_and_number(void **state)
{
	(void)state;
	static uint32_t c[] = { 1, 2, 1 };
	static struct bgp_ext_community e[] = { { 0, 1 }, { 0, 2 }, { 0, 1 } };
	static struct bgp_large_community l[] = { { 0, 0, 1 }, { 0, 0, 2 }, { 0, 0, 1 } };
	const struct bgp_peer_attrs all[] = {
		{ .link_bandwidth = BGP_LINK_BANDWIDTH_AUTO }, /* none */
		{ .global.communities = { c, 1 } },
		{ .global.communities = { c + 1, 1 } },
		{ .global.communities = { c, 2 } },
		{ .global.communities = { c + 1, 2 } },
		{ .global.ext_communities = { e, 1 } },
		{ .global.ext_communities = { e + 1, 1 } },
		{ .global.ext_communities = { e, 2 } },
		{ .global.ext_communities = { e + 1, 2 } },
		{ .global.large_communities = { l, 1 } },
		{ .global.large_communities = { l + 1, 1 } },
		{ .global.large_communities = { l, 2 } },
		{ .global.large_communities = { l + 1, 2 } },
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < ARRAY_SIZE(all); k++)
			assert_int_equal(bgp_peer_attrs_lists_equal(&all[i], &all[k]), i == k);
	const struct bgp_peer_attrs apart = { .global = { { c, 1 }, { e, 1 }, { l, 1 } },
					      .peer = {
						      { c + 1, 1 }, { e + 1, 1 }, { l + 1, 1 } } };
	const struct bgp_peer_attrs together = { .peer = { { c, 3 }, { e, 3 }, { l, 3 } } };
	assert_true(bgp_peer_attrs_lists_equal(&apart, &together));
}

/* One less, as many, and one more than there is room for. */
static void paths_and_prepends_are_cut(void **state)
{
	(void)state;
	static uint32_t long_path[BGP_AS_PATH_MAX + 1];
	const struct bgp_peer_attrs none = { 0 };
	const struct bgp_merge_session session = { .local_as = 65001, .peer_attrs = &none };
	struct bgp_merge_room room;
	struct bgp_attrs_out out;
	for (uint32_t i = 0; i < ARRAY_SIZE(long_path); i++)
		long_path[i] = i + 1;
	for (size_t n = BGP_AS_PATH_MAX - 1; n <= BGP_AS_PATH_MAX + 1; n++) {
		const struct bgp_route_attrs route = { .as_path = { true, long_path, n } };
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
		assert_int_equal(out.n_as_path, n < BGP_AS_PATH_MAX ? n : BGP_AS_PATH_MAX);
		assert_memory_equal(out.as_path, long_path, out.n_as_path * sizeof(uint32_t));
	}
	for (uint8_t n = BGP_PREPENDS_MAX - 1; n <= BGP_PREPENDS_MAX + 1; n++) {
		const struct bgp_route_attrs route = { .has_prepends = true, .prepends = n };
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
		assert_int_equal(out.n_as_path, 1 + (n < 32 ? n : 32));
		for (size_t i = 0; i < out.n_as_path; i++)
			assert_int_equal(out.as_path[i], 65001);
	}
	/* A path of one AS that has prepends keeps its AS. */
	const struct bgp_route_attrs one = { .as_path = { true, long_path, 1 } };
	bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &one, &room, &out);
	assert_int_equal(out.n_as_path, 1);
	assert_int_equal(out.as_path[0], 1);
}

/* As many as there is room for, from all levels together. */
static void communities_are_cut(void **state)
{
	(void)state;
	static uint32_t c[BGP_COMMUNITIES_ROOM + 2];
	static struct bgp_ext_community e[BGP_EXT_COMMUNITIES_MAX + 2];
	static struct bgp_large_community l[BGP_LARGE_COMMUNITIES_MAX + 2];
	for (uint32_t i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = i;
	for (uint32_t i = 0; i < ARRAY_SIZE(e); i++)
		e[i].low = i;
	for (uint32_t i = 0; i < ARRAY_SIZE(l); i++)
		l[i].local2 = i;
	const struct bgp_peer_attrs first = { .global = { { c, 3 }, { e, 3 }, { l, 3 } } };
	const struct bgp_merge_session session = { .local_as = 65001, .peer_attrs = &first };
	for (size_t less = 0; less < 4; less++) {
		const struct bgp_route_attrs route = {
			.communities = { c, ARRAY_SIZE(c) - less },
			.ext_communities = { e, ARRAY_SIZE(e) - less },
			.large_communities = { l, ARRAY_SIZE(l) - less },
		};
		struct bgp_merge_room room;
		struct bgp_attrs_out out;
		bgp_attrs_merge(&session, BGP_ORIGIN_IGP, &route, &room, &out);
		size_t missing = less > 2 ? less - 2 : 0;
		assert_int_equal(out.n_communities, BGP_COMMUNITIES_ROOM - missing);
		assert_int_equal(out.n_ext_communities, BGP_EXT_COMMUNITIES_MAX - missing);
		assert_int_equal(out.n_large_communities, BGP_LARGE_COMMUNITIES_MAX - missing);
	}
}

static void the_configuration_gives_a_peer_its_attributes(void **state)
{
	(void)state;
	const struct bgp_config config = { .communities = { global, 2 },
					   .ext_communities = { ext, 1 },
					   .large_communities = { large, 1 } };
	const struct bgp_peer_config of_peer = {
		.communities = { peer, 1 },
		.ext_communities = { ext, 2 },
		.large_communities = { large, 2 },
		.med = { true, 1 },
		.local_pref = { true, 2 },
		.prepends = { true, 3 },
		.weight = { true, 4 },
		.link_bandwidth = BGP_LINK_BANDWIDTH_TRANSITIVE,
	};
	struct bgp_peer_attrs a = bgp_peer_attrs_of(&config, &of_peer);
	assert_int_equal(a.global.communities.n, 2);
	assert_int_equal(a.global.ext_communities.n, 1);
	assert_int_equal(a.global.large_communities.n, 1);
	assert_int_equal(a.peer.communities.n, 1);
	assert_int_equal(a.peer.ext_communities.n, 2);
	assert_int_equal(a.peer.large_communities.n, 2);
	assert_int_equal(a.med.value, 1);
	assert_int_equal(a.local_pref.value, 2);
	assert_int_equal(a.prepends.value, 3);
	assert_int_equal(a.weight.value, 4);
	assert_int_equal(a.link_bandwidth, BGP_LINK_BANDWIDTH_TRANSITIVE);
}

/* Routes share an object exactly when they carry the same. */
static void routes_are_interned_by_all_that_they_carry(void **state)
{
	(void)state;
	struct bgp_route_attrs variants[9];
	const struct rib_attrs *seen[9];
	struct rib rib;
	bool changed;
	for (size_t i = 0; i < 9; i++)
		variants[i] = drained;
	variants[1].med++;
	variants[2].has_med = false;
	variants[3].local_pref++;
	variants[4].has_local_pref = false;
	variants[5].prepends++;
	variants[6].communities.n--;
	variants[7].ext_communities.n--;
	variants[8].large_communities.n--;
	rib_init(&rib);
	for (uint32_t i = 0; i < 9; i++) {
		struct prefix p = { .addr = addr_v4(i), .len = 32 };
		seen[i] = rib_announce(&rib, &p, BGP_ORIGIN_IGP, &variants[i], &changed)->attrs;
		assert_true(changed);
		for (size_t j = 0; j < i; j++)
			assert_ptr_not_equal(seen[i], seen[j]);
		rib_announce(&rib, &p, BGP_ORIGIN_IGP, &variants[i], &changed);
		assert_false(changed);
	}
	struct prefix p = { .addr = addr_v4(100), .len = 32 };
	assert_ptr_equal(rib_announce(&rib, &p, BGP_ORIGIN_IGP, &drained, &changed)->attrs,
			 seen[0]);
	assert_ptr_not_equal(rib_announce(&rib, &p, BGP_ORIGIN_EGP, &drained, &changed)->attrs,
			     seen[0]);
	assert_int_equal(seen[0]->route.large_communities.values[1].local2, 3);
	rib_done(&rib);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_exact),
		cmocka_unit_test(levels_are_merged_by_one_rule),
		cmocka_unit_test(the_largest_route_fits),
		cmocka_unit_test(numbers_differ_where_they_are_sent),
		cmocka_unit_test(lists_are_equal_in_order_and_number),
		cmocka_unit_test(paths_and_prepends_are_cut),
		cmocka_unit_test(communities_are_cut),
		cmocka_unit_test(the_configuration_gives_a_peer_its_attributes),
		cmocka_unit_test(routes_are_interned_by_all_that_they_carry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
