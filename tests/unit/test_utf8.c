/* SPDX-License-Identifier: MIT */
#include "lib/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

/* `n` 0: refused. */
static const struct {
	const char *name, *text;
	size_t n;
	uint32_t c;
} characters[] = {
	{ "ASCII", "a", 1, 'a' },
	{ "the last of one byte", "\x7f", 1, 0x7f },
	{ "the first of two", "\xc2\x80", 2, 0x80 },
	{ "the last of two", "\xdf\xbf", 2, 0x7ff },
	{ "the first of three", "\xe0\xa0\x80", 3, 0x800 },
	{ "before the surrogates", "\xed\x9f\xbf", 3, 0xd7ff },
	{ "after the surrogates", "\xee\x80\x80", 3, 0xe000 },
	{ "the last of three", "\xef\xbf\xbf", 3, 0xffff },
	{ "the first of four", "\xf0\x90\x80\x80", 4, 0x10000 },
	{ "the last of all", "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "more behind it", "\xc3\xbcr", 2, 0xfc },
	{ "nothing", "", 0, 0 },
	{ "a continuation byte", "\x80", 0, 0 },
	{ "another", "\xbf", 0, 0 },
	{ "overlong, two bytes", "\xc0\x80", 0, 0 },
	{ "overlong, two bytes, the last", "\xc1\xbf", 0, 0 },
	{ "overlong, three bytes", "\xe0\x80\x80", 0, 0 },
	{ "overlong, three bytes, the last", "\xe0\x9f\xbf", 0, 0 },
	{ "overlong, four bytes", "\xf0\x80\x80\x80", 0, 0 },
	{ "overlong, four bytes, the last", "\xf0\x8f\xbf\xbf", 0, 0 },
	{ "the first surrogate", "\xed\xa0\x80", 0, 0 },
	{ "the last surrogate", "\xed\xbf\xbf", 0, 0 },
	{ "beyond U+10FFFF", "\xf4\x90\x80\x80", 0, 0 },
	{ "far beyond", "\xf7\xbf\xbf\xbf", 0, 0 },
	{ "five bytes", "\xf8\x88\x80\x80\x80", 0, 0 },
	{ "0xfe", "\xfe\x80\x80\x80", 0, 0 },
	{ "0xff", "\xff\x80\x80\x80", 0, 0 },
	{ "cut, two bytes", "\xc3", 0, 0 },
	{ "cut, three bytes", "\xe2\x82", 0, 0 },
	{ "cut, four bytes", "\xf0\x9f\x90", 0, 0 },
	{ "broken by ASCII", "\xe2\x82r", 0, 0 },
	{ "broken by a lead byte", "\xe2\xc3\xbc", 0, 0 },
};

static void test_decode(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(characters); i++) {
		/* Exactly as long as said, for the sanitizer. */
		size_t len = strlen(characters[i].text);
		char *text = malloc(len + !len);
		uint32_t c = 77;
		memcpy(text, characters[i].text, len);
		size_t n = utf8_decode(text, len, &c);
		if (n != characters[i].n || c != (n ? characters[i].c : 77))
			fail_msg("%s: %zu, U+%04X", characters[i].name, n, c);
		free(text);
	}
}

/* Every code point there is, encoded here, comes back; every one that is none does not. */
static void test_all_code_points(void **state)
{
	(void)state;
	for (uint32_t c = 0x800; c <= 0x1fffff; c++) {
		bool three = c <= 0xffff;
		const char text[] = { (char)(three ? 0xe0 | c >> 12 : 0xf0 | c >> 18),
				      (char)(0x80 | (three ? c >> 6 & 0x3f : c >> 12 & 0x3f)),
				      (char)(0x80 | (three ? c & 0x3f : c >> 6 & 0x3f)),
				      (char)(0x80 | (c & 0x3f)) };
		bool is_valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
		uint32_t got = c;
		size_t n = utf8_decode(text, sizeof(text), &got);
		if (n != (is_valid ? 4U - three : 0) || got != c)
			fail_msg("U+%04X: %zu, U+%04X", c, n, got);
	}
}

