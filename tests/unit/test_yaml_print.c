/* SPDX-License-Identifier: MIT */
/* Text that YAML has no place for as it is. */
#include "agent/config/yaml_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

static const struct {
	const char *text, *printed;
} texts[] = {
	{ "plain", "plain" },
	{ "of two words", "\"of two words\"" },
	{ "a \"quoted\" \\", "\"a \\\"quoted\\\" \\\\\"" },
	{ "a\tb\x7f", "\"a\\u0009b\\u007f\"" },
	{ "\xc2\x80 \xc2\x9f", "\"\\u0080 \\u009f\"" },
	{ "\xc2\xa0", "\"\xc2\xa0\"" },
	{ "\xef\xbb\xbe \xef\xbb\xbf", "\"\xef\xbb\xbe \\ufeff\"" },
	{ "\xef\xbf\xbd \xef\xbf\xbe \xef\xbf\xbf", "\"\xef\xbf\xbd \\ufffe \\uffff\"" },
	{ "\xef\xbc\xbf", "\"\xef\xbc\xbf\"" },
	{ "\x1f ~\x7f\x01", "\"\\u001f ~\\u007f\\u0001\"" },
	{ "\xc3\x80 \xc1", "\"\xc3\x80 \xc1\"" },
};

static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *object = json_pack("{s:o}", "k", json_string_nocheck(texts[i].text));
		char *printed = NULL, expected[128];
		size_t len = 0;
		FILE *out = open_memstream(&printed, &len);
		assert_non_null(object);
		assert_non_null(out);
		config_yaml_print(object, out);
		fclose(out);
		json_decref(object);
		snprintf(expected, sizeof(expected), "k: %s\n", texts[i].printed);
		assert_string_equal(printed, expected);
		free(printed);
	}
}

/* Words that are other values without quotes, and the ends of what is plain. */
static void test_words_and_marks(void **state)
{
	static const struct {
		const char *text;
		bool plain;
	} words[] = {
		{ "", false },        { "null", false }, { "TRUE", false },
		{ "False", false },   { "yes", false },  { "nO", false },
		{ "on", false },      { "off", false },  { "Y", false },
		{ "n", false },       { "yess", true },  { "o", true },
		{ "~", false },       { "1", false },    { "a1", true },
		{ "-a", false },      { "a-b", true },   { "a:b", true },
		{ "a:", false },      { ":", false },    { "a b", false },
		{ "/x", true },       { "_x", true },    { "Zz", true },
		{ "a.b@c%d+", true }, { "a#b", false },  { "a,b", false },
		{ "x[0]", false },    { ".a", false },   { "tcp:[::1]:5", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		json_t *object = json_pack("{s:s}", words[i].text, words[i].text);
		char *printed = NULL, expected[128];
		const char *quote = words[i].plain ? "" : "\"";
		size_t len = 0;
		FILE *out = open_memstream(&printed, &len);
		config_yaml_print(object, out);
		fclose(out);
		json_decref(object);
		snprintf(expected, sizeof(expected), "%s%s%s: %s%s%s\n", quote, words[i].text,
			 quote, quote, words[i].text, quote);
		assert_string_equal(printed, expected);
		free(printed);
	}
}

static void test_a_document(void **state)
{
	static const char text[] =
		"{\"a\": 1, \"b\": -9223372036854775807, \"c\": [1, \"x\", true, false, null], "
		"\"d\": {\"e\": {\"f\": [], \"g\": {}}, \"h\": 2}, "
		"\"i\": [{\"j\": 1, \"k\": {\"l\": [7]}, \"m\": [{\"t\": 3, \"o\": 4}, 5]}, {}, "
		"\"p\", {\"q\": [{\"r\": null}]}], \"s\": false}";
	static const char expected[] = "a: 1\n"
				       "b: -9223372036854775807\n"
				       "c: [1, x, true, false, null]\n"
				       "d:\n"
				       "  e:\n"
				       "    f: []\n"
				       "    g: {}\n"
				       "  h: 2\n"
				       "i:\n"
				       "  - j: 1\n"
				       "    k:\n"
				       "      l: [7]\n"
				       "    m:\n"
				       "      - t: 3\n"
				       "        o: 4\n"
				       "      - 5\n"
				       "  - {}\n"
				       "  - p\n"
				       "  - q:\n"
				       "      - r: null\n"
				       "s: false\n";
	json_t *object = json_loads(text, 0, NULL);
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);
	(void)state;
	config_yaml_print(object, out);
	fclose(out);
	assert_string_equal(printed, expected);
	json_decref(object);
	free(printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_words_and_marks),
		cmocka_unit_test(test_a_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
