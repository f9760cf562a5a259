/* SPDX-License-Identifier: MIT */
/*
 * Which listeners count for a `port` monitor, and what it says of those that do not. The interval
 * is an hour, so that changes are seen by events and by the polling of DOWN places.
 */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "monitors/runner.h"
#include "monitors/watch.h"
#include "process/loop.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define HOUR (3600 * USEC_PER_SEC)
#define PORT 5353
#define DEST 8053
#define VIP4 "192.0.2.53"
#define VIP6 "2001:db8:53::53"
#define OWN4 "10.9.9.9"

/* The app: its VIPs, and where the port of each leads ("": to the VIP itself). */
struct owner {
	const char *vips[3], *to[3];
	uint16_t port[3];
	int error;
};

struct seen {
	struct owner owner; /* first: what the watch belongs to */
	struct monitor_watch *watch;
	enum health health;
	unsigned n;
};

static sd_event *loop;
static struct monitor_runner *runner;

static struct prefix prefix_at(const char *text)
{
	struct prefix p;
	struct addr a;
	if (addr_parse(text, &a) == 0)
		return prefix_of_host(&a);
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static int ways(const void *owner, uint8_t proto, uint16_t port, struct monitor_ways *ret,
		struct err *err, void *userdata)
{
	(void)proto, (void)userdata;
	const struct owner *o = owner;
	if (o->error)
		return err_set(err, o->error, "no address to lead to");
	for (size_t i = 0; i < 3 && o->vips[i]; i++) {
		const struct monitor_way way = { .vip = prefix_at(o->vips[i]),
						 .at = prefix_at(o->to[i] ? o->to[i] : o->vips[i]),
						 .port = o->port[i] ? o->port[i] : port };
		monitor_ways_add(ret, &way);
	}
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

static void watch(struct seen *s, const char *text)
{
	struct monitor_spec spec;
	struct err err;
	if (monitor_spec_parse(text, &spec, &err) < 0)
		fail_msg("%s", err.text);
	s->n = 0;
	s->watch = monitor_watch_new(runner, "app", &spec, 1, 0, on_verdict, s);
	s->health = monitor_watch_health(s->watch);
	monitor_spec_done(&spec);
	loop_drain(loop); /* the kernel is told of a new port */
}

/* The owner of the watch is another one, its monitor is the same. */
static void owner_changed(struct seen *s, const char *text)
{
	struct monitor_spec spec;
	struct err err;
	if (monitor_spec_parse(text, &spec, &err) < 0)
		fail_msg("%s", err.text);
	monitor_watch_replace(s->watch, "app", &spec, &spec, 1, 0);
	monitor_spec_done(&spec);
}

static struct monitor_status status_of(const struct seen *s)
{
	struct monitor_status st;
	monitor_watch_status(s->watch, 0, &st);
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

/* "0.0.0.0", "::" or, for IPv6 only, "6::" */
static int serve(int type, const char *addr, uint16_t port)
{
	struct addr a;
	struct sockaddr_storage ss;
	bool v6only = addr[0] == '6';
	assert_int_equal(addr_parse(addr + v6only, &a), 0);
	int fd = socket(a.family, type | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){ 1 }, sizeof(int));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &(int){ 1 }, sizeof(int));
	if (v6only)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
	socklen_t len = addr_to_sockaddr(&a, port, 0, &ss);
	assert_int_equal(bind(fd, (struct sockaddr *)&ss, len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* One listener, and whether it serves the app; if not, what is said. NULL: up. */
static const struct {
	struct owner owner;
	const char *listener;
	uint16_t port; /* 0: PORT */
	const char *said;
} cases[] = {
	/* no NAT */
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, "0.0.0.0", 0, NULL },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, "::", 0, NULL },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, VIP4, 0, NULL },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, "::ffff:" VIP4, 0, NULL },
	{ { { VIP4 }, { 0 }, { 0 }, 0 },
	  "6::",
	  0,
	  VIP4 " is not served on udp port 5353: the listener there takes IPv6 only (::); if that "
	       "one is meant, use port:udp:[::]:5353" },
	{ { { VIP4 }, { 0 }, { 0 }, 0 },
	  "127.0.0.53",
	  0,
	  VIP4
	  " is not served on udp port 5353: the listener there is bound to 127.0.0.53; if that "
	  "one is meant, use port:udp:127.0.0.53:5353" },
	{ { { VIP4 }, { 0 }, { 0 }, 0 },
	  OWN4,
	  0,
	  VIP4 " is not served on udp port 5353: the listener there is bound to " OWN4
	       "; if that one is meant, use port:udp:" OWN4 ":5353" },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, "192.0.2.54", 0, "is bound to 192.0.2.54" },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, VIP6, 0, "use port:udp:[" VIP6 "]:5353" },
	{ { { VIP4 }, { 0 }, { 0 }, 0 }, "0.0.0.0", DEST, "nothing listens on udp port 5353" },
	{ { { VIP6 }, { 0 }, { 0 }, 0 }, "6::", 0, NULL },
	{ { { VIP6 }, { 0 }, { 0 }, 0 }, "::", 0, NULL },
	{ { { VIP6 }, { 0 }, { 0 }, 0 }, VIP6, 0, NULL },
	{ { { VIP6 }, { 0 }, { 0 }, 0 },
	  "0.0.0.0",
	  0,
	  VIP6 " is not served on udp port 5353: the listener there takes IPv4 only (0.0.0.0); if "
	       "that one is meant, use port:udp:0.0.0.0:5353" },
	{ { { VIP6 }, { 0 }, { 0 }, 0 }, "::1", 0, "is bound to ::1" },
	/* a network */
	{ { { "198.51.100.0/24" }, { 0 }, { 0 }, 0 }, "0.0.0.0", 0, NULL },
	{ { { "198.51.100.0/24" }, { 0 }, { 0 }, 0 }, "198.51.100.7", 0, NULL },
	{ { { "198.51.100.0/24" }, { 0 }, { 0 }, 0 },
	  "198.51.101.7",
	  0,
	  "198.51.100.0/24 is not served" },
	/* several VIPs: each one */
	{ { { VIP4, VIP6 }, { 0 }, { 0 }, 0 }, "::", 0, NULL },
	{ { { VIP4, VIP6 }, { 0 }, { 0 }, 0 }, "0.0.0.0", 0, VIP6 " is not served" },
	{ { { VIP4, VIP6 }, { 0 }, { 0 }, 0 }, "6::", 0, VIP4 " is not served" },
	{ { { VIP6, "192.0.2.54", VIP4 }, { 0 }, { 0 }, 0 }, "0.0.0.0", 0, VIP6 " is not served" },
	{ { { VIP4, "192.0.2.54" }, { 0 }, { 0 }, 0 }, VIP4, 0, "192.0.2.54 is not served" },
	{ { { VIP4, "192.0.2.54" }, { 0 }, { 0 }, 0 }, "0.0.0.0", 0, NULL },
	/* NAT: the address and port after it */
	{ { { VIP4 }, { OWN4 }, { DEST }, 0 }, "0.0.0.0", DEST, NULL },
	{ { { VIP4 }, { OWN4 }, { DEST }, 0 }, OWN4, DEST, NULL },
	{ { { VIP4 }, { OWN4 }, { DEST }, 0 }, "::", DEST, NULL },
	{ { { VIP4 }, { OWN4 }, { DEST }, 0 },
	  VIP4,
	  DEST,
	  VIP4 " is not served on udp port 8053 of " OWN4
	       ", where NAT leads: the listener there is bound to " VIP4 },
	{ { { VIP4 }, { OWN4 }, { DEST }, 0 },
	  "0.0.0.0",
	  PORT,
	  "nothing listens on udp port 8053 of " OWN4 ", where NAT of " VIP4 " leads" },
	{ { { VIP4 }, { "127.0.0.53" }, { DEST }, 0 }, "127.0.0.53", DEST, NULL },
	{ { { VIP4 }, { "127.0.0.53" }, { DEST }, 0 }, "127.0.0.54", DEST, "of 127.0.0.53, where" },
	{ { { VIP4 }, { "10.8.8.8" }, { DEST }, 0 },
	  "127.0.0.1",
	  0,
	  "NAT of " VIP4 " leads to 10.8.8.8:8053, which is not on this host" },
	/* one VIP with a mapping, one without */
	{ { { VIP4, VIP6 }, { OWN4, NULL }, { PORT, 0 }, 0 }, "::", 0, NULL },
	{ { { VIP4, VIP6 }, { OWN4, NULL }, { PORT, 0 }, 0 }, OWN4, 0, VIP6 " is not served" },
};

