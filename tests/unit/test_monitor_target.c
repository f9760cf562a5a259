/* SPDX-License-Identifier: MIT */
/* Hosts, ports and URLs of monitors, at the limits of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "monitors/target.h"

static void test_ports(void **state)
{
	static const struct {
		const char *text;
		int port; /* 0: refused */
	} cases[] = {
		{ "1", 1 }, { "65535", 65535 }, { "0", 0 },  { "65536", 0 },
		{ "", 0 },  { "8o", 0 },        { "-1", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		uint16_t port = 0;
		int rc = monitor_port_parse(cases[i].text, &port, &err);
		if (rc != (cases[i].port ? 0 : -EINVAL) || port != cases[i].port)
			fail_msg("'%s': %d %u", cases[i].text, rc, port);
	}
}

/* `as` NULL: refused. */
static const struct {
	const char *text, *as;
} endpoints[] = {
	{ "localhost:1", "127.0.0.1 1" },
	{ "[localhost]:1", "127.0.0.1 1" },
	{ "192.0.2.1:80", "192.0.2.1 80" },
	{ "[::1]:80", "::1 80" },
	{ "::1:80", "::1 80" },
	{ "[::1:80", NULL },
	{ "::1]:80", NULL },
	{ "[]:80", NULL },
	{ "[:80", NULL },
	{ ":80", NULL },
	{ "192.0.2.1", NULL },
	{ "192.0.2.1:", NULL },
	{ "[::ffff:192.0.2.1]:80", NULL },
	{ "[::fffe:192.0.2.1]:80", "::fffe:c000:201 80" },
	{ "[::1:ffff:c000:201]:80", "::1:ffff:c000:201 80" },
	{ "host:80", "a name of 4 80" },
};

static void test_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		struct monitor_endpoint e;
		struct err err = { "" };
		char addr[ADDR_TEXT_MAX], got[ADDR_TEXT_MAX + 8];
		const char *text = endpoints[i].text;
		int rc = monitor_endpoint_parse(text, strlen(text), &e, &err);
		if (rc != (endpoints[i].as ? 0 : -EINVAL))
			fail_msg("'%s': %d %s", text, rc, err.text);
		if (rc < 0)
			continue;
		if (!addr_is_set(&e.addr))
			snprintf(got, sizeof(got), "a name of %u %u", e.name_len, e.port);
		else
			snprintf(got, sizeof(got), "%s %u", addr_format(&e.addr, addr), e.port);
		assert_string_equal(got, endpoints[i].as);
	}
}

/* Only so many octets count: what is behind them belongs to another field. */
static void test_an_endpoint_ends_where_it_is_said_to(void **state)
{
	struct monitor_endpoint e;
	struct err err = { "" };
	(void)state;
	assert_int_equal(monitor_endpoint_parse("192.0.2.1:53:name", 12, &e, &err), 0);
	assert_int_equal(e.port, 53);
	assert_int_equal(monitor_endpoint_parse("192.0.2.1", 9, &e, &err), -EINVAL);
	assert_string_equal(err.text, "'192.0.2.1' has no port");
	assert_int_equal(monitor_endpoint_parse("192.0.2.1:53", 9, &e, &err), -EINVAL);
	assert_string_equal(err.text, "'192.0.2.1' has no port");
}

/* The port takes 63 octets at most, an address as many. */
static void test_longest(void **state)
{
	struct monitor_endpoint e;
	struct err err = { "" };
	char text[160];
	(void)state;
	snprintf(text, sizeof(text), "192.0.2.1:%063d", 53);
	assert_int_equal(monitor_endpoint_parse(text, strlen(text), &e, &err), 0);
	assert_int_equal(e.port, 53);
	snprintf(text, sizeof(text), "192.0.2.1:%064d", 53);
	assert_int_equal(monitor_endpoint_parse(text, strlen(text), &e, &err), -EINVAL);
	assert_non_null(strstr(err.text, "bad port '0000"));
	memset(text, ':', 63);
	text[63] = 0;
	assert_int_equal(monitor_host_parse(text, 63, &e, &err), -EINVAL);
	assert_int_equal(monitor_host_parse("::", 2, &e, &err), 0);
	assert_int_equal(e.addr.family, AF_INET6);
}

static const struct {
	const char *url, *target; /* "": a name; NULL: no URL */
} urls[] = {
	{ "http://192.0.2.1/", "192.0.2.1" },
	{ "http://192.0.2.1", "192.0.2.1" },
	{ "http://192.0.2.1:8080/x", "192.0.2.1" },
	{ "http://192.0.2.1:/x", "192.0.2.1" },
	{ "http://192.0.2.1:00080/x", "192.0.2.1" },
	{ "http://192.0.2.1:65535", "192.0.2.1" },
	{ "http://192.0.2.1:65536", NULL },
	{ "http://192.0.2.1:0", NULL },
	{ "http://192.0.2.1:0000080", "192.0.2.1" },
	{ "http://192.0.2.1:00000080", NULL },
	{ "http://192.0.2.1:000000080", NULL },
	{ "http://[::1]/", "::1" },
	{ "http://[::1]:1?x", "::1" },
	{ "http://[::1]1/", NULL },
	{ "http://[::1", NULL },
	{ "http://[]/", NULL },
	{ "http://user@192.0.2.1/", "192.0.2.1" },
	{ "http://user:pass@[::1]:1/", "::1" },
	{ "http://user@/", NULL },
	{ "http://u@192.0.2.1:1/a@b", "192.0.2.1" },
	{ "http://localhost/", "127.0.0.1" },
	{ "http://localhost.example/", "" },
	{ "http://a/", "" },
	{ "//192.0.2.1/", "192.0.2.1" },
	{ "http:///x", NULL },
	{ "http://?x", NULL },
	{ "http://#x", NULL },
	{ "http://:80/", NULL },
	{ "http://a b/", NULL },
	{ "http://a/\x7f", NULL },
	{ "http://a/\x1f", NULL },
	{ "http://a/!", "" },
	{ "http://[::ffff:192.0.2.1]/", NULL },
	{ "http://[x/]/", NULL },
};

static void test_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		struct err err = { "" };
		struct addr addr;
		char text[ADDR_TEXT_MAX];
		const char *wanted = urls[i].target;
		int rc = monitor_url_check(urls[i].url, "http://127.0.0.1/", &err);
		if (rc != (wanted ? 0 : -EINVAL))
			fail_msg("'%s': %d %s", urls[i].url, rc, err.text);
		if (!wanted)
			continue;
		bool found = monitor_url_target(urls[i].url, &addr);
		if (found != (*wanted != 0) ||
		    (found && strcmp(addr_format(&addr, text), wanted) != 0))
			fail_msg("'%s': the target is another", urls[i].url);
	}
}

/* A host of 255 octets fits, and one more does not. */
static void test_the_longest_host(void **state)
{
	char url[300] = "http://";
	struct err err = { "" };
	struct addr addr;
	(void)state;
	memset(url + 7, 'a', 255);
	assert_false(monitor_url_target(url, &addr));
	assert_true(addr_is_loopback(&addr)); /* it was read, and is a name */
	url[7 + 255] = 'a';
	assert_int_equal(monitor_url_check(url, "http://x/", &err), -EINVAL);
	assert_string_equal(err.text, "expected a URL like http://x/, with blanks as %20");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_an_endpoint_ends_where_it_is_said_to),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_the_longest_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
