/* SPDX-License-Identifier: MIT */
/*
 * Changes of health that the kernel reports by event: the interval is an hour in every test here,
 * so a change was seen by an event or by the polling of DOWN ports.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "monitors/runner.h"
#include "monitors/watch.h"
#include "net/sockevents.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/one_vip.h"
#include "tests/unit/own_netns.h"

#define HOUR (3600 * USEC_PER_SEC)
#define PORT 5353
/* More than any usual receive buffer holds: a message takes about 1 KB of it. */
#define LOST_MANY 20000

struct fixture {
	sd_event *loop;
	struct monitor_runner *runner;
	unsigned filter_changes;
	int filter_error;
};

struct seen {
	struct monitor_watch *watch;
	enum health health;
	unsigned n;
};

static void on_filter(int error, void *userdata)
{
	struct fixture *f = userdata;
	f->filter_error = error;
	f->filter_changes++;
}

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));
	const struct runner_config config = { .timing.interval = HOUR,
					      .port_filter_changed = on_filter,
					      .ways = one_vip_ways,
					      .userdata = f };
	struct err err;
	assert_int_equal(sd_event_new(&f->loop), 0);
	if (monitor_runner_new(f->loop, &config, &f->runner, &err) < 0)
		fail_msg("%s", err.text);
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

static void on_verdict(struct monitor_watch *w, enum health health, const char *reason,
		       void *userdata)
{
	(void)w, (void)reason;
	struct seen *s = userdata;
	s->health = health;
	s->n++;
}

static void begin_to_watch(struct fixture *f, struct seen *s, const char *text,
			   const struct monitor_timing *timing)
{
	struct monitor_spec spec;
	struct err err;
	if (monitor_spec_parse(text, &spec, &err) < 0)
		fail_msg("%s", err.text);
	if (timing)
		spec.timing = *timing;
	*s = (struct seen){ 0 };
	s->watch = monitor_watch_new(f->runner, "app", &spec, 1, 0, on_verdict, s);
	s->health = monitor_watch_health(s->watch);
	monitor_spec_done(&spec);
}

static void watch_with(struct fixture *f, struct seen *s, const char *text,
		       const struct monitor_timing *timing)
{
	begin_to_watch(f, s, text, timing);
	loop_drain(f->loop); /* the kernel is told of a new port */
}

static void watch(struct fixture *f, struct seen *s, const char *text)
{
	watch_with(f, s, text, NULL);
}

static bool is_up(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_UP;
}

static bool is_down(void *userdata)
{
	return ((struct seen *)userdata)->health == HEALTH_DOWN;
}

struct service {
	const char *name, *monitor;
	int type;
	const char *addr;
};

static const struct service services[] = {
	{ "tcp", "port:tcp:5353", SOCK_STREAM, "0.0.0.0" },
	{ "tcp, one address", "port:tcp:5353", SOCK_STREAM, ONE_VIP },
	{ "tcp, dual-stack", "port:tcp:5353", SOCK_STREAM, "::" },
	{ "tcp, one v4-mapped address", "port:tcp:5353", SOCK_STREAM, "::ffff:" ONE_VIP },
	{ "udp", "port:udp:5353", SOCK_DGRAM, "0.0.0.0" },
	{ "udp, one address", "port:udp:5353", SOCK_DGRAM, ONE_VIP },
	{ "udp, dual-stack", "port:udp:5353", SOCK_DGRAM, "::" },
	{ "udp, one v4-mapped address", "port:udp:5353", SOCK_DGRAM, "::ffff:" ONE_VIP },
};

