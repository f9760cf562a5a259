/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
#include "lib/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* `out` NULL: refused. */
static const struct {
	const char *text;
	uint16_t default_port;
	const char *out;
} cases[] = {
	{ ":8080", 0, ":8080" },
	{ "192.0.2.1:8080", 0, "192.0.2.1:8080" },
	{ "[::1]:8080", 0, "[::1]:8080" },
	{ "[2001:db8::1]:1", 0, "[2001:db8::1]:1" },
	{ "localhost:65535", 0, "127.0.0.1:65535" },
	{ "unix:/run/x.sock", 0, "unix:/run/x.sock" },
	{ "unix:///run/x.sock", 0, "unix:/run/x.sock" },
	{ "192.0.2.1", 179, "192.0.2.1:179" },
	{ "2001:db8::1", 179, "[2001:db8::1]:179" },
	{ "[2001:db8::1]", 179, "[2001:db8::1]:179" },
	{ "::", 179, "[::]:179" },
	{ "", 179, ":179" },
	{ "192.0.2.1:1", 179, "192.0.2.1:1" },
	{ "192.0.2.1", 0, NULL },
	{ "", 0, NULL },
	{ ":", 0, NULL },
	{ ":", 179, NULL },
	{ ":0", 179, NULL },
	{ ":65536", 0, NULL },
	{ ":99999", 0, NULL },
	{ ":http", 0, NULL },
	{ ":-1", 0, NULL },
	{ "[::1", 179, NULL },
	{ "[]:80", 0, NULL },
	{ "[::1]80", 0, NULL },
	{ "[::1]:", 179, NULL },
	{ "example.com:80", 0, NULL },
	{ "192.0.2.1:80:81", 0, NULL },
	{ "unix:relative.sock", 0, NULL },
	{ "unix:", 0, NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd", 179, NULL },
};

static void test_cases(void **state)
{
	(void)state;
	char buf[ENDPOINT_TEXT_MAX] = "";
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct endpoint ep = { .port = 7 };
		struct err err = { "" };
		int r = endpoint_parse(cases[i].text, cases[i].default_port, &ep, &err);
		if (!cases[i].out) {
			if (r != -EINVAL || ep.port != 7 || !strstr(err.text, cases[i].text))
				fail_msg("'%s': %d '%s'", cases[i].text, r, err.text);
		} else if (r != 0 || strcmp(endpoint_format(&ep, buf), cases[i].out) != 0) {
			fail_msg("'%s' became '%s'", cases[i].text, buf);
		}
	}
}

static void test_unix_path_length(void **state)
{
	(void)state;
	char text[128] = "unix:/", buf[ENDPOINT_TEXT_MAX];
	struct endpoint ep;
	memset(text + 6, 'x', sizeof(text) - 6);
	text[5 + 107] = 0;
	assert_int_equal(endpoint_parse(text, 0, &ep, NULL), 0);
	assert_string_equal(endpoint_format(&ep, buf), text);
	text[5 + 107] = 'x';
	text[5 + 108] = 0;
	struct err err;
	assert_int_equal(endpoint_parse(text, 0, &ep, &err), -EINVAL);
	assert_non_null(strstr(err.text, "limited to 107 bytes"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unix_path_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
