/* SPDX-License-Identifier: MIT */
/* Graceful restart as sent to a peer, over time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/graceful.h"

#define S  USEC_PER_SEC
#define T0 (1000 * S)

static const struct bgp_peer_config on = { .graceful_restart = true, .restart_time = 120 * S };
static const struct bgp_peer_config off = { .restart_time = 120 * S };

static struct graceful started(const struct bgp_peer_config *peer, bool kept4, bool kept6)
{
	struct bgp_config config = { .forwarding_ipv4 = kept4, .forwarding_ipv6 = kept6 };
	struct graceful g;
	graceful_init(&g, &config, peer, T0);
	return g;
}

static struct bgp_graceful offer(const struct graceful *g, mono_t now)
{
	struct bgp_graceful o = { .offered = true, .restart_time = 120 };
	graceful_complete(g, now, &o);
	assert_int_equal(o.restart_time, 120);
	return o;
}

static void a_start_is_a_restart_until_the_peer_was_told(void **state)
{
	(void)state;
	struct graceful g = started(&on, true, true);
	assert_true(offer(&g, T0).restarting);
	assert_true(graceful_defers_end_of_rib(&g, T0));
	graceful_session_up(&g);
	graceful_session_down(&g, true, T0 + S);
	assert_true(offer(&g, T0 + S).restarting); /* it got no End-of-RIB */
	graceful_restored(&g);
	assert_false(graceful_defers_end_of_rib(&g, T0 + 2 * S));
	assert_true(offer(&g, T0 + 2 * S).restarting);
	graceful_done(&g);
	assert_false(offer(&g, T0 + 2 * S).restarting);
}

static void nothing_lasts_longer_than_the_restart_time(void **state)
{
	(void)state;
	struct graceful g = started(&on, true, true);
	assert_true(graceful_defers_end_of_rib(&g, T0 + 120 * S - 1));
	assert_true(graceful_restarting(&g, T0 + 120 * S - 1));
	assert_true(graceful_may_be_stale(&g, T0 + 120 * S - 1));
	assert_false(graceful_defers_end_of_rib(&g, T0 + 120 * S));
	assert_false(graceful_restarting(&g, T0 + 120 * S));
	assert_false(graceful_may_be_stale(&g, T0 + 120 * S));
}

static void forwarding_was_kept_where_vips_were(void **state)
{
	(void)state;
	for (int kept4 = 0; kept4 < 2; kept4++)
		for (int kept6 = 0; kept6 < 2; kept6++) {
			struct graceful g = started(&on, kept4, kept6);
			assert_int_equal(offer(&g, T0).ipv4.forwarding, kept4);
			assert_int_equal(offer(&g, T0).ipv6.forwarding, kept6);
			graceful_session_up(&g);
			assert_true(offer(&g, T0).ipv4.forwarding);
			assert_true(offer(&g, T0).ipv6.forwarding);
		}
}

static void a_peer_that_lost_us_holds_routes_for_a_while(void **state)
{
	(void)state;
	struct graceful g = started(&on, false, false);
	assert_true(graceful_may_be_stale(&g, T0)); /* of the previous instance */
	graceful_session_up(&g);
	assert_false(graceful_may_be_stale(&g, T0));
	assert_false(graceful_may_be_stale(&g, 0)); /* whatever the time */
	graceful_session_down(&g, true, T0 + 500 * S);
	assert_true(graceful_may_be_stale(&g, T0 + 619 * S));
	assert_false(graceful_may_be_stale(&g, T0 + 620 * S));
	graceful_session_down(&g, false, T0 + 500 * S);
	assert_false(graceful_may_be_stale(&g, T0 + 500 * S));
	assert_false(graceful_may_be_stale(&g, 0));
}

/* RFC 9494: for as long as both times together, where the last session had negotiated it. */
static void a_peer_with_long_lived_restart_holds_them_longer(void **state)
{
	(void)state;
	static const struct bgp_peer_config longer = { .graceful_restart = true,
						       .restart_time = 120 * S,
						       .long_lived_restart_time = 1000 * S };
	static const struct bgp_peer_config shortest = { .graceful_restart = true,
							 .long_lived_restart_time = 1 };
	static const struct bgp_peer_config alone = { .long_lived_restart_time = 1000 * S };
	assert_true(started(&longer, false, false).long_lived);
	assert_true(started(&shortest, false, false).long_lived);
	assert_false(started(&on, false, false).long_lived);
	assert_false(started(&alone, false, false).long_lived);
	struct graceful g = started(&longer, false, false);
	assert_true(graceful_may_be_stale(&g, T0 + 1119 * S));
	assert_false(graceful_may_be_stale(&g, T0 + 1120 * S));
	assert_false(graceful_restarting(&g, T0 + 120 * S)); /* R is no longer */
	graceful_session_up(&g);
	g.long_lived = false;
	graceful_session_down(&g, true, T0);
	assert_false(graceful_may_be_stale(&g, T0 + 120 * S));
	g.long_lived = true;
	graceful_session_down(&g, true, T0);
	assert_true(graceful_may_be_stale(&g, T0 + 1119 * S));
}

static void without_it_nothing_waits(void **state)
{
	(void)state;
	struct graceful g = started(&off, true, true);
	assert_false(graceful_defers_end_of_rib(&g, T0));
	assert_false(graceful_restarting(&g, T0));
	assert_false(graceful_may_be_stale(&g, T0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_is_a_restart_until_the_peer_was_told),
		cmocka_unit_test(nothing_lasts_longer_than_the_restart_time),
		cmocka_unit_test(forwarding_was_kept_where_vips_were),
		cmocka_unit_test(a_peer_that_lost_us_holds_routes_for_a_while),
		cmocka_unit_test(a_peer_with_long_lived_restart_holds_them_longer),
		cmocka_unit_test(without_it_nothing_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