static int serve_port(const struct service *s, uint16_t port)
{
	struct addr a;
	struct sockaddr_storage ss;
	assert_int_equal(addr_parse(s->addr, &a), 0);
	int fd = socket(a.family, s->type | SOCK_CLOEXEC, 0);
	socklen_t len = addr_to_sockaddr(&a, port, 0, &ss);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	if (s->type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int serve(const struct service *s)
{
	return serve_port(s, PORT);
}

static void test_dies_and_returns(void **state)
{
	struct fixture *f = *state;
	struct seen s;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
		int fd = serve(&services[i]);
		watch(f, &s, services[i].monitor);
		assert_int_equal(s.health, HEALTH_UP);
		close(fd);
		loop_until(f->loop, is_down, &s);
		fd = serve(&services[i]);
		loop_until(f->loop, is_up, &s);
		assert_int_equal(s.n, 2);
		monitor_watch_free(s.watch);
		close(fd);
	}
}

/* It comes back somewhere else: at the address, dual-stack, for all of them. */
static void test_returns_at_another_address(void **state)
{
	struct fixture *f = *state;
	struct seen s;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		for (size_t j = i - i % 4; j < i - i % 4 + 4; j++) {
			int fd = serve(&services[i]);
			watch(f, &s, services[i].monitor);
			close(fd);
			loop_until(f->loop, is_down, &s);
			fd = serve(&services[j]);
			loop_until(f->loop, is_up, &s);
			close(fd);
			loop_until(f->loop, is_down, &s);
			monitor_watch_free(s.watch);
		}
}

/* A port at a named address: its listener's end and return are learnt as fast, those of the same
 * port elsewhere do not count. */
static void test_at_a_named_address(void **state)
{
	static const struct service there = { "", "port:tcp:127.0.0.53:5353", SOCK_STREAM,
					      "127.0.0.53" },
				    elsewhere = { "", "", SOCK_STREAM, "127.0.0.54" };
	struct fixture *f = *state;
	struct seen s, other;
	int fd = serve(&there), far = serve(&elsewhere);
	watch(f, &s, there.monitor);
	watch(f, &other, "port:tcp:5353");
	assert_int_equal(s.health, HEALTH_UP);
	assert_int_equal(other.health, HEALTH_DOWN); /* loopback serves no VIP */
	close(fd);
	loop_until(f->loop, is_down, &s);
	fd = serve(&there);
	loop_until(f->loop, is_up, &s);
	assert_int_equal(other.health, HEALTH_DOWN);
	monitor_watch_free(s.watch);
	monitor_watch_free(other.watch);
	close(fd);
	close(far);
}

/* The socket stays open and its port taken, but it no longer listens: no event reports that, the
 * next check does. */
static void test_shut_down_listener(void **state)
{
	const struct monitor_timing timing = { .interval = 20 * USEC_PER_MSEC };
	struct fixture *f = *state;
	struct seen s;
	for (size_t i = 0; i < 4; i++) { /* TCP only */
		int fd = serve(&services[i]);
		watch_with(f, &s, services[i].monitor, &timing);
		assert_int_equal(s.health, HEALTH_UP);
		assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
		loop_until(f->loop, is_down, &s);
		assert_int_equal(listen(fd, 1), 0);
		loop_until(f->loop, is_up, &s);
		monitor_watch_free(s.watch);
		close(fd);
	}
}

/* Its owner is killed. */
static void test_sigkill(void **state)
{
	struct fixture *f = *state;
	struct seen s;
	int fd = serve(&services[0]), ready[2];
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	close(fd);
	watch(f, &s, "port:tcp:5353");
	assert_int_equal(s.health, HEALTH_UP);
	kill(pid, SIGKILL);
	loop_until(f->loop, is_down, &s);
	waitpid(pid, NULL, 0);
	monitor_watch_free(s.watch);
	close(ready[0]);
	close(ready[1]);
}

/* Others still serve the port: of the group, dual-stack, at the address. */
static void test_one_of_several(void **state)
{
	struct fixture *f = *state;
	struct seen s, guard;
	for (size_t i = 0; i < ARRAY_SIZE(services); i++)
		for (size_t j = i - i % 4; j < i - i % 4 + 4; j++) {
			int first = serve(&services[i]), second = serve(&services[j]);
			/* Events come in order: this one's says that the first's was there. */
			int other = serve_port(&services[i], PORT + 1);
			watch(f, &s, services[i].monitor);
			watch(f, &guard, i < 4 ? "port:tcp:5354" : "port:udp:5354");
			close(first);
			close(other);
			loop_until(f->loop, is_down, &guard);
			loop_drain(f->loop);
			if (s.n != 0)
				fail_msg("%s died, but not %s", services[i].name, services[j].name);
			close(second);
			loop_until(f->loop, is_down, &s);
			monitor_watch_free(s.watch);
			monitor_watch_free(guard.watch);
		}
}

/* An fd that is shared over fork is gone when the last has closed it. */
static void test_forked_workers(void **state)
{
	struct fixture *f = *state;
	struct seen s;
	int fd = serve(&services[0]), stop[2];
	char byte;
	assert_int_equal(pipe(stop), 0);
	pid_t worker = fork();
	if (worker == 0) {
		close(stop[1]);
		_exit(read(stop[0], &byte, 1) < 0); /* until the other end is closed */
	}
	watch(f, &s, "port:tcp:5353");
	close(fd);
	loop_drain(f->loop);
	assert_int_equal(s.n, 0);
	close(stop[1]);
	close(stop[0]);
	waitpid(worker, NULL, 0);
	loop_until(f->loop, is_down, &s);
	monitor_watch_free(s.watch);
}

/* Ports that are far apart: the filter holds more than it was told, never less. */
static void many_ports_die(struct fixture *f, size_t n)
{
	struct seen *s = mem_new(n, sizeof(*s));
	int *fds = mem_new(n, sizeof(*fds));
	char text[32];
	for (size_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(1000 + i * (60000 / n));
		fds[i] = serve_port(&services[0], port);
		snprintf(text, sizeof(text), "port:tcp:%u", port);
		begin_to_watch(f, &s[i], text, NULL);
	}
	loop_drain(f->loop);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	for (size_t i = 0; i < n; i++)
		loop_until(f->loop, is_down, &s[i]);
	fds[0] = serve_port(&services[0], 1000);
	loop_until(f->loop, is_up, &s[0]); /* found by a dump, with so many down */
	close(fds[0]);
	for (size_t i = 0; i < n; i++)
		monitor_watch_free(s[i].watch);
	free(s);
	free(fds);
}

static void test_many_ports(void **state)
{
	many_ports_die(*state, 900);
}

/* Of this network namespace. Before Linux 6.7 there is one for the whole machine, 20,480 unless
 * raised, which no namespace has and no test changes: false. */
static bool set_optmem(unsigned octets)
{
	FILE *f = fopen("/proc/sys/net/core/optmem_max", "w");
	if (!f) {
		assert_int_equal(errno, ENOENT);
		return false;
	}
	assert_true(fprintf(f, "%u\n", octets) > 0);
	assert_int_equal(fclose(f), 0);
	return true;
}

/* The default before Linux 6.7 is too little for a range of each. */
static void test_many_ports_in_a_small_filter(void **state)
{
	struct fixture *f = *state;
	set_optmem(20480);
	many_ports_die(f, 300);
	many_ports_die(f, 2000);
	assert_int_equal(f->filter_changes, 0);
	set_optmem(131072);
}

/* Where the memory is the machine's, there is room for one. */
static void test_no_room_for_a_filter(void **state)
{
	struct fixture *f = *state;
	struct seen s;
	bool own = set_optmem(64);
	many_ports_die(f, 100);
	assert_int_equal(f->filter_changes, own ? 1 : 0); /* said once, not for each port */
	assert_int_equal(f->filter_error, own ? -ENOMEM : 0);
	if (!own)
		return;
	int fd = serve(&services[0]);
	set_optmem(131072);
	watch(f, &s, "port:tcp:5353");
	assert_int_equal(f->filter_changes, 2);
	assert_int_equal(f->filter_error, 0);
	close(fd);
	loop_until(f->loop, is_down, &s);
	monitor_watch_free(s.watch);
}

/* The runner's socket for the events of sockets; the only one of its kind that is in a group. */
static int find_events_socket(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		int protocol = -1;
		uint32_t groups = 0;
		socklen_t len = sizeof(protocol), groups_len = sizeof(groups);
		if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
		    protocol == NETLINK_SOCK_DIAG &&
		    getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, &groups, &groups_len) ==
			    0 &&
		    groups != 0)
			return fd;
	}
	fail_msg("no socket for events");
	return -1;
}

