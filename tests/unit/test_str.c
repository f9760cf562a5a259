/* SPDX-License-Identifier: MIT */
#include "lib/array.h"
#include "lib/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *text;
	uint64_t max;
	int r;
	uint64_t value;
} numbers[] = {
	{ "0", 0, 0, 0 },
	{ "00042", 100, 0, 42 },
	{ "65535", 65535, 0, 65535 },
	{ "65536", 65535, -ERANGE, 0 },
	{ "9", 8, -ERANGE, 0 },
	{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999999", UINT64_MAX, -ERANGE, 0 },
	{ "", 9, -EINVAL, 0 },
	{ "+1", 9, -EINVAL, 0 },
	{ "-1", 9, -EINVAL, 0 },
	{ " 1", 9, -EINVAL, 0 },
	{ "1 ", 9, -EINVAL, 0 },
	{ "0x1", 9, -EINVAL, 0 },
	{ "1.0", 9, -EINVAL, 0 },
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		uint64_t v = 77;
		int r = str_to_u64(numbers[i].text, numbers[i].max, &v);
		if (r != numbers[i].r || v != (r == 0 ? numbers[i].value : 77))
			fail_msg("'%s': %d, %llu", numbers[i].text, r, (unsigned long long)v);
	}
}

#define S USEC_PER_SEC

/* `out` is how the value is written again. */
static const struct {
	const char *text;
	span_t value;
	const char *out;
} durations[] = {
	{ "0", 0, "0s" },
	{ "0s", 0, "0s" },
	{ "90s", 90 * S, "1m30s" },
	{ "1m30s", 90 * S, "1m30s" },
	{ "15m", 900 * S, "15m" },
	{ "1.5h", 5400 * S, "1h30m" },
	{ "500ms", S / 2, "500ms" },
	{ "0.5s", S / 2, "500ms" },
	{ ".5s", S / 2, "500ms" },
	{ "1.s", S, "1s" },
	{ "10us", 10, "10us" },
	{ "10µs", 10, "10us" },
	{ "1h1m1s1ms1us", 3661 * S + 1001, "1h1m1s1ms1us" },
	{ "1.000001s", S + 1, "1s1us" },
	{ "1.0000019s", S + 1, "1s1us" },
	{ "30s1m", 90 * S, "1m30s" },
	{ "1.25s", 1250 * USEC_PER_MSEC, "1s250ms" },
	/* Six places behind the point count. */
	{ "0.0000019h", 3600, "3ms600us" },
	/* The most digits, and the most hours and minutes. */
	{ "1000000000000us", 1000000 * S, "277h46m40s" },
	{ "2562047788h", 2562047788 * 3600 * S, "2562047788h" },
	{ "153722867280m", 153722867280 * 60 * S, "2562047788h" },
};

static void test_durations(void **state)
{
	(void)state;
	char buf[DURATION_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
		span_t v = 77;
		if (duration_parse(durations[i].text, &v, NULL) != 0 || v != durations[i].value)
			fail_msg("'%s': %llu", durations[i].text, (unsigned long long)v);
		if (strcmp(duration_format(v, buf), durations[i].out) != 0)
			fail_msg("'%s' is written %s", durations[i].text, buf);
	}
	/* The longest there is fits. */
	assert_string_equal(duration_format(USEC_NEVER, buf), "5124095576h1m49s551ms615us");
}

static void test_bad_durations(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
					   "10",
					   "s",
					   "-1s",
					   "+1s",
					   "1 s",
					   "1s ",
					   "1d",
					   ".s",
					   "1e3s",
					   "1sm",
					   "1s1",
					   "1..5s",
					   "99999999999999999999h",
					   "9999999999999h",
					   "1000000000010us",
					   "2562047789h",
					   "153722867281m" };
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		span_t v = 77;
		struct err err = { "" };
		if (duration_parse(bad[i], &v, &err) != -EINVAL || v != 77)
			fail_msg("'%s' accepted", bad[i]);
		assert_non_null(strstr(err.text, bad[i]));
		assert_non_null(strstr(err.text, "1m30s"));
	}
}

static const struct {
	const char *word, *nearest;
} words[] = {
	{ "monitors", "monitors" },
	{ "monitor", "monitors" },
	{ "monitros", "monitors" },
	{ "nat", "nats" },
	{ "vpi", "vip" },
	{ "communites", "communities" },
	{ "xyzzy", NULL },
	{ "", NULL },
	/* Too long to be compared at all. */
	{ "monitorsmonitorsmonitorsmonitorsmonitorsmonitorsmonitorsmonitorsmonitors", NULL },
};

