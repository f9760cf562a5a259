/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json_scan.h"

static const struct {
	const char *text;
	const char *a; /* the value of "a"; NULL: it is missing */
	bool fails;
} objects[] = {
	{ "{}", NULL, false },
	{ " { } ", NULL, false },
	{ "{\"a\":1}", "1", false },
	{ "{\"b\":\"}\",\"a\" : [1,{\"a\":2}] , \"c\":null}", "[1,{\"a\":2}]", false },
	{ "{\"b\":\"\\\"\",\"a\":\"\\\\\"}", "\"\\\\\"", false },
	{ "{\"\\u0061\":1}", NULL, false }, /* a name holds no escapes */
	{ "{\"aa\":1,\"\":2}", NULL, false },
	{ "{\"a\":1,\"a\":2}", NULL, true },
	{ "{\"a\":1,}", NULL, true },
	{ "{,\"a\":1}", NULL, true },
	{ "{\"a\":1 \"b\":2}", NULL, true },
	{ "{\"a\" 1}", NULL, true },
	{ "{\"a\":}", NULL, true },
	{ "{\"a\":1", NULL, true },
	{ "{\"a\":\"x}", NULL, true },
	{ "{\"a\":\"x\\\"}", NULL, true },
	{ "{\"a\":[[]}", NULL, true },
	{ "{\"a", NULL, true },
	{ "{", NULL, true },
	{ "{a:1}", NULL, true },
	{ "{\"a\":1}}", NULL, true },
};

/* Exactly as large as the text, so that the sanitizer sees a read past its end. */
static char *exact(const char *text)
{
	char *copy = malloc(strlen(text) + 1);
	memcpy(copy, text, strlen(text) + 1);
	return realloc(copy, strlen(text));
}

static void test_fields(void **state)
{
	(void)state;
	static const char *const names[] = { "a" };
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		char *text = exact(objects[i].text);
		struct json_scan s = json_scan_over(text, strlen(objects[i].text));
		struct json_slice a;
		json_scan_fields(&s, names, 1, &a);
		json_scan_finish(&s);
		if (s.failed != objects[i].fails)
			fail_msg("%s: failed: %d", objects[i].text, s.failed);
		const char *wanted = objects[i].a ? objects[i].a : "";
		if (!s.failed &&
		    (a.len != strlen(wanted) || strncmp(a.p ? a.p : "", wanted, a.len) != 0))
			fail_msg("%s: %.*s", objects[i].text, (int)a.len, a.p);
		free(text);
	}
}

static void test_elements(void **state)
{
	(void)state;
	static const char text[] = "[1, [2], {\"x\":[3]}, \"]\"\n]\n";
	struct json_scan s = json_scan_over(text, strlen(text));
	static const char *const wanted[] = { "1", "[2]", "{\"x\":[3]}", "\"]\"" };
	size_t n = 0;
	assert_int_equal(json_scan_peek(&s), '[');
	json_scan_enter(&s);
	while (json_scan_element(&s)) {
		struct json_slice v = json_scan_value(&s);
		assert_int_equal(v.len, strlen(wanted[n]));
		assert_memory_equal(v.p, wanted[n], v.len);
		n++;
	}
	json_scan_finish(&s);
	assert_false(s.failed);
	assert_int_equal(n, ARRAY_SIZE(wanted));
	assert_int_equal(json_scan_line(&s, text), 3);
}

static void test_what_is_no_object_is_not_entered(void **state)
{
	(void)state;
	static const char *const names[] = { "a" };
	struct json_slice a = { .p = "x", .len = 1 };
	struct json_scan s = json_scan_over("[{}]", 4);
	assert_false(json_scan_fields(&s, names, 1, &a));
	assert_false(s.failed);
	assert_null(a.p);
	s = json_scan_over("7", 1);
	json_scan_enter(&s);
	assert_true(s.failed);
}

