/* SPDX-License-Identifier: MIT */
/* The session of an agent in a fleet: what a renewal says that does not find it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet/session.h"
#include "lib/array.h"
#include "tests/unit/jittered.h"

#define TTL (15 * USEC_PER_SEC)

/* Lets the next request be sent, which is to be of this kind. */
static uint64_t sent(struct fleet_session *s, enum fleet_session_request kind, mono_t *now)
{
	*now = usec_max(*now, fleet_session_deadline(s));
	uint64_t id = fleet_session_next(s, *now);
	assert_true(id != 0);
	assert_int_equal(s->kind, kind);
	return id;
}

static void begin(struct fleet_session *s, mono_t *now)
{
	fleet_session_init(s, TTL, USEC_PER_SEC / 2, 5 * USEC_PER_SEC, 1, *now);
	uint64_t id = sent(s, FLEET_SESSION_CREATE, now);
	fleet_session_answer(s, id, FLEET_SESSION_OK, "s1", *now);
	assert_string_equal(s->id, "s1");
}

static void renewal_finds_none(struct fleet_session *s, mono_t *now)
{
	uint64_t id = sent(s, FLEET_SESSION_RENEW, now);
	fleet_session_answer(s, id, FLEET_SESSION_GONE, NULL, *now);
	assert_string_equal(s->id, "s1");
	assert_true(fleet_session_deadline(s) <= *now);
}

static void test_it_is_there_all_the_same(void **state)
{
	(void)state;
	struct fleet_session s;
	mono_t now = USEC_PER_SEC;
	begin(&s, &now);
	mono_t until = s.until;
	renewal_finds_none(&s, &now);
	uint64_t id = sent(&s, FLEET_SESSION_INFO, &now);
	fleet_session_answer(&s, id, FLEET_SESSION_OK, NULL, now);
	assert_string_equal(s.id, "s1");
	assert_true(s.until == until); /* to look for it does not renew it */
	/* Not at once: a renewal that finds none for long does not lift the pause. */
	assert_true(fleet_session_deadline(&s) > now);
	id = sent(&s, FLEET_SESSION_RENEW, &now);
	fleet_session_answer(&s, id, FLEET_SESSION_OK, NULL, now);
	assert_true(s.until == now + TTL);
	sent(&s, FLEET_SESSION_RENEW, &now);
}

static void test_it_is_gone(void **state)
{
	(void)state;
	struct fleet_session s;
	mono_t now = USEC_PER_SEC;
	begin(&s, &now);
	renewal_finds_none(&s, &now);
	uint64_t id = sent(&s, FLEET_SESSION_INFO, &now);
	fleet_session_answer(&s, id, FLEET_SESSION_GONE, NULL, now);
	assert_string_equal(s.id, "");
	assert_true(s.until == 0);
	assert_false(s.is_doubted);
	/* The next one is not doubted from the start. */
	id = sent(&s, FLEET_SESSION_CREATE, &now);
	fleet_session_answer(&s, id, FLEET_SESSION_OK, "s2", now);
	sent(&s, FLEET_SESSION_RENEW, &now);
}

/* It is looked for until it is over by the clock. */
static void test_no_answer_to_that(void **state)
{
	(void)state;
	struct fleet_session s;
	mono_t now = USEC_PER_SEC;
	begin(&s, &now);
	renewal_finds_none(&s, &now);
	for (int i = 0; i < 3; i++) {
		uint64_t id = sent(&s, FLEET_SESSION_INFO, &now);
		fleet_session_answer(&s, id, FLEET_SESSION_FAILED, NULL, now);
		assert_string_equal(s.id, "s1");
	}
	now = s.until;
	fleet_session_next(&s, now);
	assert_string_equal(s.id, "");
	sent(&s, FLEET_SESSION_CREATE, &now);
}

/* ---- times ---- */

#define SEC     USEC_PER_SEC
#define TIMEOUT (SEC / 2)

static void begin_at(struct fleet_session *s, mono_t now)
{
	fleet_session_init(s, TTL, TIMEOUT, 5 * SEC, 7, now);
	uint64_t id = fleet_session_next(s, now);
	assert_int_equal(id, 1);
	fleet_session_answer(s, id, FLEET_SESSION_OK, "s", now);
}

