/* SPDX-License-Identifier: MIT */
/* When a member of a fleet is due, and what it remembers of requests that were lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fleet/member.h"
#include "lib/array.h"
#include "tests/unit/jittered.h"

#define SEC USEC_PER_SEC

struct bed {
	struct fleet_config config;
	struct fleet_member m;
	struct fleet_up up[2];
	struct fleet_claim claims[4], joins[4];
	struct fleet_view view;
	struct fleet_request r;
	mono_t now;
};

/* Node a with session "s", well and reported; b is normal. */
static void begin(struct bed *b, uint32_t min_up)
{
	*b = (struct bed){ .now = 100 * SEC };
	b->config = (struct fleet_config){
		.n_vips = 1,
		.rules = { { .min_up = { false, min_up }, .max_joining = 1 } },
		.timeout = SEC / 2,
		.poll = 2 * SEC,
		.poll_max = 30 * SEC,
		.refresh = 200 * SEC,
		.settle_session = 15 * SEC,
		.settle_keys = 230 * SEC,
	};
	for (size_t i = 0; i < 2; i++) {
		snprintf(b->up[i].node, FLEET_NODE_MAX, i ? "b" : "a");
		snprintf(b->up[i].session, FLEET_SESSION_MAX, i ? "sb" : "s");
	}
	b->view = (struct fleet_view){
		.up = b->up, .n_up = 2, .leave.claims = b->claims, .join.claims = b->joins
	};
	fleet_member_init(&b->m, &b->config, "a", 1);
	fleet_member_session(&b->m, "s", b->now + 1000 * SEC, b->now);
}

static void send_next(struct bed *b, enum fleet_request_kind kind)
{
	uint64_t last = b->m.last_id;
	assert_true(fleet_member_next(&b->m, b->now, &b->r));
	assert_int_equal(b->r.kind, kind);
	assert_int_equal(b->r.id, last + 1);
	assert_int_equal(b->m.deadline, b->now + SEC / 2);
	assert_int_equal(fleet_member_deadline(&b->m), b->now + SEC / 2);
	assert_false(fleet_member_next(&b->m, b->now, &b->r));
}

static void answer(struct bed *b, enum fleet_result result)
{
	b->now += 3;
	fleet_member_answer(&b->m, b->r.id, result, &b->view, 0, b->now);
}

static void done(struct bed *b, enum fleet_request_kind kind)
{
	send_next(b, kind);
	answer(b, FLEET_OK);
}

static void begin_reported(struct bed *b, uint32_t min_up)
{
	begin(b, min_up);
	fleet_member_evidence(&b->m, FLEET_GOOD, true, b->now);
	done(b, FLEET_REPORT);
	assert_true(b->m.is_reported);
	assert_int_equal(b->m.reported, FLEET_NORMAL);
}

/* Soft evidence, and its claim is to be written. */
static void begin_claim(struct bed *b)
{
	begin_reported(b, 1);
	fleet_member_evidence(&b->m, FLEET_SOFT, true, b->now);
	done(b, FLEET_REPORT);
	done(b, FLEET_READ);
	assert_int_equal(b->m.decision.step, FLEET_STEP_WRITE);
}

/* As before the answer to the claim, by which it may leave. */
static void begin_granted_claim(struct bed *b)
{
	begin_claim(b);
	b->claims[0] = b->m.claim;
	b->view.leave.n = b->view.leave.n_slots = 1;
	send_next(b, FLEET_CLAIM);
}

static void test_a_member_that_begins(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1);
	assert_int_equal(b.m.evidence, FLEET_HARD);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	assert_string_equal(b.m.claim.node, "a");
	assert_string_equal(b.m.joiner.claim.node, "a");
	assert_int_equal(b.m.backoff.first, SEC / 2);
	assert_int_equal(b.m.backoff.max, 30 * SEC);
	assert_int_equal(b.m.settled_at, 0); /* its first session */
	assert_int_equal(b.m.joiner.join, FLEET_JOIN_NONE);
	fleet_member_done(&b.m);
}

