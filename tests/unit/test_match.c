/* SPDX-License-Identifier: MIT */
/* Options of monitors: names, headers, status codes. */
#include "monitors/match.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

struct row {
	const char *text;
	bool valid;
};

static void expect(bool (*is_valid)(const char *text), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_valid(rows[i].text) != rows[i].valid)
			fail_msg("'%s'", rows[i].text);
}

static void host_names(void **state)
{
	static const struct row rows[] = {
		{ "www.example-1.com", true },
		{ "x", true },
		{ "_srv.example", true },
		{ "", false },
		{ ".", false },
		{ ".x", false },
		{ "x.", false },
		{ "a b", false },
		{ "a/b", false },
		{ X60 X60 X60 X60 "1234567890123", true },
		{ X60 X60 X60 X60 "12345678901234", false },
	};
	(void)state;
	expect(host_name_is_valid, rows, ARRAY_SIZE(rows));
}

static void headers(void **state)
{
	static const struct row rows[] = {
		{ "X-Name", true },    { "X-Name: value", true },
		{ "x:", true },        { "!#$%&'*+-.^_`|~", true },
		{ "", false },         { ":", false },
		{ ": value", false },  { "X Name: v", false },
		{ X60 "123", true },   { X60 "123: v", true },
		{ X60 "1234", false },
	};
	(void)state;
	expect(http_header_is_valid, rows, ARRAY_SIZE(rows));
}

static void status_codes(void **state)
{
	static const struct {
		const char *text;
		long status;
		bool matches;
	} rows[] = {
		{ NULL, 199, false },          { NULL, 200, true },
		{ NULL, 299, true },           { NULL, 300, false },
		{ "404", 404, true },          { "404", 405, false },
		{ "404", 403, false },         { "200-204,404", 204, true },
		{ "200-204,404", 205, false }, { "200-204,404", 404, true },
		{ "404,200-204", 200, true },  { "404,500,200-204", 203, true },
		{ "200-204", 199, false },     { "", 200, false },
		{ "x,200", 200, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (http_status_matches(rows[i].text, rows[i].status) != rows[i].matches)
			fail_msg("'%s', %ld", rows[i].text ? rows[i].text : "", rows[i].status);
}

static void status_lists(void **state)
{
	static const struct row rows[] = {
		{ "100", true },       { "599", true },         { "99", false },
		{ "600", false },      { "100-599", true },     { "200-200", true },
		{ "201-200", false },  { "200-", false },       { "200-x", false },
		{ "200-0", false },    { "200,", false },       { ",200", false },
		{ "200,404", true },   { "200-204,301", true }, { "", false },
		{ "2x0", false },      { "200 ", false },       { "200-:", false },
		{ "/00", false },      { "200-/", false },      { "200-900", false },
		{ "200-600", false },  { "0200", false },       { "+200", false },
		{ " 200", false },     { "200-+299", false },   { "200- 299", false },
		{ "100-199", true },   { "-200", false },       { "200--299", false },
		{ "200,,404", false }, { "200;404", false },    { "200-299-399", false },
	};
	(void)state;
	expect(http_status_list_is_valid, rows, ARRAY_SIZE(rows));
}

static void paths(void **state)
{
	static const struct row rows[] = {
		{ "/a", true }, { "/a/b", true }, { "a", false }, { "/", false }, { "/a/", false },
	};
	static char longest[PATH_MAX + 1];
	(void)state;
	expect(file_path_is_valid, rows, ARRAY_SIZE(rows));
	memset(longest, 'a', PATH_MAX - 1);
	longest[0] = '/';
	assert_true(file_path_is_valid(longest));
	longest[PATH_MAX - 1] = 'a';
	assert_false(file_path_is_valid(longest));
}

static void texts_and_bytes(void **state)
{
	(void)state;
	assert_true(text_is_valid("x"));
	assert_false(text_is_valid(""));
	assert_true(bytes_contain("a\0bc", 4, "bc"));
	assert_false(bytes_contain("a\0bc", 3, "bc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lists),    cmocka_unit_test(paths),
		cmocka_unit_test(texts_and_bytes), cmocka_unit_test(host_names),
		cmocka_unit_test(headers),         cmocka_unit_test(status_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
