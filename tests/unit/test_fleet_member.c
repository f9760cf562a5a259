/* SPDX-License-Identifier: MIT */
/* One app of an agent in its fleet, request by request; test_fleet_sim.c has many of them over
 * time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fleet/member.h"
#include "lib/array.h"

#define SEC USEC_PER_SEC

/* Node a, and others that are normal; the test keeps `.leave`, as it was written. */
struct bench {
	struct fleet_config config;
	struct fleet_member m;
	struct fleet_up up[2];
	struct fleet_claim claims[4], joins[4];
	struct fleet_view view;
	struct fleet_request r;
	bool has_key;
	mono_t now;
};

static void begin(struct bench *b, uint32_t min_up)
{
	*b = (struct bench){ .now = 100 * SEC };
	b->config = (struct fleet_config){ .n_vips = 1,
					   .rules = { { .min_up = { false, min_up },
							.max_joining = 1 } },
					   .timeout = SEC / 2,
					   .poll = 2 * SEC,
					   .poll_max = 30 * SEC,
					   .refresh = 200 * SEC,
					   .settle_session = 15 * SEC,
					   .settle_keys = 230 * SEC };
	snprintf(b->up[1].node, FLEET_NODE_MAX, "b");
	snprintf(b->up[1].session, FLEET_SESSION_MAX, "sb");
	b->view.leave.claims = b->claims;
	b->view.join.claims = b->joins;
	fleet_member_init(&b->m, &b->config, "a", 1);
	fleet_member_session(&b->m, "s", b->now + 1000 * SEC, b->now);
}

static void evidence(struct bench *b, enum fleet_evidence e)
{
	enum fleet_form form = b->m.form;
	fleet_member_evidence(&b->m, e, form != FLEET_WITHDRAWN, b->now);
}

/* `what` is the kind of the request that is due, and of a write what is claimed by the slots and
 * the line: "read", "report w", "claim 0/1", "drop", "drop 0/0". */
static const char *text_of(const struct fleet_request *r, char buf[static 32])
{
	static const char *const kinds[] = { "read", "report", "claim", "join", "drop" };
	static const char forms[] = "njdDw";
	int n = snprintf(buf, 32, "%s", kinds[r->kind]);
	if (r->kind == FLEET_REPORT)
		snprintf(buf + n, 32 - (size_t)n, " %c", forms[r->form]);
	if (r->leaves)
		snprintf(buf + n, 32 - (size_t)n, " %zu/%zu", r->leaves->n_slots,
			 r->leaves->n - r->leaves->n_slots);
	return buf;
}

/* The next request is due by the time that the member asks for. */
static void expect_sent(struct bench *b, const char *what)
{
	char text[32];
	mono_t due = fleet_member_deadline(&b->m);
	if (due > b->now && due != USEC_NEVER)
		b->now = due;
	if (!fleet_member_next(&b->m, b->now, &b->r))
		fail_msg("nothing is due, expected %s", what);
	assert_string_equal(text_of(&b->r, text), what);
}

static void carry_out(struct bench *b)
{
	if (b->r.kind == FLEET_READ)
		return;
	b->has_key = b->r.kind != FLEET_DROP;
	b->up[0].form = b->r.form;
	snprintf(b->up[0].node, FLEET_NODE_MAX, "a");
	snprintf(b->up[0].session, FLEET_SESSION_MAX, "%s", b->m.claim.session);
	if (!b->r.leaves)
		return;
	struct fleet_leave *to = b->r.kind == FLEET_JOIN ? &b->view.join : &b->view.leave;
	assert_true(b->r.leaves->n <= ARRAY_SIZE(b->claims));
	if (b->r.leaves->n)
		memcpy(to->claims, b->r.leaves->claims, b->r.leaves->n * sizeof(b->claims[0]));
	to->n = b->r.leaves->n;
	to->n_slots = b->r.leaves->n_slots;
	to->index++;
}

