/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/array.h"
#include "net/http_headers.h"

static void add(struct http_headers *h, const char *line)
{
	http_headers_add(h, line, strlen(line));
}

static const struct http_headers *answer(void)
{
	static struct http_headers h;
	h = (struct http_headers){ 0 };
	add(&h, "HTTP/1.1 200 OK\r\n");
	add(&h, "X-Consul-Index: 42\r\n");
	add(&h, "X-Consul-IndexOf:  7\r\n");
	add(&h, "Set-Cookie: a=1\r\n");
	add(&h, "set-cookie:b=2; Path=/\r\n");
	add(&h, "Empty:\r\n");
	add(&h, "Spaces: \t \r\n");
	add(&h, "\r\n");
	return &h;
}

static void values_are_found_by_name(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{ "X-Consul-Index", "42" },
		{ "x-consul-index", "42" },
		{ "X-Consul-IndexOf", "7" },
		{ "X-Consul", NULL },
		{ "Set-Cookie", "a=1" },
		{ "Empty", "" },
		{ "Spaces", "" },
		{ "HTTP/1.1 200 OK", NULL },
	};
	char buf[HTTP_HEADER_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *got = http_headers_get(answer(), cases[i].name, buf);
		assert_int_equal(!got, !cases[i].want);
		if (got)
			assert_string_equal(got, cases[i].want);
	}
}

static void any_of_several_headers_may_have_the_part(void **state)
{
	(void)state;
	assert_true(http_headers_have(answer(), "Set-Cookie", "a=1"));
	assert_true(http_headers_have(answer(), "SET-COOKIE", "Path"));
	assert_true(http_headers_have(answer(), "Empty", ""));
	assert_false(http_headers_have(answer(), "Set-Cookie", "c=3"));
	assert_false(http_headers_have(answer(), "Missing", ""));
	/* The value ends with its line. */
	assert_false(http_headers_have(answer(), "X-Consul-Index", "7"));
	assert_false(http_headers_have(answer(), "Set-Cookie", "\r\n"));
}

static void headers_that_do_not_fit_are_dropped(void **state)
{
	static struct http_headers h;
	static char line[HTTP_HEADERS_MAX];
	char buf[HTTP_HEADER_MAX];
	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "Long: ", sizeof("Long: ") - 1);
	http_headers_add(&h, line, sizeof(line));
	assert_int_equal(h.len, 0);
	http_headers_add(&h, line, HTTP_HEADERS_MAX - 8);
	add(&h, "\r\nA:b\r\n"); /* one byte is left for the end */
	assert_int_equal(h.len, HTTP_HEADERS_MAX - 1);
	add(&h, "C");
	assert_int_equal(h.len, HTTP_HEADERS_MAX - 1);
	assert_null(http_headers_get(&h, "Long", buf));
	assert_string_equal(http_headers_get(&h, "A", buf), "b");
}

/* The memory is used again for the next answer. */
static void what_was_there_before_is_gone(void **state)
{
	static struct http_headers h;
	char buf[HTTP_HEADER_MAX];
	(void)state;
	memset(h.text, 'x', sizeof(h.text));
	add(&h, "A:b");
	assert_string_equal(h.text, "A:b");
	assert_string_equal(http_headers_get(&h, "A", buf), "b");
}

static void a_value_that_is_too_long_is_none(void **state)
{
	char value[HTTP_HEADER_MAX + 1], buf[HTTP_HEADER_MAX];
	(void)state;
	for (size_t len = HTTP_HEADER_MAX - 1; len <= HTTP_HEADER_MAX; len++) {
		static struct http_headers h;
		h = (struct http_headers){ 0 };
		memset(value, 'v', len);
		value[len] = 0;
		add(&h, "A: ");
		add(&h, value);
		add(&h, "\r\n");
		const char *got = http_headers_get(&h, "A", buf);
		assert_int_equal(got != NULL, len < HTTP_HEADER_MAX);
		if (got)
			assert_string_equal(got, value);
		assert_true(http_headers_have(&h, "A", value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(any_of_several_headers_may_have_the_part),
		cmocka_unit_test(headers_that_do_not_fit_are_dropped),
		cmocka_unit_test(what_was_there_before_is_gone),
		cmocka_unit_test(a_value_that_is_too_long_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
