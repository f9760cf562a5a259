/* SPDX-License-Identifier: MIT */
/* UPDATEs to a peer: which routes, in which order, and End-of-RIB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/adj_out_model.h"

static void routes_then_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	adj_out_up(&m->adj, &both_families);
	exchange(m, 2);
	assert_true(m->v4[1].present && m->v6[1].present);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->end_of_rib[1], 1);
	model_free(m);
}

static void ten_thousand_in_thirteen_updates(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 10000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_in_range(m->updates - 2, 1, 13); /* two are End-of-RIB */
	assert_in_range(m->largest, 4000, BGP_MESSAGE_MAX);
	model_free(m);
}

static void interleaved_attributes_are_packed_by_attributes(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 300; i++)
		announce(m, i % 2 ? AF_INET : AF_INET6, i, 100 + i % 3);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_int_equal(m->updates, 2 * 3 + 2); /* families × attributes, and End-of-RIB */
	model_free(m);
}

static void changes_that_cancel_out_send_nothing(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	withdraw(m, AF_INET, 1);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	announce(m, AF_INET, 2, 100);
	drain(m);
	withdraw(m, AF_INET, 2);
	announce(m, AF_INET, 2, 100);
	drain(m);
	assert_true(m->v4[2].present);
	model_free(m);
}

static void withdrawals_leave_first(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	drain(m);
	for (uint32_t i = 1000; i < 9000; i++)
		announce(m, AF_INET, i, 100);
	exchange(m, 2); /* a long announcement is under way */
	withdraw(m, AF_INET, 1);
	exchange(m, 1);
	assert_false(m->v4[1].present);
	drain(m);
	model_free(m);
}

static void changed_attributes_are_announced_again(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	drain(m);
	announce(m, AF_INET, 1, 200);
	drain(m);
	assert_int_equal(m->v4[1].community, 200);
	/* New attributes may be where the freed ones were in memory. */
	for (uint32_t c = 300; c < 400; c++) {
		announce(m, AF_INET, 1, c);
		drain(m);
	}
	model_free(m);
}

static void a_lost_session_starts_from_nothing(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET, 2, 100);
	drain(m);
	adj_out_down(&m->adj);
	memset(m->v4, 0, sizeof(m->v4));
	withdraw(m, AF_INET, 1); /* it was not sent yet */
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_true(m->v4[2].present);
	model_free(m);
}

static void a_refresh_sends_everything_again(void **state)
{
	(void)state;
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		struct model *m = model_new();
		struct adj_out_session session = both_families;
		session.enhanced_refresh = enhanced;
		for (uint32_t i = 0; i < 2000; i++)
			announce(m, AF_INET, i, 100);
		announce(m, AF_INET6, 1, 100);
		adj_out_up(&m->adj, &session);
		drain(m);
		memset(m->v4, 0, sizeof(m->v4));
		adj_out_refresh(&m->adj, BGP_AFI_IPV4);
		drain(m);
		assert_int_equal(m->refresh_begin, enhanced);
		assert_int_equal(m->refresh_end, enhanced);
		adj_out_refresh(&m->adj, (enum bgp_afi)77);
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		model_free(m);
	}
}

static void mark_all(struct model *m)
{
	for (size_t i = 0; i < m->rib.n_ids; i++)
		if (m->rib.by_id[i])
			adj_out_mark(&m->adj, m->rib.by_id[i]);
}

/* A route that was sent again, for a refresh or another next hop, is like any other afterwards. */
static void a_route_is_sent_again_once(void **state)
{
	const struct addr other4 = { .family = AF_INET, .bytes = { 192, 0, 2, 77 } };
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	adj_out_set_next_hops(&m->adj, &other4, &both_families.next_hop6, &no_addr);
	assert_true(exchange(m, SIZE_MAX) > 0);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	/* Withdrawn before it was sent again, and announced as it was. */
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	withdraw(m, AF_INET, 7);
	drain(m);
	announce(m, AF_INET, 7, 100);
	drain(m);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	model_free(m);
}

/* Half of the first routes are on the wire when the other half goes and something else comes. */
static void routes_marked_during_a_batch_are_sent(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	exchange(m, 1); /* about 800 of them */
	for (uint32_t i = 800; i < 1000; i++)
		withdraw(m, AF_INET, i);
	announce(m, AF_INET, 2000, 100);
	while (!m->v4[2000].present) {
		assert_int_equal(m->end_of_rib[0], 0); /* that would say that it is complete */
		assert_int_equal(exchange(m, 1), 1);
	}
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	model_free(m);
}

static void a_refresh_during_the_first_routes_follows_them(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.enhanced_refresh = true;
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &session);
	exchange(m, 1);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->refresh_begin, 1);
	assert_int_equal(m->refresh_end, 1);
	model_free(m);
}

