/* SPDX-License-Identifier: MIT */
/* Long answers, produced as they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/stream.h"
#include "lib/mem.h"

/* A list of 1 … n, read in pieces of every size. */
static json_t *next_number(void *userdata)
{
	int *left = userdata;
	return *left > 0 ? json_integer((*left)--) : NULL;
}

static void no_done(void *userdata)
{
	(void)userdata;
}

static void read_all(int n, size_t piece, const char *want)
{
	static const struct stream_ops ops = { next_number, no_done };
	char text[256] = "";
	size_t len = 0, got;
	struct stream *s = stream_new(NULL, "numbers", &ops, &n);
	while ((got = stream_read(s, text + len, piece)) > 0)
		len += got;
	text[len] = 0;
	stream_free(s);
	assert_string_equal(text, want);
}

static void test_stream(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		read_all(0, piece, "{\"numbers\":[\n]}\n");
		read_all(1, piece, "{\"numbers\":[\n1\n]}\n");
		read_all(3, piece, "{\"numbers\":[\n3,\n2,\n1\n]}\n");
	}
}

/* Three pieces; the second took long. */
static char *next_word(void *userdata)
{
	static const char *const words[] = { "one ", "two ", "three", NULL };
	int *n = userdata;
	const char *word = words[*n];
	*n += word != NULL;
	return word ? mem_strdup(word) : NULL;
}

static bool was_two(void *userdata)
{
	return *(int *)userdata == 2;
}

/* After what took long, nothing more is made in this turn. */
static void test_stream_that_rests(void **state)
{
	(void)state;
	static const struct stream_text_ops ops = { next_word, no_done, was_two };
	int n = 0;
	char buf[64];
	struct stream *s = stream_new_text(&ops, &n);
	assert_int_equal(stream_read(s, buf, sizeof(buf)), strlen("one two "));
	assert_int_equal(n, 2);
	assert_int_equal(stream_read(s, buf, sizeof(buf)), strlen("three"));
	assert_memory_equal(buf, "three", strlen("three"));
	assert_int_equal(stream_read(s, buf, sizeof(buf)), 0);
	stream_free(s);
}

static bool always(void *userdata)
{
	(void)userdata;
	return true;
}

/* The first piece is made with the request: the second is not made in the same turn. */
static void test_stream_that_rests_at_once(void **state)
{
	(void)state;
	static const struct stream_text_ops ops = { next_word, no_done, always };
	int n = 0;
	char buf[64];
	struct stream *s = stream_new_text(&ops, &n);
	assert_int_equal(stream_read(s, buf, sizeof(buf)), strlen("one "));
	assert_int_equal(n, 1);
	assert_int_equal(stream_read(s, buf, 2), 2);
	assert_int_equal(stream_read(s, buf, sizeof(buf)), 2); /* the rest of it */
	assert_int_equal(n, 2);
	assert_int_equal(stream_read(s, buf, sizeof(buf)), strlen("three"));
	assert_int_equal(stream_read(s, buf, sizeof(buf)), 0);
	stream_free(s);
}

static void count_done(void *userdata)
{
	*(int *)userdata += 100;
}

/* Members in front of the list, and a value that is no JSON. */
static void test_stream_behind_other_members(void **state)
{
	static const struct stream_ops ops = { next_number, count_done };
	static const char *const wanted[] = { "{\"numbers\":[\n1\n]}\n",
					      "{\"total\":1.5,\"numbers\":[\n1\n]}\n" };
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[64] = "";
		int n = 1;
		json_t *before = i ? json_pack("{s:f}", "total", 1.5) : json_object();
		struct stream *s = stream_new(before, "numbers", &ops, &n);
		stream_read(s, text, sizeof(text));
		assert_string_equal(text, wanted[i]);
		stream_free(s);
		assert_int_equal(n, 100);
	}
	stream_free(NULL);
	char *text = stream_json_text(NULL);
	assert_string_equal(text, "null\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_stream),
					    cmocka_unit_test(test_stream_that_rests),
					    cmocka_unit_test(test_stream_that_rests_at_once),
					    cmocka_unit_test(test_stream_behind_other_members) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
