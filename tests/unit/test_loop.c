/* SPDX-License-Identifier: MIT */
#include "process/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deferred_work_starves_no_input),
		cmocka_unit_test(deferred_twice_runs_once),
		cmocka_unit_test(slow_turns_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