static void end_of_rib_can_be_held_back(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.defer_end_of_rib = true;
	announce(m, AF_INET, 1, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	assert_false(adj_out_pending(&m->adj)); /* nothing that could be waited for */
	assert_true(adj_out_owes_end_of_rib(&m->adj));
	announce(m, AF_INET, 2, 100);
	withdraw(m, AF_INET, 1);
	drain(m);
	announce(m, AF_INET6, 3, 100);
	adj_out_end_deferral(&m->adj);
	assert_true(adj_out_pending(&m->adj));
	exchange(m, 1);
	assert_true(m->v6[3].present); /* the route before its End-of-RIB */
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->end_of_rib[1], 1);
	assert_false(adj_out_owes_end_of_rib(&m->adj));
	model_free(m);
}

static void disowned_routes_are_withdrawn_before_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	struct prefix before = numbered(AF_INET, 1), after = numbered(AF_INET6, 2);
	struct prefix back = numbered(AF_INET, 3);
	session.defer_end_of_rib = true;
	m->v4[1].present = m->v6[2].present = m->v4[3].present =
		true; /* from the previous instance */
	rib_disown(&m->rib, &before);
	rib_disown(&m->rib, &back);
	announce(m, AF_INET, 3, 100);
	adj_out_up(&m->adj, &session);
	exchange(m, SIZE_MAX);
	assert_false(m->v4[1].present);
	assert_true(m->v4[3].present);
	adj_out_mark(&m->adj, rib_disown(&m->rib, &after));
	assert_true(adj_out_pending(&m->adj));
	exchange(m, SIZE_MAX);
	assert_false(m->v6[2].present);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	assert_int_equal(m->adj.n_sent[0], 1);
	size_t updates = m->updates;
	adj_out_mark(&m->adj, rib_find(&m->rib, &after));
	assert_false(adj_out_pending(&m->adj));
	rib_collect_disowned(&m->rib);
	assert_null(rib_find(&m->rib, &before));
	assert_non_null(rib_find(&m->rib, &back));
	adj_out_end_deferral(&m->adj);
	drain(m);
	assert_int_equal(m->updates, updates + 2); /* End-of-RIB */
	model_free(m);
}

static void disowned_routes_are_not_sent_to_other_peers(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct prefix p = numbered(AF_INET, 1);
	rib_disown(&m->rib, &p);
	adj_out_up(&m->adj, &both_families);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, 2); /* End-of-RIB */
	rib_collect_disowned(&m->rib);
	model_free(m);
}

/* RFC 7313 4: no BoRR before End-of-RIB. */
static void a_refresh_does_not_wait_for_a_deferred_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.defer_end_of_rib = session.enhanced_refresh = true;
	announce(m, AF_INET, 1, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	memset(m->v4, 0, sizeof(m->v4));
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_true(m->v4[1].present);
	assert_int_equal(m->refresh_begin + m->refresh_end, 0);
	assert_int_equal(m->end_of_rib[0], 0);
	adj_out_end_deferral(&m->adj);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->refresh_begin, 1);
	assert_int_equal(m->refresh_end, 1);
	model_free(m);
}

/* Any order of changes, with a peer that takes a few messages now and then. */
static void random_changes_converge(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct model *m = connected();
		srand(seed);
		for (int i = 0; i < 5000; i++) {
			uint8_t family = rand() % 2 ? AF_INET : AF_INET6;
			uint32_t number = (uint32_t)rand() % 200;
			if (rand() % 3)
				announce(m, family, number, 100 + (uint32_t)rand() % 4);
			else
				withdraw(m, family, number);
			if (rand() % 50 == 0)
				exchange(m, (size_t)rand() % 3);
			if (rand() % 500 == 0)
				adj_out_refresh(&m->adj, BGP_AFI_IPV4);
			if (rand() % 1000 == 0) {
				adj_out_up(&m->adj, &both_families);
				memset(m->v4, 0, sizeof(m->v4));
				memset(m->v6, 0, sizeof(m->v6));
			}
		}
		drain(m);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_then_end_of_rib),
		cmocka_unit_test(ten_thousand_in_thirteen_updates),
		cmocka_unit_test(interleaved_attributes_are_packed_by_attributes),
		cmocka_unit_test(changes_that_cancel_out_send_nothing),
		cmocka_unit_test(withdrawals_leave_first),
		cmocka_unit_test(changed_attributes_are_announced_again),
		cmocka_unit_test(a_lost_session_starts_from_nothing),
		cmocka_unit_test(a_refresh_sends_everything_again),
		cmocka_unit_test(a_route_is_sent_again_once),
		cmocka_unit_test(routes_marked_during_a_batch_are_sent),
		cmocka_unit_test(a_refresh_during_the_first_routes_follows_them),
		cmocka_unit_test(end_of_rib_can_be_held_back),
		cmocka_unit_test(disowned_routes_are_withdrawn_before_end_of_rib),
		cmocka_unit_test(disowned_routes_are_not_sent_to_other_peers),
		cmocka_unit_test(a_refresh_does_not_wait_for_a_deferred_end_of_rib),
		cmocka_unit_test(random_changes_converge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
