/* SPDX-License-Identifier: MIT */
/* The session of an agent in a fleet: what a renewal says that does not find it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fleet/session.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_there_all_the_same),
		cmocka_unit_test(test_it_is_gone),
		cmocka_unit_test(test_no_answer_to_that),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
