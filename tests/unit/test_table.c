/* SPDX-License-Identifier: MIT */
/* A table on terminals of any width: which columns are cut, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/table.h"
#include "lib/array.h"

#define PRINTED_MAX 1024

static const char *printed(const struct table *t, size_t width, bool colors,
			   char buf[static PRINTED_MAX])
{
	const struct table_style style = { .width = width, .colors = colors };
	FILE *out = fmemopen(buf, PRINTED_MAX, "w");
	assert_non_null(out);
	table_print(t, &style, out);
	fclose(out);
	return buf;
}

/* The second line. */
static void expect_row(const struct table *t, size_t width, const char *wanted)
{
	char text[PRINTED_MAX], *row;
	printed(t, width, false, text);
	row = strchr(text, '\n');
	assert_non_null(row++);
	row[strcspn(row, "\n")] = 0;
	if (strcmp(row, wanted) != 0)
		fail_msg("width %zu: '%s'", width, row);
}

/* Of the widest columns the first is cut first, down to four; the last one keeps eight. */
static void test_what_is_cut_at_each_width(void **state)
{
	static const char *const rows[] = {
		"aaaaaaaa  bbb  cccccccc  dddddddddddd",
		"aaaaaaaa  bbb  cccccccc  dddddddddddd",
		"aaaaaaaa  bbb  cccccccc  dddddddddd…",
		"aaaaaaaa  bbb  cccccccc  ddddddddd…",
		"aaaaaaaa  bbb  cccccccc  dddddddd…",
		"aaaaaaaa  bbb  cccccccc  ddddddd…",
		"aaaaaa…  bbb  cccccccc  ddddddd…",
		"aaaaaa…  bbb  cccccc…  ddddddd…",
		"aaaaa…  bbb  cccccc…  ddddddd…",
		"aaaaa…  bbb  ccccc…  ddddddd…",
		"aaaa…  bbb  ccccc…  ddddddd…",
		"aaaa…  bbb  cccc…  ddddddd…",
		"aaa…  bbb  cccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
		"aaa…  bbb  ccc…  ddddddd…",
	};
	struct table *t = table_new("A|B|C|D");
	(void)state;
	table_add(t, "aaaaaaaa");
	table_add(t, "bbb");
	table_add(t, "cccccccc");
	table_add(t, "dddddddddddd");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_row(t, 38 - i, rows[i]);
	table_free(t);
}

/* A last column that is narrower keeps what it has. */
static void test_a_narrow_last_column(void **state)
{
	static const char *const rows[] = { "aaaaaaaaa  bbbbb", "aaaaaaa…  bbbbb", "aaaaaa…  bbbbb",
					    "aaaaa…  bbbbb",    "aaaa…  bbbbb",    "aaa…  bbbbb",
					    "aaa…  bbbbb",      "aaa…  bbbbb" };
	struct table *t = table_new("A|B");
	(void)state;
	table_add(t, "aaaaaaaaa");
	table_add(t, "bbbbb");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_row(t, 16 - i, rows[i]);
	table_free(t);
}

static void test_one_column(void **state)
{
	struct table *t = table_new("A");
	(void)state;
	table_add(t, "aaaaaaaaaaaa");
	expect_row(t, 0, "aaaaaaaaaaaa");
	expect_row(t, 12, "aaaaaaaaaaaa");
	expect_row(t, 11, "aaaaaaaaaa…");
	expect_row(t, 8, "aaaaaaa…");
	expect_row(t, 7, "aaaaaaa…");
	table_free(t);
}

/* Wider than the blanks that are written at once. */
static void test_gaps(void **state)
{
	static const size_t widths[] = { 1, 30, 31, 32, 33, 63, 64, 65, 100 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct table *t = table_new("A|B");
		char cell[128], wanted[160], text[PRINTED_MAX];
		memset(cell, 'a', widths[i]);
		cell[widths[i]] = 0;
		table_add(t, cell);
		table_add(t, "b");
		printed(t, 0, false, text);
		snprintf(wanted, sizeof(wanted), "%-*s  B\n", (int)widths[i], "A");
		assert_memory_equal(text, wanted, strlen(wanted));
		table_free(t);
	}
}

/* A cell that is cut has its tone to its end. */
static void test_tones(void **state)
{
	static const struct {
		enum table_tone tone;
		const char *wanted;
	} tones[] = {
		{ TABLE_PLAIN, "aaaaaaa…\n" },
		{ TABLE_GOOD, "\033[32maaaaaaa…\033[0m\n" },
		{ TABLE_BAD, "\033[31maaaaaaa…\033[0m\n" },
		{ TABLE_WARNING, "\033[33maaaaaaa…\033[0m\n" },
		{ TABLE_DIM, "\033[2maaaaaaa…\033[0m\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tones); i++) {
		struct table *t = table_new("A");
		table_add_toned(t, tones[i].tone, "aaaaaaaaaa");
		char text[PRINTED_MAX];
		printed(t, 8, true, text);
		assert_memory_equal(text, "\033[2mA\033[0m\n", 10);
		assert_string_equal(text + 10, tones[i].wanted);
		printed(t, 8, false, text);
		assert_string_equal(text, "A\naaaaaaa…\n");
		table_free(t);
	}
}

/* A cell has 511 octets at most when it is formatted; a row that is not whole is not printed. */
static void test_what_does_not_fit(void **state)
{
	struct table *t = table_new("A|B");
	char text[PRINTED_MAX];
	printed(t, 0, false, text);
	(void)state;
	assert_string_equal(text, "A  B\n");
	/* The column is as wide as the cell, of a row that is not whole yet. */
	table_format(t, "%600d", 1);
	printed(t, 0, false, text);
	assert_int_equal(strlen(text), 511 + strlen("  B\n"));
	table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_cut_at_each_width),
		cmocka_unit_test(test_a_narrow_last_column),
		cmocka_unit_test(test_one_column),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_tones),
		cmocka_unit_test(test_what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