/* A value may be all there is. */
static void test_a_value_alone(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: it is none */
	} rows[] = {
		{ "12", "12" },
		{ " true ", "true" },
		{ "\"x\"", "\"x\"" },
		{ "[]", "[]" },
		{ "[[1]] ", "[[1]]" },
		{ "{\"a\":[{}]}", "{\"a\":[{}]}" },
		{ "null\n", "null" },
		{ "1:", "1" },
		{ "1,2", "1" },
		{ "1]", "1" },
		{ "1}", "1" },
		{ "1\"", "1" },
		{ "1[", "1" },
		{ "1{", "1" },
		{ "\"\\\"\"", "\"\\\"\"" },
		{ "[\"]\"]", "[\"]\"]" },
		{ "[\"\\\"]\"]", "[\"\\\"]\"]" },
		{ "\t\r\n1", "1" },
		{ "", NULL },
		{ " ", NULL },
		{ ":", NULL },
		{ "]", NULL },
		{ "}", NULL },
		{ ",", NULL },
		{ "[", NULL },
		{ "[[]", NULL },
		{ "{\"}", NULL },
		{ "\"", NULL },
		{ "\"\\\"", NULL },
		{ "\"\\", NULL },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].text);
		char *text = malloc(len ? len : 1);
		memcpy(text, rows[i].text, len);
		struct json_scan s = json_scan_over(text, len);
		struct json_slice v = json_scan_value(&s);
		if (s.failed == (rows[i].value != NULL))
			fail_msg("'%s': failed: %d", rows[i].text, s.failed);
		if (rows[i].value &&
		    (v.len != strlen(rows[i].value) || memcmp(v.p, rows[i].value, v.len) != 0))
			fail_msg("'%s': %.*s", rows[i].text, (int)v.len, v.p);
		if (!rows[i].value)
			assert_true(v.p == NULL && v.len == 0);
		else /* a newline behind it does not count yet */
			assert_int_equal(json_scan_line(&s, text), 1 + (text[0] == '\t'));
		free(text);
	}
}

/* Nothing more is read then, whatever is asked for. */
static void test_a_scan_that_failed_is_at_its_end(void **state)
{
	static const char text[] = "7 [1] {\"a\":1}";
	struct json_scan s = json_scan_over(text, strlen(text));
	struct json_slice key;
	(void)state;
	json_scan_enter(&s);
	assert_true(s.failed);
	assert_int_equal(json_scan_peek(&s), 0);
	assert_null(json_scan_value(&s).p);
	assert_false(json_scan_element(&s));
	assert_false(json_scan_member(&s, &key));
	json_scan_finish(&s);
	assert_true(s.failed);
	assert_int_equal(json_scan_line(&s, text), 1);
}

/* Several fields, of which some are there. */
static void test_several_fields(void **state)
{
	static const char *const names[] = { "a", "bc", "d" };
	static const char text[] = "{\"x\":0,\"d\":3,\"bc\":[2],\"b\":7,\"bcd\":8}";
	struct json_slice got[3];
	struct json_scan s = json_scan_over(text, strlen(text));
	(void)state;
	assert_true(json_scan_fields(&s, names, 3, got));
	assert_null(got[0].p);
	assert_int_equal(got[1].len, 3);
	assert_memory_equal(got[1].p, "[2]", 3);
	assert_int_equal(got[2].len, 1);
	assert_memory_equal(got[2].p, "3", 1);
	/* One that is there twice, and others in front of it: none are told. */
	static const char twice[] = "{\"a\":1,\"d\":3,\"d\":3}";
	s = json_scan_over(twice, strlen(twice));
	assert_false(json_scan_fields(&s, names, 3, got));
	assert_true(!got[0].p && !got[1].p && !got[2].p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_a_value_alone),
		cmocka_unit_test(test_a_scan_that_failed_is_at_its_end),
		cmocka_unit_test(test_several_fields),
		cmocka_unit_test(test_what_is_no_object_is_not_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
