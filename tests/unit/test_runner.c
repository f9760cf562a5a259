/* SPDX-License-Identifier: MIT */
/* In a network namespace of its own, with real listeners and real commands. */
#include "monitors/runner.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "monitors/watch.h"
#include "process/loop.h"
#include "tests/unit/own_netns.h"
#include "tests/unit/runner_bed.h"

static int listen_on(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void test_port_on_loopback_only(void **state)
{
	struct seen s = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(53),
				  .sin_addr.s_addr = htonl(0x7f000035) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	watch(*state, &s, "port:udp:53");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_DOWN);
	assert_non_null(strstr(status_of(&s, 0).said, "bound to 127.0.0.53"));
	assert_non_null(strstr(status_of(&s, 0).said, "use port:udp:127.0.0.53:53"));
	monitor_watch_free(s.watch);
	watch(*state, &s, "port:udp:127.0.0.53:53");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_UP);
	monitor_watch_free(s.watch);
	close(fd);
}

static void test_no_monitors(void **state)
{
	struct seen s = { 0 };
	watch(*state, &s, "");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_UP);
	assert_int_equal(monitor_watch_n(s.watch), 0);
	monitor_watch_free(s.watch);
	monitor_watch_free(NULL);
}

static void test_port(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	int fd = listen_on(53);
	mono_t before = loop_clock();
	watch(f, &s, "port:tcp:53");
	assert_int_equal(s.health, HEALTH_UP); /* before any turn of the loop */
	assert_true(monitor_watch_since(s.watch) >= before);
	assert_string_equal(status_of(&s, 0).said, "listening");
	close(fd);
	loop_until(f->loop, is_down, &s);
	assert_string_equal(s.reason, "port:tcp:53: nothing listens on tcp port 53");
	fd = listen_on(53);
	loop_until(f->loop, is_up, &s);
	assert_string_equal(s.reason, "port:tcp:53: listening");
	assert_int_equal(s.n, 2);
	monitor_watch_free(s.watch);
	watch(f, &s, "port:tcp:54");
	assert_int_equal(s.health, HEALTH_DOWN);
	monitor_watch_free(s.watch);
	close(fd);
}

/* The command, then the health and the reason. */
static const struct {
	const char *text;
	enum health health;
	const char *said;
} commands[] = {
	{ "exec:true", HEALTH_UP, "exit status 0" },
	{ "exec:echo fine; echo more", HEALTH_UP, "exit status 0: fine" },
	{ "exec:false", HEALTH_DOWN, "exit status 1" },
	{ "exec:echo; echo ' no answer'; echo more; exit 42", HEALTH_DOWN,
	  "exit status 42: no answer" },
	{ "exec:echo bad >&2; exit 2", HEALTH_DOWN, "exit status 2: bad" },
	{ "exec:kill -9 $$", HEALTH_DOWN, "killed by signal 9 SIGKILL" },
	{ "exec:[[ a:b == a:* ]]", HEALTH_UP, "exit status 0" }, /* by bash */
	{ "exec:printf 'caf\\351 \\033[2J\\377'; exit 1", HEALTH_DOWN,
	  "exit status 1: caf? ?[2J?" },
};

static bool is_decided(void *userdata)
{
	return ((struct seen *)userdata)->health != HEALTH_UNKNOWN;
}

static void test_exec(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		watch(f, &s, commands[i].text);
		assert_int_equal(s.health, HEALTH_UNKNOWN);
		assert_string_equal(status_of(&s, 0).said, "");
		assert_true(status_of(&s, 0).last_check == USEC_NEVER);
		loop_until(f->loop, is_decided, &s);
		if (s.health != commands[i].health ||
		    strcmp(status_of(&s, 0).said, commands[i].said) != 0 ||
		    !strstr(s.reason, commands[i].text) || !strstr(s.reason, commands[i].said))
			fail_msg("%s: %s, '%s', '%s'", commands[i].text, health_name(s.health),
				 status_of(&s, 0).said, s.reason);
		monitor_watch_free(s.watch);
	}
}

static void test_exec_changes(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	char dir[] = "/tmp/vipherald-test-XXXXXX", text[128];
	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "exec:test -d %s", dir);
	watch(f, &s, text);
	loop_until(f->loop, is_up, &s);
	rmdir(dir);
	loop_until(f->loop, is_down, &s);
	assert_int_equal(mkdir(dir, 0700), 0);
	loop_until(f->loop, is_up, &s);
	assert_int_equal(s.n, 3);
	monitor_watch_free(s.watch);
	rmdir(dir);
}