/* On every kernel: the socket's filter is locked, none is accepted, every event comes. */
static void test_no_filter_is_accepted(void **state)
{
	struct fixture *f = *state;
	const int on = 1;
	int events = find_events_socket();
	assert_int_equal(setsockopt(events, SOL_SOCKET, SO_DETACH_FILTER, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(events, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)), 0);
	many_ports_die(f, 100);
	assert_int_equal(f->filter_changes, 1);
	assert_int_equal(f->filter_error, -EPERM);
}

/* It dies between the first check and the update of the kernel's filter. */
static void test_dies_before_the_filter(void **state)
{
	struct fixture *f = *state;
	struct monitor_spec spec;
	struct seen s = { 0 };
	int fd = serve(&services[0]);
	assert_int_equal(monitor_spec_parse("port:tcp:5353", &spec, NULL), 0);
	s.watch = monitor_watch_new(f->runner, "app", &spec, 1, 0, on_verdict, &s);
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_UP);
	close(fd);
	loop_until(f->loop, is_down, &s);
	monitor_watch_free(s.watch);
	monitor_spec_done(&spec);
}

/* `fall` and `rise` apply to events of the kernel, too. */
static void test_fall_and_rise(void **state)
{
	struct fixture *f = *state;
	const struct monitor_timing timing = { .fast_interval = 10000, .fall = 3, .rise = 2 };
	struct seen s;
	struct monitor_status st;
	int fd = serve(&services[0]);
	begin_to_watch(f, &s, "port:tcp:5353", &timing);
	assert_int_equal(s.health, HEALTH_UNKNOWN); /* one pass of two */
	loop_until(f->loop, is_up, &s);
	close(fd);
	loop_until(f->loop, is_down, &s);
	monitor_watch_status(s.watch, 0, &st);
	assert_int_equal(st.failures, 3);
	fd = serve(&services[0]);
	loop_until(f->loop, is_up, &s);
	monitor_watch_status(s.watch, 0, &st);
	assert_int_equal(st.checks - st.failures, 4);
	assert_int_equal(st.streak, 0);
	monitor_watch_free(s.watch);
	close(fd);
}

