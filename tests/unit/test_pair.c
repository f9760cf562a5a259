/* SPDX-License-Identifier: MIT */
/* A peer's two connections: which one stays, and the actions in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/pair.h"
#include "lib/array.h"
#include "lib/str.h"

#define T0      (1000 * USEC_PER_SEC)
#define RETRY   (7 * USEC_PER_SEC)
#define TIMEOUT (5 * USEC_PER_SEC)

static struct bgp_fsm fsm_in(enum bgp_state state, bool incoming)
{
	struct bgp_fsm_config config = { .local_as = 65001,
					 .router_id = 2,
					 .peer_as = 65002,
					 .incoming = incoming,
					 .connect_timeout = TIMEOUT,
					 .connect_retry = RETRY };
	struct bgp_fsm fsm;
	bgp_fsm_init(&fsm, &config, T0);
	fsm.state = state;
	fsm.negotiated.peer_router_id = 1; /* lower: our connection wins */
	fsm.negotiated.peer_as = 65002;
	return fsm;
}

static const char *format(const struct bgp_pair_actions *actions, char *buf, size_t size)
{
	static const char *const names[] = {
		[BGP_PAIR_DEFER_OUT] = "defer",      [BGP_PAIR_OPEN_IN] = "open-in",
		[BGP_PAIR_DROP_OUT] = "drop-out",    [BGP_PAIR_DROP_IN] = "drop-in",
		[BGP_PAIR_NOTE_FAILURE] = "failure", [BGP_PAIR_START_OUT] = "start-out",
		[BGP_PAIR_REPORT] = "report",
	};
	struct strbuf sb = strbuf_over(buf, size);
	buf[0] = '\0';
	for (size_t i = 0; i < actions->n; i++) {
		const struct bgp_pair_action *a = &actions->items[i];
		strbuf_add(&sb, "%s%s", i > 0 ? " " : "", names[a->type]);
		if (a->type == BGP_PAIR_DEFER_OUT)
			strbuf_add(&sb, "+%u", (unsigned)((a->until - T0) / USEC_PER_SEC));
	}
	return buf;
}

enum { OUT, IN };
enum { RETRIES = 1, FAILED = 2, SESSION = 4, GUEST = 8, STOPPED = 16 };