static void test_a_report_is_renewed(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1);
	fleet_member_evidence(&b.m, FLEET_GOOD, true, b.now);
	assert_int_equal(fleet_member_deadline(&b.m), b.now); /* of the session */
	send_next(&b, FLEET_REPORT);
	mono_t due = jittered(b.now + 3, b.config.refresh, b.m.random);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.report_at, due);
	assert_int_equal(fleet_member_deadline(&b.m), due);
	b.now = due - 1;
	assert_false(fleet_member_next(&b.m, b.now, &b.r));
	b.now = due;
	done(&b, FLEET_REPORT);
	/* The details that are told have changed. */
	fleet_member_tell(&b.m, b.now + 5);
	assert_int_equal(fleet_member_deadline(&b.m), b.now + 5);
	fleet_member_done(&b.m);
	begin(&b, 1);
	b.m.report_at = 7;
	fleet_member_tell(&b.m, b.now);
	assert_int_equal(b.m.report_at, 7); /* there was no report yet */
	fleet_member_done(&b.m);
}

/* Which is given up when its time is over, not before: a write may take effect later. */
static void test_a_claim_that_is_lost(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	b.m.report_at = b.now + 100 * SEC;
	send_next(&b, FLEET_CLAIM);
	assert_true(b.m.may_have_claims);
	b.now = b.m.deadline - 1;
	assert_false(fleet_member_next(&b.m, b.now, &b.r));
	assert_true(b.m.request.id != 0);
	b.now++;
	mono_t due = jittered(b.now, SEC / 2, b.m.random);
	assert_false(fleet_member_next(&b.m, b.now, &b.r));
	assert_int_equal(b.m.request.id, 0);
	assert_true(b.m.is_unsettled);
	assert_false(b.m.joiner.is_unsettled);
	assert_int_equal(b.m.late_until, b.now + b.config.poll_max);
	assert_int_equal(b.m.report_at, b.m.late_until);
	assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.read_at, b.now);
	assert_int_equal(b.m.retry_at, due);
	assert_int_equal(fleet_member_deadline(&b.m), due);
	/* One that is lost again leaves it so; one that is answered settles it. */
	b.now = due;
	send_next(&b, FLEET_READ);
	mono_t late = b.m.late_until;
	answer(&b, FLEET_FAILED);
	assert_true(b.m.is_unsettled);
	assert_int_equal(b.m.late_until, late); /* a read changes nothing */
	b.now = b.m.retry_at;
	done(&b, FLEET_READ);
	assert_true(b.m.is_unsettled);
	send_next(&b, FLEET_CLAIM);
	fleet_member_answer(&b.m, b.r.id - 1, FLEET_OK, &b.view, 0, b.now);
	fleet_member_answer(&b.m, 0, FLEET_OK, &b.view, 0, b.now);
	assert_true(b.m.is_unsettled && b.m.request.id == b.r.id);
	answer(&b, FLEET_OK);
	assert_false(b.m.is_unsettled);
	fleet_member_done(&b.m);
}

static void test_a_report_that_is_lost(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 1);
	b.now = b.m.report_at;
	send_next(&b, FLEET_REPORT);
	answer(&b, FLEET_FAILED);
	assert_false(b.m.is_unsettled);
	assert_false(b.m.joiner.is_unsettled);
	assert_int_equal(b.m.late_until, b.now + b.config.poll_max);
	assert_true(b.m.report_at < b.now); /* at once */
	fleet_member_done(&b.m);
}

static void test_a_place_in_line_that_is_lost(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 1);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now + 1);
	assert_int_equal(b.m.joiner.read_at, b.now + 1);
	b.now++;
	done(&b, FLEET_REPORT);
	done(&b, FLEET_READ);
	b.m.report_at = b.now + 100 * SEC;
	send_next(&b, FLEET_JOIN);
	assert_true(b.m.joiner.may_stand);
	answer(&b, FLEET_FAILED);
	assert_true(b.m.joiner.is_unsettled);
	assert_false(b.m.is_unsettled);
	assert_int_equal(b.m.report_at, b.now + b.config.poll_max);
	assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.read_at, b.now);
	b.now = b.m.retry_at;
	done(&b, FLEET_READ);
	assert_true(b.m.joiner.is_unsettled);
	done(&b, FLEET_JOIN);
	assert_false(b.m.joiner.is_unsettled);
	fleet_member_done(&b.m);
}