/* Many apps name one port, and one of them goes in the middle of it. */
static void test_shared_port(void **state)
{
	struct fixture *f = *state;
	struct seen s[8];
	int fd = serve(&services[0]);
	for (size_t i = 0; i < 8; i++)
		watch(f, &s[i], "port:tcp:5353");
	close(fd);
	monitor_watch_free(s[3].watch);
	for (size_t i = 0; i < 8; i++)
		if (i != 3)
			loop_until(f->loop, is_down, &s[i]);
	fd = serve(&services[0]);
	for (size_t i = 0; i < 8; i++)
		if (i != 3) {
			loop_until(f->loop, is_up, &s[i]);
			monitor_watch_free(s[i].watch);
		}
	close(fd);
}

/* ---- lost events ---- */

struct heard {
	uint16_t port;
	unsigned events, lost;
};

static void on_event(uint8_t proto, const struct addr *addr, uint16_t port, void *userdata)
{
	(void)addr;
	struct heard *h = userdata;
	if (proto == 0)
		h->lost++;
	else if (port == h->port)
		h->events++;
}

static bool has_lost(void *userdata)
{
	return ((struct heard *)userdata)->lost > 0;
}

static bool has_events(void *userdata)
{
	return ((struct heard *)userdata)->events > 0;
}

/* Thousands of sockets close unread: the kernel reports the overflow. */
static void lose_events(void)
{
	for (int i = 0; i < LOST_MANY; i++)
		close(serve(&services[0]));
}

static void test_lost_events_are_told(void **state)
{
	struct fixture *f = *state;
	struct heard h = { .port = PORT };
	struct sockevents *e;
	struct port_set ports = { 0 };
	port_set_add(&ports, PORT);
	assert_int_equal(sockevents_new(f->loop, on_event, &h, &e, NULL), 0);
	lose_events(); /* of a port that is not wanted yet */
	loop_drain(f->loop);
	assert_int_equal(h.events + h.lost, 0);
	assert_int_equal(sockevents_set_ports(e, &ports), 0);
	close(serve(&services[0]));
	close(serve_port(&services[0], PORT + 1));
	lose_events();
	loop_until(f->loop, has_lost, &h);
	loop_until(f->loop, has_events, &h); /* those that were not lost come all the same */
	sockevents_free(e);
}

