/* SPDX-License-Identifier: MIT */
/* Routes that wait to be sent to a peer: how many, why, and their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/adj_out_model.h"

static size_t n_present(const struct model *m)
{
	size_t n = 0;
	for (size_t i = 0; i < MODEL_MAX; i++)
		n += m->v4[i].present + m->v6[i].present;
	return n;
}

/* Also when some of them are on the wire already. */
static void the_routes_that_wait_are_counted(void **state)
{
	(void)state;
	struct model *m = connected();
	for (uint32_t i = 0; i < 3000; i++) {
		announce(m, AF_INET, i, 100);
		announce(m, AF_INET6, i, 100);
	}
	assert_int_equal(adj_out_n_queued(&m->adj), 6000);
	exchange(m, 1);
	assert_in_range(n_present(m), 1, 2999);
	assert_int_equal(adj_out_n_queued(&m->adj), 6000 - n_present(m));
	announce(m, AF_INET, 5000, 100);
	assert_int_equal(adj_out_n_queued(&m->adj), 6001 - n_present(m));
	drain(m);
	assert_int_equal(adj_out_n_queued(&m->adj), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		withdraw(m, AF_INET, i);
		withdraw(m, AF_INET6, i);
	}
	assert_int_equal(adj_out_n_queued(&m->adj), 6000);
	while (n_present(m) > 1) {
		exchange(m, 1);
		assert_int_equal(adj_out_n_queued(&m->adj), n_present(m) - 1);
	}
	drain(m);
	model_free(m);
}

/* A long session does not grow. */
static void empty_queues_begin_anew(void **state)
{
	(void)state;
	struct model *m = connected();
	for (uint32_t i = 0; i < 100; i++) {
		announce(m, AF_INET, 1, i);
		announce(m, AF_INET6, 1, i);
		drain(m);
		withdraw(m, AF_INET, 1);
		withdraw(m, AF_INET6, 1);
		drain(m);
	}
	const struct adj_queue *queues[] = { &m->adj.announce, &m->adj.batch,
					     &m->adj.families[0].withdraw,
					     &m->adj.families[1].withdraw };
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(queues[i]->n, 0);
		assert_in_range(queues[i]->cap, 1, 8);
	}
	model_free(m);
}

/* The peer holds them all, and some are still to come again. */
static void a_withdrawal_is_not_lost_while_the_route_waits_to_be_sent_again(void **state)
{
	(void)state;
	struct model *m = connected();
	for (uint32_t i = 0; i < 2000; i++)
		announce(m, AF_INET, i, 100);
	drain(m);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	exchange(m, 1);
	for (uint32_t i = 0; i < 2000; i += 2)
		withdraw(m, AF_INET, i);
	drain(m);
	assert_int_equal(n_present(m), 1000);
	model_free(m);
}

/* The arrays of the rib and of the peer have room for 8, 16, 32 … routes. */
static void full_arrays_are_gone_through_to_their_end(void **state)
{
	(void)state;
	const struct addr other4 = { .family = AF_INET, .bytes = { 192, 0, 2, 77 } };
	const struct addr other6 = { .family = AF_INET6, .bytes = { 0x20, 1, [15] = 7 } };
	uint32_t values[] = { 100 };
	const struct bgp_peer_attrs numbers = { .med = { true, 7 } };
	const struct bgp_peer_attrs lists = { .med = { true, 7 },
					      .global.communities = { values, 1 } };
	for (uint32_t n = 8; n <= 32; n *= 2) {
		struct model *m = model_new();
		for (uint32_t i = 0; i < n; i++)
			announce(m, i % 2 ? AF_INET : AF_INET6, i, 100);
		adj_out_up(&m->adj, &both_families);
		drain(m);
		m->updates = 0;
		adj_out_set_next_hops(&m->adj, &other4, &other6, &no_addr);
		drain(m);
		assert_int_equal(m->updates, 2);
		adj_out_set_peer_attrs(&m->adj, &numbers);
		drain(m);
		assert_int_equal(m->updates, 4);
		adj_out_set_peer_attrs(&m->adj, &lists);
		drain(m);
		assert_int_equal(m->updates, 6);
		adj_out_recheck_filters(&m->adj);
		adj_out_mark_all(&m->adj);
		drain(m);
		assert_int_equal(m->updates, 6);
		model_free(m);
	}
}

