/* SPDX-License-Identifier: MIT */
/* UPDATEs to a peer: the attributes and next hops that it gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/merge.h"
#include "lib/array.h"
#include "tests/unit/adj_out_model.h"

/* The last community that the peer has of an IPv4 and an IPv6 route. */
static void expect_communities(const struct model *m, uint32_t v4, uint32_t v6)
{
	assert_int_equal(m->v4[1].community, v4);
	assert_int_equal(m->v6[1].community, v6);
}

static void set_communities(struct model *m, const struct bgp_communities *global,
			    const struct bgp_communities *peer)
{
	const struct bgp_peer_attrs common = { .global.communities = *global,
					       .peer.communities = *peer };
	adj_out_set_peer_attrs(&m->adj, &common);
}

/* A route of the rib has its own last, so those of bgp and of the peer show where it has none. */
static void other_communities_are_sent_with_every_route(void **state)
{
	uint32_t first[] = { 7, 8 }, second[] = { 9 };
	const struct bgp_communities none = { 0 }, two = { first, 2 }, front = { first, 1 },
				     back = { first + 1, 1 }, one = { second, 1 };
	(void)state;
	struct model *m = connected();
	struct prefix p4 = numbered(AF_INET, 1), p6 = numbered(AF_INET6, 1);
	bool changed;
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p4, BGP_ORIGIN_IGP,
					   &(struct bgp_route_attrs){ 0 }, &changed));
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p6, BGP_ORIGIN_IGP,
					   &(struct bgp_route_attrs){ 0 }, &changed));
	exchange(m, SIZE_MAX);
	set_communities(m, &two, &none);
	exchange(m, SIZE_MAX);
	expect_communities(m, 8, 8);
	m->updates = 0;
	set_communities(m, &front, &back); /* the same ones together */
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	set_communities(m, &two, &one);
	exchange(m, SIZE_MAX);
	expect_communities(m, 9, 9);
	assert_int_equal(m->updates, 2);
	set_communities(m, &none, &none);
	exchange(m, SIZE_MAX);
	expect_communities(m, 0, 0);
	adj_out_down(&m->adj);
	set_communities(m, &two, &none); /* nothing to be sent */
	assert_int_equal(m->adj.session.peer_attrs.global.communities.n, 0);
	model_free(m);
}

/* Only routes without a number of their own are sent again; LOCAL_PREF to iBGP, prepends to
 * eBGP. */
static void other_numbers_are_sent_with_routes_that_have_none(void **state)
{
	(void)state;
	for (int ibgp = 0; ibgp < 2; ibgp++) {
		struct model *m = model_new();
		struct adj_out_session session = both_families;
		struct prefix own = numbered(AF_INET, 1), none = numbered(AF_INET, 2);
		const struct bgp_route_attrs with = { .has_med = true,
						      .has_local_pref = true,
						      .has_prepends = true };
		struct bgp_peer_attrs common = { 0 };
		bool changed;
		session.ibgp = ibgp;
		rib_announce(&m->rib, &own, BGP_ORIGIN_IGP, &with, &changed);
		rib_announce(&m->rib, &none, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ 0 },
			     &changed);
		adj_out_up(&m->adj, &session);
		exchange(m, SIZE_MAX);
		struct bgp_number *numbers[] = { &common.med, &common.local_pref,
						 &common.prepends };
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
			bool counts = i == 0 || (i == 1) == ibgp;
			m->v4[1].present = m->v4[2].present = false;
			*numbers[i] = (struct bgp_number){ true, 5 };
			adj_out_set_peer_attrs(&m->adj, &common);
			assert_int_equal(exchange(m, SIZE_MAX), counts);
			assert_false(m->v4[1].present);
			assert_int_equal(m->v4[2].present, counts);
		}
		adj_out_set_peer_attrs(&m->adj, &common);
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		model_free(m);
	}
}