/* The one event that mattered is among the lost: all ports are checked again. */
static void test_lost_events_are_made_up_for(void **state)
{
	struct fixture *f = *state;
	struct seen s[3];
	struct service other = services[0];
	int first = serve_port(&other, 6000), second = serve_port(&other, 6001);
	watch(f, &s[0], "port:tcp:5353");
	watch(f, &s[1], "port:tcp:6000");
	watch(f, &s[2], "port:tcp:6001");
	lose_events();
	close(first);
	loop_until(f->loop, is_down, &s[1]);
	loop_drain(f->loop);
	assert_int_equal(s[2].n, 0);
	close(second);
	for (size_t i = 0; i < 3; i++)
		monitor_watch_free(s[i].watch);
}

/* Closed connections cause no event, however many. */
static void test_storm(void **state)
{
	struct fixture *f = *state;
	struct heard h = { .port = PORT + 2 }; /* events of earlier tests may still come */
	struct sockevents *e;
	struct port_set ports = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT + 2) };
	int listener = serve_port(&services[0], PORT + 2);
	port_set_add(&ports, PORT + 2);
	assert_int_equal(sockevents_new(f->loop, on_event, &h, &e, NULL), 0);
	assert_int_equal(sockevents_set_ports(e, &ports), 0);
	for (int i = 0; i < 5000; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
		int accepted = accept(listener, NULL, NULL);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
			   sizeof(struct linger));
		close(fd);
		close(accepted);
	}
	loop_drain(f->loop);
	assert_int_equal(h.events + h.lost, 0);
	close(listener);
	while (h.events == 0)
		assert_true(sd_event_run(f->loop, LOOP_UNTIL_LIMIT) > 0);
	assert_int_equal(h.lost, 0);
	sockevents_free(e);
}

/* ---- processes ---- */

static void test_process(void **state)
{
	struct fixture *f = *state;
	struct seen by_file, by_name;
	char path[] = "/tmp/vipherald-test-XXXXXX", text[64];
	int fd = mkstemp(path);
	pid_t pid = fork();
	if (pid == 0) {
		execlp("sleep", "sleep", "1000", NULL);
		_exit(1);
	}
	dprintf(fd, "%d\n", (int)pid);
	snprintf(text, sizeof(text), "process:%s", path);
	watch(f, &by_file, text);
	watch(f, &by_name, "process:no-such-process-here");
	assert_int_equal(by_file.health, HEALTH_UP);
	assert_int_equal(by_name.health, HEALTH_DOWN);
	kill(pid, SIGKILL);
	loop_until(f->loop, is_down, &by_file); /* a zombie is dead */
	waitpid(pid, NULL, 0);
	monitor_watch_free(by_file.watch);
	monitor_watch_free(by_name.watch);
	close(fd);
	unlink(path);
}

static int enter(void **state)
{
	(void)state;
	const struct rlimit files = { 4096, 4096 };
	own_netns_enter();
	assert_int_equal(shell("ip addr add " ONE_VIP "/32 dev lo"), 0);
	return setrlimit(RLIMIT_NOFILE, &files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_dies_and_returns),
		TEST(test_returns_at_another_address),
		TEST(test_at_a_named_address),
		TEST(test_shut_down_listener),
		TEST(test_sigkill),
		TEST(test_one_of_several),
		TEST(test_forked_workers),
		TEST(test_many_ports),
		TEST(test_many_ports_in_a_small_filter),
		TEST(test_no_room_for_a_filter),
		TEST(test_no_filter_is_accepted),
		TEST(test_dies_before_the_filter),
		TEST(test_fall_and_rise),
		TEST(test_shared_port),
		TEST(test_lost_events_are_told),
		TEST(test_lost_events_are_made_up_for),
		TEST(test_storm),
		TEST(test_process),
	};
	return cmocka_run_group_tests(tests, enter, NULL);
}