static void test_timeout(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = INTERVAL,
					       .timing.timeout = USEC_PER_SEC });
	watch(f, &s, "exec:echo connecting; sleep 1000");
	loop_until(f->loop, is_down, &s);
	assert_string_equal(status_of(&s, 0).said, "no result within 1s, killed: connecting");
	assert_true(status_of(&s, 0).took >= (span_t)USEC_PER_SEC);
	monitor_watch_free(s.watch);
	/* Not said: the interval. */
	new_runner(f, &(struct runner_config){ .timing.interval = INTERVAL });
	watch(f, &s, "exec:sleep 1000");
	loop_until(f->loop, is_down, &s);
	assert_string_equal(status_of(&s, 0).said, "no result within 20ms, killed");
	monitor_watch_free(s.watch);
}

struct checks {
	struct seen *s;
	uint64_t n;
};

static bool has_checks(void *userdata)
{
	struct checks *c = userdata;
	return status_of(c->s, 0).checks >= c->n;
}

static void run_checks(struct fixture *f, struct seen *s, uint64_t more)
{
	struct checks c = { .s = s, .n = status_of(s, 0).checks + more };
	loop_until(f->loop, has_checks, &c);
}

/* Where there is no bash it is sh; where there is neither nothing is known, and what was known
 * before stays. */
static void test_shells(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	char dir[] = "/tmp/vipherald-test-XXXXXX", sh[64], *path = mem_strdup(getenv("PATH"));
	assert_non_null(mkdtemp(dir));
	snprintf(sh, sizeof(sh), "%s/sh", dir);
	assert_int_equal(symlink("/bin/sh", sh), 0);
	setenv("PATH", dir, 1);
	watch(f, &s, "exec:echo $0");
	loop_until(f->loop, is_up, &s);
	assert_string_equal(status_of(&s, 0).said, "exit status 0: sh");
	assert_false(status_of(&s, 0).unable);
	unlink(sh);
	run_checks(f, &s, 2); /* the first may have started before */
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(status_of(&s, 0).failures, 0);
	assert_non_null(strstr(status_of(&s, 0).said, "cannot run 'sh'"));
	assert_true(status_of(&s, 0).unable);
	monitor_watch_free(s.watch);
	watch(f, &s, "exec:true");
	run_checks(f, &s, 2);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	setenv("PATH", path, 1);
	loop_until(f->loop, is_up, &s);
	monitor_watch_free(s.watch);
	rmdir(dir);
	free(path);
}

static void test_consul_is_not_up(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	int fd = listen_on(53);
	watch(f, &s, "port:tcp:53|consul");
	run_checks(f, &s, 3);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	assert_int_equal(s.n, 0);
	assert_string_equal(status_of(&s, 1).said, "no Consul is configured, set consul_addr");
	/* DOWN because of one, then not UP because of the other: the reason follows. */
	close(fd);
	loop_until(f->loop, is_down, &s);
	assert_non_null(strstr(s.reason, "port:tcp:53"));
	fd = listen_on(53);
	run_checks(f, &s, 3);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	assert_string_equal(s.reason, "consul: no Consul is configured, set consul_addr");
	monitor_watch_free(s.watch);
	close(fd);
}

/* The feed's answer for each subject. */
struct said {
	enum health health;
	const char *text;
	int reads;
};

static enum health on_feed(const char *subject, char *said, size_t size, void *userdata)
{
	struct said *f = userdata;
	assert_string_equal(subject, "app");
	snprintf(said, size, "%s", f->text);
	f->reads++;
	return f->health;
}

static void test_feed(void **state)
{
	struct fixture *f = *state;
	struct said feed = { HEALTH_DOWN, "critical", 0 };
	struct seen s = { 0 }, other = { 0 };
	monitor_runner_set_feed(f->runner, on_feed, &feed);
	watch(f, &s, "consul");
	watch(f, &other, "exec:true");
	assert_int_equal(s.health, HEALTH_DOWN);
	feed = (struct said){ HEALTH_UP, "", 0 };
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_DOWN); /* not announced yet */
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(feed.reads, 1);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.health, HEALTH_UP);
	assert_string_equal(status_of(&s, 0).said, "passing");
	/* Said again, it is not a new result; and "unknown" changes nothing but the words. */
	uint64_t checks = status_of(&s, 0).checks;
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(status_of(&s, 0).checks, checks);
	feed = (struct said){ HEALTH_UNKNOWN, "away", 0 };
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(s.n, 1);
	assert_string_equal(status_of(&s, 0).said, "away");
	feed = (struct said){ HEALTH_DOWN, "gone", 0 };
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.health, HEALTH_DOWN);
	monitor_watch_free(s.watch);
	monitor_watch_free(other.watch);
	feed.reads = 0;
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(feed.reads, 0);
}

