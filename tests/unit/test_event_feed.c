/* SPDX-License-Identifier: MIT */
/* The events as a stream, read in pieces of any size and as slowly as the reader likes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/event_feed.h"
#include "lib/array.h"
#include "lib/str.h"

#define EPOCH 0x5e

struct bed {
	struct event_ring *ring;
	char text[16384]; /* all that was read */
};

static void add(struct bed *b, const char *kind, const char *app)
{
	event_ring_add(b->ring, &(struct event){ .at = 1000000,
						 .level = LOG_INFO,
						 .about = { .kind = kind, .app = app },
						 .text = "line\none" });
}

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ .ring = event_ring_new(4, EPOCH) };
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	event_ring_free(((struct bed *)*state)->ring);
	return 0;
}

/* All that there is, in pieces of `size` octets. */
static const char *read_all(struct bed *b, struct event_feed *f, size_t size)
{
	size_t len = 0;
	ssize_t n;
	while ((n = event_feed_read(f, b->text + len, size)) > 0) {
		assert_true((size_t)n <= size);
		len += (size_t)n;
	}
	assert_int_equal(n, 0);
	b->text[len] = 0;
	return b->text;
}

static const struct event_query from_now = { .follow = true };

static struct event_feed *begun(struct bed *b, const struct event_query *query)
{
	struct event_feed *f = event_feed_new(b->ring, query);
	read_all(b, f, 4096);
	return f;
}

static void it_begins_with_the_epoch(void **state)
{
	struct bed *b = *state;
	add(b, "app.up", "dns");
	struct event_feed *f = event_feed_new(b->ring, &from_now);
	assert_true(event_feed_has_more(f));
	assert_string_equal(read_all(b, f, 4096),
			    "retry: 1000\nevent: events.begin\n"
			    "data: {\"epoch\":\"5e\",\"newest\":1,\"oldest\":1,"
			    "\"kind\":\"events.begin\",\"restarted\":false}\n\n");
	assert_false(event_feed_has_more(f));
	event_feed_free(f);
	event_feed_free(NULL);
}

#define EVENT_2                                                                                    \
	"id: 5e-2\ndata: {\"id\":2,\"time\":\"1970-01-01T00:00:01.000Z\",\"level\":\"info\","      \
	"\"kind\":\"app.down\",\"app\":\"dns\",\"text\":\"line\\none\"}\n\n"

/* Whatever the size of the pieces. */
static void an_event_in_pieces(void **state)
{
	struct bed *b = *state;
	add(b, "app.up", "dns");
	for (size_t size = 1; size < 200; size++) {
		struct event_feed *f =
			begun(b, &(struct event_query){ .has_since = true, .since = { EPOCH, 1 } });
		if (size == 1)
			add(b, "app.down", "dns");
		assert_string_equal(read_all(b, f, size), size == 1 ? EVENT_2 : "");
		event_feed_free(f);
		f = event_feed_new(
			b->ring, &(struct event_query){ .has_since = true, .since = { EPOCH, 1 } });
		const char *text = read_all(b, f, size);
		assert_string_equal(strstr(text, "id: "), EVENT_2);
		event_feed_free(f);
	}
}

static void it_goes_on_after_a_mark(void **state)
{
	struct bed *b = *state;
	const struct event_query after_1 = { .has_since = true, .since = { 0, 1 } },
				 other = { .has_since = true, .since = { EPOCH + 1, 7 } },
				 all = { .has_since = true }, last = { .limit = 1 };
	for (int i = 0; i < 3; i++)
		add(b, "app.up", "dns");
	struct event_feed *f = event_feed_new(b->ring, &after_1);
	const char *text = read_all(b, f, 4096);
	assert_null(strstr(text, "id: 5e-1\n"));
	assert_non_null(strstr(text, "id: 5e-2\n"));
	assert_non_null(strstr(text, "id: 5e-3\n"));
	assert_non_null(strstr(text, "\"restarted\":false"));
	event_feed_free(f);
	f = event_feed_new(b->ring, &other);
	text = read_all(b, f, 4096);
	assert_non_null(strstr(text, "\"restarted\":true"));
	assert_non_null(strstr(text, "id: 5e-1\n"));
	assert_null(strstr(text, "events.missed"));
	event_feed_free(f);
	f = event_feed_new(b->ring, &all);
	assert_non_null(strstr(read_all(b, f, 4096), "id: 5e-1\n"));
	event_feed_free(f);
	f = event_feed_new(b->ring, &last);
	text = read_all(b, f, 4096);
	assert_null(strstr(text, "id: 5e-2\n"));
	assert_non_null(strstr(text, "id: 5e-3\n"));
	event_feed_free(f);
}