static void test_a_place_in_line_that_is_refused(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 1);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	done(&b, FLEET_REPORT);
	done(&b, FLEET_READ);
	send_next(&b, FLEET_JOIN);
	b.m.joiner.read_at = 1;
	answer(&b, FLEET_CONFLICT);
	assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.read_at, b.now);
	assert_false(b.m.joiner.is_unsettled);
	fleet_member_done(&b.m);
	/* That of a report has nothing to do with it. */
	begin_reported(&b, 1);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	done(&b, FLEET_REPORT);
	done(&b, FLEET_READ);
	fleet_member_tell(&b.m, b.now);
	send_next(&b, FLEET_REPORT);
	answer(&b, FLEET_CONFLICT);
	assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_WRITE);
	fleet_member_done(&b.m);
}

/* Reads that succeed between them do not shorten the pauses. */
static void test_conflicts_make_pauses_that_grow(void **state)
{
	static const span_t waits[] = { SEC / 2, SEC, 2 * SEC };
	struct bed b;
	(void)state;
	begin_claim(&b);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		send_next(&b, FLEET_CLAIM);
		mono_t due = jittered(b.now + 3, waits[i], b.m.random);
		answer(&b, FLEET_CONFLICT);
		assert_int_equal(b.m.retry_at, due);
		assert_int_equal(b.m.read_at, b.now);
		assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
		assert_int_equal(fleet_member_deadline(&b.m), due);
		b.now = due - 1;
		assert_false(fleet_member_next(&b.m, b.now, &b.r));
		b.now = due;
		done(&b, FLEET_READ);
	}
	assert_int_equal(b.m.backoff.tries, 3);
	done(&b, FLEET_CLAIM);
	assert_int_equal(b.m.backoff.tries, 0);
	fleet_member_done(&b.m);
}

/* The k-th in line looks k times more rarely, up to a limit; one that is away as often as that. */
static void test_how_often_a_member_looks(void **state)
{
	static const span_t polls[] = { 4 * SEC, 6 * SEC, 8 * SEC };
	struct bed b;
	(void)state;
	for (size_t ahead = 1; ahead <= ARRAY_SIZE(polls); ahead++) {
		begin_claim(&b);
		b.config.rules[0].min_up.value = 9;
		for (size_t i = 0; i < ahead; i++)
			b.claims[i] = (struct fleet_claim){ .node = "b", .session = "sb" };
		b.claims[ahead] = b.m.claim;
		b.view.leave.n = ahead + 1;
		send_next(&b, FLEET_CLAIM);
		mono_t due = jittered(b.now + 3, polls[ahead - 1], b.m.random);
		answer(&b, FLEET_OK);
		assert_int_equal(b.m.decision.step, FLEET_STEP_WAIT);
		assert_int_equal(b.m.decision.ahead, ahead);
		assert_int_equal(b.m.read_at, due);
		assert_int_equal(fleet_member_deadline(&b.m), due);
		b.config.poll_max = 5 * SEC;
		b.now = due;
		send_next(&b, FLEET_READ);
		due = jittered(b.now + 3, ahead == 1 ? 4 * SEC : 5 * SEC, b.m.random);
		answer(&b, FLEET_OK);
		assert_int_equal(b.m.read_at, due);
		fleet_member_done(&b.m);
	}
}

