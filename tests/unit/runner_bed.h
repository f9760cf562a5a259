/* SPDX-License-Identifier: MIT */
/* monitors/runner with real commands, and a watch whose verdicts are seen. Include after
 * cmocka.h. */
#ifndef TESTS_UNIT_RUNNER_BED_H
#define TESTS_UNIT_RUNNER_BED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "monitors/runner.h"
#include "monitors/watch.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/one_vip.h"

#define INTERVAL (20 * USEC_PER_MSEC)
#define HOUR     (3600 * USEC_PER_SEC)

struct fixture {
	sd_event *loop;
	struct monitor_runner *runner;
};

/* One watch and its last result. */
struct seen {
	struct monitor_watch *watch;
	enum health health;
	unsigned n;
	char reason[1024];
	bool free_it;
};

static inline void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
			      void *userdata)
{
	struct seen *s = userdata;
	assert_ptr_equal(w, s->watch);
	assert_int_equal(monitor_watch_health(w), health);
	assert_int_not_equal(s->health, health);
	s->health = health;
	s->n++;
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
	if (!s->free_it)
		return;
	monitor_watch_free(w);
	s->watch = NULL;
}

static inline void new_runner(struct fixture *f, const struct runner_config *config)
{
	struct err err;
	struct runner_config with_vip = *config;
	with_vip.ways = one_vip_ways;
	monitor_runner_free(f->runner);
	if (monitor_runner_new(f->loop, &with_vip, &f->runner, &err) < 0)
		fail_msg("%s", err.text);
}

static inline int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	assert_int_equal(sd_event_new(&f->loop), 0);
	new_runner(f,
		   &(struct runner_config){ .timing.interval = INTERVAL, .timing.timeout = HOUR });
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	monitor_runner_free(f->runner);
	sd_event_unref(f->loop);
	free(f);
	return 0;
}

/* `texts` are separated by '|'. */
static inline void watch(struct fixture *f, struct seen *s, const char *texts)
{
	struct monitor_spec specs[8] = { 0 };
	char copy[512], *rest = copy;
	size_t n = 0;
	struct err err;
	snprintf(copy, sizeof(copy), "%s", texts);
	for (char *text; *copy && (text = strsep(&rest, "|"));)
		if (monitor_spec_parse(text, &specs[n++], &err) < 0)
			fail_msg("%s", err.text);
	bool free_it = s->free_it;
	*s = (struct seen){ .free_it = free_it };
	s->watch = monitor_watch_new(f->runner, "app", specs, n, 0, on_verdict, s);
	s->health = monitor_watch_health(s->watch);
	assert_int_equal(s->n, 0);
	for (size_t i = 0; i < n; i++)
		monitor_spec_done(&specs[i]);
}

static inline struct monitor_status status_of(const struct seen *s, size_t i)
{
	struct monitor_status st;
	monitor_watch_status(s->watch, i, &st);
	return st;
}

static inline bool is_up(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_UP;
}

static inline bool is_down(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_DOWN;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