/* The edges of each kind, and their neighbours. */
static const struct {
	uint32_t c;
	const char *kind;
} kinds[] = {
	{ 0x00, "control" },
	{ 0x1f, "control" },
	{ 0x20, NULL },
	{ 0x7e, NULL },
	{ 0x7f, "control" },
	{ 0x80, "control" },
	{ 0x85, "control" },
	{ 0x9f, "control" },
	{ 0xa0, NULL },
	{ 0x61b, NULL },
	{ 0x61c, "direction" },
	{ 0x61d, NULL },
	{ 0x200d, NULL }, /* the joiner of Persian and of emoji */
	{ 0x200e, "direction" },
	{ 0x200f, "direction" },
	{ 0x2010, NULL },
	{ 0x2027, NULL },
	{ 0x2028, "line separator" },
	{ 0x2029, "paragraph separator" },
	{ 0x202a, "direction" },
	{ 0x202e, "direction" },
	{ 0x202f, NULL },
	{ 0x2065, NULL },
	{ 0x2066, "direction" },
	{ 0x2069, "direction" },
	{ 0x206a, NULL },
	{ 0xfdcf, NULL },
	{ 0xfdd0, "noncharacter" },
	{ 0xfdef, "noncharacter" },
	{ 0xfdf0, NULL },
	{ 0xfffd, NULL },
	{ 0xfffe, "noncharacter" },
	{ 0xffff, "noncharacter" },
	{ 0x10000, NULL },
	{ 0x1fffe, "noncharacter" },
	{ 0x10fffd, NULL },
	{ 0x10ffff, "noncharacter" },
};

static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		const char *kind = utf8_kind(kinds[i].c);
		if (!kind != !kinds[i].kind || (kind && !strstr(kind, kinds[i].kind)))
			fail_msg("U+%04X: %s", kinds[i].c, kind ? kind : "plain");
	}
}

static const struct {
	const char *text, *found; /* NULL: plain */
} checks[] = {
	{ "", NULL },
	{ "d\xc3\xbcrer \xf0\x9f\x90\x8e", NULL },
	{ "a\tb", "U+0009, a control character" },
	{ "a\xc2\x9b", "U+009B, a control character" },
	{ "abc\xe2\x80\xae", "U+202E, a direction control" },
	{ "\xe2\x80\xa8", "U+2028, a line separator" },
	{ "\xe2\x80\xa9", "U+2029, a paragraph separator" },
	{ "\xf4\x8f\xbf\xbf", "U+10FFFF, a noncharacter" },
	{ "caf\xe9", "the byte 0xe9, which is not UTF-8" },
	{ "\xed\xa0\x80", "the byte 0xed, which is not UTF-8" },
};

static void test_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct err err = { "" };
		int rc = utf8_check(checks[i].text, &err);
		assert_int_equal(rc, checks[i].found ? -EINVAL : 0);
		assert_string_equal(err.text, checks[i].found ? checks[i].found : "");
	}
}

static const struct {
	const char *name, *src;
	size_t size;
	const char *out;
} escapes[] = {
	{ "plain", "exit status 1, d\xc3\xbcrer", 64, "exit status 1, d\xc3\xbcrer" },
	{ "control characters", "a\nb\033[2J\177", 64, "a\\x0ab\\x1b[2J\\x7f" },
	{ "C1", "\xc2\x9b", 64, "\\u009b" },
	{ "directions", "x\xe2\x80\xae", 64, "x\\u202e" },
	{ "line separator", "\xe2\x80\xa8", 64, "\\u2028" },
	{ "noncharacter", "\xf0\x9f\xbf\xbf", 64, "\\U0001ffff" },
	{ "not UTF-8", "\xe9\xed\xa0\x80", 64, "\\xe9\\xed\\xa0\\x80" },
	{ "cut, plain", "abcdef", 4, "abc" },
	{ "an escape is not cut", "ab\n", 6, "ab" },
	{ "an escape that just fits", "ab\n", 7, "ab\\x0a" },
	{ "a character is not cut", "ab\xe2\x82\xac", 5, "ab" },
	{ "room for the NUL only", "abc", 1, "" },
};

