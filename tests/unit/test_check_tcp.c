/* SPDX-License-Identifier: MIT */
/* The tcp monitor against a server in the same loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/own_netns.h"

static const struct check_option expect_ok[] = { { "expect", "+OK" }, { 0 } };
static const struct check_option send_quit[] = { { "send", "QUIT\r\n" },
						 { "expect", "bye" },
						 { 0 } };
static const struct check_option only_send[] = { { "send", "QUIT\r\n" }, { 0 } };

static size_t greet(const uint8_t *request, size_t len, uint8_t *answer, void *userdata)
{
	(void)request;
	return len > 0 ? 0 : fake_text(answer, userdata);
}

static size_t obey(const uint8_t *request, size_t len, uint8_t *answer, void *userdata)
{
	(void)userdata;
	if (len != 6 || memcmp(request, "QUIT\r\n", 6) != 0)
		return 0;
	return fake_text(answer, "bye\r\n");
}

static size_t flood(const uint8_t *request, size_t len, uint8_t *answer, void *userdata)
{
	(void)request, (void)len, (void)userdata;
	memset(answer, 'x', FAKE_MESSAGE_MAX);
	return FAKE_MESSAGE_MAX;
}

static const struct {
	const char *host, *text;
	fake_answer_fn *answer;
	const char *greeting;
	bool hang_up;
	const struct check_option *options;
	enum health health;
	const char *said;
} cases[] = {
	{ "127.0.0.1", "tcp:127.0.0.1:7001", NULL, NULL, false, NULL, HEALTH_UP, "" },
	{ "::1", "tcp:[::1]:7001", NULL, NULL, false, NULL, HEALTH_UP, "" },
	{ "::1", "tcp:127.0.0.1:7001", NULL, NULL, false, NULL, HEALTH_DOWN,
	  "cannot reach 127.0.0.1: Connection refused" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", greet, "+OK ready", false, expect_ok, HEALTH_UP, "" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", greet, "-ERR \033", true, expect_ok, HEALTH_DOWN,
	  "the connection was closed without what is expected: -ERR ?" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", greet, "-ERR", false, expect_ok, HEALTH_DOWN,
	  "no such answer within 30ms" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", NULL, NULL, true, send_quit, HEALTH_DOWN,
	  "the connection was closed without an answer" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", obey, NULL, false, send_quit, HEALTH_UP, "" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", NULL, NULL, false, only_send, HEALTH_UP, "" },
	{ "127.0.0.1", "tcp:127.0.0.1:7001", flood, NULL, false, expect_ok, HEALTH_DOWN,
	  "4 KB of answer came without what is expected: xxx" },
};

static void test_answers(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_server s;
		bool late = strstr(cases[i].said, "within") != NULL;
		fake_server_start(&s, c->env.loop, SOCK_STREAM, cases[i].host, 7001,
				  cases[i].answer, (void *)cases[i].greeting);
		s.hang_up = cases[i].hang_up;
		check_run(c, cases[i].text, cases[i].options, late ? CHECK_SHORT : CHECK_LONG);
		check_expect(c, cases[i].health, cases[i].said);
		fake_server_stop(&s);
	}
}

/* The rest of the answer comes in a second segment. */
static void test_answer_in_parts(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", 7001, greet, (void *)"+");
	check_start(c, "tcp:127.0.0.1:7001", expect_ok, CHECK_LONG);
	while (s.connection < 0)
		assert_true(sd_event_run(c->env.loop, UINT64_MAX) >= 0);
	loop_drain(c->env.loop);
	assert_false(c->is_done);
	assert_int_equal(send(s.connection, "OK", 2, MSG_NOSIGNAL), 2);
	loop_until(c->env.loop, loop_until_true, &c->is_done);
	check_expect(c, HEALTH_UP, "");
	monitor_spec_done(&c->spec);
	fake_server_stop(&s);
}

