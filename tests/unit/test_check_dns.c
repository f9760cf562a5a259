/* SPDX-License-Identifier: MIT */
/* The dns monitor against servers in the same loop; dns_message has tests of its own. */
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

#define PORT  7053
#define QUERY "dns:127.0.0.1:7053:www.example.com:A"

/* Behaviour of the server; see reply(). */
struct behaviour {
	uint16_t flags;
	bool with_answer, wrong_id;
	unsigned drop; /* so many queries first */
	bool echo;     /* the query itself */
};

/* 192.0.2.7 */
static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };

static size_t reply(const uint8_t *query, size_t len, uint8_t *answer, void *userdata)
{
	struct behaviour *b = userdata;
	if (len == 0 || b->drop > 0) {
		b->drop -= len > 0;
		return 0;
	}
	memcpy(answer, query, len);
	if (b->echo)
		return len;
	answer[0] ^= b->wrong_id;
	answer[2] = (uint8_t)(b->flags >> 8);
	answer[3] = (uint8_t)b->flags;
	answer[7] = b->with_answer;
	memcpy(answer + len, record, sizeof(record));
	return len + (b->with_answer ? sizeof(record) : 0);
}

static size_t reply_by_tcp(const uint8_t *query, size_t len, uint8_t *answer, void *userdata)
{
	if (len < 2)
		return 0;
	size_t n = reply(query + 2, len - 2, answer + 2, userdata);
	answer[0] = (uint8_t)(n >> 8);
	answer[1] = (uint8_t)n;
	return n > 0 ? n + 2 : 0;
}

static const struct check_option address_7[] = { { "answer", "192.0.2.7" }, { 0 } };
static const struct check_option nxdomain[] = { { "rcode", "NXDOMAIN" }, { 0 } };

static const struct {
	struct behaviour udp;
	const struct check_option *options;
	enum health health;
	const char *said;
} by_udp[] = {
	{ { .flags = 0x8180, .with_answer = true }, address_7, HEALTH_UP, "" },
	{ { .flags = 0x8180 }, NULL, HEALTH_UP, "" },
	{ { .flags = 0x8180 }, address_7, HEALTH_DOWN, "'192.0.2.7' is not among the answers" },
	{ { .flags = 0x8183 }, NULL, HEALTH_DOWN, "the answer is NXDOMAIN, expected NOERROR" },
	{ { .flags = 0x8183 }, nxdomain, HEALTH_UP, "" },
	{ { .flags = 0x8180, .wrong_id = true }, NULL, HEALTH_DOWN, "no answer within 30ms" },
	{ { .echo = true }, NULL, HEALTH_DOWN, "no answer within 30ms" },
	{ { .drop = 1 }, NULL, HEALTH_DOWN, "no answer within 30ms" },
};

static void test_udp(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < ARRAY_SIZE(by_udp); i++) {
		struct fake_server s;
		struct behaviour udp = by_udp[i].udp;
		bool late = strstr(by_udp[i].said, "within") != NULL;
		fake_server_start(&s, c->env.loop, SOCK_DGRAM, "127.0.0.1", PORT, reply, &udp);
		check_run(c, QUERY, by_udp[i].options, late ? CHECK_SHORT : CHECK_LONG);
		check_expect(c, by_udp[i].health, by_udp[i].said);
		fake_server_stop(&s);
	}
}

/* The first query is lost, the second is answered. */
static void test_repeats(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	struct behaviour udp = { .flags = 0x8180, .drop = 1 };
	fake_server_start(&s, c->env.loop, SOCK_DGRAM, "::1", PORT, reply, &udp);
	check_run(c, "dns:[::1]:7053:www.example.com:A", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UP, "");
	assert_int_equal(s.requests, 2);
	fake_server_stop(&s);
}

/* Answers by TCP after a truncated one by UDP. */
static const struct {
	const char *name;
	struct behaviour tcp;
	bool listens, hangs_up;
	enum health health;
	const char *said;
} by_tcp[] = {
	{ "answer", { .flags = 0x8180, .with_answer = true }, true, false, HEALTH_UP, "" },
	{ "truncated again", { .flags = 0x8380 }, true, false, HEALTH_DOWN, "even by TCP" },
	{ "another answer", { .echo = true }, true, false, HEALTH_DOWN, "does not answer" },
	{ "hangs up", { .drop = 9 }, true, true, HEALTH_DOWN, "closed the connection" },
	{ "mute", { .drop = 9 }, true, false, HEALTH_DOWN, "no answer within" },
	{ "refuses", { 0 }, false, false, HEALTH_DOWN, "Connection refused" },
};

static void test_tcp(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < ARRAY_SIZE(by_tcp); i++) {
		struct fake_server u, t = { .connection = -1 };
		struct behaviour udp = { .flags = 0x8380 }, tcp = by_tcp[i].tcp;
		bool late = strstr(by_tcp[i].said, "within") != NULL;
		fake_server_start(&u, c->env.loop, SOCK_DGRAM, "127.0.0.1", PORT, reply, &udp);
		if (by_tcp[i].listens)
			fake_server_start(&t, c->env.loop, SOCK_STREAM, "127.0.0.1", PORT,
					  reply_by_tcp, &tcp);
		t.hang_up = by_tcp[i].hangs_up;
		check_run(c, QUERY, by_tcp[i].health == HEALTH_UP ? address_7 : NULL,
			  late ? CHECK_SHORT : CHECK_LONG);
		if (c->health != by_tcp[i].health || !strstr(c->said, by_tcp[i].said))
			fail_msg("%s: %s '%s'", by_tcp[i].name, health_name(c->health), c->said);
		fake_server_stop(&u);
		if (by_tcp[i].listens)
			fake_server_stop(&t);
	}
}

static void test_refused(void **state)
{
	struct check *c = *state;
	check_run(c, QUERY, NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "no answer: Connection refused");
	check_run(c, "dns:10.7.7.7:53:x:A", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "cannot reach 10.7.7.7: Network is unreachable");
}

static void test_bad_name(void **state)
{
	struct check *c = *state;
	check_run(c, "dns:127.0.0.1:7053:a..b:A", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "'a..b' is not a name to ask for");
}

static void test_cancel(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_DGRAM, "127.0.0.1", PORT, NULL, NULL);
	check_start(c, QUERY, NULL, CHECK_LONG);
	loop_until(c->env.loop, fake_server_is_asked, &s);
	check_expect_cancelled(c);
	fake_server_stop(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, check_setup, check_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_udp),     TEST(test_repeats),  TEST(test_tcp),
		TEST(test_refused), TEST(test_bad_name), TEST(test_cancel),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