static void test_one_that_has_left_looks_from_time_to_time(void **state)
{
	struct bed b;
	(void)state;
	begin_granted_claim(&b);
	mono_t due = jittered(b.now + 3, b.config.poll_max, b.m.random);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	assert_true(b.m.has_left);
	assert_int_equal(b.m.read_at, due);
	b.up[0].form = FLEET_WITHDRAWN;
	done(&b, FLEET_REPORT);
	assert_int_equal(fleet_member_deadline(&b.m), due);
	b.now = due;
	send_next(&b, FLEET_READ);
	due = jittered(b.now + 3, b.config.poll_max, b.m.random);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.read_at, due);
	/* Too few are left: it returns as a new episode. */
	b.up[1].form = FLEET_WITHDRAWN;
	b.now = due;
	uint64_t number = b.m.claim.number;
	done(&b, FLEET_READ);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	assert_false(b.m.has_left);
	assert_int_equal(b.m.claim.number, number + 1);
	assert_int_equal(b.m.read_at, b.now);
	fleet_member_done(&b.m);
}

/* Whether too few are left is of interest to one that is away, when the view is complete. */
static void test_only_one_that_is_away_returns(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 9);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	done(&b, FLEET_REPORT);
	done(&b, FLEET_READ);
	assert_int_equal(b.m.form, FLEET_NORMAL);
	assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
	fleet_member_done(&b.m);
	for (int settled = 0; settled < 2; settled++) {
		begin_reported(&b, 9);
		b.m.evidence = FLEET_SOFT;
		b.m.form = b.m.reported = FLEET_WITHDRAWN;
		send_next(&b, FLEET_READ);
		b.m.settled_at = b.now + 3 + !settled;
		answer(&b, FLEET_OK);
		assert_int_equal(b.m.form, settled ? FLEET_DEGRADED : FLEET_WITHDRAWN);
		fleet_member_done(&b.m);
	}
}

/* The answer to a claim says that it may leave, and the session is over by then. */
static void test_no_one_leaves_after_its_session(void **state)
{
	struct bed b;
	(void)state;
	begin_granted_claim(&b);
	b.m.session_until = b.now + 3;
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.form, FLEET_DEGRADED);
	assert_false(b.m.has_left);
	assert_false(fleet_member_next(&b.m, b.m.session_until, &b.r));
	fleet_member_done(&b.m);
}

static void test_a_session_that_is_renewed_or_another(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 1);
	b.m.may_have_claims = b.m.is_unsettled = true;
	b.m.late_until = 5;
	fleet_member_session(&b.m, "s", b.now + 7, b.now);
	assert_int_equal(b.m.session_until, b.now + 7);
	assert_true(b.m.is_reported && b.m.may_have_claims && b.m.is_unsettled);
	assert_int_equal(b.m.settled_at, 0);
	b.m.has_left = true;
	b.m.joiner.may_stand = true;
	b.m.backoff.tries = 3;
	b.now += 10;
	fleet_member_session(&b.m, "t", b.now + 9, b.now);
	assert_string_equal(b.m.claim.session, "t");
	assert_string_equal(b.m.joiner.claim.session, "t");
	assert_false(b.m.is_reported || b.m.may_have_claims || b.m.is_unsettled || b.m.has_left);
	assert_false(b.m.joiner.may_stand);
	assert_int_equal(b.m.late_until, 0);
	assert_int_equal(b.m.backoff.tries, 0);
	assert_int_equal(b.m.settled_at, b.now + b.config.settle_session);
	assert_true(b.m.read_at == b.now && b.m.retry_at == b.now && b.m.joiner.read_at == b.now);
	send_next(&b, FLEET_REPORT);
	fleet_member_session(&b.m, NULL, 0, b.now);
	assert_int_equal(b.m.request.id, 0);
	assert_string_equal(b.m.claim.session, "");
	assert_int_equal(b.m.session_until, 0);
	assert_int_equal(fleet_member_deadline(&b.m), USEC_NEVER);
	fleet_member_done(&b.m);
}

