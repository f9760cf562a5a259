/* SPDX-License-Identifier: MIT */
/* The signals of the agent in a loop. They are sent to this process; each is blocked before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/daemon/signals.h"
#include "tests/unit/loop_until.h"

struct bed {
	sd_event *loop;
	struct signals *signals;
	char did[128]; /* a word and a name for each signal */
	unsigned n;
	pid_t sender;
	sd_event_source *urgent;
	bool was_urgent;
};

static void note(struct bed *b, const char *what, const char *name)
{
	size_t len = strlen(b->did);
	snprintf(b->did + len, sizeof(b->did) - len, "%s %s\n", what, name);
	b->n++;
}

static void on_stop(const char *name, void *userdata)
{
	note(userdata, "stop", name);
}

static void on_restart(const char *name, pid_t sender, void *userdata)
{
	struct bed *b = userdata;
	note(b, "restart", name);
	b->sender = sender;
}

static void on_hangup(const char *name, void *userdata)
{
	note(userdata, "hangup", name);
}

static const struct signals_handlers handlers = { on_stop, on_restart, on_hangup };

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ 0 };
	assert_true(sd_event_new(&b.loop) >= 0);
	signals_block();
	assert_int_equal(signals_new(b.loop, &handlers, &b, &b.signals), 0);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	sd_event_source_disable_unref(b->urgent);
	signals_free(b->signals);
	sd_event_unref(b->loop);
	return 0;
}

static void expect(struct bed *b, int number, const char *did)
{
	b->did[0] = 0;
	assert_int_equal(kill(getpid(), number), 0);
	loop_drain(b->loop);
	assert_string_equal(b->did, did);
}

static void test_each_signal_has_its_handler(void **state)
{
	struct bed *b = *state;
	expect(b, SIGTERM, "stop SIGTERM\n");
	expect(b, SIGINT, "stop SIGINT\n");
	expect(b, SIGHUP, "hangup SIGHUP\n");
	expect(b, SIGUSR2, "restart SIGUSR2\n");
	assert_int_equal(b->sender, getpid());
}

static bool got_one(void *userdata)
{
	return ((struct bed *)userdata)->n > 0;
}

static void test_who_asks_for_a_restart(void **state)
{
	struct bed *b = *state;
	pid_t child = fork();
	if (child == 0)
		_exit(kill(getppid(), SIGUSR2) == 0 ? 0 : 1);
	loop_until(b->loop, got_one, b);
	assert_string_equal(b->did, "restart SIGUSR2\n");
	assert_int_equal(b->sender, child);
	waitpid(child, NULL, 0); /* perhaps it was reaped from the loop */
}

/* A stop that is asked for while the agent starts is carried out when the loop runs. */
static void test_a_signal_before_the_loop_is_kept(void **state)
{
	struct bed *b = *state;
	signals_free(b->signals);
	b->signals = NULL;
	signals_block();
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_int_equal(signals_new(b->loop, &handlers, b, &b->signals), 0);
	loop_drain(b->loop);
	assert_string_equal(b->did, "stop SIGTERM\n");
}

static void test_a_write_to_a_closed_pipe_ends_nothing(void **state)
{
	int fds[2];
	(void)state;
	assert_int_equal(pipe(fds), 0);
	close(fds[0]);
	assert_int_equal(write(fds[1], "x", 1), -1);
	close(fds[1]);
}

/* More urgent than a burst of checks, and no less than output to the routers. */
static int on_urgent(sd_event_source *source, void *userdata)
{
	(void)source;
	struct bed *b = userdata;
	b->was_urgent = b->n == 0;
	return 0;
}

static void test_a_stop_comes_before_the_work_of_health(void **state)
{
	struct bed *b = *state;
	loop_defer(b->loop, &b->urgent, LOOP_HEALTH, on_urgent, b);
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_true(sd_event_run(b->loop, UINT64_MAX) > 0);
	assert_string_equal(b->did, "stop SIGTERM\n");
	loop_drain(b->loop);
	assert_false(b->was_urgent);
}

static bool no_child_left(void *userdata)
{
	(void)userdata;
	siginfo_t info = { 0 };
	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
}

/* Daemons that a command left behind become children of the agent. */
static void test_children_of_no_command_are_reaped(void **state)
{
	struct bed *b = *state;
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	loop_until(b->loop, no_child_left, b);
}

static void test_without_the_loop_nothing_is_delivered(void **state)
{
	struct bed *b = *state;
	signals_free(b->signals);
	b->signals = NULL;
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	loop_drain(b->loop);
	assert_int_equal(b->n, 0);
	sigset_t hangup;
	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	assert_int_equal(sigtimedwait(&hangup, NULL, &(struct timespec){ 0 }), SIGHUP);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_signal_has_its_handler),
		TEST(test_who_asks_for_a_restart),
		TEST(test_a_signal_before_the_loop_is_kept),
		TEST(test_a_write_to_a_closed_pipe_ends_nothing),
		TEST(test_a_stop_comes_before_the_work_of_health),
		TEST(test_children_of_no_command_are_reaped),
		TEST(test_without_the_loop_nothing_is_delivered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