static void answer(struct bench *b, enum fleet_result result)
{
	struct fleet_view view = b->view;
	view.up = b->has_key ? b->up : b->up + 1;
	view.n_up = b->has_key ? 2 : 1;
	fleet_member_answer(&b->m, b->r.id, result, &view, 0, b->now);
}

static void expect_done(struct bench *b, const char *what)
{
	expect_sent(b, what);
	carry_out(b);
	answer(b, FLEET_OK);
}

static void expect_idle(struct bench *b)
{
	assert_false(fleet_member_next(&b->m, b->now, &b->r));
}

/* Until it has left, or stands in line. */
static void begin_soft(struct bench *b, uint32_t min_up)
{
	begin(b, min_up);
	evidence(b, FLEET_GOOD);
	expect_done(b, "report n");
	evidence(b, FLEET_SOFT);
	assert_int_equal(b->m.form, FLEET_DEGRADED);
	expect_done(b, "report d");
	expect_done(b, "read");
	expect_done(b, min_up > 1 ? "claim 0/1" : "claim 1/0");
	assert_int_equal(b->m.form, min_up > 1 ? FLEET_DEGRADED : FLEET_WITHDRAWN);
}

static void test_a_slot_goes_with_its_app(void **state)
{
	struct bench b;
	(void)state;
	for (uint32_t min_up = 1; min_up < 3; min_up++) {
		begin_soft(&b, min_up);
		if (min_up == 1)
			expect_done(&b, "report w");
		fleet_member_retire(&b.m, b.now);
		assert_false(b.m.is_gone);
		expect_done(&b, "read");
		expect_done(&b, "drop 0/0");
		assert_true(b.m.is_gone);
		expect_idle(&b);
		fleet_member_done(&b.m);
	}
}

static void test_an_app_without_claims_goes_at_once(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1);
	evidence(&b, FLEET_GOOD);
	expect_done(&b, "report n");
	fleet_member_retire(&b.m, b.now);
	expect_sent(&b, "drop");
	answer(&b, FLEET_CONFLICT);
	expect_done(&b, "drop");
	assert_true(b.m.is_gone);
	fleet_member_done(&b.m);
}

/* A request in flight when the app goes may take effect late: all keys are deleted again when it no
 * longer can. */
static void test_late_requests_of_an_app_that_is_gone(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 2);
	evidence(&b, FLEET_GOOD);
	expect_sent(&b, "report n");
	answer(&b, FLEET_FAILED);
	mono_t lost = b.now;
	fleet_member_retire(&b.m, b.now);
	expect_done(&b, "drop");
	assert_false(b.m.is_gone);
	expect_done(&b, "read");
	assert_true(b.now >= lost + b.config.poll_max);
	expect_done(&b, "drop");
	assert_true(b.m.is_gone);
	fleet_member_done(&b.m);
}

static void test_with_the_session_goes_all(void **state)
{
	struct bench b;
	(void)state;
	begin_soft(&b, 2);
	fleet_member_retire(&b.m, b.now);
	fleet_member_session(&b.m, NULL, 0, b.now);
	assert_true(b.m.is_gone);
	assert_int_equal(fleet_member_deadline(&b.m), 0);
	fleet_member_done(&b.m);
	begin_soft(&b, 2);
	fleet_member_session(&b.m, NULL, 0, b.now);
	fleet_member_retire(&b.m, b.now);
	assert_true(b.m.is_gone);
	fleet_member_done(&b.m);
}

