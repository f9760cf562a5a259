/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/model/policy.h"
#include "lib/array.h"
#include "lib/str.h"

#define CLEANUP 900
#define OFF_AT  1000
#define DRAINED .registered = true, .drained = true, .drain_announces = true

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
	  { { ROUTE_NONE, ADDRESS_RETAINED, true, "unknown", false }, false, USEC_NEVER } },
	{ "up",
	  { .registered = true, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { ROUTE_UP, ADDRESS_BOUND, false, NULL, false }, false, USEC_NEVER } },
	{ "up again after a long time down",
	  { .registered = true, .health = HEALTH_UP, .off_since = OFF_AT, .now = 99999 },
	  false,
	  { { ROUTE_UP, ADDRESS_BOUND, false, NULL, false }, false, USEC_NEVER } },
	{ "just down: the route goes, the address stays",
	  { .registered = true, .health = HEALTH_DOWN, .off_since = OFF_AT, .now = OFF_AT },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "down", false }, false, OFF_AT + CLEANUP } },
	{ "a moment before the timer",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP - 1 },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "down", false }, false, OFF_AT + CLEANUP } },
	{ "an app of the file is never forgotten",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, false, USEC_NEVER } },
	{ "an app of the API is forgotten",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, true, USEC_NEVER } },
	{ "an app of Consul is Consul's to forget",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONSUL,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, false, USEC_NEVER } },
	{ "cleanup_timer 0 removes at once",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .off_since = OFF_AT,
	    .now = OFF_AT },
	  true,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, false, USEC_NEVER } },
	{ "its own check needs the address: before the first verdict",
	  { .registered = true, .checks_own_vip = true, .health = HEALTH_UNKNOWN, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_BOUND, true, "unknown", false }, false, USEC_NEVER } },
	{ "its own check needs the address: down for long",
	  { .registered = true,
	    .checks_own_vip = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_CONFIG,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_BOUND, false, "down", false }, false, USEC_NEVER } },
	{ "its own check needs the address: forgotten",
	  { .registered = true,
	    .checks_own_vip = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, true, USEC_NEVER } },
	{ "its own check needs the address: unregistered",
	  { .registered = false, .checks_own_vip = true, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "unregistered", false }, true, USEC_NEVER } },
	{ "a last resort stays announced, and is never cleaned up",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .last_resort = true,
	    .off_since = OFF_AT,
	    .now = OFF_AT + 2 * CLEANUP },
	  false,
	  { { ROUTE_DOWN, ADDRESS_BOUND, false, NULL, false }, false, USEC_NEVER } },
	{ "kept with its group, for as long as that lasts",
	  { .registered = true,
	    .health = HEALTH_DOWN,
	    .source = APP_FROM_HTTP,
	    .kept = true,
	    .off_since = OFF_AT,
	    .now = OFF_AT + 2 * CLEANUP },
	  false,
	  { { ROUTE_KEPT, ADDRESS_BOUND, false, NULL, false }, false, USEC_NEVER } },
	{ "a last resort of a group that is kept is announced as a last resort",
	  { .registered = true, .health = HEALTH_DOWN, .kept = true, .last_resort = true },
	  false,
	  { { ROUTE_DOWN, ADDRESS_BOUND, false, NULL, false }, false, USEC_NEVER } },
	{ "unknown and a last resort: still no route before the first verdict",
	  { .registered = true, .health = HEALTH_UNKNOWN, .last_resort = true, .kept = true },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, true, "unknown", false }, false, USEC_NEVER } },
	{ "up by a definition that is not promoted",
	  { .registered = true, .health = HEALTH_UP, .joins = true },
	  false,
	  { { ROUTE_JOIN, ADDRESS_BOUND, false, NULL, true }, false, USEC_NEVER } },
	{ "a joiner that is kept: as any other, but it still joins",
	  { .registered = true, .health = HEALTH_DOWN, .kept = true, .joins = true },
	  false,
	  { { ROUTE_KEPT, ADDRESS_BOUND, false, NULL, true }, false, USEC_NEVER } },
	{ "a joiner that drains",
	  { DRAINED, .health = HEALTH_UP, .joins = true, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_DRAIN, ADDRESS_BOUND, false, NULL, true }, false, 7000 } },
	{ "drained: unattractive first",
	  { DRAINED, .health = HEALTH_UP, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_DRAIN, ADDRESS_BOUND, false, NULL, false }, false, 7000 } },
	{ "a moment before the end of drain_time",
	  { DRAINED, .health = HEALTH_UP, .drain_end = 7000, .now = 6999 },
	  false,
	  { { ROUTE_DRAIN, ADDRESS_BOUND, false, NULL, false }, false, 7000 } },
	{ "drain_time is over: withdrawn, the address stays as for down",
	  { DRAINED, .health = HEALTH_UP, .drain_end = 7000, .off_since = 7000, .now = 7000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "drain", false }, false, 7000 + CLEANUP } },
	{ "drained for long: no address, but not forgotten",
	  { DRAINED, .health = HEALTH_UP, .source = APP_FROM_HTTP, .drain_end = 7000,
	    .off_since = 7000, .now = 7000 + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "drain", false }, false, USEC_NEVER } },
	{ "drained and down for long: not forgotten either",
	  { DRAINED, .health = HEALTH_DOWN, .source = APP_FROM_HTTP, .off_since = OFF_AT,
	    .now = OFF_AT + CLEANUP },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false }, false, USEC_NEVER } },
	{ "dead while it drains: withdrawn at once",
	  { DRAINED, .health = HEALTH_DOWN, .drain_end = 7000, .off_since = 5000, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "down", false }, false, 5000 + CLEANUP } },
	{ "a last resort is drained like anything that is announced",
	  { DRAINED, .health = HEALTH_DOWN, .last_resort = true, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_DRAIN, ADDRESS_BOUND, false, NULL, false }, false, 7000 } },
	{ "what a group keeps is, too",
	  { DRAINED, .health = HEALTH_DOWN, .kept = true, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_DRAIN, ADDRESS_BOUND, false, NULL, false }, false, 7000 } },
	{ "a drain that announces nothing withdraws at once",
	  { .registered = true,
	    .drained = true,
	    .health = HEALTH_UP,
	    .drain_end = 7000,
	    .off_since = 5000,
	    .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "drain", false }, false, 5000 + CLEANUP } },
	{ "drained before the first verdict",
	  { DRAINED, .health = HEALTH_UNKNOWN, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_RETAINED, false, "unknown", false }, false, USEC_NEVER } },
	{ "unregistered while it drains",
	  { .drained = true, .health = HEALTH_UP, .drain_end = 7000, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "unregistered", false }, true, USEC_NEVER } },
	{ "unregistered while up",
	  { .registered = false, .health = HEALTH_UP, .now = 5000 },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "unregistered", false }, true, USEC_NEVER } },
	{ "unregistered while its flows were given time to end",
	  { .registered = false, .health = HEALTH_DOWN, .off_since = OFF_AT, .now = OFF_AT },
	  false,
	  { { ROUTE_NONE, ADDRESS_ABSENT, false, "unregistered", false }, true, USEC_NEVER } },
};

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct policy_case *c = &cases[i];
		struct policy_input in = c->in;
		struct policy_output got;
		in.cleanup_timer = c->instant ? 0 : CLEANUP;
		policy_decide(&in, &got);
		if (got.want.route != c->want.want.route ||
		    got.want.address != c->want.want.address ||
		    got.want.undecided != c->want.want.undecided ||
		    got.want.joins != c->want.want.joins ||
		    !str_same(got.want.cause, c->want.want.cause) || got.forget != c->want.forget ||
		    got.due != c->want.due)
			fail_msg("%s: route %d (%s) address %d forget %d again %llu", c->name,
				 got.want.route, got.want.cause ? got.want.cause : "",
				 (int)got.want.address, got.forget, (unsigned long long)got.due);
	}
}