/* A feed that says it once is asked again until `fall` and `rise` are reached. */
static void test_feed_is_counted(void **state)
{
	struct fixture *f = *state;
	struct said feed = { HEALTH_UP, "", 0 };
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR,
					       .timing.fast_interval = USEC_PER_MSEC,
					       .timing.rise = 2,
					       .timing.fall = 3 });
	monitor_runner_set_feed(f->runner, on_feed, &feed);
	watch(f, &s, "consul");
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	loop_until(f->loop, is_up, &s);
	assert_int_equal(feed.reads, 2);
	feed = (struct said){ HEALTH_DOWN, "critical", 0 };
	monitor_runner_feed_changed(f->runner);
	assert_int_equal(s.health, HEALTH_UP);
	monitor_runner_feed_changed(f->runner); /* pending: at its own pace */
	assert_int_equal(feed.reads, 1);
	loop_until(f->loop, is_down, &s);
	assert_int_equal(feed.reads, 3);
	monitor_watch_free(s.watch);
}

static void test_all_must_pass(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	int first = listen_on(53), second;
	watch(f, &s, "port:tcp:53|port:tcp:54|exec:true");
	assert_int_equal(s.health, HEALTH_DOWN);
	assert_int_equal(monitor_watch_n(s.watch), 3);
	run_checks(f, &s, 3);
	assert_int_equal(s.n, 0);
	second = listen_on(54);
	loop_until(f->loop, is_up, &s);
	close(first);
	loop_until(f->loop, is_down, &s);
	assert_non_null(strstr(s.reason, "port:tcp:53:"));
	assert_int_equal(status_of(&s, 0).health, HEALTH_DOWN);
	assert_int_equal(status_of(&s, 1).health, HEALTH_UP);
	monitor_watch_free(s.watch);
	close(second);
}

static void test_status(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	mono_t before = loop_clock();
	watch(f, &s, "port:tcp:53");
	run_checks(f, &s, 4);
	struct monitor_status st = status_of(&s, 0);
	assert_string_equal(st.text, "port:tcp:53");
	assert_int_equal(st.checks, 5); /* one of them in monitor_watch_new() */
	assert_int_equal(st.failures, 5);
	assert_true(st.since >= before && st.since < st.last_check);
	assert_true(st.last_check <= loop_clock());
	assert_true(st.took <= loop_clock() - before);
	assert_false(st.running);
	monitor_watch_free(s.watch);
	struct monitor_runner_status all;
	monitor_runner_status(f->runner, &all);
	assert_int_equal(all.checks, 5);
	assert_int_equal(all.failures, 5);
}

/* 20 commands that hang, and two may run. The limit is kept in every turn, each gets its turn, and
 * what needs no command is not held up. */
static void test_exec_max(void **state)
{
	enum { N = 20 };
	struct fixture *f = *state;
	struct seen s[N] = { 0 }, port = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = INTERVAL,
					       .timing.timeout = 20000,
					       .exec_max = 2 });
	int fd = listen_on(53);
	watch(f, &port, "port:tcp:53");
	for (size_t i = 0; i < N; i++)
		watch(f, &s[i], "exec:sleep 1000");
	close(fd);
	mono_t end = loop_clock() + LOOP_UNTIL_LIMIT;
	uint64_t least, most;
	do {
		assert_true(sd_event_run(f->loop, UINT64_MAX) >= 0);
		assert_true(loop_clock() < end);
		unsigned running = 0;
		least = UINT64_MAX, most = 0;
		for (size_t i = 0; i < N; i++) {
			struct monitor_status st = status_of(&s[i], 0);
			running += st.running;
			least = st.checks < least ? st.checks : least;
			most = st.checks > most ? st.checks : most;
		}
		assert_true(running <= 2);
		assert_true(most - least <= 2); /* none is checked twice while another waits */
	} while (least < 2);
	assert_int_equal(port.health, HEALTH_DOWN);
	assert_true(status_of(&port, 0).checks > 10);
	for (size_t i = 0; i < N; i++)
		monitor_watch_free(s[i].watch);
	monitor_watch_free(port.watch);
}