/* One more than there was room for. */
static void everything_is_marked_also_what_is_new(void **state)
{
	(void)state;
	const struct bgp_route_attrs attrs = { 0 };
	struct prefix p = numbered(AF_INET, 8);
	struct model *m = connected();
	bool changed;
	for (uint32_t i = 0; i < 8; i++)
		announce(m, AF_INET, i, 100);
	drain(m);
	struct rib_route *r = rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_PENDING);
	adj_out_mark_all(&m->adj);
	exchange(m, SIZE_MAX);
	assert_true(m->v4[8].present);
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_SENT);
	p = numbered(AF_INET, 16);
	for (uint32_t i = 9; i < 16; i++)
		announce(m, AF_INET, i, 100);
	rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	adj_out_down(&m->adj); /* which has room for 16 and does not know the last */
	model_free(m);
}

static void set_filter(struct model *m, uint32_t i, const struct bgp_peer_filter *filter)
{
	struct prefix p = numbered(AF_INET, i);
	rib_set_filter(rib_find(&m->rib, &p), filter);
}

/* Each of several, past those that are gone. */
static void filters_of_all_routes_are_checked_again(void **state)
{
	(void)state;
	struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } } };
	struct bgp_peer_filter *filter = mem_new(1, sizeof(*filter));
	struct adj_out_session session = both_families;
	struct model *m = model_new();
	session.config = &config;
	for (uint32_t i = 0; i < 6; i++)
		announce(m, AF_INET, i, 100);
	withdraw(m, AF_INET, 2);
	adj_out_up(&m->adj, &session);
	exchange(m, SIZE_MAX);
	bgp_peer_refs_add(&filter->except, "10.0.0.1");
	set_filter(m, 1, filter);
	set_filter(m, 4, filter);
	adj_out_recheck_filters(&m->adj);
	exchange(m, SIZE_MAX);
	assert_true(m->v4[0].present && m->v4[3].present && m->v4[5].present);
	assert_false(m->v4[1].present || m->v4[4].present);
	config.addr.bytes[3] = 2;
	adj_out_mark_all(&m->adj);
	exchange(m, SIZE_MAX);
	assert_true(m->v4[1].present && m->v4[4].present);
	bgp_peer_filter_free(filter);
	model_free(m);
}

static void end_of_rib_is_owed_for_each_family(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		session.ipv4 = i & 1;
		session.ipv6 = i & 2;
		assert_false(adj_out_owes_end_of_rib(&m->adj));
		adj_out_up(&m->adj, &session);
		for (size_t owed = session.ipv4 + session.ipv6; owed > 0; owed--) {
			assert_true(adj_out_owes_end_of_rib(&m->adj));
			assert_int_equal(exchange(m, 1), 1);
		}
		assert_false(adj_out_owes_end_of_rib(&m->adj));
		assert_int_equal(m->end_of_rib[0], session.ipv4);
		assert_int_equal(m->end_of_rib[1], session.ipv6);
		model_free(m);
	}
}

/* Of a family that was not negotiated nothing is sent, whatever is asked for. */
static void a_family_that_was_not_negotiated_stays_unsent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		session.ipv4 = i == 0;
		session.ipv6 = i == 1;
		session.enhanced_refresh = true;
		announce(m, AF_INET, 1, 100);
		announce(m, AF_INET6, 1, 100);
		adj_out_up(&m->adj, &session);
		exchange(m, SIZE_MAX);
		adj_out_refresh(&m->adj, BGP_AFI_IPV4);
		adj_out_refresh(&m->adj, BGP_AFI_IPV6);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->v4[1].present, i == 0);
		assert_int_equal(m->v6[1].present, i == 1);
		assert_int_equal(m->refresh_begin, 1);
		assert_int_equal(m->refresh_end, 1);
		model_free(m);
	}
}

