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
		cmocka_unit_test(routes_are_interned_by_all_that_they_carry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