/* How many is said once, where they would have been. */
static void a_slow_reader_is_told(void **state)
{
	struct bed *b = *state;
	struct event_feed *f = begun(b, &from_now);
	for (int i = 0; i < 7; i++)
		add(b, "app.up", "dns");
	const char *text = read_all(b, f, 100);
	assert_true(str_starts(text, "event: events.missed\ndata: {\"kind\":\"events.missed\","
				     "\"missed\":3}\n\nid: 5e-4\n"));
	assert_non_null(strstr(text, "id: 5e-7\n"));
	assert_string_equal(read_all(b, f, 100), "");
	event_feed_free(f);
	f = event_feed_new(b->ring, &(struct event_query){ .has_since = true, .since = { 0, 2 } });
	text = read_all(b, f, 100);
	assert_non_null(strstr(text, "\"missed\":1}"));
	event_feed_free(f);
	/* Nothing of this epoch was promised to it. */
	f = event_feed_new(b->ring, &(struct event_query){ .limit = 99 });
	assert_null(strstr(read_all(b, f, 100), "events.missed"));
	event_feed_free(f);
}

/* Of those after the last one that was read. */
static void a_reader_that_falls_behind_later(void **state)
{
	struct bed *b = *state;
	add(b, "app.up", "dns");
	add(b, "app.up", "dns");
	struct event_feed *f = begun(b, &from_now);
	for (int i = 0; i < 7; i++)
		add(b, "app.up", "dns");
	assert_non_null(strstr(read_all(b, f, 4096), "\"missed\":3}\n\nid: 5e-6\n"));
	for (int i = 0; i < 5; i++)
		add(b, "app.up", "dns");
	assert_non_null(strstr(read_all(b, f, 4096), "\"missed\":1}\n\nid: 5e-11\n"));
	event_feed_free(f);
}

/* It cannot be completed: the connection has to end. */
static void the_rest_of_an_event_is_gone(void **state)
{
	char buf[10];
	struct bed *b = *state;
	struct event_feed *f = begun(b, &from_now);
	add(b, "app.up", "dns");
	assert_int_equal(event_feed_read(f, buf, sizeof(buf)), sizeof(buf));
	for (int i = 0; i < 4; i++)
		add(b, "app.down", "dns");
	assert_int_equal(event_feed_read(f, buf, sizeof(buf)), -ENODATA);
	event_feed_free(f);
	/* One that does not fit beside another is not begun. */
	f = begun(b, &from_now);
	add(b, "app.up", "dns");
	add(b, "app.up", "ntp");
	char block[200];
	ssize_t n = event_feed_read(f, block, sizeof(block));
	assert_true(n > 2 && memcmp(block + n - 2, "\n\n", 2) == 0);
	for (int i = 0; i < 4; i++)
		add(b, "app.down", "dns");
	assert_non_null(strstr(read_all(b, f, 200), "\"missed\":1}"));
	event_feed_free(f);
	/* Just missed, too. */
	f = begun(b, &from_now);
	add(b, "app.up", "dns");
	assert_true(event_feed_has_more(f));
	for (int i = 0; i < 4; i++)
		add(b, "app.down", "dns");
	assert_non_null(strstr(read_all(b, f, 4096), "\"missed\":1}"));
	event_feed_free(f);
}

/* As many as there is room for in one block, to its last octet. */
static void a_block_is_filled(void **state)
{
	struct bed *b = *state;
	char block[1024];
	add(b, "app.up", "dns");
	struct event_feed *f = begun(b, &from_now);
	add(b, "app.down", "dns");
	add(b, "app.down", "dns");
	size_t both = 2 * strlen(EVENT_2);
	assert_int_equal(event_feed_read(f, block, both), both);
	assert_false(event_feed_has_more(f));
	add(b, "app.down", "dns");
	add(b, "app.down", "dns");
	assert_int_equal(event_feed_read(f, block, both - 1), both / 2);
	assert_int_equal(event_feed_read(f, block, both - 1), both / 2);
	event_feed_free(f);
}