/* The session is up (or not), negotiated IPv4, IPv6, and has a next hop for them. */
static const struct {
	bool up, ipv4, ipv6, next_hops;
	/* Of a route without, and with a next hop of its own. */
	enum bgp_route_state v4, v6, own4, own6;
} new_routes[] = {
	{ false, true, true, true, BGP_ROUTE_NO_SESSION, BGP_ROUTE_NO_SESSION, BGP_ROUTE_NO_SESSION,
	  BGP_ROUTE_NO_SESSION },
	{ true, true, true, true, BGP_ROUTE_SENT, BGP_ROUTE_SENT, BGP_ROUTE_SENT, BGP_ROUTE_SENT },
	{ true, true, false, true, BGP_ROUTE_SENT, BGP_ROUTE_NO_FAMILY, BGP_ROUTE_SENT,
	  BGP_ROUTE_NO_FAMILY },
	{ true, false, true, true, BGP_ROUTE_NO_FAMILY, BGP_ROUTE_SENT, BGP_ROUTE_NO_FAMILY,
	  BGP_ROUTE_SENT },
	{ true, true, true, false, BGP_ROUTE_NO_NEXT_HOP, BGP_ROUTE_NO_NEXT_HOP, BGP_ROUTE_SENT,
	  BGP_ROUTE_SENT },
};

static void the_state_of_a_new_route_is_foretold(void **state)
{
	(void)state;
	const struct addr own4 = addr_v4(0xc0000207);
	const struct addr own6 = { AF_INET6, { 0x20, 1, [15] = 7 } };
	for (size_t i = 0; i < sizeof(new_routes) / sizeof(new_routes[0]); i++) {
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		session.ipv4 = new_routes[i].ipv4;
		session.ipv6 = new_routes[i].ipv6;
		if (!new_routes[i].next_hops)
			session.next_hop4 = session.next_hop6 = no_addr;
		if (new_routes[i].up)
			adj_out_up(&m->adj, &session);
		assert_int_equal(adj_out_state_of_new(&m->adj, AF_INET, &no_addr),
				 new_routes[i].v4);
		assert_int_equal(adj_out_state_of_new(&m->adj, AF_INET6, &no_addr),
				 new_routes[i].v6);
		assert_int_equal(adj_out_state_of_new(&m->adj, AF_INET, &own4), new_routes[i].own4);
		assert_int_equal(adj_out_state_of_new(&m->adj, AF_INET6, &own6),
				 new_routes[i].own6);
		model_free(m);
	}
}

/* A route that was withdrawn, that an aggregate stands for, and that has changed since. */
static void a_route_that_changed_is_not_there_yet(void **state)
{
	(void)state;
	struct prefix p = numbered(AF_INET, 1);
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	drain(m);
	struct rib_route *r = rib_find(&m->rib, &p);
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_SENT);
	announce(m, AF_INET, 1, 200);
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_PENDING);
	drain(m);
	r->suppressed = true;
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_SUPPRESSED);
	adj_out_mark(&m->adj, r);
	exchange(m, SIZE_MAX);
	assert_false(m->v4[1].present);
	r->suppressed = false;
	adj_out_mark(&m->adj, r);
	drain(m);
	withdraw(m, AF_INET, 1);
	assert_int_equal(adj_out_state(&m->adj, r, NULL), BGP_ROUTE_UNKNOWN);
	drain(m);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_routes_that_wait_are_counted),
		cmocka_unit_test(empty_queues_begin_anew),
		cmocka_unit_test(a_withdrawal_is_not_lost_while_the_route_waits_to_be_sent_again),
		cmocka_unit_test(full_arrays_are_gone_through_to_their_end),
		cmocka_unit_test(everything_is_marked_also_what_is_new),
		cmocka_unit_test(filters_of_all_routes_are_checked_again),
		cmocka_unit_test(end_of_rib_is_owed_for_each_family),
		cmocka_unit_test(a_family_that_was_not_negotiated_stays_unsent),
		cmocka_unit_test(the_state_of_a_new_route_is_foretold),
		cmocka_unit_test(a_route_that_changed_is_not_there_yet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