/* In the same session the old slot would count against the new app. */
static void test_who_comes_after_gives_back_the_slot(void **state)
{
	struct bench b;
	(void)state;
	begin_soft(&b, 1);
	struct fleet_member from = b.m;
	fleet_member_retire(&from, b.now);
	fleet_member_init(&b.m, &b.config, "a", 1);
	fleet_member_session(&b.m, "s", b.now + 1000 * SEC, b.now);
	fleet_member_succeed(&b.m, &from);
	assert_true(b.m.last_id >= from.last_id && b.m.claim.number >= from.claim.number);
	evidence(&b, FLEET_GOOD);
	expect_done(&b, "report n");
	expect_done(&b, "read");
	expect_done(&b, "claim 0/0");
	expect_idle(&b);
	fleet_member_done(&b.m);
	/* In another session that slot is void. */
	fleet_member_init(&b.m, &b.config, "a", 1);
	fleet_member_session(&b.m, "other", b.now + 1000 * SEC, b.now);
	fleet_member_succeed(&b.m, &from);
	evidence(&b, FLEET_GOOD);
	expect_done(&b, "report n");
	expect_idle(&b);
	fleet_member_done(&b.m);
	fleet_member_done(&from);
}

static void test_a_hard_failure_that_is_over(void **state)
{
	struct bench b;
	(void)state;
	begin_soft(&b, 2);
	for (int i = 0; i < 2; i++) {
		evidence(&b, i ? FLEET_DRAIN : FLEET_HARD);
		expect_done(&b, i ? "report D" : "report w");
		expect_done(&b, "read");
		expect_done(&b, "claim 0/0");
		evidence(&b, FLEET_HARD);
		evidence(&b, FLEET_SOFT);
		assert_int_equal(b.m.form, FLEET_DEGRADED);
		expect_done(&b, "report d");
		expect_done(&b, "read");
		expect_done(&b, "claim 0/1");
	}
	/* Apps that were let go, and those that were well before, stay away as long as enough are
	 * left. */
	b.config.rules[0].min_up.value = 1;
	fleet_member_rules(&b.m, b.now);
	expect_done(&b, "read");
	expect_done(&b, "claim 1/0");
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	evidence(&b, FLEET_HARD);
	evidence(&b, FLEET_SOFT);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	evidence(&b, FLEET_GOOD);
	evidence(&b, FLEET_HARD);
	evidence(&b, FLEET_SOFT);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	fleet_member_done(&b.m);
}

/* One that left, and one that failed hard before: each looks whether enough are left. */
static void test_who_is_away_returns(void **state)
{
	struct bench b;
	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		begin_soft(&b, 1);
		expect_done(&b, "report w");
		if (hard) {
			evidence(&b, FLEET_GOOD);
			evidence(&b, FLEET_HARD);
			evidence(&b, FLEET_SOFT);
			expect_done(&b, "read");
			expect_done(&b, "claim 0/0");
		}
		mono_t since = b.now;
		expect_done(&b, "read");
		assert_int_equal(b.m.form, FLEET_WITHDRAWN);
		expect_done(&b, "read");
		assert_true(b.now >= since + b.config.poll_max / 2);
		assert_int_equal(b.m.form, FLEET_WITHDRAWN);
		b.up[1].form = FLEET_WITHDRAWN;
		expect_done(&b, "read");
		assert_int_equal(b.m.form, FLEET_DEGRADED);
		assert_true(b.m.decision.up == 0 && b.m.decision.min_up == 1);
		expect_done(&b, "report d");
		expect_done(&b, "read");
		expect_done(&b, "claim 0/1");
		/* The other one is well again. */
		b.up[1].form = FLEET_NORMAL;
		expect_done(&b, "read");
		expect_done(&b, "claim 1/0");
		assert_int_equal(b.m.form, FLEET_WITHDRAWN);
		fleet_member_done(&b.m);
	}
}

/* It was never announced: that others are missing is not a reason to begin. */
static void test_what_was_never_announced_stays_silent(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1);
	b.up[1].form = FLEET_WITHDRAWN;
	evidence(&b, FLEET_SOFT);
	expect_done(&b, "report w");
	expect_idle(&b);
	expect_done(&b, "report w"); /* `has` is refreshed */
	fleet_member_done(&b.m);
}