/* One slot: its owner goes while others wait, and so does the first that waits. */
static void test_slots_are_handed_on(void **state)
{
	struct fixture *f = *state;
	struct seen hog = { 0 }, waits = { 0 }, next = { 0 };
	new_runner(f, &(struct runner_config){
			      .timing.interval = INTERVAL, .timing.timeout = HOUR, .exec_max = 1 });
	watch(f, &hog, "exec:sleep 1000");
	loop_drain(f->loop);
	watch(f, &waits, "exec:sleep 1000");
	watch(f, &next, "exec:true");
	loop_drain(f->loop);
	assert_true(status_of(&hog, 0).running);
	assert_false(status_of(&waits, 0).running);
	monitor_watch_free(hog.watch);   /* wakes the first that waits … */
	monitor_watch_free(waits.watch); /* … which is gone before its turn */
	loop_until(f->loop, is_up, &next);
	monitor_watch_free(next.watch);
}

/* In the callback, in every situation: at once, after a command, with others due. */
static void test_free_in_callback(void **state)
{
	struct fixture *f = *state;
	struct seen s[8];
	int fd = listen_on(53);
	for (size_t i = 0; i < 8; i++) {
		s[i].free_it = true;
		watch(f, &s[i],
		      i % 2 ? "port:tcp:53|exec:true" : "port:tcp:53|exec:false|exec:sleep 9");
	}
	close(fd);
	for (size_t i = 0; i < 8; i++) {
		while (s[i].watch)
			assert_true(sd_event_run(f->loop, UINT64_MAX) >= 0);
		assert_int_equal(s[i].n, 1);
	}
	loop_drain(f->loop);
}

static void test_free_while_running(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	watch(f, &s, "exec:sleep 1000|exec:sleep 1000|port:udp:53");
	loop_drain(f->loop);
	assert_true(status_of(&s, 0).running);
	monitor_watch_free(s.watch);
	loop_drain(f->loop);
	assert_int_equal(s.n, 0);
}

/* All of many are checked, again and again, over the whole interval. */
static void test_many(void **state)
{
	enum { N = 2000 };
	struct fixture *f = *state;
	struct seen *s = mem_new(N, sizeof(*s));
	new_runner(f, &(struct runner_config){ .timing.interval = 500 * USEC_PER_MSEC });
	int fd = listen_on(53);
	for (size_t i = 0; i < N; i++)
		watch(f, &s[i], "port:tcp:53");
	close(fd);
	for (size_t i = 0; i < N; i++)
		loop_until(f->loop, is_down, &s[i]);
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(s[i].n, 1);
		monitor_watch_free(s[i].watch);
	}
	free(s);
}

struct counted {
	struct seen *s;
	size_t i;
	uint64_t checks;
};

static bool were_checked(void *userdata)
{
	const struct counted *c = userdata;
	return status_of(c->s, c->i).checks >= c->checks;
}

static bool third_runs(void *userdata)
{
	return status_of(userdata, 2).running;
}

/* All that is asked for is checked, long before it would be due; and once more what was running. */
static void test_check_now(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	char command[128], fifo[64], directory[] = "/tmp/vipherald-test-fifo-XXXXXX";
	assert_non_null(mkdtemp(directory));
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR });
	snprintf(command, sizeof(command), "exec:true|port:tcp:53|exec:cat %s/pipe", directory);
	snprintf(fifo, sizeof(fifo), "%s/pipe", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	watch(f, &s, command);
	loop_until(f->loop, were_checked, &(struct counted){ &s, 0, 1 });
	loop_drain(f->loop);
	uint64_t before = status_of(&s, 1).checks; /* that nothing listens is asked now and then */
	assert_true(status_of(&s, 2).running);
	monitor_watch_check_now(s.watch);
	loop_until(f->loop, were_checked, &(struct counted){ &s, 0, 2 });
	loop_until(f->loop, were_checked, &(struct counted){ &s, 1, before + 1 });
	assert_int_equal(status_of(&s, 2).checks, 0);
	for (uint64_t n = 1; n <= 2; n++) {
		loop_until(f->loop, third_runs, &s);
		int fd = open(fifo, O_WRONLY | O_CLOEXEC); /* waits for the command */
		close(fd);
		loop_until(f->loop, were_checked, &(struct counted){ &s, 2, n });
	}
	loop_drain(f->loop);
	assert_false(status_of(&s, 2).running);
	assert_int_equal(status_of(&s, 0).checks, 2);
	assert_int_equal(status_of(&s, 0).latest, HEALTH_UP);
	assert_int_equal(status_of(&s, 1).latest, HEALTH_DOWN);
	monitor_watch_free(s.watch);
	unlink(fifo);
	rmdir(directory);
}