static void test_which_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seen s = { .owner = cases[i].owner };
		int fd = serve(SOCK_DGRAM, cases[i].listener, cases[i].port ? cases[i].port : PORT);
		watch(&s, "port:udp:5353");
		const char *said = status_of(&s).said;
		if ((s.health == HEALTH_UP) != !cases[i].said)
			fail_msg("case %zu, %s: %s", i, cases[i].listener, said);
		if (cases[i].said && !strstr(said, cases[i].said))
			fail_msg("case %zu: %s", i, said);
		monitor_watch_free(s.watch);
		close(fd);
	}
}

/* The death of what serves it is learnt by an event, its return by polling, for TCP and UDP. */
static void test_dies_and_returns(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		const size_t at = i / 2;
		struct seen s = { .owner = cases[at].owner };
		int type = i % 2 ? SOCK_STREAM : SOCK_DGRAM;
		uint16_t port = cases[at].port ? cases[at].port : PORT;
		if (cases[at].said)
			continue;
		watch(&s, i % 2 ? "port:tcp:5353" : "port:udp:5353");
		assert_int_equal(s.health, HEALTH_DOWN);
		int fd = serve(type, cases[at].listener, port);
		loop_until(loop, is_up, &s);
		close(fd);
		loop_until(loop, is_down, &s);
		monitor_watch_free(s.watch);
	}
}

