/* SPDX-License-Identifier: MIT */
/* The last events, and how a reader walks them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/event_ring.h"
#include "agent/status/view_event.h"
#include "lib/array.h"

#define EPOCH 0xabc1

static const struct event_filter all = { 0 };

static void add(struct event_ring *r, const char *kind, const char *app, const char *peer)
{
	/* The ring has copies. */
	char text[32];
	snprintf(text, sizeof(text), "%s of %s", kind, app ? app : "-");
	const struct event e = { .at = 1000000,
				 .level = LOG_WARNING,
				 .about = { .kind = kind, .app = app, .peer = peer },
				 .text = text };
	event_ring_add(r, &e);
}

static uint64_t id_after(const struct event_ring *r, uint64_t after,
			 const struct event_filter *filter)
{
	const struct event *e = event_ring_next(r, after, filter);
	return e ? e->id : 0;
}

static void an_empty_ring(void **state)
{
	(void)state;
	struct event_ring *r = event_ring_new(4, EPOCH);
	assert_int_equal(event_ring_newest(r), 0);
	assert_int_equal(event_ring_oldest(r), 1);
	assert_null(event_ring_next(r, 0, &all));
	event_ring_free(r);
	event_ring_free(NULL);
}

static void the_oldest_makes_room(void **state)
{
	(void)state;
	struct event_ring *r = event_ring_new(4, EPOCH);
	for (int i = 0; i < 4; i++)
		add(r, "app.up", "dns", NULL);
	assert_int_equal(event_ring_oldest(r), 1);
	add(r, "app.down", "dns", NULL);
	assert_int_equal(event_ring_oldest(r), 2);
	assert_int_equal(event_ring_newest(r), 5);
	assert_int_equal(id_after(r, 0, &all), 2); /* 1 is gone */
	assert_int_equal(id_after(r, 4, &all), 5);
	assert_string_equal(event_ring_next(r, 4, &all)->text, "app.down of dns");
	assert_int_equal(id_after(r, 5, &all), 0);
	assert_int_equal(id_after(r, 99, &all), 0);
	event_ring_free(r);
}

static struct event_filter filter_of(const char *kind, const char *name)
{
	struct event_filter f = { 0 };
	if (kind)
		assert_int_equal(event_filter_set_kind(&f, kind), 0);
	if (name)
		assert_int_equal(event_filter_set_name(&f, name), 0);
	return f;
}

static void filters(void **state)
{
	const struct event_filter app = filter_of("app", NULL), down = filter_of("app.down", NULL),
				  ap = filter_of("ap", NULL), ntp = filter_of(NULL, "ntp"),
				  peer = filter_of(NULL, "10.0.0.1"),
				  both = filter_of("app", "ntp");
	(void)state;
	struct event_ring *r = event_ring_new(8, EPOCH);
	add(r, "app.up", "dns", NULL);
	add(r, "session.up", NULL, "10.0.0.1");
	add(r, "app.down", "ntp", NULL);
	add(r, "drain.on", "ntp", NULL);
	assert_int_equal(id_after(r, 0, &app), 1);
	assert_int_equal(id_after(r, 1, &app), 3);
	assert_int_equal(id_after(r, 0, &down), 3);
	assert_int_equal(id_after(r, 0, &ap), 0);
	assert_int_equal(id_after(r, 0, &ntp), 3);
	assert_int_equal(id_after(r, 3, &ntp), 4);
	assert_int_equal(id_after(r, 3, &both), 0);
	assert_int_equal(id_after(r, 0, &peer), 2);
	event_ring_free(r);
}

