/* SPDX-License-Identifier: MIT */
/* How far a route got: the peer that decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/reach.h"
#include "lib/array.h"

/* In the order in which they decide; those of one place are alike. */
static const struct {
	enum bgp_route_state state;
	unsigned place;
	bool counts;  /* as a peer that the route is for */
	bool refused; /* by the only peer */
} states[] = {
	{ BGP_ROUTE_SENT, 0, true, false },       { BGP_ROUTE_PENDING, 1, true, false },
	{ BGP_ROUTE_NO_NEXT_HOP, 2, true, true }, { BGP_ROUTE_NO_FAMILY, 2, true, true },
	{ BGP_ROUTE_NO_SESSION, 3, true, false }, { BGP_ROUTE_SUPPRESSED, 4, false, false },
	{ BGP_ROUTE_FILTERED, 5, false, true },   { BGP_ROUTE_UNKNOWN, 6, true, false },
};

static void of_two_peers_one_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(states); k++) {
			struct bgp_reach r = { 0 };
			bool second = states[k].place < states[i].place;
			size_t decides = second ? k : i;
			bgp_reach_add(&r, states[i].state);
			bgp_reach_add(&r, states[k].state);
			assert_int_equal(r.asked, 2);
			assert_int_equal(r.state, states[decides].state);
			assert_int_equal(r.decider, second);
			assert_int_equal(r.peers, states[i].counts + states[k].counts);
			assert_int_equal(r.sent, (i == 0) + (k == 0));
			assert_int_equal(bgp_reach_is_refused(&r), states[decides].refused);
		}
	}
}

static void without_a_peer_nothing_is_refused(void **state)
{
	(void)state;
	const struct bgp_reach r = { 0 };
	assert_false(bgp_reach_is_refused(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_peers_one_decides),
		cmocka_unit_test(without_a_peer_nothing_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