/* Until the events of all sockets that were closed so far have come: they come in order. */
static void await_events(void)
{
	struct seen guard = { .owner = { .vips = { VIP4 } } };
	int fd = serve(SOCK_DGRAM, VIP4, PORT + 1);
	watch(&guard, "port:udp:5354");
	close(fd);
	loop_until(loop, is_down, &guard);
	loop_drain(loop);
	monitor_watch_free(guard.watch);
}

/* Two of a REUSEPORT group: the death of one is not a failure, that of both is. */
static void test_reuseport(void **state)
{
	static const char *const listeners[] = { "0.0.0.0", VIP4, "::" };
	struct seen s = { .owner = { .vips = { VIP4 } } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
		int fds[2] = { serve(SOCK_DGRAM, listeners[i], PORT),
			       serve(SOCK_DGRAM, listeners[i], PORT) };
		watch(&s, "port:udp:5353");
		assert_int_equal(s.health, HEALTH_UP);
		uint64_t checks = status_of(&s).checks;
		close(fds[0]);
		await_events();
		assert_true(status_of(&s).checks > checks); /* the event was seen */
		assert_int_equal(s.n, 0);
		close(fds[1]);
		loop_until(loop, is_down, &s);
		monitor_watch_free(s.watch);
	}
}

/* Listeners that do not count come and go without a check. */
static void test_events_of_others(void **state)
{
	static const char *const others[] = { "127.0.0.53", OWN4, "192.0.2.54", "::1" };
	struct seen s = { .owner = { .vips = { VIP4 } } };
	(void)state;
	int fd = serve(SOCK_DGRAM, VIP4, PORT);
	watch(&s, "port:udp:5353");
	uint64_t checks = status_of(&s).checks;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		close(serve(SOCK_DGRAM, others[i], PORT));
	await_events();
	assert_int_equal(status_of(&s).checks, checks);
	close(fd);
	loop_until(loop, is_down, &s);
	monitor_watch_free(s.watch);
}

