/* SPDX-License-Identifier: MIT */
/* Text that YAML has no place for as it is. */
#include "agent/config/yaml_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