static void test_nearest(void **state)
{
	(void)state;
	static const char *const candidates[] = { "name", "vip",         "monitors",
						  "nats", "communities", NULL };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *n = str_nearest(words[i].word, candidates);
		if (n != words[i].nearest && (!n || strcmp(n, words[i].nearest) != 0))
			fail_msg("'%s' is near '%s'", words[i].word, n ? n : "nothing");
	}
}

/* One change for each three letters, and one more: letters that are there in addition, that are
 * missing, or that are others, at either end and within. */
static void test_how_near_is_near(void **state)
{
	static const struct {
		const char *word, *candidate;
		bool is_near;
	} rows[] = {
		{ "abc", "xyabc", true },      { "abc", "xyzabc", false },
		{ "abc", "abcxy", true },      { "abc", "abcxyz", false },
		{ "abc", "axybc", true },      { "abc", "axyzbc", false },
		{ "xyzabc", "abc", true },     { "wxyzabc", "abc", false },
		{ "abcxyz", "abc", true },     { "abcwxyz", "abc", false },
		{ "abxyzc", "abc", true },     { "abwxyzc", "abc", false },
		{ "abcdef", "xyzdef", true },  { "abcdef", "wxyzef", false },
		{ "abcdef", "abcxyz", true },  { "abcdef", "abwxyz", false },
		{ "abcdef", "bcdefx", true },  { "abcdef", "cdefxy", false },
		{ "ab", "a", true },           { "ab", "", false },
		{ "abcdef", "axcxexf", true }, { "abcdef", "xbxdxfx", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const candidates[] = { rows[i].candidate, NULL };
		if ((str_nearest(rows[i].word, candidates) != NULL) != rows[i].is_near)
			fail_msg("'%s' and '%s'", rows[i].word, rows[i].candidate);
	}
	/* Of those that are near the nearest, of two the first. */
	static const char *const many[] = {
		"route", "rooutes", "routes", "routed", "ruotez", NULL
	};
	assert_string_equal(str_nearest("routes", many), "routes");
	assert_string_equal(str_nearest("routez", many), "route");
	assert_string_equal(str_nearest("rout", many), "route");
}

static void test_the_longest_word_that_is_compared(void **state)
{
	char word[66], longer[66];
	const char *const itself[] = { word, NULL }, *const other[] = { longer, NULL };
	(void)state;
	memset(word, 'a', sizeof(word));
	memset(longer, 'a', sizeof(longer));
	word[64] = longer[65] = 0;
	assert_ptr_equal(str_nearest(word, itself), word);
	assert_null(str_nearest(word, other));
	assert_null(str_nearest(longer, itself));
}

/* In, room, out. */
static const struct {
	const char *name, *src;
	size_t size;
	const char *out;
} printables[] = {
	{ "plain", "exit status 1", 64, "exit status 1" },
	{ "control characters", "a\nb\tc\033[2J\177", 64, "a?b?c?[2J?" },
	{ "UTF-8 of 2, 3 and 4 bytes", "é€😀", 64, "é€😀" },
	{ "the edges of UTF-8", "\xc2\xa0\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd", 64,
	  "\xc2\xa0\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbd" },
	{ "Latin-1", "caf\xe9!", 64, "caf?!" },
	{ "C1 control (CSI)",
	  "\xc2\x9b"
	  "2J",
	  64, "?2J" },
	{ "overlong", "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", 64, "?????????" },
	{ "directions", "a\xe2\x80\xae\xe2\x81\xa6", 64, "a??" },
	{ "separators", "\xe2\x80\xa8\xe2\x80\xa9", 64, "??" },
	{ "noncharacter", "\xef\xbf\xbf", 64, "?" },
	{ "surrogate", "\xed\xa0\x80", 64, "???" },
	{ "beyond Unicode", "\xf4\x90\x80\x80\xf5\x80\x80\x80", 64, "????????" },
	{ "cut sequence", "a\xe2\x82", 64, "a??" },
	{ "sequence broken by ASCII",
	  "\xe2"
	  "a\xe2\x82"
	  "b",
	  64, "?a??b" },
	{ "lone continuation", "\x80\xbf", 64, "??" },
	{ "cut to the room", "abcdef", 4, "abc" },
	{ "a character is not cut", "ab€", 5, "ab" },
	{ "a character that just fits", "ab€", 6, "ab€" },
	{ "room for the NUL only", "abc", 1, "" },
};

static void test_printable(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(printables); i++) {
		/* Exactly as big as said, in and out, for the sanitizer. */
		char *dst = malloc(printables[i].size);
		size_t len = strlen(printables[i].src);
		char *src = malloc(len);
		memcpy(src, printables[i].src, len);
		str_printable(dst, printables[i].size, src, len);
		if (strcmp(dst, printables[i].out) != 0)
			fail_msg("%s: '%s'", printables[i].name, dst);
		free(src);
		free(dst);
	}
	char untouched = 'x';
	str_printable(&untouched, 0, "abc", 3);
	assert_int_equal(untouched, 'x');
	char buf[8];
	assert_string_equal(str_printable(buf, sizeof(buf), "a\0b", 3), "a?b");
}