static void next_hops_that_come_and_go(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	const struct addr none = { 0 };
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	session.next_hop6 = none;
	adj_out_up(&m->adj, &session);
	exchange(m, SIZE_MAX);
	assert_false(m->v6[1].present);
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	drain(m);
	assert_true(m->v6[1].present);
	m->updates = 0;
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	drain(m);
	assert_int_equal(m->updates, 0); /* nothing changed */
	struct addr other = addr_v4(0xc0000263);
	adj_out_set_next_hops(&m->adj, &other, &none, &none);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, 2);
	assert_true(m->v4[1].present && !m->v6[1].present);
	model_free(m);
}

static void states_say_why_a_route_is_not_there(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	struct prefix p4 = numbered(AF_INET, 1), p6 = numbered(AF_INET6, 1);
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	struct rib_route *r4 = rib_find(&m->rib, &p4), *r6 = rib_find(&m->rib, &p6);
	assert_int_equal(adj_out_state(&m->adj, NULL, NULL), BGP_ROUTE_UNKNOWN);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_NO_SESSION);
	session.ipv6 = false;
	adj_out_up(&m->adj, &session);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_PENDING);
	assert_int_equal(adj_out_state(&m->adj, r6, NULL), BGP_ROUTE_NO_FAMILY);
	exchange(m, SIZE_MAX);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_SENT);
	session.ipv6 = true;
	session.next_hop6 = (struct addr){ 0 };
	adj_out_up(&m->adj, &session);
	assert_int_equal(adj_out_state(&m->adj, r6, NULL), BGP_ROUTE_NO_NEXT_HOP);
	exchange(m, SIZE_MAX);
	assert_false(m->v6[1].present);
	model_free(m);
}

/* RFC 8950: as long as there is no IPv4 address, IPv4 routes have the IPv6 next hop, and are
 * withdrawn in the form in which they are announced, also when the next hop has gone with them. */
/* It needs none of the session, and does not change with that. */
static void a_next_hop_of_its_own(void **state)
{
	(void)state;
	const struct addr own = { AF_INET, { 192, 0, 2, 77 } },
			  other = { AF_INET, { 10, 9, 9, 9 } };
	struct bgp_route_attrs attrs = { .next_hop = own };
	struct prefix p = numbered(AF_INET, 1);
	struct model *m = model_new();
	struct adj_out_session s = both_families;
	bool changed;
	s.next_hop4 = no_addr;
	adj_out_up(&m->adj, &s);
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed));
	announce(m, AF_INET, 2, 7);
	exchange(m, SIZE_MAX);
	assert_true(m->v4[1].present && !m->v4[2].present);
	assert_true(addr_equal(&m->next_hop4, &own));
	size_t before = m->updates;
	adj_out_set_next_hops(&m->adj, &other, &s.next_hop6, &no_addr);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, before + 1); /* the other route alone */
	assert_true(addr_equal(&m->next_hop4, &other));
	assert_true(m->v4[1].present && m->v4[2].present);
	model_free(m);
}

static void ipv4_routes_over_ipv6(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	const struct addr *v6 = &both_families.next_hop6;
	const struct addr link_local = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	session.next_hop4 = *v6;
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET, 2, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	assert_true(addr_equal(&m->next_hop4, v6));
	assert_int_equal(m->end_of_rib[0], 1);
	withdraw(m, AF_INET, 2);
	drain(m);
	assert_true(m->mp_unreach);
	m->updates = 0;
	adj_out_set_next_hops(&m->adj, v6, v6, &link_local);
	drain(m);
	assert_int_equal(m->updates, 1);
	adj_out_set_next_hops(&m->adj, v6, v6, &link_local); /* the same */
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	adj_out_set_next_hops(&m->adj, &no_addr, &no_addr, &no_addr);
	exchange(m, SIZE_MAX);
	assert_true(m->mp_unreach && !m->v4[1].present);
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, v6, &link_local);
	drain(m);
	assert_true(addr_equal(&m->next_hop4, &both_families.next_hop4));
	withdraw(m, AF_INET, 1);
	drain(m);
	assert_false(m->mp_unreach);
	model_free(m);
}

