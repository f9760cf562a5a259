/* SPDX-License-Identifier: MIT */
#include "net/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

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
	{ "http://a/", "a", 80 },
	{ "https://u@web", "web", 443 },
	{ "https://u@web:/", "web", 443 },
	{ "http://u@web:8/", "web", 8 },
	{ "http://web:1", "web", 1 },
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

static void the_longest_name(void **state)
{
	char url[8 + URL_HOST_MAX] = "http://", host[URL_HOST_MAX];
	uint16_t port;
	struct err err;
	(void)state;
	memset(url + 7, 'a', URL_HOST_MAX - 1);
	assert_int_equal(url_server(url, host, &port, &err), 0);
	assert_string_equal(host, url + 7);
	url[7 + URL_HOST_MAX - 1] = 'a';
	assert_true(url_server(url, host, &port, &err) < 0);
	assert_string_equal(host, "");
	memset(url + 7, 0, URL_HOST_MAX);
	memset(url + 7, '%', 80);
	assert_true(url_server(url, host, &port, &err) < 0);
	assert_non_null(strstr(err.text, url + 7));
	/* No more than 80 octets of it are shown. */
	memset(url + 7, '%', 81);
	assert_true(url_server(url, host, &port, &err) < 0);
	assert_null(strstr(err.text, url + 7));
	assert_non_null(strstr(err.text, url + 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_is_found),
		cmocka_unit_test(the_longest_name),
		cmocka_unit_test(other_characters_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