/* Groups: a letter an app. "u" up, "?" unknown, "d" down since long, "f" down since just within the
 * window, "o" since just before it, "n" down and never up; capitals were kept so far; a dot behind
 * it: without keep_last. Wanted: a letter for each that is kept. */
#define WINDOW 10
#define NOW    1000

static const struct group_case {
	const char *name, *members, *kept;
} group_cases[] = {
	{ "all up", "uuu", "---" },
	{ "one of them goes", "fuu", "---" },
	{ "all but one go at once", "ffu", "---" },
	{ "all go at once", "fff", "kkk" },
	{ "two are a group", "ff", "kk" },
	{ "a group of one goes like any app", "f", "-" },
	{ "one was down before: the others stay, it does not", "dff", "-kk" },
	{ "the last one goes long after the others", "ddf", "---" },
	{ "one too early for the window", "of", "--" },
	{ "one too early, two within", "off", "-kk" },
	{ "all down since long: nothing happens now", "ddd", "---" },
	{ "down from the first verdict on is not going down", "nn", "--" },
	{ "only one of them ever was up", "nf", "--" },
	{ "an app without a verdict does not count as alive", "?ff", "-kk" },
	{ "kept stays kept, however long", "DDD", "kkk" },
	{ "even one alone, when the others are gone", "D", "k" },
	{ "one is up again: the others go normally", "uDD", "---" },
	{ "and what comes back was kept itself", "UDD", "---" },
	{ "a new app without a verdict ends nothing", "?DD", "-kk" },
	{ "what was not kept does not become it later", "dDD", "-kk" },
	{ "also one that goes down later, unknown before", "nDD", "-kk" },
	{ "also one that joins just after it went down", "fDD", "-kk" },
	{ "it returned and fell again, the others were let go just now", "fff", "kkk" },
	{ "without keep_last it goes, but counts", "f.f", "-k" },
	{ "no app has keep_last", "f.f.", "--" },
	{ "keep_last was taken away meanwhile", "D.D", "-k" },
	{ "the first one was kept, the last one fell", "Dff", "k--" },
	{ "up before the others", "uff", "---" },
	{ "up behind the others", "ffu", "---" },
	{ "no apps", "", "" },
};