/* The next message says so: RFC 2545 3. */
static bool sends_link_local(struct model *m, const struct addr *link_local)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t n = adj_out_next(&m->adj, buf, sizeof(buf));
	assert_true(n > 0);
	return memmem(buf, n, link_local->bytes, 16) != NULL;
}

static void the_link_local_address_follows_the_next_hop_of_the_session(void **state)
{
	(void)state;
	const struct addr first = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	const struct addr second = { AF_INET6, { 0xfe, 0x80, [15] = 2 } };
	struct adj_out_session session = both_families;
	struct model *m = model_new();
	struct prefix p = numbered(AF_INET6, 2);
	const struct bgp_route_attrs own = { .next_hop = { AF_INET6, { 0x20, 1, [15] = 9 } } };
	bool changed;
	session.link_local = first;
	announce(m, AF_INET6, 1, 100);
	announce(m, AF_INET, 1, 100);
	adj_out_up(&m->adj, &session);
	exchange(m, 1);
	assert_true(m->v4[1].present);
	assert_true(sends_link_local(m, &first));
	exchange(m, SIZE_MAX);
	adj_out_set_next_hops(&m->adj, &session.next_hop4, &session.next_hop6, &second);
	assert_true(sends_link_local(m, &second));
	assert_int_equal(exchange(m, SIZE_MAX), 0); /* IPv4 routes are not concerned */
	adj_out_set_next_hops(&m->adj, &session.next_hop4, &session.next_hop6, &second);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &own, &changed));
	assert_false(sends_link_local(m, &second));
	model_free(m);
}

/* The attributes that the numbers and capabilities of the session make. */
static void the_session_makes_the_path_and_otc(void **state)
{
	(void)state;
	static const uint8_t path4[] = { 2, 1, 0, 0, 0xfd, 0xe9 }, path2[] = { 2, 1, 0xfd, 0xe9 };
	static const uint8_t otc[] = { 0xc0, 35, 4, 0, 0, 0xfd, 0xe9 };
	static const uint8_t local_pref[] = { 0x40, 5, 4, 0, 0, 0, 100 };
	for (unsigned i = 0; i < 8; i++) {
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		uint8_t buf[BGP_MESSAGE_MAX];
		session.ibgp = i & 1;
		session.four_octet_as = i & 2;
		session.otc = i & 4;
		announce(m, AF_INET, 1, 100);
		adj_out_up(&m->adj, &session);
		size_t n = adj_out_next(&m->adj, buf, sizeof(buf));
		const uint8_t *path = i & 2 ? path4 : path2;
		size_t path_len = i & 2 ? sizeof(path4) : sizeof(path2);
		assert_int_equal(memmem(buf, n, path, path_len) != NULL, !(i & 1));
		assert_int_equal(memmem(buf, n, local_pref, sizeof(local_pref)) != NULL, i & 1);
		assert_int_equal(memmem(buf, n, otc, sizeof(otc)) != NULL, (i & 4) != 0);
		model_free(m);
	}
}

/* Route 1 with community 1 for peer 10.0.0.1, and `of_other` for 10.0.0.2; 0: not for that one. */
static void announce_variants(struct model *m, uint32_t of_other)
{
	struct bgp_peer_filter *first = mem_new(1, sizeof(*first));
	struct bgp_peer_filter *other = mem_new(1, sizeof(*other));
	struct prefix p = numbered(AF_INET, 1);
	uint32_t one = 1;
	bool changed;
	const struct bgp_route_attrs attrs = { .communities = { &one, 1 } };
	const struct bgp_route_variant variant = {
		.attrs = { .communities = { &of_other, 1 },
			   .next_hop = { AF_INET, { 192, 0, 2, (uint8_t)of_other } } },
		.filter = other,
	};
	bgp_peer_refs_add(&first->only, "10.0.0.1");
	bgp_peer_refs_add(&other->only, "10.0.0.2");
	struct rib_route *r = rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	changed = rib_set_filter(r, first) || changed;
	if (rib_set_variants(&m->rib, r, BGP_ORIGIN_IGP, &variant, of_other > 0) || changed)
		adj_out_mark(&m->adj, r);
	bgp_peer_filter_free(first);
	bgp_peer_filter_free(other);
}

