/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/policy.h"

#define CLEANUP 900
#define DOWN_AT 1000

static const struct policy_case {
	const char *name;
	struct policy_input
		in; /* cleanup_timer is CLEANUP where it is 0 and `instant` is not set */
	bool instant;
	struct policy_output want;
} cases[] = {
	{ "before the first verdict nothing is added, and what is there stays",
	  { .registered = true, .health = HEALTH_UNKNOWN, .now = 5000 },
	  false,
	  { { false, ADDRESS_KEPT }, false, USEC_NEVER } },
	{ "up",
	  { .registered = true, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { true, ADDRESS_BOUND }, false, USEC_NEVER } },
	{ "up again after a long time down",
	  { .registered = true, .health = HEALTH_UP, .down_since = DOWN_AT, .now = 99999 },
	  false,
	  { { true, ADDRESS_BOUND }, false, USEC_NEVER } },
	{ "just down: the route goes, the address stays",
	  { .registered = true, .health = HEALTH_DOWN, .down_since = DOWN_AT, .now = DOWN_AT },
	  false,
	  { { false, ADDRESS_KEPT }, false, DOWN_AT + CLEANUP } },
	{ "a moment before the timer",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP - 1 },
	  false,
	  { { false, ADDRESS_KEPT }, false, DOWN_AT + CLEANUP } },
	{ "an app of the file is never forgotten",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP },
	  false,
	  { { false, ADDRESS_ABSENT }, false, USEC_NEVER } },
	{ "an app of the API is forgotten",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP },
	  false,
	  { { false, ADDRESS_ABSENT }, true, USEC_NEVER } },
	{ "an app of Consul is Consul's to forget",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONSUL,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP },
	  false,
	  { { false, ADDRESS_ABSENT }, false, USEC_NEVER } },
	{ "cleanup_timer 0 removes at once",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT },
	  true,
	  { { false, ADDRESS_ABSENT }, false, USEC_NEVER } },
	{ "its own check needs the address: before the first verdict",
	  { .registered = true, .checks_own_vip = true, .health = HEALTH_UNKNOWN, .now = 5000 },
	  false,
	  { { false, ADDRESS_BOUND }, false, USEC_NEVER } },
	{ "its own check needs the address: down for long",
	  { .registered = true,
	    .checks_own_vip = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP },
	  false,
	  { { false, ADDRESS_BOUND }, false, USEC_NEVER } },
	{ "its own check needs the address: forgotten",
	  { .registered = true,
	    .checks_own_vip = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .down_since = DOWN_AT,
	    .now = DOWN_AT + CLEANUP },
	  false,
	  { { false, ADDRESS_ABSENT }, true, USEC_NEVER } },
	{ "its own check needs the address: unregistered",
	  { .registered = false, .checks_own_vip = true, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { false, ADDRESS_ABSENT }, true, USEC_NEVER } },
	{ "unregistered while up",
	  { .registered = false, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { false, ADDRESS_ABSENT }, true, USEC_NEVER } },
	{ "unregistered while its flows were given time to end",
	  { .registered = false, .health = HEALTH_DOWN, .down_since = DOWN_AT, .now = DOWN_AT },
	  false,
	  { { false, ADDRESS_ABSENT }, true, USEC_NEVER } },
};

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_case *c = &cases[i];
		struct policy_input in = c->in;
		struct policy_output got;
		in.cleanup_timer = c->instant ? 0 : CLEANUP;
		policy_decide(&in, &got);
		if (got.want.route != c->want.want.route ||
		    got.want.address != c->want.want.address || got.forget != c->want.forget ||
		    got.look_again != c->want.look_again)
			fail_msg("%s: route %d address %d forget %d again %llu", c->name,
				 got.want.route, (int)got.want.address, got.forget,
				 (unsigned long long)got.look_again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
