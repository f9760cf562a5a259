/* SPDX-License-Identifier: MIT */
/* The shell of the shutdown in a loop, with fake operations. Its machine: test_shutdown_fsm.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/daemon/shutdown.h"
#include "lib/str.h"
#include "tests/unit/loop_until.h"

struct agent {
	sd_event *loop;
	struct shutdown *shutdown;
	struct shutdown_facts facts;
	span_t drain_span;
	char did[200]; /* a word for each operation */
	char status[64];
	mono_t limit;
	bool stays; /* at the exit: something has its time to end */
};

static void did(struct agent *a, const char *what)
{
	size_t n = strlen(a->did);
	snprintf(a->did + n, sizeof(a->did) - n, "%s%s", n > 0 ? " " : "", what);
}

static void fake_facts(struct shutdown_facts *ret, void *userdata)
{
	const struct agent *a = userdata;
	*ret = a->facts;
}

static mono_t fake_drain(void *userdata)
{
	struct agent *a = userdata;
	did(a, "drain");
	return a->drain_span > 0 ? loop_now(a->loop) + a->drain_span : 0;
}

static void fake_reopen(void *userdata)
{
	did(userdata, "reopen");
}

static void fake_withdraw(mono_t flush_limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "withdraw");
	a->limit = flush_limit;
}

static void fake_give_up(void *userdata)
{
	did(userdata, "give-up");
}

static void fake_close(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "close");
	a->limit = limit;
}

static void fake_leave(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	did(a, "leave");
	a->limit = limit;
}

static void fake_report(const char *status, span_t longest, void *userdata)
{
	struct agent *a = userdata;
	assert_true(longest >= SHUTDOWN_MAX);
	str_copy(a->status, sizeof(a->status), status);
}

static void fake_exit(bool leaving, void *userdata)
{
	struct agent *a = userdata;
	did(a, leaving ? "exit-leaving" : "exit");
	if (!a->stays)
		sd_event_exit(a->loop, 0);
}

static const struct shutdown_ops ops = {
	.facts = fake_facts,
	.drain = fake_drain,
	.reopen = fake_reopen,
	.withdraw = fake_withdraw,
	.give_up = fake_give_up,
	.close = fake_close,
	.leave = fake_leave,
	.exit = fake_exit,
	.report = fake_report,
};

static int setup(void **state)
{
	static struct agent a;
	a = (struct agent){ 0 };
	assert_true(sd_event_new(&a.loop) >= 0);
	a.shutdown = shutdown_new(a.loop, &ops, &a);
	*state = &a;
	return 0;
}

static int teardown(void **state)
{
	struct agent *a = *state;
	shutdown_free(a->shutdown);
	sd_event_unref(a->loop);
	return 0;
}

static void expect_exit(struct agent *a)
{
	int code = -1;
	assert_true(sd_event_get_exit_code(a->loop, &code) >= 0);
	assert_int_equal(code, 0);
	assert_int_equal(shutdown_state(a->shutdown), SHUTDOWN_ENDED);
}

static void test_stop(void **state)
{
	struct agent *a = *state;
	mono_t now = loop_now(a->loop);
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "withdraw");
	assert_string_equal(a->status, "withdrawing all routes");
	assert_true(a->limit >= now + SHUTDOWN_FLUSH);
	shutdown_vips_removed(a->shutdown);
	assert_string_equal(a->did, "withdraw close");
	assert_true(a->limit >= now + SHUTDOWN_CLOSE);
	shutdown_sessions_closed(a->shutdown, false);
	expect_exit(a);
}

static void test_nothing_to_drain_is_a_stop_at_once(void **state)
{
	struct agent *a = *state;
	a->facts.drain = true;
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "drain withdraw");
	assert_string_equal(a->status, "withdrawing all routes");
}

static bool withdrawing(void *userdata)
{
	const struct agent *a = userdata;
	return shutdown_state(a->shutdown) == SHUTDOWN_WITHDRAWING;
}

static void test_the_drain_ends_by_the_clock(void **state)
{
	struct agent *a = *state;
	a->facts.drain = true;
	a->drain_span = 20 * USEC_PER_MSEC;
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "drain");
	assert_string_equal(a->status, "draining all apps");
	loop_until(a->loop, withdrawing, a);
	assert_string_equal(a->did, "drain withdraw");
}

static void test_restart_and_then_a_stop(void **state)
{
	struct agent *a = *state;
	a->facts.graceful = true;
	shutdown_restart(a->shutdown, "SIGUSR2");
	assert_string_equal(a->did, "leave");
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "leave reopen withdraw");
	shutdown_vips_removed(a->shutdown);
	shutdown_sessions_closed(a->shutdown, true);
	assert_string_equal(a->did, "leave reopen withdraw close exit");
	expect_exit(a);
}

static void test_restart(void **state)
{
	struct agent *a = *state;
	a->facts.graceful = true;
	shutdown_restart(a->shutdown, "SIGUSR2");
	shutdown_sessions_closed(a->shutdown, false);
	assert_string_equal(a->did, "leave exit-leaving");
	expect_exit(a);
}

/* The end is its owner's, who may wait, and another signal does not cut that short. */
static void test_the_exit_may_wait(void **state)
{
	struct agent *a = *state;
	int code;
	a->stays = true;
	shutdown_stop(a->shutdown, "SIGTERM");
	shutdown_vips_removed(a->shutdown);
	shutdown_sessions_closed(a->shutdown, true);
	assert_string_equal(a->did, "withdraw close exit");
	assert_int_equal(sd_event_get_exit_code(a->loop, &code), -ENODATA);
	shutdown_stop(a->shutdown, "SIGTERM");
	assert_string_equal(a->did, "withdraw close exit");
	assert_int_equal(shutdown_state(a->shutdown), SHUTDOWN_ENDED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stop),
		TEST(test_the_exit_may_wait),
		TEST(test_nothing_to_drain_is_a_stop_at_once),
		TEST(test_the_drain_ends_by_the_clock),
		TEST(test_restart_and_then_a_stop),
		TEST(test_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
