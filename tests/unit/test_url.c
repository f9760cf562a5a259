/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
	const char *url, *host;
	uint16_t port;
} good[] = {
	{ "http://www.example.com/x", "www.example.com", 80 },
	{ "https://www.example.com", "www.example.com", 443 },
	{ "https://user:pass@web:8443/?a=b@c", "web", 8443 },
	{ "http://a@b@web:08080#x", "web", 8080 },
	{ "http://web:/", "web", 80 },
	{ "http://web.?x:1", "web.", 80 },
	{ "web_1:8080", "web_1", 8080 },
	{ "http://localhost", "localhost", 80 },
	{ "http://192.0.2.1:8080/", "", 8080 },
	{ "http://[2001:db8::1]:8080/", "", 80 },
	{ "[2001:db8::1]:8080", "", 80 },
	{ "http:///x", "", 80 },
};

static void the_server_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		char host[URL_HOST_MAX];
		uint16_t port;
		struct err err;
		assert_int_equal(url_server(good[i].url, host, &port, &err), 0);
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
	}
}

static void other_characters_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { ("http://b\xc3\xbc"
					    "cher.example/"),
					   "http://a%2eb/", "http://a,b/" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char host[URL_HOST_MAX];
		uint16_t port;
		struct err err;
		assert_true(url_server(bad[i], host, &port, &err) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_is_found),
		cmocka_unit_test(other_characters_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