/* The other side resets the connection. */
static void test_reset(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	static const struct linger reset = { .l_onoff = 1 };
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", 7001, NULL, NULL);
	check_start(c, "tcp:127.0.0.1:7001", expect_ok, CHECK_LONG);
	while (s.connection < 0)
		assert_true(sd_event_run(c->env.loop, UINT64_MAX) >= 0);
	loop_drain(c->env.loop);
	setsockopt(s.connection, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	fake_server_hang_up(&s);
	loop_until(c->env.loop, loop_until_true, &c->is_done);
	check_expect(c, HEALTH_DOWN, "the connection broke");
	monitor_spec_done(&c->spec);
	fake_server_stop(&s);
}

/* Packets to 10.0.0.2 are lost: nothing at the other end has its address. */
static void test_no_connection(void **state)
{
	struct check *c = *state;
	assert_int_equal(shell("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			       "ip link set v1 up && ip addr add 10.0.0.1/24 dev v0 && "
			       "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:01 dev v0"),
			 0);
	check_run(c, "tcp:10.0.0.2:7001", NULL, CHECK_SHORT);
	check_expect(c, HEALTH_DOWN, "no connection within 30ms");
	assert_int_equal(shell("ip link del v0"), 0);
	check_run(c, "tcp:10.0.0.2:7001", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "cannot reach 10.0.0.2: Network is unreachable");
}

static bool is_vip(const struct addr *a, void *userdata)
{
	(void)a, (void)userdata;
	return true;
}

static void test_vip_elsewhere(void **state)
{
	struct check *c = *state;
	c->env.is_vip = is_vip;
	check_run(c, "tcp:192.0.2.53:7001", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "192.0.2.53 is a VIP that is not on this host now");
}

/* ---- names ---- */

static enum names_status lookup(const char *host)
{
	if (strncmp(host, "silent.example", strlen("silent.example")) == 0)
		pause();
	if (strcmp(host, "missing.example") == 0) {
		dprintf(STDOUT_FILENO, "no such name\n");
		return NAMES_NOT_FOUND;
	}
	if (strcmp(host, "vip.example") == 0)
		dprintf(STDOUT_FILENO, "192.0.2.53\n");
	else if (strcmp(host, "lost.example") == 0)
		dprintf(STDOUT_FILENO, "10.0.0.2\n127.0.0.1\n");
	else if (strcmp(host, "six-first.example") == 0)
		dprintf(STDOUT_FILENO, "2001:db8::1\n127.0.0.1\n");
	else if (strcmp(host, "six-last.example") == 0)
		dprintf(STDOUT_FILENO, "127.0.0.1\n2001:db8::1\n");
	else if (strcmp(host, "six.example") == 0)
		dprintf(STDOUT_FILENO, "2001:db8::1\n2001:db8::2\n");
	else if (strcmp(host, "twice.example") == 0)
		dprintf(STDOUT_FILENO, "127.0.0.1\n127.0.0.3\n");
	else if (strcmp(host, "nowhere.example") == 0)
		dprintf(STDOUT_FILENO, "127.0.0.2\n127.0.0.3\n");
	else
		dprintf(STDOUT_FILENO, "127.0.0.2\n127.0.0.1\n");
	return NAMES_FOUND;
}

static void ignore(const char *addresses, const char *error, void *userdata)
{
	(void)addresses, (void)error, (void)userdata;
}

static bool is_documentation(const struct addr *a, void *userdata)
{
	(void)userdata;
	return a->family == AF_INET && a->bytes[0] == 192;
}

static const struct {
	const char *text;
	const struct check_option *options;
	span_t timeout;
	enum health health;
	const char *said;
} named[] = {
	{ "tcp:www.example:7001", NULL, CHECK_LONG, HEALTH_UP, "" },
	{ "tcp:www.example:7002", NULL, CHECK_LONG, HEALTH_DOWN,
	  "cannot reach 127.0.0.2: Connection refused; cannot reach 127.0.0.1: Connection "
	  "refused" },
	{ "tcp:lost.example:7001", NULL, 10 * CHECK_SHORT, HEALTH_UP, "" },
	{ "tcp:nowhere.example:7001", NULL, CHECK_LONG, HEALTH_DOWN,
	  "cannot reach 127.0.0.2: Connection refused; cannot reach 127.0.0.3: Connection "
	  "refused" },
	{ "tcp:lost.example:7002", NULL, CHECK_SHORT, HEALTH_DOWN,
	  "10.0.0.2: no connection in time; cannot reach 127.0.0.1: Connection refused" },
	/* It is connected, so the other address is not tried. */
	{ "tcp:twice.example:7001", expect_ok, CHECK_SHORT, HEALTH_DOWN,
	  "127.0.0.1: no such answer in time" },
	{ "tcp:vip.example:7001", NULL, CHECK_LONG, HEALTH_UNKNOWN,
	  "192.0.2.53 is a VIP that is not on this host now" },
	{ "tcp:missing.example:7001", NULL, CHECK_LONG, HEALTH_DOWN,
	  "no answer: 'missing.example' cannot be looked up: no such name" },
	{ "tcp:silent.example:7001", NULL, CHECK_SHORT, HEALTH_DOWN,
	  "no answer: the name servers did not answer for 'silent.example' within 30ms" },
};

static void test_names(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	assert_int_equal(shell("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			       "ip link set v1 up && ip addr add 10.0.0.1/24 dev v0 && "
			       "ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:01 dev v0"),
			 0);
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", 7001, NULL, NULL);
	c->env.is_vip = is_documentation;
	c->env.names = names_new(c->env.loop, lookup);
	for (int known = 0; known < 2; known++) /* the second time without a lookup */
		for (size_t i = 0; i < ARRAY_SIZE(named); i++) {
			check_run(c, named[i].text, named[i].options, named[i].timeout);
			check_expect(c, named[i].health, named[i].said);
		}
	fake_server_stop(&s);
	assert_int_equal(shell("ip link del v0"), 0);
}

/* The resolver finds IPv6 addresses all the same. */
static void test_names_on_a_host_without_ipv6(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	assert_int_equal(shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=1"), 0);
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", 7001, NULL, NULL);
	c->env.names = names_new(c->env.loop, lookup);
	check_run(c, "tcp:six-first.example:7001", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UP, "");
	check_run(c, "tcp:six-last.example:7002", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN,
		     "cannot reach 127.0.0.1: Connection refused; cannot reach 2001:db8::1: Cannot "
		     "assign requested address");
	check_run(c, "tcp:six.example:7001", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN,
		     "cannot reach 2001:db8::1: Cannot assign requested address; cannot reach "
		     "2001:db8::2: Cannot assign requested address");
	fake_server_stop(&s);
	assert_int_equal(shell("sysctl -qw net.ipv6.conf.all.disable_ipv6=0"), 0);
}

/* More dead names than are looked up at once. */
static void test_a_lookup_that_waits_for_others(void **state)
{
	struct check *c = *state;
	struct names_query *others[16];
	c->env.names = names_new(c->env.loop, lookup);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		char host[32];
		const char *addresses;
		struct err err;
		snprintf(host, sizeof(host), "silent.example%zu", i);
		assert_int_equal(
			names_find(c->env.names, host, ignore, NULL, &addresses, &others[i], &err),
			0);
	}
	check_run(c, "tcp:www.example:7001", NULL, CHECK_SHORT);
	check_expect(c, HEALTH_UNKNOWN, "the lookup of 'www.example' had to wait for others");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		names_cancel(others[i]);
}

static void test_cancel_of_a_lookup(void **state)
{
	struct check *c = *state;
	c->env.names = names_new(c->env.loop, lookup);
	check_start(c, "tcp:silent.example:7001", NULL, CHECK_LONG);
	check_cancel(c);
	check_start(c, "tcp:www.example:7001", NULL, CHECK_LONG);
	check_expect_cancelled(c);
}

static void test_cancel(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", 7001, NULL, NULL);
	check_start(c, "tcp:127.0.0.1:7001", expect_ok, CHECK_LONG);
	check_expect_cancelled(c);
	check_start(c, "tcp:127.0.0.1:7001", expect_ok, CHECK_LONG);
	loop_drain(c->env.loop);
	check_expect_cancelled(c);
	fake_server_stop(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, check_setup, check_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_answer_in_parts),
		TEST(test_reset),
		TEST(test_no_connection),
		TEST(test_vip_elsewhere),
		TEST(test_cancel),
		TEST(test_names),
		TEST(test_names_on_a_host_without_ipv6),
		TEST(test_cancel_of_a_lookup),
		TEST(test_a_lookup_that_waits_for_others),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
