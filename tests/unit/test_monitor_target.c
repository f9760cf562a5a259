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
	{ "host:80", "name of 4 80" },
	{ "www.example.com:80", "name of 15 80" },
	{ "a.1:80", NULL },
	{ "300.0.0.1:80", NULL },
	{ "127.1:80", NULL },
	{ "0x7f000001:80", NULL },
	{ "0x7f000001.a:80", "name of 12 80" },
	{ "a..:80", NULL },
	{ "a_b:80", "name of 3 80" },
};

static void test_endpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		struct monitor_endpoint e = { 0 };
		struct err err = { "" };
		char addr[ADDR_TEXT_MAX], got[ADDR_TEXT_MAX + 16];
		const char *text = endpoints[i].text;
		int rc = monitor_endpoint_parse(text, strlen(text), &e, &err);
		if (rc != (endpoints[i].as ? 0 : -EINVAL))
			fail_msg("'%s': %d %s", text, rc, err.text);
		if (rc < 0)
			continue;
		if (e.name_len > 0)
			snprintf(got, sizeof(got), "name of %u %u", e.name_len, e.port);
		else
			snprintf(got, sizeof(got), "%s %u", addr_format(&e.addr, addr), e.port);
		struct err why = { "" };
		assert_int_equal(monitor_endpoint_check_address(text, &e, &why),
				 e.name_len > 0 ? -EINVAL : 0);
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

/* The port takes 63 octets at most. */
static void test_longest(void **state)
{
	struct monitor_endpoint e = { 0 };
	struct err err = { "" };
	char text[300];
	(void)state;
	snprintf(text, sizeof(text), "192.0.2.1:%063d", 53);
	assert_int_equal(monitor_endpoint_parse(text, strlen(text), &e, &err), 0);
	assert_int_equal(e.port, 53);
	snprintf(text, sizeof(text), "192.0.2.1:%064d", 53);
	assert_int_equal(monitor_endpoint_parse(text, strlen(text), &e, &err), -EINVAL);
	assert_non_null(strstr(err.text, "bad port '0000"));
	assert_int_equal(monitor_host_parse("::", 2, &e, &err), 0);
	assert_int_equal(e.addr.family, AF_INET6);
	e = (struct monitor_endpoint){ 0 };
	memset(text, 'a', sizeof(text));
	text[253] = 0; /* as long as a name may be */
	assert_int_equal(monitor_host_parse(text, 253, &e, &err), 0);
	assert_int_equal(e.name_len, 253);
	assert_int_equal(e.addr.family, 0);
	text[253] = 'a';
	text[254] = 0;
	assert_int_equal(monitor_host_parse(text, 254, &e, &err), -EINVAL);
}

static void test_blanks(void **state)
{
	char text[] = "ab?c";
	(void)state;
	assert_false(monitor_has_blank(""));
	for (int c = 1; c < 256; c++) {
		text[2] = (char)c;
		assert_int_equal(monitor_has_blank(text), c <= ' ' || c == 0x7f);
	}
}

static void test_texts_of_refusals(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "[::ffff:192.0.2.1]:80", "an IPv4 address in the form of IPv6, write 192.0.2.1" },
		{ "a..:80", "'a..' is not an address or a host name, expected one like 127.0.0.1, "
			    "[::1], localhost or www.example.com" },
		{ "a:0", "bad port '0', expected 1 to 65535" },
		{ "a", "'a' has no port" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct monitor_endpoint e;
		struct err err = { "" };
		assert_int_equal(
			monitor_endpoint_parse(rows[i].text, strlen(rows[i].text), &e, &err),
			-EINVAL);
		assert_string_equal(err.text, rows[i].error);
	}
	struct err err = { "" };
	assert_int_equal(monitor_url_check("http://a:0/x", "http://x/", &err), -EINVAL);
	assert_string_equal(err.text, "bad port ':0', expected 1 to 65535");
}

static bool is_same_endpoint(const char *a, const char *b)
{
	struct monitor_spec x, y;
	struct err err;
	assert_int_equal(monitor_spec_parse(a, &x, &err), 0);
	assert_int_equal(monitor_spec_parse(b, &y, &err), 0);
	bool same = monitor_endpoint_spec_equal(&x, &y);
	monitor_spec_done(&x);
	monitor_spec_done(&y);
	return same;
}

/* A name in any case; an address however it is written. */
static void test_endpoints_that_are_the_same(void **state)
{
	(void)state;
	assert_true(is_same_endpoint("tcp:www.example:80", "tcp:WWW.Example:80"));
	assert_true(is_same_endpoint("tcp:www.example:80", "tcp:www.example:080"));
	assert_true(is_same_endpoint("tcp:192.0.2.1:80", "tcp:192.0.2.1:80"));
	assert_true(is_same_endpoint("tcp:[::1]:80", "tcp:[0:0::1]:80"));
	assert_true(is_same_endpoint("tcp:localhost:80", "tcp:127.0.0.1:80"));
	assert_false(is_same_endpoint("tcp:www.example:80", "tcp:www.example:81"));
	assert_false(is_same_endpoint("tcp:www.example:80", "tcp:www.examples:80"));
	assert_false(is_same_endpoint("tcp:www.example:80", "tcp:wwx.example:80"));
	assert_false(is_same_endpoint("tcp:www.example:80", "tcp:www.examplf:80"));
	assert_false(is_same_endpoint("tcp:192.0.2.1:80", "tcp:192.0.2.2:80"));
	assert_false(is_same_endpoint("tcp:192.0.2.1:80", "tcp:www.example:80"));
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
		cmocka_unit_test(test_blanks),
		cmocka_unit_test(test_texts_of_refusals),
		cmocka_unit_test(test_endpoints_that_are_the_same),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_the_longest_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
