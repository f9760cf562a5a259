/* SPDX-License-Identifier: MIT */
/* The ntp monitor against a server in the same loop; ntp_message has tests of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "lib/array.h"
#include "tests/unit/check.h"
#include "tests/unit/fake_server.h"
#include "tests/unit/own_netns.h"

#define PORT 7123
#define TEXT "ntp:127.0.0.1:7123"

struct behaviour {
	uint8_t first, stratum;
	int seconds;   /* that its clock is wrong by */
	unsigned drop; /* so many requests first */
	bool wrong_origin;
};

static void put_time(uint8_t *p, int seconds)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	uint32_t high = (uint32_t)((uint64_t)ts.tv_sec + 2208988800 + (uint64_t)seconds);
	uint32_t low = (uint32_t)(((uint64_t)ts.tv_nsec << 32) / 1000000000);
	for (int i = 0; i < 4; i++) {
		p[i] = (uint8_t)(high >> (24 - 8 * i));
		p[4 + i] = (uint8_t)(low >> (24 - 8 * i));
	}
}

static const uint8_t kiss_code[] = { 'R', 'A', 'T', 'E' };

static size_t reply(const uint8_t *request, size_t len, uint8_t *answer, void *userdata)
{
	struct behaviour *b = userdata;
	assert_int_equal(len, 48);
	assert_int_equal(request[0], 0x23); /* version 4, client */
	if (b->drop > 0) {
		b->drop--;
		return 0;
	}
	memset(answer, 0, 48);
	answer[0] = b->first;
	answer[1] = b->stratum;
	memcpy(answer + 12, kiss_code, sizeof(kiss_code));
	memcpy(answer + 24, request + 40, 8);
	answer[24] ^= b->wrong_origin;
	put_time(answer + 32, b->seconds);
	put_time(answer + 40, b->seconds);
	return 48;
}

static const struct check_option stratum_2[] = { { "max_stratum", "2" }, { 0 } };
static const struct check_option minute[] = { { "max_offset", "1m" }, { 0 } };
static const struct check_option both[] = { { "max_stratum", "3" }, { "max_offset", "1m" }, { 0 } };

static const struct {
	struct behaviour server;
	const struct check_option *options;
	enum health health;
	const char *said;
} cases[] = {
	{ { 0x24, 3, 0, 0, false }, NULL, HEALTH_UP, "" },
	{ { 0x24, 3, 0, 0, false }, both, HEALTH_UP, "" },
	{ { 0x24, 3, 0, 0, false }, stratum_2, HEALTH_DOWN, "stratum 3, expected at most 2" },
	{ { 0x24, 3, 7200, 0, false }, NULL, HEALTH_UP, "" },
	{ { 0x24, 3, 7200, 0, false }, minute, HEALTH_DOWN, "ahead of this host's" },
	{ { 0x24, 3, -7200, 0, false }, minute, HEALTH_DOWN, "behind this host's" },
	{ { 0xe4, 0, 0, 0, false }, NULL, HEALTH_DOWN, "kiss code RATE" },
	{ { 0xe4, 3, 0, 0, false }, NULL, HEALTH_DOWN, "not synchronised: leap 3" },
	{ { 0x24, 3, 0, 0, true }, NULL, HEALTH_DOWN, "no answer within 30ms" },
	{ { 0x23, 3, 0, 0, false }, NULL, HEALTH_DOWN, "no answer within 30ms" },
	{ { 0x24, 3, 0, 1, false }, NULL, HEALTH_DOWN, "no answer within 30ms" },
};

static void test_answers(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_server s;
		struct behaviour b = cases[i].server;
		bool late = strstr(cases[i].said, "within") != NULL;
		fake_server_start(&s, c->env.loop, SOCK_DGRAM, "127.0.0.1", PORT, reply, &b);
		check_run(c, TEXT, cases[i].options, late ? CHECK_SHORT : CHECK_LONG);
		check_expect(c, cases[i].health, cases[i].said);
		fake_server_stop(&s);
	}
}

/* The first request is lost; IPv6. */
static void test_repeats(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	struct behaviour b = { 0x24, 1, 0, 1, false };
	fake_server_start(&s, c->env.loop, SOCK_DGRAM, "::1", PORT, reply, &b);
	check_run(c, "ntp:[::1]:7123", both, CHECK_LONG);
	check_expect(c, HEALTH_UP, "");
	assert_int_equal(s.requests, 2);
	fake_server_stop(&s);
}

static void test_refused(void **state)
{
	struct check *c = *state;
	check_run(c, TEXT, NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "no answer: Connection refused");
	check_run(c, "ntp:10.7.7.7:123", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "cannot reach 10.7.7.7: Network is unreachable");
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
	check_run(c, "ntp:192.0.2.53:123", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "192.0.2.53 is a VIP that is not on this host now");
}

static void test_cancel(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_DGRAM, "127.0.0.1", PORT, NULL, NULL);
	check_start(c, TEXT, both, CHECK_LONG);
	loop_until(c->env.loop, fake_server_is_asked, &s);
	check_expect_cancelled(c);
	fake_server_stop(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, check_setup, check_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),       TEST(test_repeats), TEST(test_refused),
		TEST(test_vip_elsewhere), TEST(test_cancel),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
