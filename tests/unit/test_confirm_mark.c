/* SPDX-License-Identifier: MIT */
/* The mark of a reload on trial: written, read again, and refused unless it is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/store/confirm_mark.h"
#include "lib/array.h"

#define HASH       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HASH_OF_63 "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define WHOLE                                                                                      \
	"vipherald unconfirmed\nsha256 " HASH                                                      \
	"\nat 2026-01-02T03:04:05.678Z\nby uid 0\nfile /etc/a b.yaml\n"

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	struct confirm_mark mark = { .state = CONFIRM_UNCONFIRMED,
				     .sha256 = HASH,
				     .at = "2026-01-02T03:04:05.678Z",
				     .by = "uid 0",
				     .file = "/etc/a b.yaml" };
	struct confirm_mark again;
	char text[CONFIRM_MARK_MAX];
	assert_int_equal(confirm_mark_format(&mark, text, sizeof(text)), 0);
	assert_string_equal(text, WHOLE);
	assert_int_equal(confirm_mark_parse(text, &again), 0);
	assert_memory_equal(&again, &mark, sizeof(mark));
	mark.state = CONFIRM_ROLLED_BACK;
	strcpy(mark.by, "a\nfile x\x7f\t~");
	assert_int_equal(confirm_mark_format(&mark, text, sizeof(text)), 0);
	assert_int_equal(confirm_mark_parse(text, &again), 0);
	assert_string_equal(again.by, "a?file x??~");
	assert_int_equal(again.state, CONFIRM_ROLLED_BACK);
}

static void test_what_does_not_fit_is_refused(void **state)
{
	(void)state;
	struct confirm_mark mark = { .state = CONFIRM_UNCONFIRMED, .file = "a\nb" };
	char text[CONFIRM_MARK_MAX];
	assert_int_equal(confirm_mark_format(&mark, text, sizeof(text)), -EINVAL);
	strcpy(mark.file, "/etc/config.yaml");
	assert_int_equal(confirm_mark_format(&mark, text, 40), -EINVAL);
	size_t len = strlen("vipherald unconfirmed\nsha256 \nat \nby \nfile /etc/config.yaml\n");
	assert_int_equal(confirm_mark_format(&mark, text, len), -EINVAL);
	assert_int_equal(confirm_mark_format(&mark, text, len + 1), 0);
	assert_int_equal(strlen(text), len);
	mark.state = CONFIRM_NONE;
	assert_int_equal(confirm_mark_format(&mark, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

/* Each value may fill its room up to the NUL. */
static void test_the_longest_values(void **state)
{
	(void)state;
	struct confirm_mark mark, room;
	const struct {
		const char *before;
		size_t size;
		const char *behind;
	} cases[] = {
		{ "vipherald unconfirmed\nsha256 " HASH "\nat ", sizeof(room.at),
		  "\nby y\nfile z\n" },
		{ "vipherald unconfirmed\nsha256 " HASH "\nat x\nby ", sizeof(room.by),
		  "\nfile z\n" },
		{ "vipherald unconfirmed\nsha256 " HASH "\nat x\nby y\nfile ", sizeof(room.file),
		  "\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t more = 0; more <= 1; more++) {
			static char value[CONFIRM_MARK_MAX], text[2 * CONFIRM_MARK_MAX];
			memset(value, 'v', cases[i].size - 1 + more);
			value[cases[i].size - 1 + more] = 0;
			snprintf(text, sizeof(text), "%s%s%s", cases[i].before, value,
				 cases[i].behind);
			assert_int_equal(confirm_mark_parse(text, &mark), more ? -EINVAL : 0);
		}
}

static void test_what_is_no_mark(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"",
		"vipherald\n",
		"vipherald confirmed\nsha256 " HASH "\nat x\nby y\nfile z\n",
		"vipherald unconfirmed\nsha256 0123\nat x\nby y\nfile z\n",
		"vipherald unconfirmed\nsha256 " HASH "\nat x\nby y\nfile z",
		"vipherald unconfirmed\nsha256 " HASH "\nat x\nby y\n",
		"vipherald unconfirmed\nat x\nsha256 " HASH "\nby y\nfile z\n",
		WHOLE "more\n",
		"vipherold unconfirmed\nsha256 " HASH "\nat x\nby y\nfile z\n",
		"vipherald-unconfirmed\nsha256 " HASH "\nat x\nby y\nfile z\n",
		"vipherald 0123456789abcdef\nsha256 " HASH "\nat x\nby y\nfile z\n",
		"vipherald unconfirmed\nsha256 " HASH "0\nat x\nby y\nfile z\n",
		"vipherald unconfirmed\nsha256 A" HASH_OF_63 "\nat x\nby y\nfile z\n",
	};
	struct confirm_mark mark = { .state = CONFIRM_ROLLED_BACK };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (confirm_mark_parse(cases[i], &mark) != -EINVAL)
			fail_msg("accepted: %s", cases[i]);
	assert_int_equal(mark.state, CONFIRM_ROLLED_BACK);
	/* Cut off anywhere. */
	char text[] = WHOLE;
	for (size_t n = sizeof(text) - 2; n > 0; n--) {
		text[n] = 0;
		assert_int_equal(confirm_mark_parse(text, &mark), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_what_does_not_fit_is_refused),
		cmocka_unit_test(test_what_is_no_mark),
		cmocka_unit_test(test_the_longest_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
