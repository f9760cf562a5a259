/* SPDX-License-Identifier: MIT */
/* The http monitor against a server in the same loop. TLS has namespace tests. */
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

#define PORT 7080
#define URL  "http://127.0.0.1:7080/health"

static const char ok[] = "HTTP/1.1 200 OK\r\nX-State: ready\r\nContent-Length: 6\r\n\r\nready\n";
static const char overloaded[] = "HTTP/1.1 503 No\r\nContent-Length: 15\r\n\r\noverloaded\nmore";

static size_t reply(const uint8_t *request, size_t len, uint8_t *answer, void *userdata)
{
	if (len == 0 || !userdata)
		return 0;
	if (len < 16 || memcmp(request, "GET /health HTTP", 16) != 0)
		fail_msg("an unexpected request: %.*s", (int)len, (const char *)request);
	return fake_text(answer, userdata);
}

#define OPTION(name, value) ((const struct check_option[]){ { name, value }, { 0 } })

static const struct {
	const char *answer, *name, *value; /* of one option, or NULL */
	enum health health;
	const char *said;
} cases[] = {
	{ ok, NULL, NULL, HEALTH_UP, "" },
	{ ok, "status", "200", HEALTH_UP, "" },
	{ ok, "status", "404,500-599", HEALTH_DOWN, "status 200: ready" },
	{ ok, "header", "x-state: READ", HEALTH_DOWN, "without the header 'x-state: READ'" },
	{ ok, "header", "x-state: read", HEALTH_UP, "" },
	{ ok, "header", "X-State", HEALTH_UP, "" },
	{ ok, "header", "X-Other", HEALTH_DOWN, "status 200 without the header 'X-Other'" },
	{ ok, "body", "eady", HEALTH_UP, "" },
	{ ok, "body", "fine", HEALTH_DOWN, "status 200 without 'fine' in the body" },
	{ overloaded, NULL, NULL, HEALTH_DOWN, "status 503: overloaded" },
	{ overloaded, "status", "503", HEALTH_UP, "" },
	{ "nonsense\r\n\r\n", NULL, NULL, HEALTH_DOWN, "no answer: " },
	{ NULL, NULL, NULL, HEALTH_DOWN, "no answer: " }, /* the connection is closed */
};

static void test_answers(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_server s;
		fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", PORT, reply,
				  (void *)cases[i].answer);
		s.hang_up = true;
		check_run(c, URL, cases[i].name ? OPTION(cases[i].name, cases[i].value) : NULL,
			  CHECK_LONG);
		check_expect(c, cases[i].health, cases[i].said);
		fake_server_stop(&s);
	}
}

static void test_mute(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", PORT, NULL, NULL);
	check_run(c, URL, NULL, CHECK_SHORT);
	check_expect(c, HEALTH_DOWN, "no answer: ");
	fake_server_stop(&s);
}

static void test_refused(void **state)
{
	struct check *c = *state;
	check_run(c, URL, NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "no answer: ");
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
	check_run(c, "http://192.0.2.53/", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "192.0.2.53 is a VIP that is not on this host now");
}

static void test_ca_file(void **state)
{
	struct check *c = *state;
	check_run(c, "https://127.0.0.1:7080/", OPTION("tls_ca", "/nonexistent/ca.pem"),
		  CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "cannot read tls_ca '/nonexistent/ca.pem'");
	c->env.tls_ca = "/nonexistent/other.pem";
	check_run(c, "https://127.0.0.1:7080/", NULL, CHECK_LONG);
	check_expect(c, HEALTH_UNKNOWN, "cannot read tls_ca '/nonexistent/other.pem'");
	check_run(c, URL, NULL, CHECK_LONG); /* https only */
	check_expect(c, HEALTH_DOWN, "no answer: ");
}

static void test_cancel(void **state)
{
	struct check *c = *state;
	struct fake_server s;
	fake_server_start(&s, c->env.loop, SOCK_STREAM, "127.0.0.1", PORT, NULL, NULL);
	check_start(c, URL, NULL, CHECK_LONG);
	loop_until(c->env.loop, fake_server_is_asked, &s);
	check_expect_cancelled(c);
	fake_server_stop(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, check_setup, check_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),       TEST(test_mute),    TEST(test_refused),
		TEST(test_vip_elsewhere), TEST(test_ca_file), TEST(test_cancel),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