static void test_escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(escapes); i++) {
		size_t len = strlen(escapes[i].src);
		char *dst = malloc(escapes[i].size), *src = malloc(len);
		memcpy(src, escapes[i].src, len);
		utf8_escape(dst, escapes[i].size, src, len);
		if (strcmp(dst, escapes[i].out) != 0)
			fail_msg("%s: '%s'", escapes[i].name, dst);
		free(src);
		free(dst);
	}
	char untouched = 'x';
	utf8_escape(&untouched, 0, "abc", 3);
	assert_int_equal(untouched, 'x');
}

static void test_the_longest_escape_fits(void **state)
{
	(void)state;
	char dst[UTF8_ESCAPED_MAX(3)];
	assert_string_equal(utf8_escape(dst, sizeof(dst), "\xff\xff\xff", 3), "\\xff\\xff\\xff");
}

/* Every code point: those of no block take one column. */
static void test_columns(void **state)
{
	static const struct {
		uint32_t first, last;
		unsigned columns;
	} blocks[] = {
		{ 0x0300, 0x036f, 0 },   { 0x0483, 0x0489, 0 },   { 0x0591, 0x05bd, 0 },
		{ 0x064b, 0x065f, 0 },   { 0x1100, 0x115f, 2 },   { 0x1ab0, 0x1aff, 0 },
		{ 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200d, 0 },   { 0x20d0, 0x20ff, 0 },
		{ 0x2e80, 0x303e, 2 },   { 0x3041, 0xa4cf, 2 },   { 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },
		{ 0xfe30, 0xfe6f, 2 },   { 0xfeff, 0xfeff, 0 },   { 0xff00, 0xff60, 2 },
		{ 0xffe0, 0xffe6, 2 },   { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 },
		{ 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 }, { 0xe0100, 0xe01ef, 0 },
	};
	size_t at = 0;
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		if (at < ARRAY_SIZE(blocks) && c > blocks[at].last)
			at++;
		bool is_in = at < ARRAY_SIZE(blocks) && c >= blocks[at].first;
		unsigned columns = is_in ? blocks[at].columns : 1;
		if (utf8_columns(c) != columns)
			fail_msg("U+%04X: %u", c, utf8_columns(c));
	}
}

/* How much fits, in octets and in columns: combining marks stay with their letter. */
static void test_what_fits(void **state)
{
	static const struct {
		const char *text;
		size_t columns, octets, taken;
	} cases[] = {
		{ "", 3, 0, 0 },
		{ "abc", 0, 0, 0 },
		{ "abc", 2, 2, 2 },
		{ "abc", 3, 3, 3 },
		{ "abc", 4, 3, 3 },
		{ "a bc~", 5, 5, 5 },
		{ "d\xc3\xbcrer", 3, 4, 3 },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 4, 6, 4 },
		{ "\xe6\x97\xa5\xe6\x9c\xac", 3, 3, 2 },
		{ "\xe6\x97\xa5", 1, 0, 0 },
		{ "u\xcc\x88x", 1, 3, 1 },
		{ "ab\xff", 5, 2, 2 },
		{ "ab\xe2\x82", 5, 2, 2 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t taken = 77;
		assert_int_equal(utf8_fit(cases[i].text, cases[i].columns, &taken),
				 cases[i].octets);
		assert_int_equal(taken, cases[i].taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),    cmocka_unit_test(test_columns),
		cmocka_unit_test(test_what_fits), cmocka_unit_test(test_all_code_points),
		cmocka_unit_test(test_kinds),     cmocka_unit_test(test_check),
		cmocka_unit_test(test_escape),    cmocka_unit_test(test_the_longest_escape_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
