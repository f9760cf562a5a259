/* SPDX-License-Identifier: MIT */
/* JSON that is written without a tree, against the same by jansson. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/json_out.h"
#include "agent/status/stream.h"
#include "lib/array.h"

/* The output equals `tree`. Frees both. */
static void expect(struct json_out *o, json_t *tree)
{
	char *text = stream_json_text(tree);
	text[strlen(text) - 1] = 0;
	assert_string_equal(o->text, text);
	assert_int_equal(o->len, strlen(text));
	free(text);
	free(o->text);
	json_decref(tree);
	*o = (struct json_out){ 0 };
}

static void test_nesting(void **state)
{
	struct json_out o = { 0 };
	(void)state;
	json_out_open(&o, '{');
	json_out_key(&o, "a");
	json_out_open(&o, '[');
	json_out_count(&o, 0);
	json_out_count(&o, 1234567890123);
	json_out_open(&o, '{');
	json_out_close(&o, '}');
	json_out_open(&o, '[');
	json_out_close(&o, ']');
	json_out_text(&o, NULL);
	json_out_close(&o, ']');
	json_out_key(&o, "b");
	json_out_bool(&o, true);
	json_out_key(&o, "c");
	json_out_json(&o, json_null());
	json_out_key(&o, "d");
	json_out_json(&o, json_pack("{s:i}", "x", 1));
	json_out_close(&o, '}');
	expect(&o, json_pack("{s:[i,I,{},[],n], s:b, s:n, s:{s:i}}", "a", 0,
			     (json_int_t)1234567890123, "b", 1, "c", "d", "x", 1));
}

static void test_texts(void **state)
{
	static const char *const texts[] = {
		"",
		"\"",
		"\\\\",
		"\n",
		"plain",
		"a \"quote\" and a \\",
		"a\nb\t\x01",
		"\x7f",
		"größe",
		"\xff broken",
		"password=geheim token",
		"/",
		"https://u:p@h/",
		"ends with [",
		"ends with {",
		"ends with :",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct json_out o = { 0 };
		json_out_open(&o, '[');
		json_out_text(&o, texts[i]);
		json_out_text(&o, texts[i]);
		json_out_close(&o, ']');
		expect(&o, json_pack("[o, o]", view_text(texts[i]), view_text(texts[i])));
	}
}

static void test_members(void **state)
{
	struct json_out o = { 0 };
	(void)state;
	json_out_open(&o, '{');
	json_out_add_json(&o, "j", json_pack("[i, i]", 1, 2));
	json_out_add_text(&o, "t", "x");
	json_out_add_bool(&o, "b", false);
	json_out_add_count(&o, "c", 9);
	json_out_add_json(&o, "n", json_null());
	json_out_key(&o, "l");
	json_out_open(&o, '[');
	json_out_bool(&o, true);
	json_out_bool(&o, false);
	json_out_json(&o, json_integer(1));
	json_out_json(&o, json_integer(2));
	json_out_close(&o, ']');
	json_out_close(&o, '}');
	expect(&o, json_pack("{s:[i, i], s:s, s:b, s:i, s:n, s:[b, b, i, i]}", "j", 1, 2, "t", "x",
			     "b", 0, "c", 9, "n", "l", 1, 0, 1, 2));
}

static void test_times(void **state)
{
	static const mono_t times[] = { 0,      1,          1000,       1500000,   2000000,
					999999, 1234567890, 2000000001, USEC_NEVER };
	const struct view_clock clock = { .now = 2000000, .wall = 1700000000123456 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		struct json_out o = { 0 };
		json_t *tree = json_object();
		json_out_open(&o, '{');
		json_out_time(&o, &clock, "since", times[i]);
		json_out_close(&o, '}');
		view_add_time(tree, &clock, "since", times[i]);
		expect(&o, tree);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_nesting),
					    cmocka_unit_test(test_texts),
					    cmocka_unit_test(test_members),
					    cmocka_unit_test(test_times) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