static void it_is_filtered(void **state)
{
	struct bed *b = *state;
	struct event_query query = { .follow = true };
	assert_int_equal(event_filter_set_kind(&query.filter, "app.down"), 0);
	assert_int_equal(event_filter_set_name(&query.filter, "dns"), 0);
	struct event_feed *f = begun(b, &query);
	add(b, "app.up", "dns");
	add(b, "app.down", "ntp");
	assert_false(event_feed_has_more(f));
	add(b, "app.down", "dns");
	assert_true(event_feed_has_more(f));
	assert_true(str_starts(read_all(b, f, 4096), "id: 5e-3\n"));
	/* Events that do not match are not looked at again, and not missed. */
	for (int i = 0; i < 12; i++) {
		add(b, "app.up", "dns");
		assert_false(event_feed_has_more(f));
	}
	assert_string_equal(read_all(b, f, 4096), "");
	event_feed_free(f);
}

static void beats_and_the_end(void **state)
{
	struct bed *b = *state;
	struct event_feed *f = begun(b, &from_now);
	event_feed_beat(f);
	assert_string_equal(read_all(b, f, 3), ": alive\n\n");
	add(b, "app.up", "dns");
	event_feed_beat(f);
	assert_null(strstr(read_all(b, f, 4096), ": alive"));
	add(b, "app.down", "dns");
	event_feed_end(f, "over");
	const char *text = read_all(b, f, 50);
	assert_true(str_starts(text, "id: 5e-2\n"));
	assert_non_null(strstr(text, "event: events.end\n"
				     "data: {\"kind\":\"events.end\",\"text\":\"over\"}\n\n"));
	assert_true(event_feed_is_over(f));
	add(b, "app.up", "dns");
	event_feed_beat(f);
	assert_false(event_feed_has_more(f));
	event_feed_free(f);
	/* Who may not read any more gets no more. */
	f = begun(b, &from_now);
	add(b, "app.down", "dns");
	event_feed_cut(f, "over");
	assert_true(str_starts(read_all(b, f, 4096), "event: events.end\n"));
	assert_true(event_feed_is_over(f));
	event_feed_free(f);
}

/* "missed 3, 4 5 6 7": what a reader is told. */
static const char *told(struct bed *b, const struct event_query *query, char buf[static 64])
{
	struct event_feed *f = event_feed_new(b->ring, query);
	const char *text = read_all(b, f, 4096), *missed = strstr(text, "\"missed\":");
	struct strbuf sb = strbuf_over(buf, 64);
	buf[0] = 0;
	if (missed)
		strbuf_add(&sb, "missed %d,", atoi(missed + strlen("\"missed\":")));
	for (const char *id = text; (id = strstr(id, "id: 5e-")); id++)
		strbuf_add(&sb, " %d", atoi(id + strlen("id: 5e-")));
	event_feed_free(f);
	return buf;
}

static void where_it_begins(void **state)
{
	static const struct {
		struct event_query query;
		const char *wanted;
	} cases[] = {
		{ { .follow = true }, "" },
		{ { .limit = 99 }, " 4 5 6 7" },
		{ { .limit = 4 }, " 4 5 6 7" },
		{ { .limit = 1 }, " 7" },
		{ { .has_since = true, .since = { EPOCH, 7 } }, "" },
		{ { .has_since = true, .since = { EPOCH, 5 } }, " 6 7" },
		{ { .has_since = true, .since = { EPOCH, 5 }, .limit = 1 }, " 7" },
		{ { .has_since = true, .since = { EPOCH, 3 } }, " 4 5 6 7" },
		{ { .has_since = true, .since = { EPOCH, 2 } }, "missed 1, 4 5 6 7" },
		{ { .has_since = true, .since = { EPOCH, 1 }, .limit = 2 }, "missed 2, 6 7" },
		{ { .has_since = true, .since = { EPOCH + 1, 5 } }, "missed 3, 4 5 6 7" },
		{ { .has_since = true, .since = { EPOCH, 8 }, .limit = 2 }, "missed 3, 6 7" },
		{ { .has_since = true }, " 4 5 6 7" },
	};
	struct bed *b = *state;
	char buf[64];
	for (int i = 0; i < 7; i++)
		add(b, "app.up", "dns");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (strcmp(told(b, &cases[i].query, buf), cases[i].wanted) != 0)
			fail_msg("%zu: '%s'", i, buf);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(it_begins_with_the_epoch),
		TEST(an_event_in_pieces),
		TEST(it_goes_on_after_a_mark),
		TEST(a_slow_reader_is_told),
		TEST(a_reader_that_falls_behind_later),
		TEST(the_rest_of_an_event_is_gone),
		TEST(a_block_is_filled),
		TEST(it_is_filtered),
		TEST(beats_and_the_end),
		TEST(where_it_begins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