static void test_bad_interval(void **state)
{
	struct fixture *f = *state;
	struct err err;
	struct monitor_runner *r = NULL;
	assert_int_equal(monitor_runner_new(f->loop, &(struct runner_config){ 0 }, &r, &err),
			 -EINVAL);
	assert_null(r);
}

static void count_checked(void *userdata)
{
	++*(size_t *)userdata;
}

static bool is_counted(void *userdata)
{
	return *(size_t *)userdata > 0;
}

/* Checks that answer at once and those that take a while are told, and so is the end of a watch. */
static void test_the_end_of_a_check_is_told(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	size_t n = 0;
	new_runner(f, &(struct runner_config){
			      .timing.interval = HOUR, .checked = count_checked, .userdata = &n });
	watch(f, &s, "file:/nonexistent");
	assert_int_equal(n, 1);
	monitor_watch_free(s.watch);
	assert_int_equal(n, 2);
	n = 0;
	watch(f, &s, "exec:true");
	assert_int_equal(n, 0);
	loop_until(f->loop, is_counted, &n);
	assert_int_equal(status_of(&s, 0).checks, 1);
	monitor_watch_free(s.watch);
}

/* Its hard monitors alone take it down. */
static void test_hard_by_quorum(void **state)
{
	static const struct {
		const char *texts[2];
		size_t quorum;
		bool down, hard;
	} cases[] = {
		{ { "file:/nowhere" }, 0, true, false },
		{ { "port:tcp:9" }, 0, true, true },
		{ { "file:/nowhere", "port:tcp:9" }, 0, true, true },
		{ { "file:/nowhere", "port:tcp:9" }, 1, true, false },
		{ { "port:udp:9", "port:tcp:9" }, 1, true, true },
		{ { "file:/proc/self/stat", "port:tcp:9" }, 1, false, false },
	};
	struct fixture *f = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct monitor_spec specs[2];
		struct err err;
		size_t n = 0;
		for (; n < 2 && cases[i].texts[n]; n++)
			assert_int_equal(monitor_spec_parse(cases[i].texts[n], &specs[n], &err), 0);
		struct monitor_watch *w = monitor_watch_new(f->runner, "app", specs, n,
							    cases[i].quorum, on_verdict, NULL);
		assert_int_equal(monitor_watch_health(w) == HEALTH_DOWN, cases[i].down);
		if (monitor_watch_is_hard(w) != cases[i].hard)
			fail_msg("case %zu", i);
		monitor_watch_free(w);
		while (n > 0)
			monitor_spec_done(&specs[--n]);
	}
}

static void on_turned_hard(struct monitor_watch *w, enum health health, const char *reason,
			   void *userdata)
{
	unsigned *n = userdata;
	assert_int_equal(health, HEALTH_DOWN);
	assert_true(monitor_watch_is_hard(w));
	assert_non_null(strstr(reason, "port:tcp:53"));
	(*n)++;
}

static bool is_called(void *userdata)
{
	return *(unsigned *)userdata > 0;
}

/* Down already, the callback comes once more when the failure turns hard. */
static void test_turns_hard(void **state)
{
	static const char *const texts[] = { "file:/nowhere", "port:tcp:53" };
	struct fixture *f = *state;
	struct monitor_spec specs[2];
	struct err err;
	unsigned n = 0;
	int fd = listen_on(53);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(monitor_spec_parse(texts[i], &specs[i], &err), 0);
	struct monitor_watch *w =
		monitor_watch_new(f->runner, "app", specs, 2, 0, on_turned_hard, &n);
	assert_int_equal(monitor_watch_health(w), HEALTH_DOWN);
	assert_false(monitor_watch_is_hard(w));
	close(fd);
	loop_until(f->loop, is_called, &n);
	assert_int_equal(n, 1);
	monitor_watch_free(w);
	monitor_spec_done(&specs[0]);
	monitor_spec_done(&specs[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hard_by_quorum),
		TEST(test_turns_hard),
		TEST(test_port_on_loopback_only),
		TEST(test_no_monitors),
		TEST(test_port),
		TEST(test_exec),
		TEST(test_exec_changes),
		TEST(test_timeout),
		TEST(test_shells),
		TEST(test_consul_is_not_up),
		TEST(test_feed),
		TEST(test_feed_is_counted),
		TEST(test_all_must_pass),
		TEST(test_status),
		TEST(test_exec_max),
		TEST(test_slots_are_handed_on),
		TEST(test_free_in_callback),
		TEST(test_free_while_running),
		TEST(test_many),
		TEST(test_check_now),
		TEST(test_the_end_of_a_check_is_told),
		TEST(test_bad_interval),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
