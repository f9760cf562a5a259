/* SPDX-License-Identifier: MIT */
#include "process/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/captured_log.h"

struct work {
	sd_event *loop;
	sd_event_source *source;
	unsigned n;
};

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct work *w = userdata;
	w->n++;
	return loop_defer(w->loop, &w->source, LOOP_APPLY, on_work, w);
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)revents;
	unsigned *n = userdata;
	uint64_t value;
	assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
	(*n)++;
	return 0;
}

/* Deferred work that goes on turn after turn leaves every other turn to input. */
static void deferred_work_starves_no_input(void **state)
{
	(void)state;
	struct work a = { 0 }, b = { 0 };
	sd_event_source *input = NULL;
	unsigned n_input = 0;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(sd_event_new(&a.loop), 0);
	b.loop = a.loop;
	assert_int_equal(loop_defer(a.loop, &a.source, LOOP_APPLY, on_work, &a), 0);
	assert_int_equal(loop_defer(b.loop, &b.source, LOOP_APPLY, on_work, &b), 0);
	assert_int_equal(loop_io_add(a.loop, &input, fd, EPOLLIN, LOOP_INPUT, on_input, &n_input),
			 0);
	for (unsigned round = 1; round <= 10; round++) {
		assert_int_equal(eventfd_write(fd, 1), 0);
		for (int turn = 0; turn < 5 && n_input < round; turn++)
			assert_true(sd_event_run(a.loop, UINT64_MAX) >= 0);
		assert_int_equal(n_input, round);
	}
	assert_true(a.n >= 5 && b.n >= 5);
	sd_event_source_disable_unref(input);
	sd_event_source_disable_unref(a.source);
	sd_event_source_disable_unref(b.source);
	close(fd);
	sd_event_unref(a.loop);
}

static int on_once(sd_event_source *source, void *userdata)
{
	(void)source;
	((struct work *)userdata)->n++;
	return 0;
}

static void deferred_twice_runs_once(void **state)
{
	(void)state;
	struct work w = { 0 };
	assert_int_equal(sd_event_new(&w.loop), 0);
	for (unsigned round = 1; round <= 3; round++) {
		loop_defer(w.loop, &w.source, LOOP_APPLY, on_once, &w);
		loop_defer(w.loop, &w.source, LOOP_APPLY, on_once, &w);
		while (sd_event_run(w.loop, 0) > 0)
			;
		assert_int_equal(w.n, round);
	}
	sd_event_source_disable_unref(w.source);
	sd_event_unref(w.loop);
}

static int on_slow(sd_event_source *source, void *userdata)
{
	(void)source;
	mono_t end = loop_clock() + *(span_t *)userdata;
	while (loop_clock() < end)
		;
	return 0;
}

/* A busy machine may make more turns slow, never fewer. */
static void slow_turns_are_counted(void **state)
{
	(void)state;
	struct work w = { 0 };
	span_t span = 51 * USEC_PER_MSEC;
	const struct histogram before = *loop_stalls();
	const char *name = NULL;
	assert_int_equal(sd_event_new(&w.loop), 0);
	loop_defer(w.loop, &w.source, LOOP_APPLY, on_slow, &span);
	assert_int_equal(sd_event_source_get_description(w.source, &name), 0);
	assert_string_equal(name, "tests/unit/test_loop.c:on_slow");
	while (sd_event_run(w.loop, 0) > 0)
		;
	assert_true(loop_stalls()->count > before.count);
	assert_true(loop_stalls()->sum >= before.sum + span);
	sd_event_source_disable_unref(w.source);
	sd_event_unref(w.loop);
}

/* ---- A stall is logged with the name of the handler, of every kind of source. ---- */

struct slow {
	sd_event *loop;
	sd_event_source *source, *other;
};

static int be_slow(struct slow *s)
{
	mono_t end = loop_clock() + 51 * USEC_PER_MSEC;
	while (loop_clock() < end)
		;
	return sd_event_exit(s->loop, 0);
}

static int slow_timer(sd_event_source *source, uint64_t when, void *userdata)
{
	(void)source, (void)when;
	return be_slow(userdata);
}

static int slow_defer(sd_event_source *source, void *userdata)
{
	(void)source;
	return be_slow(userdata);
}

static int slow_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	return be_slow(userdata);
}

static int slow_post(sd_event_source *source, void *userdata)
{
	(void)source;
	return be_slow(userdata);
}

static int slow_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info;
	return be_slow(userdata);
}

static int nothing(sd_event_source *source, void *userdata)
{
	(void)source, (void)userdata;
	return 0;
}

static int add_timer(struct slow *s)
{
	return loop_timer_set(s->loop, &s->source, loop_clock(), LOOP_BGP, slow_timer, s);
}

static int add_defer(struct slow *s)
{
	return loop_defer(s->loop, &s->source, LOOP_APPLY, slow_defer, s);
}

static int add_io(struct slow *s)
{
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	return loop_io_add(s->loop, &s->source, fd, EPOLLIN, LOOP_INPUT, slow_io, s);
}

static int add_post(struct slow *s)
{
	int r = loop_post_add(s->loop, &s->source, LOOP_APPLY, slow_post, s);
	return r < 0 ? r : loop_defer(s->loop, &s->other, LOOP_APPLY, nothing, s);
}

static int add_signal(struct slow *s)
{
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	int r = loop_signal_add(s->loop, &s->source, SIGUSR1, LOOP_FLUSH, slow_signal, s);
	return r < 0 ? r : raise(SIGUSR1);
}

static int account_self(struct slow *s)
{
	mono_t began = loop_clock();
	int r = be_slow(s);
	loop_account(LOOP_NAME(account_self), began);
	return r;
}

static const struct {
	int (*add)(struct slow *s);
	const char *name;
} kinds[] = {
	{ add_timer, "slow_timer" },   { add_defer, "slow_defer" },
	{ add_io, "slow_io" },         { add_post, "slow_post" },
	{ add_signal, "slow_signal" }, { account_self, "account_self" },
};

/* In a process of its own, as there is one such line in ten seconds. */
static void run_slow(size_t kind)
{
	struct slow s = { 0 };
	if (sd_event_new(&s.loop) < 0 || kinds[kind].add(&s) < 0)
		_exit(1);
	_exit(sd_event_loop(s.loop) < 0);
}

static void a_stall_is_logged_with_its_handler(void **state)
{
	(void)state;
	static struct captured_log log;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char wanted[100];
		int status = -1;
		captured_log_begin(&log);
		pid_t pid = fork();
		if (pid == 0)
			run_slow(i);
		pid_t ended = waitpid(pid, &status, 0);
		const char *line = captured_log_read(&log);
		captured_log_end(&log);
		snprintf(wanted, sizeof(wanted), " (tests/unit/test_loop.c:%s), 0 more",
			 kinds[i].name);
		if (ended != pid || status != 0 || !strstr(line, "loop: a turn took ") ||
		    !strstr(line, wanted))
			fail_msg("%s: status %d, log: %s", kinds[i].name, status, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred_work_starves_no_input),
		cmocka_unit_test(deferred_twice_runs_once),
		/* before this process has logged one */
		cmocka_unit_test(a_stall_is_logged_with_its_handler),
		cmocka_unit_test(slow_turns_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
