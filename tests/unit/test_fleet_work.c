/* SPDX-License-Identifier: MIT */
/* Rolling work in a fleet at two VIPs, request by request: when each is due, and what it
 * writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fleet/roll.h"
#include "fleet/session.h"
#include "lib/array.h"
#include "tests/unit/jittered.h"

#define SEC USEC_PER_SEC

struct work {
	struct fleet_roll_config config;
	struct fleet_roll roll;
	struct fleet_roll_request request;
	struct fleet_up up[2][3];
	struct fleet_slot slots[2][3];
	struct fleet_view views[2];
	mono_t now;
};

/* At VIP `i`: "bc" have slots, "b" since 1 s, "c" since 2 s. */
static void put_slots(struct work *w, size_t i, const char *nodes, uint64_t index)
{
	w->views[i].roll.n = strlen(nodes);
	w->views[i].roll.index = index;
	for (size_t k = 0; nodes[k]; k++) {
		struct fleet_slot *s = &w->slots[i][k];
		*s = (struct fleet_slot){ .since = (wall_t)(nodes[k] - 'a') * SEC };
		snprintf(s->node, FLEET_NODE_MAX, "%c", nodes[k]);
	}
}

static void begin_work(struct work *w, enum fleet_roll_state state, bool late)
{
	const struct fleet_slot me = { .node = "a", .id = "id", .since = 5 * SEC };
	*w = (struct work){ .now = 100 * SEC };
	w->config = (struct fleet_roll_config){ .n_vips = 2,
						.rules = { { .min_up = { .value = 1 } },
							   { .min_up = { .value = 2 } } },
						.limit = 2,
						.timeout = SEC,
						.poll = SEC,
						.poll_max = 15 * SEC,
						.retry_max = 30 * SEC };
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 3; k++)
			snprintf(w->up[i][k].node, FLEET_NODE_MAX, "%c", (char)('a' + (int)k));
		w->views[i] =
			(struct fleet_view){ .up = w->up[i], .n_up = 3, .roll.items = w->slots[i] };
	}
	fleet_roll_init(&w->roll, &w->config, &me, state, late, 40, 1);
}

static void send_roll(struct work *w, enum fleet_roll_request_kind kind)
{
	uint64_t number = w->roll.number, id = w->roll.last_id;
	assert_true(fleet_roll_deadline(&w->roll) <= w->now);
	assert_true(fleet_roll_next(&w->roll, w->now, &w->request));
	assert_int_equal(w->request.kind, kind);
	assert_int_equal(w->request.number, number + 1);
	assert_int_equal(w->request.id, id + 1);
	assert_int_equal(fleet_roll_deadline(&w->roll), w->now + SEC);
	assert_false(fleet_roll_next(&w->roll, w->now, &w->request));
}

static void answer_roll(struct work *w, enum fleet_result result)
{
	w->now += 3;
	fleet_roll_answer(&w->roll, w->request.id, result, w->views, 0, w->now);
}

/* As it was decided: "b,a" are the slots of both VIPs. */
static void expect_written(const struct work *w, const char *wanted)
{
	char text[16];
	size_t n = 0;
	assert_true(w->roll.is_decided);
	assert_int_equal(fleet_roll_deadline(&w->roll), w->now);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < w->roll.slots[i].n; k++)
			text[n++] = w->roll.slots[i].items[k].node[0];
		text[n++] = i ? '\0' : ',';
		assert_int_equal(w->roll.slots[i].index, w->views[i].roll.index);
	}
	assert_string_equal(text, wanted);
}

static void test_a_slot_at_every_vip(void **state)
{
	struct work w;
	(void)state;
	begin_work(&w, FLEET_ROLL_WAITING, false);
	put_slots(&w, 0, "b", 3);
	put_slots(&w, 1, "bc", 4);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	mono_t due = jittered(w.now + 3, SEC, w.roll.random);
	answer_roll(&w, FLEET_OK);
	assert_false(w.roll.is_decided);
	assert_int_equal(w.roll.seen, 7);
	assert_true(w.roll.wait.is_known && !w.roll.wait.by_guard);
	assert_int_equal(w.roll.wait.taken, 2);
	assert_string_equal(w.roll.wait.node, "b");
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	assert_false(fleet_roll_next(&w.roll, due - 1, &w.request));
	w.now = due;
	/* The same is seen again: it looks more rarely. */
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	due = jittered(w.now + 3, 2 * SEC, w.roll.random);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	w.now = due;
	put_slots(&w, 1, "cb", 5);
	put_slots(&w, 0, "bc", 3);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	due = jittered(w.now + 3, SEC, w.roll.random);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	assert_string_equal(w.roll.wait.node, "b");
	w.now = due;
	put_slots(&w, 1, "", 6);
	put_slots(&w, 0, "ba", 3);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	expect_written(&w, "ba,a");
	assert_int_equal(w.roll.wait.taken, 1);
	fleet_roll_done(&w.roll);
}