/* Every text of an event is a copy, and a name may be that of any of its subjects. */
static void subjects(void **state)
{
	char texts[5][8] = { "nat.on", "dns", "::1", "::2", "text" };
	const struct event_filter by_app = filter_of(NULL, "dns"), by_vip = filter_of(NULL, "::1"),
				  by_peer = filter_of(NULL, "::2"),
				  by_text = filter_of(NULL, "text");
	struct event_ring *r = event_ring_new(1, EPOCH);
	(void)state;
	event_ring_add(r, &(struct event){ .about = { .kind = texts[0],
						      .app = texts[1],
						      .vip = texts[2],
						      .peer = texts[3] },
					   .text = texts[4] });
	memset(texts, 'x', sizeof(texts));
	const struct event *e = event_ring_next(r, 0, &all);
	assert_string_equal(e->about.kind, "nat.on");
	assert_string_equal(e->about.app, "dns");
	assert_string_equal(e->about.vip, "::1");
	assert_string_equal(e->about.peer, "::2");
	assert_string_equal(e->text, "text");
	assert_int_equal(id_after(r, 0, &by_app), 1);
	assert_int_equal(id_after(r, 0, &by_vip), 1);
	assert_int_equal(id_after(r, 0, &by_peer), 1);
	assert_int_equal(id_after(r, 0, &by_text), 0);
	event_ring_add(r, &(struct event){ .about = { .kind = "k" }, .text = "t" });
	assert_int_equal(event_ring_oldest(r), 2);
	assert_int_equal(id_after(r, 0, &all), 2);
	e = event_ring_next(r, 0, &all);
	assert_null(e->about.app);
	assert_null(e->about.vip);
	assert_null(e->about.peer);
	event_ring_free(r);
}

static json_t *viewed(const struct event_ring *r, const struct event_query *query)
{
	static char text[16384];
	struct stream *s = view_events(r, query);
	size_t len = 0, n;
	while ((n = stream_read(s, text + len, sizeof(text) - len)) > 0)
		len += n;
	stream_free(s);
	return json_loadb(text, len, 0, NULL);
}

static json_int_t number_of(const json_t *answer, const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

static void the_view(void **state)
{
	(void)state;
	struct event_ring *r = event_ring_new(4, EPOCH);
	for (int i = 0; i < 6; i++)
		add(r, i % 2 ? "app.up" : "app.down", "dns", NULL);
	const struct event_query last_two = { .limit = 2 }, from_one = { .since = { 0, 1 } },
				 ups = { .limit = 1, .filter = filter_of("app.up", NULL) },
				 new = { .since = { 0, 6 } };
	json_t *a = viewed(r, &last_two);
	const json_t *events = json_object_get(a, "events");
	assert_int_equal(json_array_size(events), 2);
	assert_int_equal(number_of(json_array_get(events, 0), "id"), 5);
	assert_int_equal(number_of(a, "newest"), 6);
	assert_int_equal(number_of(a, "oldest"), 3);
	assert_int_equal(number_of(a, "missed"), 0);
	const json_t *e = json_array_get(events, 1);
	assert_string_equal(json_string_value(json_object_get(e, "time")),
			    "1970-01-01T00:00:01.000Z");
	assert_string_equal(json_string_value(json_object_get(e, "level")), "warning");
	assert_string_equal(json_string_value(json_object_get(e, "app")), "dns");
	assert_null(json_object_get(e, "peer"));
	json_decref(a);
	a = viewed(r, &from_one);
	assert_int_equal(json_array_size(json_object_get(a, "events")), 4);
	assert_int_equal(number_of(a, "missed"), 1); /* number 2 */
	json_decref(a);
	a = viewed(r, &ups);
	events = json_object_get(a, "events");
	assert_int_equal(json_array_size(events), 1);
	assert_int_equal(number_of(json_array_get(events, 0), "id"), 6);
	json_decref(a);
	a = viewed(r, &new);
	assert_int_equal(json_array_size(json_object_get(a, "events")), 0);
	json_decref(a);
	event_ring_free(r);
}

/* Events added while a client reads are for its next request. */
static void the_view_ends_where_it_began(void **state)
{
	(void)state;
	struct event_ring *r = event_ring_new(8, EPOCH);
	const struct event_query all_of_it = { 0 };
	add(r, "app.up", "dns", NULL);
	struct stream *s = view_events(r, &all_of_it);
	add(r, "app.down", "dns", NULL);
	char text[1024];
	size_t length = stream_read(s, text, sizeof(text) - 1);
	text[length] = '\0';
	assert_non_null(strstr(text, "\"newest\":1"));
	assert_non_null(strstr(text, "app.up"));
	assert_null(strstr(text, "app.down"));
	stream_free(s);
	event_ring_free(r);
}

/* A VIP by its address, and in any way to write it. */
static void names_are_addresses(void **state)
{
	static const struct {
		const char *name;
		bool v4, v6, net, peer;
	} cases[] = {
		{ "192.0.2.1", .v4 = true },          { "192.0.2.1/32", .v4 = true },
		{ .name = "192.0.2.1/24" },           { "2001:DB8:0::1", .v6 = true },
		{ "2001:db8::1/128", .v6 = true },    { .name = "2001:db8:1::" },
		{ "2001:db8:1:0::/48", .net = true }, { "FE80:0::1", .peer = true },
	};
	(void)state;
	struct event_ring *r = event_ring_new(8, EPOCH);
	event_ring_add(
		r, &(struct event){ .about = { .kind = "v4", .vip = "192.0.2.1/32" }, .text = "" });
	event_ring_add(r, &(struct event){ .about = { .kind = "v6", .vip = "2001:db8::1/128" },
					   .text = "" });
	event_ring_add(r, &(struct event){ .about = { .kind = "net", .vip = "2001:db8:1::/48" },
					   .text = "" });
	event_ring_add(
		r, &(struct event){ .about = { .kind = "peer", .peer = "fe80::1" }, .text = "" });
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct event_filter f = filter_of(NULL, cases[i].name);
		assert_int_equal(id_after(r, 0, &f) == 1, cases[i].v4);
		assert_int_equal(id_after(r, 1, &f) == 2, cases[i].v6);
		assert_int_equal(id_after(r, 2, &f) == 3, cases[i].net);
		assert_int_equal(id_after(r, 3, &f) == 4, cases[i].peer);
	}
	event_ring_free(r);
}