/* Without the own key a view says nothing. */
static void test_who_is_away_does_not_return_by_keys_that_were_emptied(void **state)
{
	struct bench b;
	(void)state;
	begin_soft(&b, 1);
	expect_done(&b, "report w");
	b.has_key = false;
	b.up[1].form = FLEET_WITHDRAWN;
	expect_done(&b, "read");
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	mono_t lost = b.now;
	expect_done(&b, "report w");
	expect_done(&b, "report w"); /* `has` is refreshed */
	expect_done(&b, "read");
	assert_true(b.now >= lost + b.config.settle_keys);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	fleet_member_done(&b.m);
}

/* That it is announced already is the reason to ask, not its form here: another app had the VIP, or
 * the definition had it announced as a last resort. */
static void test_what_is_announced_asks(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 2);
	fleet_member_evidence(&b.m, FLEET_SOFT, true, b.now);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	fleet_member_done(&b.m);
	begin(&b, 2);
	fleet_member_evidence(&b.m, FLEET_SOFT, false, b.now);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	fleet_member_done(&b.m);
}

/* Announced by keep_last it asks for nothing and gives back what it had; it asks when that ends. */
static void test_what_another_decision_announces(void **state)
{
	struct bench b;
	(void)state;
	begin_soft(&b, 1);
	expect_done(&b, "report w");
	evidence(&b, FLEET_KEPT);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	expect_done(&b, "report d");
	expect_done(&b, "read");
	expect_done(&b, "claim 0/0");
	expect_idle(&b);
	evidence(&b, FLEET_SOFT);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	expect_done(&b, "read");
	expect_done(&b, "claim 1/0");
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	fleet_member_done(&b.m);
}

/* The answer to a claim comes when the app is well again. */
static void test_a_claim_is_obsolete_when_it_is_granted(void **state)
{
	struct bench b;
	(void)state;
	begin(&b, 1);
	evidence(&b, FLEET_GOOD);
	expect_done(&b, "report n");
	evidence(&b, FLEET_SOFT);
	expect_done(&b, "report d");
	expect_done(&b, "read");
	expect_sent(&b, "claim 1/0");
	carry_out(&b);
	evidence(&b, FLEET_GOOD);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.form, FLEET_NORMAL);
	expect_done(&b, "claim 0/0");
	expect_done(&b, "report n");
	expect_idle(&b);
	fleet_member_done(&b.m);
}

/* Until it stands in line, before its first check. */
static void begin_join(struct bench *b)
{
	begin(b, 1);
	fleet_member_join(&b->m, FLEET_JOIN_STANDS, b->now);
	expect_done(b, "report w");
	expect_done(b, "read");
	expect_done(b, "join 0/1");
	evidence(b, FLEET_GOOD);
	assert_int_equal(b->m.form, FLEET_NORMAL);
	expect_done(b, "report j");
}

static void test_a_new_definition_is_promoted_when_its_turn_has_come(void **state)
{
	struct bench b;
	(void)state;
	begin_join(&b);
	fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now);
	expect_done(&b, "read");
	assert_true(b.m.joiner.is_promoted);
	fleet_member_join(&b.m, FLEET_JOIN_NONE, b.now);
	expect_done(&b, "report n");
	expect_done(&b, "read");
	expect_done(&b, "join 0/0");
	expect_idle(&b);
	/* The next one stands anew. */
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	expect_done(&b, "report j");
	expect_done(&b, "read");
	expect_done(&b, "join 0/1");
	fleet_member_done(&b.m);
}

/* A joiner that fails is kept as any other, and counts for none. */
static void test_a_joiner_that_fails_stays_in_line(void **state)
{
	struct bench b;
	(void)state;
	begin_join(&b);
	b.config.rules[0].min_up.value = 3;
	fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now);
	evidence(&b, FLEET_SOFT);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	assert_int_equal(fleet_member_shown(&b.m), FLEET_JOINING);
	expect_done(&b, "read");
	expect_done(&b, "claim 0/1");
	assert_int_equal(b.view.join.n, 1);
	evidence(&b, FLEET_HARD);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	fleet_member_done(&b.m);
}