static struct policy_member member_of(char letter)
{
	struct policy_member m = { .health = HEALTH_DOWN, .keep_last = true };
	m.left_at = NOW - 10 * WINDOW;
	m.kept = letter == 'D' || letter == 'U';
	switch (letter) {
	case 'u':
	case 'U':
		m.health = HEALTH_UP;
		break;
	case '?':
		m.health = HEALTH_UNKNOWN;
		m.left_at = USEC_NEVER;
		break;
	case 'n':
		m.left_at = USEC_NEVER;
		break;
	case 'f':
		m.left_at = NOW - WINDOW;
		break;
	case 'o':
		m.left_at = NOW - WINDOW - 1;
		break;
	default:
		break;
	}
	return m;
}

static void test_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(group_cases); i++) {
		const struct group_case *c = &group_cases[i];
		struct policy_member members[8];
		char got[9] = "";
		size_t n = 0;
		for (const char *p = c->members; *p; p++)
			if (*p == '.')
				members[n - 1].keep_last = false;
			else
				members[n++] = member_of(*p);
		bool alarm = policy_group(members, n, WINDOW, NOW);
		for (size_t j = 0; j < n; j++)
			got[j] = members[j].kept ? 'k' : '-';
		if (strcmp(got, c->kept) != 0 || alarm != (strchr(c->kept, 'k') != NULL))
			fail_msg("%s: %s, alarm %d, expected %s", c->name, got, alarm, c->kept);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
