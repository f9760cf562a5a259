/* SPDX-License-Identifier: MIT */
/* In a network namespace of its own, with real listeners and real commands. */
#include "monitors/runner.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/one_vip.h"
#include "tests/unit/own_netns.h"

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

static void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
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

static void new_runner(struct fixture *f, const struct runner_config *config)
{
	struct err err;
	struct runner_config with_vip = *config;
	with_vip.ways = one_vip_ways;
	monitor_runner_free(f->runner);
	if (monitor_runner_new(f->loop, &with_vip, &f->runner, &err) < 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	assert_int_equal(sd_event_new(&f->loop), 0);
	new_runner(f,
		   &(struct runner_config){ .timing.interval = INTERVAL, .timing.timeout = HOUR });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	monitor_runner_free(f->runner);
	sd_event_unref(f->loop);
	free(f);
	return 0;
}

/* `texts` are separated by '|'. */
static void watch(struct fixture *f, struct seen *s, const char *texts)
{
	struct monitor_spec specs[8];
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

static struct monitor_status status_of(const struct seen *s, size_t i)
{
	struct monitor_status st;
	monitor_watch_status(s->watch, i, &st);
	return st;
}

static bool is_up(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_UP;
}

static bool is_down(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_DOWN;
}

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
	/* Said again, it is no new result; and "unknown" changes nothing but the words. */
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

static bool is_stopped(pid_t pid)
{
	char path[64], stat[256] = "";
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	return n > 0 && strstr(stat, ") T ");
}

/* This process does not run for that long; what it started does. */
static void pause_for(span_t span)
{
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		const struct timespec ts = { .tv_sec = (time_t)(span / USEC_PER_SEC),
					     .tv_nsec = (long)(span % USEC_PER_SEC) * 1000 };
		kill(parent, SIGSTOP);
		while (!is_stopped(parent))
			sched_yield();
		nanosleep(&ts, NULL);
		kill(parent, SIGCONT);
		_exit(0);
	}
	assert_true(pid > 0);
	while (waitpid(pid, NULL, 0) < 0)
		assert_int_equal(errno, EINTR);
}

static bool is_running(void *userdata)
{
	return status_of(userdata, 0).running;
}

static bool is_not_running(void *userdata)
{
	return !is_running(userdata);
}

#define PAUSE_LIMIT (400 * USEC_PER_MSEC)

/* The command ends in time, and the time limit has passed as well when the process runs again. */
static void test_pause_loses_no_result(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR,
					       .timing.timeout = PAUSE_LIMIT });
	watch(f, &s, "exec:sleep 0.05");
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_not_running, &s);
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(status_of(&s, 0).checks, 1);
	monitor_watch_free(s.watch);
}

/* It times out in the pause, and is made again at once; the second time counts. */
static void test_pause_doubts_one_failure(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR,
					       .timing.timeout = PAUSE_LIMIT });
	watch(f, &s, "exec:sleep 1000");
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_not_running, &s);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	assert_non_null(strstr(status_of(&s, 0).said,
			       "no result within 400ms, killed (checked again: the agent did not "
			       "run for "));
	assert_int_equal(status_of(&s, 0).failures, 0);
	loop_until(f->loop, is_running, &s);
	pause_for(2 * PAUSE_LIMIT);
	loop_until(f->loop, is_down, &s);
	assert_string_equal(s.reason, "exec:sleep 1000: no result within 400ms, killed");
	assert_int_equal(status_of(&s, 0).checks, 2);
	monitor_watch_free(s.watch);
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
	char command[128], fifo[64] = "/tmp/vipherald-test-fifo-XXXXXX";
	assert_int_equal(mkdtemp(fifo) == NULL, 0);
	new_runner(f, &(struct runner_config){ .timing.interval = HOUR });
	snprintf(command, sizeof(command), "exec:true|port:tcp:53|exec:cat %s/pipe", fifo);
	strcat(fifo, "/pipe");
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
	*strrchr(fifo, '/') = 0;
	rmdir(fifo);
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

/* ---- other monitors ---- */

struct spec_list {
	struct monitor_spec specs[4];
	size_t n;
};

/* Separated by '|'. */
static struct spec_list list_of(const char *texts)
{
	struct spec_list list = { .n = 0 };
	char copy[512], *rest = copy;
	struct err err;
	snprintf(copy, sizeof(copy), "%s", texts);
	for (char *text; (text = strsep(&rest, "|"));)
		if (monitor_spec_parse(text, &list.specs[list.n++], &err) < 0)
			fail_msg("%s", err.text);
	return list;
}

static void spec_list_done(struct spec_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		monitor_spec_done(&list->specs[i]);
}

/* The watch of `former` becomes one of `texts`. */
static void replace(struct seen *s, const char *former, const char *texts, size_t quorum)
{
	struct spec_list from = list_of(former), to = list_of(texts);
	monitor_watch_replace(s->watch, "app", from.specs, to.specs, to.n, quorum);
	s->health = monitor_watch_health(s->watch);
	spec_list_done(&from);
	spec_list_done(&to);
}