static void test_keys_that_are_lost(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	uint64_t number = b.m.joiner.claim.number;
	fleet_member_keys_lost(&b.m, b.now + 1);
	assert_int_equal(b.m.settled_at, b.now + 1 + b.config.settle_keys);
	assert_int_equal(b.m.joiner.claim.number, number + 1);
	assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.read_at, b.now + 1);
	/* It waits until the others have written theirs. */
	b.m.report_at = USEC_NEVER - 1;
	assert_int_equal(fleet_member_deadline(&b.m), b.m.settled_at);
	assert_false(fleet_member_next(&b.m, b.m.settled_at - 1, &b.r));
	b.now = b.m.settled_at;
	send_next(&b, FLEET_READ);
	fleet_member_done(&b.m);
	/* A decision in flight is judged when it is answered. */
	begin_claim(&b);
	send_next(&b, FLEET_CLAIM);
	fleet_member_keys_lost(&b.m, b.now);
	assert_int_equal(b.m.decision.step, FLEET_STEP_WRITE);
	fleet_member_done(&b.m);
}

/* The view is without its own key: it reports anew. */
static void test_a_view_without_the_own_key(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	b.view.up = b.up + 1;
	b.view.n_up = 1;
	send_next(&b, FLEET_CLAIM);
	answer(&b, FLEET_OK);
	assert_false(b.m.is_reported);
	assert_int_equal(b.m.settled_at, b.now + b.config.settle_keys);
	fleet_member_done(&b.m);
	begin_reported(&b, 1);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	done(&b, FLEET_REPORT);
	b.view.up = b.up + 1;
	b.view.n_up = 1;
	done(&b, FLEET_READ);
	assert_false(b.m.is_reported);
	assert_int_equal(b.m.settled_at, b.now + b.config.settle_keys);
	fleet_member_done(&b.m);
}

/* How often one that joins looks, and when its turn has come. */
static void test_how_often_a_joiner_looks(void **state)
{
	struct bed b;
	(void)state;
	begin_reported(&b, 1);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	done(&b, FLEET_REPORT);
	done(&b, FLEET_READ);
	b.joins[0] = b.m.joiner.claim;
	b.view.join.n = 1;
	b.up[0].form = FLEET_JOINING;
	send_next(&b, FLEET_JOIN);
	uint32_t random = b.m.random;
	xorshift32(&random); /* of the next read for the claims */
	mono_t due = jittered(b.now + 3, b.config.poll_max, random);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.joiner.read_at, due);
	assert_int_equal(fleet_member_deadline(&b.m), due);
	fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now + 1);
	assert_int_equal(fleet_member_deadline(&b.m), b.now + 1);
	b.now++;
	b.joins[1] = b.joins[0];
	b.joins[0] = (struct fleet_claim){ .node = "b", .session = "sb" };
	b.view.join.n = 2;
	b.up[1].form = FLEET_JOINING;
	send_next(&b, FLEET_READ);
	random = b.m.random;
	xorshift32(&random);
	due = jittered(b.now + 3, 2 * b.config.poll, random);
	answer(&b, FLEET_OK);
	assert_int_equal(b.m.joiner.decision.ahead, 1);
	assert_string_equal(b.m.joiner.decision.first, "b");
	assert_int_equal(b.m.joiner.read_at, due);
	b.up[1].form = FLEET_NORMAL;
	b.now = due;
	done(&b, FLEET_READ);
	assert_true(b.m.joiner.is_promoted);
	assert_int_equal(b.m.joiner.read_at, b.now);
	fleet_member_done(&b.m);
}