static void test_copy(void **state)
{
	(void)state;
	char buf[4] = "xyz";
	assert_int_equal(str_copy(buf, sizeof(buf), "abcd"), -ENAMETOOLONG);
	assert_string_equal(buf, "xyz");
	assert_int_equal(str_copy(buf, sizeof(buf), "abc"), 0);
	assert_string_equal(buf, "abc");
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(str_copy(buf, sizeof(buf), "ab"), 0);
	assert_memory_equal(buf, "ab\0x", 4);
	assert_true(str_starts("exec:x", "exec:"));
	assert_false(str_starts("exe", "exec:"));
}

static void test_strbuf(void **state)
{
	(void)state;
	char *buf = malloc(8);
	struct strbuf sb = strbuf_over(buf, 8);
	assert_string_equal(buf, "");
	strbuf_add(&sb, "%d-", 12);
	strbuf_add(&sb, "%s", "abc");
	assert_string_equal(buf, "12-abc");
	strbuf_add(&sb, "%s", "defg");
	strbuf_add(&sb, "more");
	assert_string_equal(buf, "12-abcd");
	assert_int_equal(sb.len, 7);
	free(buf);
}

static void test_err(void **state)
{
	(void)state;
	struct err err;
	assert_int_equal(err_set(&err, -EINVAL, "vip %s: bad", "x"), -EINVAL);
	assert_int_equal(err_prefix(&err, -EINVAL, "app %s: ", "dns"), -EINVAL);
	assert_string_equal(err.text, "app dns: vip x: bad");
	assert_int_equal(err_set(NULL, -EPERM, "not reported"), -EPERM);
	assert_int_equal(err_prefix(NULL, -EPERM, "not reported"), -EPERM);
	char longer[sizeof(err.text) + 10];
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = 0;
	err_prefix(&err, 0, "%s", longer);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_set(&err, -EINVAL, "xyz");
	err_prefix(&err, -EINVAL, "%s", "");
	assert_string_equal(err.text, "xyz");
	/* Of what is prefixed the rest fits, one octet, or none. */
	for (size_t n = sizeof(err.text) - 2; n <= sizeof(err.text); n++) {
		memset(longer, 'a', n);
		longer[n] = 0;
		err_set(&err, -EINVAL, "xyz");
		err_prefix(&err, -EINVAL, "%s", longer);
		assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
		assert_int_equal(err.text[sizeof(err.text) - 2],
				 n == sizeof(err.text) - 2 ? 'x' : 'a');
	}
}

/* The host lacks something for now; the request itself is not wrong. */
static void test_errors_that_pass(void **state)
{
	static const int passing[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EINTR, EAGAIN };
	(void)state;
	for (int error = 0; error < 200; error++) {
		bool is_one = false;
		for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
			is_one |= passing[i] == error;
		assert_int_equal(err_is_unavailable(-error), is_one);
	}
	assert_false(err_is_unavailable(EAGAIN));
}

static void test_same(void **state)
{
	(void)state;
	assert_true(str_same("a", "a") && str_same(NULL, NULL) && str_same("", NULL) &&
		    str_same(NULL, ""));
	assert_false(str_same("a", "b") || str_same("a", NULL) || str_same(NULL, "a") ||
		     str_same("a", "") || str_same("", "a"));
	assert_true(str_equal("", "") && str_equal("ab", "ab"));
	assert_false(str_equal("ab", "ac") || str_equal("ab", "a") || str_equal("", "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_bad_durations),
		cmocka_unit_test(test_how_near_is_near),
		cmocka_unit_test(test_the_longest_word_that_is_compared),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_strbuf),
		cmocka_unit_test(test_err),
		cmocka_unit_test(test_errors_that_pass),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