static struct runner_config hourly(void)
{
	return (struct runner_config){ .timing.interval = HOUR,
				       .timing.fast_interval = HOUR,
				       .timing.timeout = HOUR,
				       .timing.fall = 3 };
}

struct awaited {
	const struct seen *s;
	size_t i;
	uint64_t checks; /* 0: that one runs */
};

static bool has_come(void *userdata)
{
	const struct awaited *a = userdata;
	const struct monitor_status st = status_of(a->s, a->i);
	return a->checks ? st.checks >= a->checks : st.running;
}

static void await_checks(struct fixture *f, const struct seen *s, size_t i, uint64_t checks)
{
	struct awaited awaited = { .s = s, .i = i, .checks = checks };
	loop_until(f->loop, has_come, &awaited);
}

static void test_monitors_that_stay_keep_their_streaks(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	const struct runner_config config = hourly();
	new_runner(f, &config);
	watch(f, &s, "file:/nowhere|exec:true|file:/nowhere/else");
	await_checks(f, &s, 1, 1);
	monitor_watch_check_now(s.watch);
	await_checks(f, &s, 0, 2);
	await_checks(f, &s, 1, 2);
	const struct monitor_status before = status_of(&s, 0), passed = status_of(&s, 1);
	replace(&s, "file:/nowhere|exec:true|file:/nowhere/else",
		"exec:echo new|exec:true|file:/nowhere", 0);
	assert_int_equal(monitor_watch_n(s.watch), 3);
	await_checks(f, &s, 0, 1);
	assert_int_equal(status_of(&s, 1).checks, 2);
	assert_int_equal(status_of(&s, 1).health, HEALTH_UP);
	assert_true(status_of(&s, 1).since == passed.since);
	assert_int_equal(status_of(&s, 2).streak, 2);
	assert_int_equal(status_of(&s, 2).checks, before.checks);
	assert_true(status_of(&s, 2).last_check == before.last_check);
	assert_int_equal(s.n, 0);
	/* The third one in a row decides. */
	monitor_watch_check_now(s.watch);
	loop_until(f->loop, is_down, &s);
	assert_non_null(strstr(s.reason, "file:/nowhere: "));
	monitor_watch_free(s.watch);
}

static void test_a_check_goes_on_while_others_change(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	struct monitor_runner_status now;
	const struct runner_config config = hourly();
	char dir[] = "/tmp/vipherald-test-XXXXXX", fifo[64], slow[128], more[256];
	assert_non_null(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	snprintf(slow, sizeof(slow), "exec:read -r line <%s", fifo);
	snprintf(more, sizeof(more), "file:/|%s", slow);
	new_runner(f, &config);
	watch(f, &s, slow);
	await_checks(f, &s, 0, 0);
	replace(&s, slow, more, 0);
	assert_true(status_of(&s, 1).running);
	assert_int_equal(s.health, HEALTH_UNKNOWN);
	int fd = open(fifo, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, "\n", 1), 1);
	loop_until(f->loop, is_up, &s);
	assert_int_equal(status_of(&s, 1).checks, 1);
	/* One that runs ends with its monitor. */
	monitor_watch_check_now(s.watch);
	await_checks(f, &s, 1, 0);
	replace(&s, more, "file:/", 0);
	monitor_runner_status(f->runner, &now);
	assert_int_equal(now.running, 0);
	assert_int_equal(now.present_checks, status_of(&s, 0).checks);
	assert_int_equal(s.health, HEALTH_UP);
	monitor_watch_free(s.watch);
	close(fd);
	unlink(fifo);
	rmdir(dir);
}

static void test_another_quorum_is_judged_at_once(void **state)
{
	struct fixture *f = *state;
	struct seen s = { 0 };
	struct runner_config config = hourly();
	config.timing.fall = 1;
	new_runner(f, &config);
	watch(f, &s, "exec:true|exec:false");
	loop_until(f->loop, is_down, &s);
	await_checks(f, &s, 0, 1);
	mono_t before = monitor_watch_since(s.watch);
	replace(&s, "exec:true|exec:false", "exec:true|exec:false", 1);
	assert_int_equal(s.health, HEALTH_UP);
	assert_true(monitor_watch_since(s.watch) > before);
	replace(&s, "exec:true|exec:false", "exec:false|exec:true", 2);
	assert_int_equal(s.health, HEALTH_DOWN);
	assert_int_equal(status_of(&s, 0).health, HEALTH_DOWN);
	replace(&s, "exec:false|exec:true", "exec:true", 0);
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(status_of(&s, 0).checks, 1);
	monitor_watch_free(s.watch);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(test_pause_loses_no_result),
		TEST(test_pause_doubts_one_failure),
		TEST(test_exec_max),
		TEST(test_slots_are_handed_on),
		TEST(test_free_in_callback),
		TEST(test_free_while_running),
		TEST(test_many),
		TEST(test_check_now),
		TEST(test_the_end_of_a_check_is_told),
		TEST(test_bad_interval),
		TEST(test_monitors_that_stay_keep_their_streaks),
		TEST(test_a_check_goes_on_while_others_change),
		TEST(test_another_quorum_is_judged_at_once),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