/* `out` and `in`: the states after the change; `from`: of the one that changed, before. */
static const struct {
	const char *name;
	int changed;
	enum bgp_state from, out, in;
	unsigned flags;
	const char *expected;
} cases[] = {
	{ "an attempt begins", OUT, BGP_IDLE, BGP_CONNECT, BGP_IDLE, 0, "report" },
	{ "it is answered", OUT, BGP_CONNECT, BGP_OPENSENT, BGP_IDLE, 0, "report" },
	{ "it fails, and another is due", OUT, BGP_CONNECT, BGP_IDLE, BGP_IDLE, FAILED | RETRIES,
	  "open-in failure report" },
	{ "it fails while the peer's connection waits for it", OUT, BGP_CONNECT, BGP_IDLE,
	  BGP_ACTIVE, FAILED | RETRIES, "defer+5 open-in failure report" },
	{ "it ends as we stop: the peer's gets no OPEN", OUT, BGP_CONNECT, BGP_IDLE, BGP_ACTIVE,
	  STOPPED, "defer+5 report" },
	{ "a passive peer's failure", OUT, BGP_OPENSENT, BGP_ACTIVE, BGP_IDLE, FAILED,
	  "failure report" },
	{ "it begins to wait, passive", OUT, BGP_IDLE, BGP_ACTIVE, BGP_IDLE, FAILED, "report" },
	{ "the peer connects", IN, BGP_IDLE, BGP_IDLE, BGP_ACTIVE, RETRIES, "defer+5 report" },
	{ "its connection is opened", IN, BGP_ACTIVE, BGP_IDLE, BGP_OPENSENT, RETRIES,
	  "defer+5 report" },
	{ "the peer's OPEN, ours is still connecting", IN, BGP_OPENSENT, BGP_CONNECT,
	  BGP_OPENCONFIRM, 0, "defer+5" },
	{ "a collision, seen on the peer's", IN, BGP_OPENSENT, BGP_OPENSENT, BGP_OPENCONFIRM, 0,
	  "defer+5 drop-in" },
	{ "a collision, seen on ours", OUT, BGP_OPENSENT, BGP_OPENCONFIRM, BGP_OPENSENT, 0,
	  "defer+5 drop-in" },
	{ "another one while there is a session", IN, BGP_OPENSENT, BGP_ESTABLISHED,
	  BGP_OPENCONFIRM, SESSION, "defer+5 drop-in" },
	{ "established on the peer's, an attempt is due", IN, BGP_OPENCONFIRM, BGP_IDLE,
	  BGP_ESTABLISHED, SESSION | RETRIES, "defer+5 drop-out report" },
	{ "established on the peer's, an attempt is under way", IN, BGP_OPENCONFIRM, BGP_CONNECT,
	  BGP_ESTABLISHED, SESSION, "defer+5 drop-out report" },
	{ "established on the peer's alone", IN, BGP_OPENCONFIRM, BGP_IDLE, BGP_ESTABLISHED,
	  SESSION, "defer+5 report" },
	{ "established on ours, the peer's is opening", OUT, BGP_OPENCONFIRM, BGP_ESTABLISHED,
	  BGP_OPENSENT, SESSION, "defer+5 drop-in report" },
	{ "established on ours alone", OUT, BGP_OPENCONFIRM, BGP_ESTABLISHED, BGP_IDLE, SESSION,
	  "report" },
	{ "the session on the peer's ends", IN, BGP_ESTABLISHED, BGP_IDLE, BGP_IDLE, FAILED,
	  "defer+7 failure start-out report" },
	{ "likewise, of a guest", IN, BGP_ESTABLISHED, BGP_IDLE, BGP_IDLE, FAILED | GUEST,
	  "defer+7 failure report" },
	{ "likewise, as we stop", IN, BGP_ESTABLISHED, BGP_IDLE, BGP_IDLE, STOPPED,
	  "defer+7 report" },
	{ "the peer's connection ends, our own attempt is due", IN, BGP_OPENSENT, BGP_IDLE,
	  BGP_IDLE, FAILED | RETRIES, "defer+7 failure report" },
	{ "a second connection fails: the session is what counts", IN, BGP_OPENSENT,
	  BGP_ESTABLISHED, BGP_IDLE, FAILED | SESSION, "defer+7 report" },
};

static void actions_in_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[200];
		unsigned flags = cases[i].flags;
		struct bgp_fsm out = fsm_in(cases[i].out, false), in = fsm_in(cases[i].in, true);
		struct bgp_pair_actions actions;
		struct bgp_pair pair = { .out = &out,
					 .in = &in,
					 .has_session = flags & SESSION,
					 .guest = flags & GUEST,
					 .stopped = flags & STOPPED };
		if (flags & RETRIES)
			out.retry_at = T0 + RETRY;
		if (flags & FAILED)
			str_copy(cases[i].changed == IN ? in.why : out.why, sizeof(in.why),
				 "connection refused");
		bgp_pair_step(&pair, cases[i].changed == IN, cases[i].from, T0, &actions);
		if (strcmp(format(&actions, text, sizeof(text)), cases[i].expected) != 0)
			fail_msg("%s: got \"%s\", expected \"%s\"", cases[i].name, text,
				 cases[i].expected);
	}
}

static void our_open_waits_for_a_young_attempt_only(void **state)
{
	static const struct {
		enum bgp_state out;
		span_t age;
		mono_t due;
	} ages[] = {
		{ BGP_IDLE, 0, 0 },
		{ BGP_CONNECT, 0, T0 + BGP_DELAY_OPEN },
		{ BGP_CONNECT, BGP_DELAY_OPEN - 1, T0 + BGP_DELAY_OPEN },
		{ BGP_CONNECT, BGP_DELAY_OPEN, 0 },
		{ BGP_OPENSENT, 0, T0 + BGP_DELAY_OPEN },
		{ BGP_OPENCONFIRM, 0, 0 },
		{ BGP_ESTABLISHED, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		struct bgp_fsm out = fsm_in(ages[i].out, false), in = fsm_in(BGP_IDLE, true);
		struct bgp_pair pair = { .out = &out, .in = &in };
		out.state_since = T0 - ages[i].age;
		assert_int_equal(bgp_pair_open_due(&pair, T0), ages[i].due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(actions_in_their_order),
		cmocka_unit_test(our_open_waits_for_a_young_attempt_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