/* With rules of the guard at one VIP: all keys are read before it is written. */
static void test_the_guard_at_one_of_two_vips(void **state)
{
	struct work w;
	(void)state;
	for (uint32_t min_up = 2; min_up < 4; min_up++) {
		begin_work(&w, FLEET_ROLL_WAITING, false);
		w.config.is_guarded[1] = true;
		w.config.rules[0].min_up.value = 9;
		w.config.rules[1].min_up.value = min_up;
		send_roll(&w, FLEET_ROLL_READ_SLOTS);
		answer_roll(&w, FLEET_OK);
		assert_true(w.roll.has_room);
		assert_int_equal(fleet_roll_deadline(&w.roll), w.now);
		send_roll(&w, FLEET_ROLL_READ);
		answer_roll(&w, FLEET_OK);
		assert_false(w.roll.has_room);
		assert_int_equal(w.roll.wait.by_guard, min_up > 2);
		assert_int_equal(w.roll.wait.others, min_up > 2 ? 2 : 0);
		assert_int_equal(w.roll.wait.min_up, min_up > 2 ? 3 : 0);
		if (min_up == 2)
			expect_written(&w, "a,a");
		else
			assert_false(w.roll.is_decided);
		fleet_roll_done(&w.roll);
	}
}

static void test_work_that_is_gone_on_with(void **state)
{
	static const struct {
		const char *first, *second;
		bool late, held;
	} cases[] = {
		{ "a", "ba", false, true }, { "a", "", false, false }, { "aa", "", false, false },
		{ "", "a", false, false },  { "a", "a", true, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct work w;
		begin_work(&w, FLEET_ROLL_CHECKING, cases[i].late);
		put_slots(&w, 0, cases[i].first, 1);
		put_slots(&w, 1, cases[i].second, 1);
		send_roll(&w, FLEET_ROLL_READ_SLOTS);
		answer_roll(&w, FLEET_OK);
		assert_int_equal(w.roll.state,
				 cases[i].held ? FLEET_ROLL_HELD : FLEET_ROLL_WAITING);
		if (cases[i].held)
			assert_int_equal(fleet_roll_deadline(&w.roll), USEC_NEVER);
		else /* it is judged at once */
			assert_true(w.roll.wait.is_known && w.roll.is_decided);
		fleet_roll_done(&w.roll);
	}
}

/* It may take effect later, and is written over before the work ends. */
static void test_a_slot_whose_write_is_lost(void **state)
{
	struct work w;
	(void)state;
	begin_work(&w, FLEET_ROLL_WAITING, false);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	mono_t due = jittered(w.now + 3, SEC, w.roll.random);
	answer_roll(&w, FLEET_FAILED);
	assert_false(w.roll.is_unsettled); /* it was a read */
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	w.now = due;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	send_roll(&w, FLEET_ROLL_WRITE);
	assert_false(fleet_roll_next(&w.roll, w.now + SEC - 1, &w.request));
	assert_true(w.roll.request.id != 0);
	w.now += SEC;
	due = jittered(w.now, 2 * SEC, w.roll.random);
	assert_false(fleet_roll_next(&w.roll, w.now, &w.request));
	assert_int_equal(w.roll.request.id, 0);
	assert_true(w.roll.is_unsettled);
	assert_false(w.roll.is_decided);
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	/* Also one that is in flight when the work is given up. */
	w.now = due;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	fleet_roll_release(&w.roll, w.now + 1);
	assert_int_equal(w.roll.request.id, 0);
	assert_int_equal(w.roll.state, FLEET_ROLL_RELEASING);
	assert_int_equal(w.roll.backoff.tries, 0);
	assert_int_equal(fleet_roll_deadline(&w.roll), w.now + 1);
	w.now++;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	fleet_roll_release(&w.roll, w.now + 1); /* it goes on */
	assert_true(w.roll.request.id != 0);
	answer_roll(&w, FLEET_OK);
	expect_written(&w, ",");
	assert_false(w.roll.found);
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(w.roll.state, FLEET_ROLL_ENDED);
	assert_false(w.roll.is_unsettled || w.roll.is_decided);
	fleet_roll_release(&w.roll, w.now);
	assert_int_equal(w.roll.state, FLEET_ROLL_ENDED);
	fleet_roll_done(&w.roll);
}

static void test_a_slot_that_is_refused(void **state)
{
	struct work w;
	(void)state;
	begin_work(&w, FLEET_ROLL_WAITING, false);
	w.config.is_guarded[0] = true;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	send_roll(&w, FLEET_ROLL_READ);
	answer_roll(&w, FLEET_OK);
	expect_written(&w, "a,a");
	send_roll(&w, FLEET_ROLL_WRITE);
	mono_t due = jittered(w.now + 3, SEC, w.roll.random);
	answer_roll(&w, FLEET_CONFLICT);
	assert_false(w.roll.is_unsettled || w.roll.is_decided || w.roll.has_room);
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	/* One that was read, but not written: the slots are looked at again. */
	w.now = due;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	assert_true(w.roll.has_room);
	send_roll(&w, FLEET_ROLL_READ);
	answer_roll(&w, FLEET_FAILED);
	assert_false(w.roll.has_room);
	/* A write that is answered ends the growing of pauses, a look does not. */
	assert_int_equal(w.roll.backoff.tries, 2);
	w.now = fleet_roll_deadline(&w.roll);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	send_roll(&w, FLEET_ROLL_READ);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(w.roll.backoff.tries, 2);
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(w.roll.backoff.tries, 0);
	assert_int_equal(w.roll.state, FLEET_ROLL_HELD);
	fleet_roll_done(&w.roll);
}

/* Others took a slot of the guard at the same time: it gives back what it took, and waits. */
static void test_a_slot_that_is_given_back(void **state)
{
	struct work w;
	(void)state;
	begin_work(&w, FLEET_ROLL_WAITING, false);
	w.config.is_guarded[1] = true;
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	send_roll(&w, FLEET_ROLL_READ);
	answer_roll(&w, FLEET_OK);
	put_slots(&w, 0, "a", 8);
	put_slots(&w, 1, "ab", 9);
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_OK);
	assert_true(w.roll.gives_back);
	assert_true(w.roll.wait.by_guard);
	expect_written(&w, ",b");
	/* Refused: it is judged anew. */
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_CONFLICT);
	assert_false(w.roll.gives_back);
	w.now = fleet_roll_deadline(&w.roll);
	put_slots(&w, 1, "abc", 10);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	assert_true(w.roll.gives_back);
	expect_written(&w, ",bc");
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_FAILED);
	assert_false(w.roll.gives_back);
	assert_true(w.roll.is_unsettled);
	w.now = fleet_roll_deadline(&w.roll);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	put_slots(&w, 0, "", 12);
	put_slots(&w, 1, "bc", 13);
	send_roll(&w, FLEET_ROLL_WRITE);
	mono_t due = jittered(w.now + 3, SEC, w.roll.random);
	answer_roll(&w, FLEET_OK);
	assert_false(w.roll.gives_back);
	assert_int_equal(w.roll.state, FLEET_ROLL_WAITING);
	assert_int_equal(fleet_roll_deadline(&w.roll), due);
	assert_int_equal(w.roll.seen, 25);
	fleet_roll_done(&w.roll);
}

