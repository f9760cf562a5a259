/* SPDX-License-Identifier: MIT */
/* RFC 4724 section 5: which second connection replaces an established session. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/challenge.h"
#include "lib/array.h"

static struct bgp_fsm fsm_of(enum bgp_state state, uint32_t as, uint32_t id, bool graceful)
{
	return (struct bgp_fsm){
		.state = state,
		.negotiated = { .peer_as = as, .peer_router_id = id, .graceful_restart = graceful }
	};
}

#define PENDING BGP_CHALLENGE_PENDING
#define REFUSED BGP_CHALLENGE_REFUSED
#define WON     BGP_CHALLENGE_WON

static const struct {
	const char *name;
	enum bgp_state session;
	bool session_graceful;
	enum bgp_state state;
	uint32_t as, id;
	bool graceful;
	enum bgp_challenge expected;
} cases[] = {
	{ "not opened yet", BGP_ESTABLISHED, true, BGP_ACTIVE, 0, 0, false, PENDING },
	{ "no OPEN yet", BGP_ESTABLISHED, true, BGP_OPENSENT, 0, 0, false, PENDING },
	{ "OPEN", BGP_ESTABLISHED, true, BGP_OPENCONFIRM, 65000, 1, true, PENDING },
	{ "confirmed", BGP_ESTABLISHED, true, BGP_ESTABLISHED, 65000, 1, true, WON },
	{ "over", BGP_ESTABLISHED, true, BGP_IDLE, 65000, 1, true, PENDING },
	{ "another AS", BGP_ESTABLISHED, true, BGP_OPENCONFIRM, 65001, 1, true, REFUSED },
	{ "another identifier", BGP_ESTABLISHED, true, BGP_OPENCONFIRM, 65000, 2, true, REFUSED },
	{ "not graceful", BGP_ESTABLISHED, true, BGP_OPENCONFIRM, 65000, 1, false, REFUSED },
	{ "the session is not", BGP_ESTABLISHED, false, BGP_OPENCONFIRM, 65000, 1, true, REFUSED },
	{ "not graceful, confirmed", BGP_ESTABLISHED, true, BGP_ESTABLISHED, 65000, 1, false,
	  REFUSED },
};

static void who_replaces_a_session(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bgp_fsm session =
			fsm_of(cases[i].session, 65000, 1, cases[i].session_graceful);
		struct bgp_fsm challenger =
			fsm_of(cases[i].state, cases[i].as, cases[i].id, cases[i].graceful);
		enum bgp_challenge got = bgp_challenge_check(&session, &challenger);
		if (got != cases[i].expected)
			fail_msg("%s: got %d, expected %d", cases[i].name, (int)got,
				 (int)cases[i].expected);
	}
}

static void only_an_established_graceful_session_may_be_replaced(void **state)
{
	(void)state;
	for (enum bgp_state s = BGP_IDLE; s <= BGP_ESTABLISHED; s++) {
		struct bgp_fsm graceful = fsm_of(s, 65000, 1, true);
		struct bgp_fsm other = fsm_of(s, 65000, 1, false);
		assert_int_equal(bgp_challenge_is_open(&graceful), s == BGP_ESTABLISHED);
		assert_false(bgp_challenge_is_open(&other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_replaces_a_session),
		cmocka_unit_test(only_an_established_graceful_session_may_be_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