/* The VIP's own listener dies while the stub on loopback stays. */
static void test_stub_stays(void **state)
{
	struct seen s = { .owner = { .vips = { VIP4 } } };
	(void)state;
	int stub = serve(SOCK_DGRAM, "127.0.0.53", PORT), fd = serve(SOCK_DGRAM, VIP4, PORT);
	watch(&s, "port:udp:5353");
	assert_int_equal(s.health, HEALTH_UP);
	close(fd);
	loop_until(loop, is_down, &s);
	assert_non_null(strstr(status_of(&s).said, "127.0.0.53"));
	close(stub);
	monitor_watch_free(s.watch);
}

/* Other VIPs, or another address that NAT leads to: the next check follows. */
static void test_ways_change(void **state)
{
	struct seen s = { .owner = { .vips = { VIP4 } } };
	(void)state;
	int fd = serve(SOCK_DGRAM, VIP4, PORT);
	watch(&s, "port:udp:5353");
	assert_int_equal(s.health, HEALTH_UP);
	s.owner.vips[1] = "192.0.2.54";
	owner_changed(&s, "port:udp:5353");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_DOWN);
	int second = serve(SOCK_DGRAM, "192.0.2.54", PORT);
	loop_until(loop, is_up, &s);
	s.owner.to[0] = OWN4;
	owner_changed(&s, "port:udp:5353");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_DOWN);
	s.owner = (struct owner){ .error = -EADDRNOTAVAIL };
	owner_changed(&s, "port:udp:5353");
	assert_int_equal(monitor_watch_health(s.watch), HEALTH_DOWN); /* unknown changes nothing */
	assert_string_equal(status_of(&s).said, "no address to lead to");
	assert_true(status_of(&s).unable);
	monitor_watch_free(s.watch);
	close(fd);
	close(second);
}

/* So many at once that dumps answer: each VIP has a listener of its own, half of them die. */
static void test_many_vips(void **state)
{
	enum { N = 400 };
	struct seen *s = mem_new(N, sizeof(*s));
	char(*vips)[ADDR_TEXT_MAX] = mem_new(N, sizeof(*vips));
	int *fds = mem_new(N, sizeof(*fds));
	(void)state;
	for (size_t i = 0; i < N; i++) {
		snprintf(vips[i], sizeof(vips[i]), "198.18.%zu.%zu", i / 200, 1 + i % 200);
		s[i].owner.vips[0] = vips[i];
		fds[i] = serve(SOCK_DGRAM, vips[i], PORT);
		watch(&s[i], "port:udp:5353");
		assert_int_equal(s[i].health, HEALTH_UP);
	}
	for (size_t i = 0; i < N; i += 2)
		close(fds[i]);
	for (size_t i = 0; i < N; i += 2)
		loop_until(loop, is_down, &s[i]);
	for (size_t i = 0; i < N; i += 2)
		fds[i] = serve(SOCK_DGRAM, vips[i], PORT);
	for (size_t i = 0; i < N; i++) {
		loop_until(loop, is_up, &s[i]);
		assert_int_equal(s[i].n, i % 2 ? 0 : 2);
		monitor_watch_free(s[i].watch);
		close(fds[i]);
	}
	free(s);
	free(vips);
	free(fds);
}

static int setup(void **state)
{
	(void)state;
	const struct runner_config config = { .timing.interval = HOUR, .ways = ways };
	assert_int_equal(sd_event_new(&loop), 0);
	assert_int_equal(monitor_runner_new(loop, &config, &runner, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	monitor_runner_free(runner);
	sd_event_unref(loop);
	return 0;
}

static int enter(void **state)
{
	(void)state;
	own_netns_enter();
	return shell("ip addr add " OWN4 "/32 dev lo");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_which_count),      TEST(test_dies_and_returns), TEST(test_reuseport),
		TEST(test_events_of_others), TEST(test_stub_stays),       TEST(test_ways_change),
		TEST(test_many_vips),
	};
	return cmocka_run_group_tests(tests, enter, NULL);
}