static void test_one_after_another(void **state)
{
	struct bed b, from;
	(void)state;
	begin(&from, 1);
	begin(&b, 1);
	from.m.last_id = 7;
	from.m.claim.number = 5;
	from.m.was_kept = from.m.was_announced = true;
	from.m.settled_at = 9;
	from.m.joiner.claim.number = 4;
	from.m.may_have_claims = from.m.is_unsettled = true;
	from.m.joiner.may_stand = from.m.joiner.is_unsettled = true;
	from.m.late_until = 11;
	b.m.report_at = 20;
	fleet_member_succeed(&b.m, &from.m);
	assert_true(b.m.last_id == 7 && b.m.claim.number == 5 && b.m.joiner.claim.number == 5);
	assert_true(b.m.was_kept && b.m.was_announced && b.m.settled_at == 9);
	assert_true(b.m.may_have_claims && b.m.is_unsettled);
	assert_true(b.m.joiner.may_stand && b.m.joiner.is_unsettled);
	assert_true(b.m.late_until == 11 && b.m.report_at == 11);
	from.m.joiner.claim.number = 5; /* the same number would be the same claim */
	fleet_member_succeed(&b.m, &from.m);
	assert_int_equal(b.m.joiner.claim.number, 6);
	/* Greater numbers stay, and so do facts that are true here. */
	from.m = (struct fleet_member){ .config = &from.config };
	snprintf(from.m.claim.session, FLEET_SESSION_MAX, "s");
	from.m.joiner.claim.number = 4;
	b.m.settled_at = 10;
	fleet_member_succeed(&b.m, &from.m);
	assert_true(b.m.last_id == 7 && b.m.claim.number == 5 && b.m.joiner.claim.number == 6);
	assert_true(b.m.was_kept && b.m.was_announced && b.m.settled_at == 10);
	assert_true(b.m.may_have_claims && b.m.is_unsettled && b.m.late_until == 11);
	assert_true(b.m.joiner.may_stand && b.m.joiner.is_unsettled);
	/* Of another session nothing is left in Consul. */
	begin(&b, 1);
	from.m.may_have_claims = from.m.is_unsettled = true;
	from.m.late_until = 11;
	b.m.report_at = 20;
	from.m.claim.session[0] = 'x';
	fleet_member_succeed(&b.m, &from.m);
	assert_false(b.m.may_have_claims || b.m.is_unsettled);
	assert_true(b.m.late_until == 0 && b.m.report_at == 20);
	from.m.claim.session[0] = b.m.claim.session[0] = 0;
	fleet_member_succeed(&b.m, &from.m);
	assert_false(b.m.may_have_claims || b.m.is_unsettled);
	fleet_member_done(&b.m);
}

static void test_one_that_was_never_announced_goes(void **state)
{
	struct bed b;
	(void)state;
	begin(&b, 1);
	fleet_member_evidence(&b.m, FLEET_SOFT, false, b.now);
	fleet_member_retire(&b.m, b.now);
	assert_false(b.m.was_announced);
	assert_false(b.m.is_gone);
	fleet_member_done(&b.m);
}

/* Once more when nothing can come late any more. */
static void test_the_last_request(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	b.m.late_until = b.now + 10;
	fleet_member_retire(&b.m, b.now);
	assert_true(b.m.is_retired && !b.m.is_gone);
	assert_int_equal(b.m.form, FLEET_WITHDRAWN);
	send_next(&b, FLEET_DROP);
	b.m.is_unsettled = true;
	b.m.joiner.decision.step = FLEET_STEP_WAIT;
	answer(&b, FLEET_OK);
	assert_false(b.m.is_gone || b.m.is_reported || b.m.is_unsettled);
	assert_true(b.m.may_have_claims && b.m.joiner.may_stand);
	assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.read_at, b.now);
	assert_int_equal(fleet_member_deadline(&b.m), b.m.late_until);
	b.now = b.m.late_until;
	b.m.may_have_claims = b.m.joiner.may_stand = false;
	done(&b, FLEET_DROP);
	assert_true(b.m.is_gone);
	assert_false(b.m.may_have_claims || b.m.joiner.may_stand);
	assert_int_equal(fleet_member_deadline(&b.m), 0);
	/* Its evidence and its line are of no interest any more. */
	assert_true(b.m.was_announced);
	fleet_member_evidence(&b.m, FLEET_GOOD, true, b.now);
	assert_int_equal(b.m.evidence, FLEET_HARD);
	fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	assert_int_equal(b.m.joiner.join, FLEET_JOIN_NONE);
	fleet_member_done(&b.m);
}

/* ---- evidence ---- */

