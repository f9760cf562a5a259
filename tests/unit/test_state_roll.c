/* SPDX-License-Identifier: MIT */
/* The line of the state file about rolling work. */
#include "agent/store/state_lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/store/state_encode.h"
#include "lib/array.h"
#include "lib/str.h"

#define HEAD "{\"vipherald_state\":1,\"boot\":\"b\",\"netns\":\"n\"}\n"

static void add(struct strbuf *sb, char *line)
{
	strbuf_add(sb, "%s", line);
	free(line);
}

static int decode(const char *text, struct state_contents *ret, struct err *err)
{
	*ret = (struct state_contents){ 0 };
	return state_decode(text, strlen(text), ret, err);
}

static void a_roll_is_read_back_as_written(void **state)
{
	struct roll roll = { .id = "8f",
			     .apps = { (char *)"dns", (char *)"web \xff" },
			     .n_apps = 2,
			     .n_vips = 2,
			     .limit = 2,
			     .quiet = 10,
			     .why = "disk",
			     .by = "uid 0",
			     .boot = "b",
			     .phase = ROLL_FAILED,
			     .begun = 5000,
			     .since = 6000,
			     .exit_status = 7 };
	char file[2048] = "";
	struct strbuf sb = strbuf_over(file, sizeof(file));
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(prefix_parse("2001:db8::/64", &roll.vips[0], NULL), 0);
	assert_int_equal(prefix_parse("192.0.2.53/32", &roll.vips[1], NULL), 0);
	add(&sb, state_encode_head(&(struct state_place){ "b", "n" }));
	add(&sb, state_encode_roll(&roll));
	add(&sb, state_encode_end(1));
	assert_int_equal(decode(file, &c, &err), 0);
	assert_string_equal(c.roll->id, "8f");
	assert_int_equal(c.roll->n_apps, 2);
	assert_string_equal(c.roll->apps[0], "dns");
	assert_string_equal(c.roll->apps[1], "web \xff");
	assert_int_equal(c.roll->n_vips, 2);
	assert_true(prefix_equal(&c.roll->vips[0], &roll.vips[0]));
	assert_true(prefix_equal(&c.roll->vips[1], &roll.vips[1]));
	assert_int_equal(c.roll->limit, 2);
	assert_int_equal(c.roll->quiet, 10);
	assert_string_equal(c.roll->why, "disk");
	assert_string_equal(c.roll->by, "uid 0");
	assert_string_equal(c.roll->boot, "b");
	assert_int_equal(c.roll->phase, ROLL_FAILED);
	assert_int_equal(c.roll->exit_status, 7);
	assert_true(c.roll->begun == 5000 && c.roll->since == 6000);
	state_contents_done(&c);
	assert_null(c.roll);
}

/* The members of a line, each the text of its JSON; NULL: as below. */
struct members {
	const char *id, *apps, *vips, *slots, *quiet, *why, *by, *phase, *begun, *boot, *since;
};

static const struct members usual = {
	"\"8f\"",   "[\"dns\"]", "[\"192.0.2.53/32\"]", "2", "10",
	"\"disk\"", "\"uid 0\"", "\"failed\"",          "5", "\"b\"",
	"6",
};

static const char * or (const char *text, const char *instead)
{
	return text ? text : instead;
}

#define M(member) or (m->member, usual.member)

static void add_line(struct strbuf *sb, const struct members *m)
{
	strbuf_add(sb,
		   "{\"roll\":{\"id\":%s,\"apps\":%s,\"vips\":%s,\"slots\":%s,\"quiet\":%s,"
		   "\"why\":%s,\"by\":%s,\"phase\":%s,\"exit_status\":-1,\"begun_ms\":%s},"
		   "\"boot\":%s,\"since_ms\":%s}\n",
		   M(id), M(apps), M(vips), M(slots), M(quiet), M(why), M(by), M(phase), M(begun),
		   M(boot), M(since));
}

static int decode_with(const struct members *m, struct state_contents *ret, struct err *err)
{
	char file[2048];
	struct strbuf sb = strbuf_over(file, sizeof(file));
	strbuf_add(&sb, HEAD);
	add_line(&sb, m);
	strbuf_add(&sb, "{\"end\":1}\n");
	return decode(file, ret, err);
}

/* A JSON text of `n` octets. */
static const char *text_of(size_t n, char *buf)
{
	memset(buf, 'x', n + 2);
	buf[0] = buf[n + 1] = '"';
	buf[n + 2] = 0;
	return buf;
}

/* A JSON list of `n` times `element`. */
static const char *list_of(size_t n, const char *element, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	strbuf_add(&sb, "[");
	for (size_t i = 0; i < n; i++)
		strbuf_add(&sb, "%s%s", i > 0 ? "," : "", element);
	strbuf_add(&sb, "]");
	return buf;
}

