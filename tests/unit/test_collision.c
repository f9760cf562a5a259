/* SPDX-License-Identifier: MIT */
/* Connection collision, RFC 4271 6.8: both ends must close the same one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/collision.h"
#include "lib/array.h"

static struct bgp_fsm fsm_with(uint32_t local_id, uint32_t local_as, uint32_t remote_id,
			       uint32_t remote_as, bool incoming, enum bgp_state state)
{
	struct bgp_fsm fsm = { .state = state };
	fsm.config.router_id = local_id;
	fsm.config.local_as = local_as;
	fsm.config.incoming = incoming;
	fsm.negotiated.peer_router_id = remote_id;
	fsm.negotiated.peer_as = remote_as;
	return fsm;
}

static void by_state_and_identifier(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint32_t local_id, remote_id, local_as, remote_as;
		bool incoming;
		enum bgp_state other;
		enum bgp_collision expected;
	} cases[] = {
		{ "nothing there", 1, 2, 10, 20, false, BGP_IDLE, BGP_COLLISION_NONE },
		{ "waiting to connect", 1, 2, 10, 20, false, BGP_ACTIVE, BGP_COLLISION_NONE },
		{ "still connecting", 1, 2, 10, 20, true, BGP_CONNECT, BGP_COLLISION_NONE },
		{ "established stays", 1, 2, 10, 20, true, BGP_ESTABLISHED,
		  BGP_COLLISION_DROP_THIS },
		{ "lower, ours", 1, 2, 10, 20, false, BGP_OPENCONFIRM, BGP_COLLISION_DROP_THIS },
		{ "lower, theirs", 1, 2, 10, 20, true, BGP_OPENCONFIRM, BGP_COLLISION_DROP_OTHER },
		{ "higher, ours", 2, 1, 10, 20, false, BGP_OPENCONFIRM, BGP_COLLISION_DROP_OTHER },
		{ "higher, theirs", 2, 1, 10, 20, true, BGP_OPENCONFIRM, BGP_COLLISION_DROP_THIS },
		{ "peer is known", 2, 1, 10, 20, true, BGP_OPENSENT, BGP_COLLISION_DROP_THIS },
		{ "same id, lower AS", 1, 1, 10, 20, true, BGP_OPENSENT, BGP_COLLISION_DROP_OTHER },
		{ "same id, higher AS", 1, 1, 20, 10, true, BGP_OPENSENT, BGP_COLLISION_DROP_THIS },
		{ "same id, same AS", 1, 1, 10, 10, true, BGP_OPENSENT, BGP_COLLISION_DROP_OTHER },
		{ "ids are unsigned", 0xf0000000, 1, 10, 20, false, BGP_OPENCONFIRM,
		  BGP_COLLISION_DROP_OTHER },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm self =
			fsm_with(cases[i].local_id, cases[i].local_as, cases[i].remote_id,
				 cases[i].remote_as, cases[i].incoming, BGP_OPENCONFIRM);
		struct bgp_fsm other = { .state = cases[i].other };
		enum bgp_collision got = bgp_collision_check(&self, &other);
		if (got != cases[i].expected)
			fail_msg("%s: got %d, expected %d", cases[i].name, (int)got,
				 (int)cases[i].expected);
	}
}

/* Connection A was made by host 1, B by host 2; each host asks on receiving an OPEN on either. */
static void both_ends_agree(void **state)
{
	(void)state;
	for (int on_a = 0; on_a < 2; on_a++) {
		struct bgp_fsm at1 = fsm_with(1, 10, 2, 20, !on_a, BGP_OPENCONFIRM);
		struct bgp_fsm at2 = fsm_with(2, 20, 1, 10, on_a, BGP_OPENCONFIRM);
		struct bgp_fsm other = { .state = BGP_OPENSENT };
		assert_int_equal(bgp_collision_check(&at1, &other),
				 bgp_collision_check(&at2, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_state_and_identifier),
		cmocka_unit_test(both_ends_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