static const struct {
	enum fleet_form before;
	enum fleet_evidence evidence;
	bool announced, was_kept;
	enum fleet_form form;
	bool kept, was_announced;
	uint64_t episodes;
} episodes[] = {
	{ FLEET_WITHDRAWN, FLEET_GOOD, false, true, FLEET_NORMAL, false, true, 0 },
	{ FLEET_WITHDRAWN, FLEET_KEPT, false, true, FLEET_DEGRADED, true, true, 0 },
	{ FLEET_WITHDRAWN, FLEET_DRAIN, false, false, FLEET_WITHDRAWN, false, false, 0 },
	{ FLEET_WITHDRAWN, FLEET_DRAIN, true, false, FLEET_WITHDRAWN, false, true, 0 },
	{ FLEET_NORMAL, FLEET_DRAIN, false, false, FLEET_DRAINED, false, true, 0 },
	{ FLEET_NORMAL, FLEET_HARD, false, true, FLEET_WITHDRAWN, true, false, 0 },
	{ FLEET_NORMAL, FLEET_SOFT, false, false, FLEET_DEGRADED, false, true, 1 },
	{ FLEET_DRAINED, FLEET_SOFT, false, false, FLEET_WITHDRAWN, false, false, 1 },
	{ FLEET_DRAINED, FLEET_SOFT, true, false, FLEET_DEGRADED, false, true, 1 },
	{ FLEET_WITHDRAWN, FLEET_SOFT, false, true, FLEET_DEGRADED, true, true, 1 },
};

static void test_what_evidence_makes_of_a_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(episodes); i++) {
		struct bed b;
		begin(&b, 1);
		/* Some other evidence before, which is not soft. */
		b.m.evidence = episodes[i].evidence == FLEET_HARD ? FLEET_GOOD : FLEET_HARD;
		b.m.form = episodes[i].before;
		b.m.was_kept = episodes[i].was_kept;
		b.m.has_left = true;
		b.m.read_at = 1;
		fleet_member_evidence(&b.m, episodes[i].evidence, episodes[i].announced, b.now + 5);
		if (b.m.form != episodes[i].form || b.m.was_kept != episodes[i].kept ||
		    b.m.was_announced != episodes[i].was_announced ||
		    b.m.claim.number != episodes[i].episodes)
			fail_msg("%zu: form %d%s%s, %d", i, (int)b.m.form,
				 b.m.was_kept ? ", kept" : "",
				 b.m.was_announced ? ", announced" : "", (int)b.m.claim.number);
		assert_false(b.m.has_left);
		assert_int_equal(b.m.read_at, b.now + 5);
		/* The same again is nothing new. */
		b.m.has_left = true;
		fleet_member_evidence(&b.m, episodes[i].evidence, true, b.now + 9);
		assert_true(b.m.has_left && b.m.read_at == b.now + 5);
		fleet_member_done(&b.m);
	}
}

/* One that waits to leave is kept; so it is after a failure that let it go at once. */
static void test_one_that_waited_was_kept(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	assert_false(b.m.was_kept);
	fleet_member_evidence(&b.m, FLEET_HARD, true, b.now);
	assert_true(b.m.was_kept);
	fleet_member_evidence(&b.m, FLEET_DRAIN, true, b.now);
	assert_true(b.m.was_kept);
	fleet_member_done(&b.m);
}

/* A decision is made anew, unless it is being written. */
static void test_decisions_by_rules_that_were(void **state)
{
	(void)state;
	for (int how = 0; how < 3; how++)
		for (int in_flight = 0; in_flight < 2; in_flight++) {
			struct bed b;
			begin_claim(&b);
			if (in_flight)
				send_next(&b, FLEET_CLAIM);
			b.m.read_at = b.m.joiner.read_at = 1;
			if (how == 0)
				fleet_member_rules(&b.m, b.now + 5);
			else if (how == 1)
				fleet_member_evidence(&b.m, FLEET_KEPT, true, b.now + 5);
			else
				fleet_member_session(&b.m, "t", b.now + 100 * SEC, b.now + 5);
			assert_int_equal(b.m.read_at, b.now + 5);
			assert_int_equal(b.m.joiner.read_at, how == 1 ? 1 : b.now + 5);
			assert_int_equal(b.m.decision.step,
					 in_flight && how < 2 ? FLEET_STEP_WRITE : FLEET_STEP_NONE);
			fleet_member_done(&b.m);
		}
}