static void marks(void **state)
{
	static const char *const broken[] = { "",    "-",   "-1",
					      "x",   "1-",  "g-1",
					      "0-1", "a-b", "11111111111111111-1" };
	struct event_mark m;
	char text[EVENT_MARK_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		assert_int_equal(event_mark_parse(broken[i], &m), -EINVAL);
	assert_int_equal(event_mark_parse("17", &m), 0);
	assert_true(m.epoch == 0 && m.id == 17);
	assert_int_equal(event_mark_parse("abc1-18446744073709551615", &m), 0);
	assert_true(m.epoch == EPOCH && m.id == UINT64_MAX);
	assert_int_equal(event_mark_parse("ffffffffffffffff-0", &m), 0);
	assert_true(m.epoch == UINT64_MAX && m.id == 0);
	assert_int_equal(event_mark_parse("1-2", &m), 0);
	assert_true(m.epoch == 1 && m.id == 2);
	m = (struct event_mark){ EPOCH, UINT64_MAX };
	assert_string_equal(event_mark_format(&m, text), "abc1-18446744073709551615");
}

/* Ids begin anew with each instance of the agent. */
static void the_mark_of_another_epoch(void **state)
{
	static const struct {
		struct event_mark since;
		size_t n;
		json_int_t missed;
	} cases[] = {
		{ { 0, 5 }, 1, 0 },         { { EPOCH, 5 }, 1, 0 },      { { EPOCH + 1, 5 }, 4, 2 },
		{ { EPOCH + 1, 0 }, 4, 2 }, { { EPOCH, 7 }, 4, 2 },      { { 0, 6 }, 0, 0 },
		{ { 0, 0 }, 4, 0 },         { { 0, UINT64_MAX }, 4, 2 }, { { 0, 1 }, 4, 1 },
		{ { 0, 2 }, 4, 0 },         { { 0, 3 }, 3, 0 },          { { 0, 4 }, 2, 0 },
	};
	(void)state;
	struct event_ring *r = event_ring_new(4, EPOCH);
	for (int i = 0; i < 6; i++)
		add(r, "app.up", "dns", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct event_query query = { .since = cases[i].since, .has_since = true };
		json_t *a = viewed(r, &query);
		assert_int_equal(json_array_size(json_object_get(a, "events")), cases[i].n);
		assert_int_equal(number_of(a, "missed"), cases[i].missed);
		assert_string_equal(json_string_value(json_object_get(a, "epoch")), "abc1");
		json_decref(a);
	}
	event_ring_free(r);
}

/* From its first event on, of a ring that none has left yet. */
static void a_mark_of_another_epoch_in_a_ring_with_room(void **state)
{
	const struct event_query query = { .since = { EPOCH + 1, 1 }, .has_since = true };
	struct event_ring *r = event_ring_new(4, EPOCH);
	(void)state;
	add(r, "app.up", "dns", NULL);
	add(r, "app.down", "dns", NULL);
	json_t *a = viewed(r, &query);
	assert_int_equal(json_array_size(json_object_get(a, "events")), 2);
	assert_int_equal(number_of(a, "missed"), 0);
	json_decref(a);
	event_ring_free(r);
}

static void numbers_are_numbers(void **state)
{
	const struct event e = { .id = 7,
				 .at = 1000000,
				 .level = LOG_ERROR,
				 .about = { .kind = "k", .count = "120", .by = "uid 0" },
				 .text = "t" };
	(void)state;
	json_t *o = view_event(&e);
	char *text = json_dumps(o, JSON_COMPACT);
	assert_string_equal(text, "{\"id\":7,\"time\":\"1970-01-01T00:00:01.000Z\",\"level\":"
				  "\"error\",\"kind\":\"k\",\"by\":\"uid 0\",\"count\":120,"
				  "\"text\":\"t\"}");
	free(text);
	json_decref(o);
}

/* The address of the one before is of no interest any more. */
static void a_filter_with_another_name(void **state)
{
	struct event_filter f = filter_of(NULL, "192.0.2.1");
	(void)state;
	assert_string_equal(f.vip, "192.0.2.1/32");
	assert_string_equal(f.peer, "192.0.2.1");
	assert_int_equal(event_filter_set_name(&f, "192.0.2.0/24"), 0);
	assert_string_equal(f.vip, "192.0.2.0/24");
	assert_string_equal(f.peer, "");
	assert_int_equal(event_filter_set_name(&f, "dns"), 0);
	assert_string_equal(f.vip, "");
	assert_string_equal(f.name, "dns");
}

/* Each subject that may be named, and each text that may be looked for. */
static void names_and_texts(void **state)
{
	static const struct {
		struct log_event about;
		bool named, has_text;
	} cases[] = {
		{ { .app = "Needle" }, true, true },    { { .vip = "Needle" }, true, true },
		{ { .peer = "Needle" }, true, true },   { { .service = "Needle" }, true, false },
		{ { .group = "Needle" }, true, false }, { { .subject = "Needle" }, true, false },
		{ { .kind = "Needle" }, false, true },  { { .app = "Needles" }, false, true },
		{ { .app = "hay" }, false, false },
	};
	const struct event_filter by_name = filter_of(NULL, "Needle"),
				  by_text = { .text = "nEEDLE" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct event_ring *r = event_ring_new(2, EPOCH);
		struct event e = { .about = cases[i].about, .text = "a text" };
		if (!e.about.kind)
			e.about.kind = "kind";
		event_ring_add(r, &e);
		assert_int_equal(id_after(r, 0, &by_name), cases[i].named);
		assert_int_equal(id_after(r, 0, &by_text), cases[i].has_text);
		e = (struct event){ .about = { .kind = "kind" }, .text = "has a needle" };
		event_ring_add(r, &e);
		assert_int_equal(id_after(r, 1, &by_text), 2);
		event_ring_free(r);
	}
}

/* As many as are wanted of those that pass, the last ones. */
static void the_last_ones(void **state)
{
	static const struct {
		uint64_t after;
		size_t limit;
		uint64_t wanted;
	} cases[] = {
		{ 0, 9, 0 }, { 0, 4, 0 }, { 0, 3, 4 }, { 0, 2, 6 },   { 0, 1, 8 },   { 0, 0, 10 },
		{ 7, 9, 7 }, { 7, 2, 7 }, { 7, 1, 8 }, { 10, 1, 10 }, { 11, 1, 11 },
	};
	const struct event_filter ups = filter_of("app.up", NULL);
	struct event_ring *r = event_ring_new(8, EPOCH);
	(void)state;
	for (int i = 1; i <= 11; i++) /* 4 to 11 are there, of them 4, 6, 8 and 10 pass */
		add(r, i % 2 ? "app.down" : "app.up", "dns", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(event_ring_skip(r, cases[i].after, cases[i].limit, &ups),
				 cases[i].wanted);
	event_ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_ring),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(filters),
		cmocka_unit_test(subjects),
		cmocka_unit_test(the_view),
		cmocka_unit_test(the_view_ends_where_it_began),
		cmocka_unit_test(marks),
		cmocka_unit_test(a_mark_of_another_epoch_in_a_ring_with_room),
		cmocka_unit_test(numbers_are_numbers),
		cmocka_unit_test(a_filter_with_another_name),
		cmocka_unit_test(names_and_texts),
		cmocka_unit_test(the_last_ones),
		cmocka_unit_test(names_are_addresses),
		cmocka_unit_test(the_mark_of_another_epoch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