/* A slot that is found is given back, until none is left. */
static void test_a_release_that_finds_a_slot(void **state)
{
	struct work w;
	(void)state;
	begin_work(&w, FLEET_ROLL_HELD, false);
	assert_int_equal(fleet_roll_deadline(&w.roll), USEC_NEVER);
	fleet_roll_release(&w.roll, w.now);
	put_slots(&w, 1, "ba", 3);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	assert_true(w.roll.found);
	expect_written(&w, ",b");
	send_roll(&w, FLEET_ROLL_WRITE);
	answer_roll(&w, FLEET_CONFLICT);
	w.now = fleet_roll_deadline(&w.roll);
	put_slots(&w, 1, "b", 4);
	send_roll(&w, FLEET_ROLL_READ_SLOTS);
	answer_roll(&w, FLEET_OK);
	assert_int_equal(w.roll.state, FLEET_ROLL_ENDED);
	assert_true(w.roll.found);
	fleet_roll_answer(&w.roll, 0, FLEET_FAILED, NULL, 0, w.now);
	fleet_roll_answer(&w.roll, w.roll.last_id, FLEET_FAILED, NULL, 0, w.now);
	assert_int_equal(w.roll.backoff.tries, 1);
	fleet_roll_done(&w.roll);
}

static void test_a_seed_of_zero_is_none(void **state)
{
	struct fleet_session s;
	struct fleet_member m;
	struct fleet_roll r;
	static const struct fleet_config config = { .n_vips = FLEET_VIPS_MAX };
	static const struct fleet_roll_config roll = { .n_vips = FLEET_VIPS_MAX };
	const struct fleet_slot me = { .node = "a" };
	(void)state;
	for (uint32_t seed = 0; seed < 3; seed++) {
		uint32_t wanted = seed ? seed : 1;
		fleet_session_init(&s, 15 * SEC, SEC / 2, SEC, seed, 0);
		assert_int_equal(s.random, wanted);
		fleet_member_init(&m, &config, "a", seed);
		assert_int_equal(m.random, wanted);
		fleet_roll_init(&r, &roll, &me, FLEET_ROLL_WAITING, false, 0, seed);
		assert_int_equal(r.random, wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slot_at_every_vip),
		cmocka_unit_test(test_the_guard_at_one_of_two_vips),
		cmocka_unit_test(test_work_that_is_gone_on_with),
		cmocka_unit_test(test_a_slot_whose_write_is_lost),
		cmocka_unit_test(test_a_slot_that_is_refused),
		cmocka_unit_test(test_a_slot_that_is_given_back),
		cmocka_unit_test(test_a_release_that_finds_a_slot),
		cmocka_unit_test(test_a_seed_of_zero_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