static void test_a_session_that_is_created(void **state)
{
	struct fleet_session s;
	mono_t now = 100 * SEC;
	(void)state;
	fleet_session_init(&s, TTL, TIMEOUT, 5 * SEC, 7, now);
	assert_int_equal(fleet_session_deadline(&s), now);
	assert_int_equal(fleet_session_next(&s, now - 1), 0);
	assert_int_equal(fleet_session_next(&s, now), 1);
	assert_int_equal(fleet_session_deadline(&s), now + TIMEOUT);
	assert_int_equal(fleet_session_next(&s, now + TIMEOUT - 1), 0);
	assert_int_equal(s.request, 1);
	fleet_session_answer(&s, 0, FLEET_SESSION_OK, "x", now);
	fleet_session_answer(&s, 2, FLEET_SESSION_OK, "x", now);
	assert_string_equal(s.id, "");
	/* It counts from when it was sent. */
	mono_t due = jittered(now, TTL / 3, s.random);
	fleet_session_answer(&s, 1, FLEET_SESSION_OK, "s", now + 7);
	assert_string_equal(s.id, "s");
	assert_int_equal(s.until, now + TTL);
	assert_int_equal(fleet_session_deadline(&s), due);
	assert_int_equal(fleet_session_next(&s, due - 1), 0);
	assert_int_equal(fleet_session_next(&s, due), 2);
	assert_int_equal(s.kind, FLEET_SESSION_RENEW);
}

static void test_pauses_of_a_session_grow_up_to_a_third_of_its_life(void **state)
{
	static const span_t waits[] = { TIMEOUT,     2 * TIMEOUT, 4 * TIMEOUT,
					8 * TIMEOUT, TTL / 3,     TTL / 3 };
	struct fleet_session s;
	mono_t now = 100 * SEC;
	(void)state;
	fleet_session_init(&s, TTL, TIMEOUT, 5 * SEC, 7, now);
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		uint64_t id = fleet_session_next(&s, now);
		assert_true(id != 0);
		mono_t lost = now + TIMEOUT, due = jittered(lost, waits[i], s.random);
		if (i % 2) { /* no answer, or one that says nothing */
			assert_int_equal(fleet_session_next(&s, lost), 0);
		} else {
			fleet_session_answer(&s, id, FLEET_SESSION_FAILED, NULL, lost);
		}
		assert_int_equal(s.request, 0);
		assert_int_equal(fleet_session_deadline(&s), due);
		now = due;
	}
	fleet_session_answer(&s, fleet_session_next(&s, now), FLEET_SESSION_OK, "s", now);
	assert_int_equal(s.backoff.tries, 0);
}

static void test_a_session_that_is_over_by_the_clock(void **state)
{
	(void)state;
	for (span_t spread = 0; spread <= 5 * SEC; spread += 5 * SEC) {
		struct fleet_session s;
		begin_at(&s, 100 * SEC);
		s.spread = spread;
		mono_t until = s.until;
		assert_int_equal(fleet_session_next(&s, until - 1), 2);
		assert_int_equal(fleet_session_deadline(&s), until);
		uint32_t random = s.random;
		mono_t due = until + (spread ? xorshift32(&random) % spread : 0);
		uint64_t id = fleet_session_next(&s, until);
		assert_string_equal(s.id, "");
		assert_int_equal(s.until, 0);
		assert_int_equal(id, spread ? 0 : 3);
		assert_int_equal(s.next_at, due);
		assert_true(due < until + 5 * SEC);
	}
}

static void test_a_session_that_is_looked_for(void **state)
{
	struct fleet_session s;
	(void)state;
	begin_at(&s, 100 * SEC);
	mono_t now = s.next_at;
	uint64_t id = fleet_session_next(&s, now);
	fleet_session_answer(&s, id, FLEET_SESSION_GONE, NULL, now + 5);
	assert_true(s.is_doubted);
	assert_int_equal(fleet_session_deadline(&s), now + 5);
	id = fleet_session_next(&s, now + 5);
	assert_int_equal(s.kind, FLEET_SESSION_INFO);
	mono_t due = jittered(now + 9, TIMEOUT, s.random);
	fleet_session_answer(&s, id, FLEET_SESSION_OK, NULL, now + 9);
	assert_false(s.is_doubted);
	assert_int_equal(fleet_session_deadline(&s), due);
	assert_int_equal(s.request, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_there_all_the_same),
		cmocka_unit_test(test_it_is_gone),
		cmocka_unit_test(test_no_answer_to_that),
		cmocka_unit_test(test_a_session_that_is_created),
		cmocka_unit_test(test_pauses_of_a_session_grow_up_to_a_third_of_its_life),
		cmocka_unit_test(test_a_session_that_is_over_by_the_clock),
		cmocka_unit_test(test_a_session_that_is_looked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