static void test_a_place_in_line_by_another_definition(void **state)
{
	(void)state;
	for (int in_flight = 0; in_flight < 2; in_flight++) {
		struct bed b;
		begin_reported(&b, 1);
		fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
		assert_int_equal(fleet_member_shown(&b.m), FLEET_JOINING);
		done(&b, FLEET_REPORT);
		done(&b, FLEET_READ);
		assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_WRITE);
		if (in_flight)
			send_next(&b, FLEET_JOIN);
		fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now + 5);
		assert_int_equal(b.m.joiner.decision.step,
				 in_flight ? FLEET_STEP_WRITE : FLEET_STEP_NONE);
		assert_int_equal(b.m.joiner.read_at, b.now + 5);
		/* It stands as it did. */
		b.m.joiner.read_at = 1;
		fleet_member_join(&b.m, FLEET_JOIN_PASSED, b.now + 9);
		assert_int_equal(b.m.joiner.read_at, 1);
		fleet_member_done(&b.m);
	}
}

/* Of the forms that are announced, and of no other. */
static void test_what_is_shown_of_one_that_joins(void **state)
{
	static const enum fleet_form shown[] = {
		[FLEET_NORMAL] = FLEET_JOINING,      [FLEET_JOINING] = FLEET_JOINING,
		[FLEET_DEGRADED] = FLEET_JOINING,    [FLEET_DRAINED] = FLEET_DRAINED,
		[FLEET_WITHDRAWN] = FLEET_WITHDRAWN,
	};
	struct bed b;
	(void)state;
	begin(&b, 1);
	for (int joins = 0; joins < 2; joins++) {
		for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
			b.m.form = (enum fleet_form)i;
			assert_int_equal(fleet_member_shown(&b.m), joins ? shown[i] : i);
		}
		fleet_member_join(&b.m, FLEET_JOIN_STANDS, b.now);
	}
	fleet_member_done(&b.m);
}

/* With fewer VIPs, nothing that was decided for more of them is written. */
static void test_a_member_with_fewer_vips(void **state)
{
	struct bed b;
	(void)state;
	begin_claim(&b);
	fleet_member_retire(&b.m, b.now);
	b.m.joiner.decision.step = FLEET_STEP_WRITE;
	b.m.decision.step = FLEET_STEP_WRITE;
	fleet_member_narrow(&b.m);
	assert_int_equal(b.m.decision.step, FLEET_STEP_NONE);
	assert_int_equal(b.m.joiner.decision.step, FLEET_STEP_NONE);
	fleet_member_done(&b.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_member_that_begins),
		cmocka_unit_test(test_a_report_is_renewed),
		cmocka_unit_test(test_a_claim_that_is_lost),
		cmocka_unit_test(test_a_report_that_is_lost),
		cmocka_unit_test(test_a_place_in_line_that_is_lost),
		cmocka_unit_test(test_a_place_in_line_that_is_refused),
		cmocka_unit_test(test_conflicts_make_pauses_that_grow),
		cmocka_unit_test(test_how_often_a_member_looks),
		cmocka_unit_test(test_one_that_has_left_looks_from_time_to_time),
		cmocka_unit_test(test_only_one_that_is_away_returns),
		cmocka_unit_test(test_no_one_leaves_after_its_session),
		cmocka_unit_test(test_a_session_that_is_renewed_or_another),
		cmocka_unit_test(test_keys_that_are_lost),
		cmocka_unit_test(test_a_view_without_the_own_key),
		cmocka_unit_test(test_how_often_a_joiner_looks),
		cmocka_unit_test(test_one_after_another),
		cmocka_unit_test(test_one_that_was_never_announced_goes),
		cmocka_unit_test(test_the_last_request),
		cmocka_unit_test(test_what_evidence_makes_of_a_form),
		cmocka_unit_test(test_one_that_waited_was_kept),
		cmocka_unit_test(test_decisions_by_rules_that_were),
		cmocka_unit_test(test_a_place_in_line_by_another_definition),
		cmocka_unit_test(test_what_is_shown_of_one_that_joins),
		cmocka_unit_test(test_a_member_with_fewer_vips),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