static void peers_get_their_own_attributes(void **state)
{
	(void)state;
	for (uint8_t peer = 1; peer <= 3; peer++) {
		const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, peer } } };
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		struct prefix p = numbered(AF_INET, 1);
		session.config = &config;
		announce_variants(m, 2);
		/* A session that never was has no configuration. */
		assert_int_equal(adj_out_state(&m->adj, rib_find(&m->rib, &p), &config),
				 peer == 3 ? BGP_ROUTE_FILTERED : BGP_ROUTE_NO_SESSION);
		adj_out_up(&m->adj, &session);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->v4[1].present, peer != 3);
		assert_int_equal(m->v4[1].community, peer == 3 ? 0 : peer);
		assert_int_equal(adj_out_state(&m->adj, rib_find(&m->rib, &p), &config),
				 peer == 3 ? BGP_ROUTE_FILTERED : BGP_ROUTE_SENT);
		if (peer == 2)
			assert_int_equal(m->next_hop4.bytes[3], 2);
		m->updates = 0;
		announce_variants(m, 2); /* nothing changes */
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		announce_variants(m, 7); /* for the second peer only */
		exchange(m, SIZE_MAX);
		assert_int_equal(m->updates, peer == 2);
		assert_int_equal(m->v4[1].community, peer == 3 ? 0 : peer == 2 ? 7 : 1);
		struct rib_route *r = rib_find(&m->rib, &p);
		assert_true(rib_set_origin(&m->rib, r, BGP_ORIGIN_EGP));
		assert_false(rib_set_origin(&m->rib, r, BGP_ORIGIN_EGP));
		adj_out_mark(&m->adj, r);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->updates, peer == 3 ? 0 : peer); /* one more for the first two */
		announce_variants(m, 0);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->v4[1].present, peer == 1);
		announce_variants(m, 2);
		withdraw(m, AF_INET, 1);
		drain(m);
		model_free(m);
	}
}

static void communities_merge_in_order_and_once(void **state)
{
	(void)state;
	uint32_t global[] = { 1, 2 }, peer[] = { 3, 2 }, route[] = { 1, 4, 4 }, got[8];
	static const uint32_t expected[] = { 1, 2, 3, 4 };
	struct bgp_communities a = { global, 2 }, b = { peer, 2 }, c = { route, 3 };
	const struct bgp_communities *lists[] = { &a, &b, &c };
	assert_int_equal(bgp_communities_merge(lists, 3, got, 8), 4);
	assert_memory_equal(got, expected, sizeof(expected));
	assert_int_equal(bgp_communities_merge(lists, 3, got, 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_communities_are_sent_with_every_route),
		cmocka_unit_test(other_numbers_are_sent_with_routes_that_have_none),
		cmocka_unit_test(next_hops_that_come_and_go),
		cmocka_unit_test(a_next_hop_of_its_own),
		cmocka_unit_test(ipv4_routes_over_ipv6),
		cmocka_unit_test(the_link_local_address_follows_the_next_hop_of_the_session),
		cmocka_unit_test(the_session_makes_the_path_and_otc),
		cmocka_unit_test(states_say_why_a_route_is_not_there),
		cmocka_unit_test(peers_get_their_own_attributes),
		cmocka_unit_test(communities_merge_in_order_and_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