static void test_the_place_of_a_joiner_goes_with_its_app(void **state)
{
	struct bench b;
	(void)state;
	begin_join(&b);
	fleet_member_retire(&b.m, b.now);
	expect_done(&b, "read");
	expect_done(&b, "join 0/0");
	expect_done(&b, "drop");
	assert_true(b.m.is_gone);
	fleet_member_done(&b.m);
}

/* Without a session nothing is promoted; with another one it stands at the end. */
static void test_a_joiner_without_consul(void **state)
{
	struct bench b;
	(void)state;
	begin_join(&b);
	fleet_member_session(&b.m, NULL, 0, b.now);
	fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now);
	expect_idle(&b);
	assert_false(b.m.joiner.is_promoted);
	b.view.join.n = 0;
	b.has_key = false;
	fleet_member_session(&b.m, "t", b.now + 1000 * SEC, b.now);
	expect_done(&b, "report j");
	expect_done(&b, "read");
	expect_done(&b, "join 0/1");
	assert_false(b.m.joiner.is_promoted); /* others that lost theirs come, too */
	b.now = b.m.settled_at;
	expect_done(&b, "read");
	assert_true(b.m.joiner.is_promoted);
	fleet_member_done(&b.m);
}

/* Its turn has come, by an answer that comes when the session is over. */
static void test_no_one_is_promoted_after_its_session(void **state)
{
	struct bench b;
	(void)state;
	for (int late = 0; late < 2; late++) {
		begin_join(&b);
		fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now);
		expect_sent(&b, "read");
		b.m.session_until = b.now + !late;
		answer(&b, FLEET_OK);
		assert_int_equal(b.m.joiner.is_promoted, !late);
		fleet_member_done(&b.m);
	}
}

/* Decided anew is only the part that the refused request would have written. */
static void test_what_a_refusal_undoes(void **state)
{
	static const struct {
		enum fleet_request_kind kind;
		bool claim, join;
	} cases[] = {
		{ FLEET_READ, false, false }, { FLEET_REPORT, false, false },
		{ FLEET_CLAIM, true, false }, { FLEET_JOIN, false, true },
		{ FLEET_DROP, true, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench b;
		begin(&b, 1);
		evidence(&b, FLEET_GOOD);
		expect_sent(&b, "report n");
		b.m.request.kind = cases[i].kind;
		b.m.decision.step = b.m.joiner.decision.step = FLEET_STEP_WRITE;
		answer(&b, FLEET_CONFLICT);
		assert_int_equal(b.m.decision.step,
				 cases[i].claim ? FLEET_STEP_NONE : FLEET_STEP_WRITE);
		assert_int_equal(b.m.joiner.decision.step,
				 cases[i].join ? FLEET_STEP_NONE : FLEET_STEP_WRITE);
		fleet_member_done(&b.m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_new_definition_is_promoted_when_its_turn_has_come),
		cmocka_unit_test(test_a_joiner_that_fails_stays_in_line),
		cmocka_unit_test(test_the_place_of_a_joiner_goes_with_its_app),
		cmocka_unit_test(test_a_joiner_without_consul),
		cmocka_unit_test(test_a_slot_goes_with_its_app),
		cmocka_unit_test(test_an_app_without_claims_goes_at_once),
		cmocka_unit_test(test_late_requests_of_an_app_that_is_gone),
		cmocka_unit_test(test_with_the_session_goes_all),
		cmocka_unit_test(test_who_comes_after_gives_back_the_slot),
		cmocka_unit_test(test_a_hard_failure_that_is_over),
		cmocka_unit_test(test_who_is_away_returns),
		cmocka_unit_test(test_what_was_never_announced_stays_silent),
		cmocka_unit_test(test_who_is_away_does_not_return_by_keys_that_were_emptied),
		cmocka_unit_test(test_what_is_announced_asks),
		cmocka_unit_test(test_what_another_decision_announces),
		cmocka_unit_test(test_a_claim_is_obsolete_when_it_is_granted),
		cmocka_unit_test(test_no_one_is_promoted_after_its_session),
		cmocka_unit_test(test_what_a_refusal_undoes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