static void damaged_rolls_are_refused(void **state)
{
	static const struct {
		struct members m;
		const char *says;
	} cases[] = {
		{ { .id = "1" }, "Expected string, got integer" },
		{ { .id = "\"\"" }, "'id', 'why' or 'by' is too long, or there is none" },
		{ { .slots = "0" }, "'slots' or 'quiet' is out of range" },
		{ { .slots = "257" }, "'slots' or 'quiet' is out of range" },
		{ { .quiet = "-1" }, "'slots' or 'quiet' is out of range" },
		{ { .quiet = "4294967296" }, "'slots' or 'quiet' is out of range" },
		{ { .phase = "\"asleep\"" }, "'phase' is not a phase of rolling work" },
		{ { .begun = "null" }, "'begun_ms' is not a valid time" },
		{ { .since = "-1" }, "'since_ms' is not a valid time" },
		{ { .since = "null" }, "'since_ms' is not a valid time" },
		{ { .boot = "1" }, "Expected string, got integer" },
		{ { .apps = "[]" }, "'apps' is not a list of 1 to 16 names" },
		{ { .apps = "\"dns\"" }, "'apps' is not a list of 1 to 16 names" },
		{ { .apps = "[\"dns\",1]" }, "'apps' has an entry that is not a name" },
		{ { .apps = "[\"dns\",1]", .begun = "-1" }, "'begun_ms' is not a valid time" },
		{ { .apps = "[1]", .vips = "[]" }, "'apps' has an entry that is not a name" },
		{ { .vips = "[]" }, "'vips' is not a list of 1 to 16 VIPs" },
		{ { .vips = "[\"nowhere\"]" }, "'vips' has an entry that is not a VIP" },
		{ { .vips = "[\"192.0.2.1/32\",1]" }, "'vips' has an entry that is not a VIP" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct state_contents c;
		struct err err = { "" };
		char says[128];
		int rc = decode_with(&cases[i].m, &c, &err);
		snprintf(says, sizeof(says), "line 2: %s", cases[i].says);
		if (rc != -EBADMSG || !str_starts(err.text, says))
			fail_msg("%s: %d, %s", cases[i].says, rc, err.text);
		assert_null(c.roll);
	}
}

static void there_is_one_roll(void **state)
{
	char file[2048];
	struct strbuf sb = strbuf_over(file, sizeof(file));
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	strbuf_add(&sb, HEAD);
	add_line(&sb, &usual);
	add_line(&sb, &usual);
	strbuf_add(&sb, "{\"end\":2}\n");
	assert_int_equal(decode(file, &c, &err), -EBADMSG);
	assert_string_equal(err.text, "line 3: duplicate 'roll'");
}

static void numbers_up_to_their_bounds(void **state)
{
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(decode_with(&(struct members){ .slots = "1", .quiet = "0" }, &c, &err), 0);
	assert_int_equal(c.roll->limit, 1);
	assert_int_equal(c.roll->quiet, 0);
	assert_int_equal(c.roll->exit_status, -1);
	state_contents_done(&c);
	assert_int_equal(
		decode_with(&(struct members){ .slots = "256", .quiet = "4294967295" }, &c, &err),
		0);
	assert_int_equal(c.roll->limit, 256);
	assert_int_equal(c.roll->quiet, UINT32_MAX);
	state_contents_done(&c);
}

static void lists_up_to_their_bounds(void **state)
{
	char apps[512], vips[512];
	struct state_contents c;
	struct err err = { "" };
	const struct members full = {
		.apps = list_of(ROLL_APPS_MAX, "\"dns\"", apps, sizeof(apps)),
		.vips = list_of(FLEET_VIPS_MAX, "\"192.0.2.53/32\"", vips, sizeof(vips)),
	};
	(void)state;
	assert_int_equal(decode_with(&full, &c, &err), 0);
	assert_int_equal(c.roll->n_apps, ROLL_APPS_MAX);
	assert_int_equal(c.roll->n_vips, FLEET_VIPS_MAX);
	state_contents_done(&c);
	list_of(ROLL_APPS_MAX + 1, "\"dns\"", apps, sizeof(apps));
	assert_int_equal(decode_with(&full, &c, &err), -EBADMSG);
	assert_string_equal(err.text, "line 2: 'apps' is not a list of 1 to 16 names");
	list_of(1, "\"dns\"", apps, sizeof(apps));
	list_of(FLEET_VIPS_MAX + 1, "\"192.0.2.53/32\"", vips, sizeof(vips));
	assert_int_equal(decode_with(&full, &c, &err), -EBADMSG);
	assert_string_equal(err.text, "line 2: 'vips' is not a list of 1 to 16 VIPs");
}

/* Each fills its room to the last octet before the NUL. */
static void texts_up_to_their_bounds(void **state)
{
	char text[512];
	struct state_contents c;
	struct err err = { "" };
	const struct {
		struct members m;
		size_t room;
	} cases[] = {
		{ { .id = text }, sizeof(c.roll->id) },
		{ { .why = text }, sizeof(c.roll->why) },
		{ { .by = text }, sizeof(c.roll->by) },
		{ { .boot = text }, sizeof(c.roll->boot) },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_of(cases[i].room - 1, text);
		assert_int_equal(decode_with(&cases[i].m, &c, &err), 0);
		state_contents_done(&c);
		text_of(cases[i].room, text);
		assert_int_equal(decode_with(&cases[i].m, &c, &err), -EBADMSG);
		assert_non_null(strstr(err.text, " too long"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_roll_is_read_back_as_written),
		cmocka_unit_test(damaged_rolls_are_refused),
		cmocka_unit_test(there_is_one_roll),
		cmocka_unit_test(numbers_up_to_their_bounds),
		cmocka_unit_test(lists_up_to_their_bounds),
		cmocka_unit_test(texts_up_to_their_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
