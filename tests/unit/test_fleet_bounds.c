/* SPDX-License-Identifier: MIT */
/* A fleet's values and transactions at their bounds, and with more than one VIP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/txn.h"
#include "lib/array.h"
#include "lib/base64.h"
#include "lib/mono.h"

/* ---- values ---- */

static char *repeated(char c, size_t n)
{
	char *text = malloc(n + 1);
	memset(text, c, n);
	text[n] = 0;
	return text;
}

/* With blanks at its end, so that it is `len` long. */
static int parse_padded(size_t len, struct err *err)
{
	static const char value[] = "{\"version\": 1, \"form\": \"drained\"}";
	struct fleet_up up;
	char *text = repeated(' ', len);
	memcpy(text, value, sizeof(value) - 1);
	int rc = fleet_up_parse(text, len, &up, err);
	free(text);
	return rc;
}

static void test_a_value_is_half_a_mebibyte_at_most(void **state)
{
	struct err err;
	(void)state;
	assert_int_equal(parse_padded(FLEET_VALUE_MAX, &err), 0);
	assert_int_equal(parse_padded(FLEET_VALUE_MAX + 1, &err), -EPROTO);
	assert_string_equal(err.text, "is longer than 524288 bytes");
}

static int parse_seen(const char *number, struct fleet_has *ret)
{
	char text[96];
	struct err err;
	snprintf(text, sizeof(text), "{\"version\": 1, \"seen\": %s, \"announced\": true}", number);
	return fleet_has_parse(text, strlen(text), ret, &err);
}

static void test_times_that_microseconds_can_hold(void **state)
{
	static const struct {
		const char *seconds;
		wall_t since; /* 0: not told */
	} since[] = {
		{ "0", 0 },
		{ "1", USEC_PER_SEC },
		{ "18446744073708", 18446744073708 * USEC_PER_SEC },
		{ "18446744073709", 0 },
	};
	struct fleet_has has;
	(void)state;
	assert_int_equal(parse_seen("0", &has), 0);
	assert_true(has.seen == 0 && has.announced);
	assert_int_equal(parse_seen("18446744073709", &has), 0);
	assert_true(has.seen == 18446744073709 * USEC_PER_SEC);
	assert_int_equal(parse_seen("18446744073710", &has), -EPROTO);
	assert_int_equal(parse_seen("-1", &has), -EPROTO);
	for (size_t i = 0; i < ARRAY_SIZE(since); i++) {
		char text[96];
		struct fleet_up up;
		struct err err;
		snprintf(text, sizeof(text),
			 "{\"version\": 1, \"form\": \"joining\", \"since\": %s}",
			 since[i].seconds);
		assert_int_equal(fleet_up_parse(text, strlen(text), &up, &err), 0);
		assert_int_equal(up.form, FLEET_JOINING);
		assert_true(up.since == since[i].since);
	}
}

static int parse_claim(const char *node, const char *session, const char *number)
{
	char text[512];
	struct fleet_leave l;
	struct err err;
	snprintf(text, sizeof(text),
		 "{\"version\": 1, \"slots\": [{\"node\": \"%s\", \"session\": \"%s\", "
		 "\"number\": %s}], \"line\": []}",
		 node, session, number);
	int rc = fleet_leave_parse(text, strlen(text), &l, &err);
	if (rc == 0) {
		assert_true(l.n == 1 && l.n_slots == 1);
		assert_string_equal(l.claims[0].node, node);
		assert_string_equal(l.claims[0].session, session);
		free(l.claims);
	}
	return rc;
}

static int parse_slot(const char *node, const char *id, const char *since, const char *why)
{
	char text[512];
	struct fleet_slots s;
	struct err err;
	snprintf(text, sizeof(text),
		 "{\"version\": 1, \"slots\": [{\"node\": \"%s\", \"id\": \"%s\", \"since\": %s, "
		 "\"why\": \"%s\"}]}",
		 node, id, since, why);
	int rc = fleet_slots_parse(text, strlen(text), &s, &err);
	if (rc == 0) {
		assert_int_equal(s.n, 1);
		assert_string_equal(s.items[0].node, node);
		assert_string_equal(s.items[0].why, why);
		assert_int_equal(s.items[0].since / USEC_PER_SEC, strtoull(since, NULL, 10));
		free(s.items);
	}
	return rc;
}

static void test_texts_of_claims_and_slots(void **state)
{
	char *node = repeated('n', FLEET_NODE_MAX - 1), *longer = repeated('n', FLEET_NODE_MAX);
	char *session = repeated('s', FLEET_SESSION_MAX - 1),
	     *too_long = repeated('s', FLEET_SESSION_MAX);
	(void)state;
	assert_int_equal(parse_claim(node, session, "9223372036854775807"), 0);
	assert_int_equal(parse_claim("n", "s", "0"), 0);
	assert_int_equal(parse_claim(longer, session, "1"), -EPROTO);
	assert_int_equal(parse_claim(node, too_long, "1"), -EPROTO);
	assert_int_equal(parse_claim("", "s", "1"), -EPROTO);
	assert_int_equal(parse_claim("n", "s", "-1"), -EPROTO);
	assert_int_equal(parse_slot(node, session, "9223372036854", "because"), 0);
	assert_int_equal(parse_slot("!~", "i", "0", ""), 0);
	assert_int_equal(parse_slot("\x7f", "i", "0", ""), -EPROTO);
	assert_int_equal(parse_slot("n", "i", "9223372036855", ""), -EPROTO);
	assert_int_equal(parse_slot("n", too_long, "1", ""), -EPROTO);
	assert_int_equal(parse_slot("n", "", "1", ""), -EPROTO);
	free(node);
	free(longer);
	free(session);
	free(too_long);
}

/* Both are shown on terminals. */
static void test_texts_of_a_slot_are_printable(void **state)
{
	static const char text[] = "{\"version\": 1, \"slots\": [{\"node\": \"n\", \"id\": "
				   "\"a\\u001bb\", \"since\": 1, \"why\": \"c\\u0007d\"}]}";
	struct fleet_slots s;
	struct err err;
	(void)state;
	assert_int_equal(fleet_slots_parse(text, strlen(text), &s, &err), 0);
	assert_string_equal(s.items[0].id, "a?b");
	assert_string_equal(s.items[0].why, "c?d");
	free(s.items);
}

static json_t *items(size_t n, const char *format)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_loads(format, 0, NULL));
	return list;
}

static int parse_many(size_t n_slots, size_t n_line, struct fleet_leave *ret, struct err *err)
{
	static const char claim[] = "{\"node\": \"n\", \"session\": \"s\", \"number\": 1}";
	json_t *o = json_pack("{s:i, s:o, s:o}", "version", 1, "slots", items(n_slots, claim),
			      "line", items(n_line, claim));
	char *text = json_dumps(o, JSON_COMPACT);
	int rc = fleet_leave_parse(text, strlen(text), ret, err);
	free(text);
	json_decref(o);
	return rc;
}

static void test_as_many_claims_as_nodes(void **state)
{
	struct fleet_leave l;
	struct err err;
	(void)state;
	assert_int_equal(parse_many(1, FLEET_NODES_MAX - 1, &l, &err), 0);
	assert_true(l.n == FLEET_NODES_MAX && l.n_slots == 1);
	free(l.claims);
	assert_int_equal(parse_many(1, FLEET_NODES_MAX, &l, &err), -EPROTO);
	assert_string_equal(err.text, "has no valid 'line'");
	assert_int_equal(parse_many(FLEET_NODES_MAX + 1, 0, &l, &err), -EPROTO);
	assert_string_equal(err.text, "has no valid 'slots'");
	for (size_t n = FLEET_SLOTS_MAX; n <= FLEET_SLOTS_MAX + 1; n++) {
		struct fleet_slots s;
		json_t *o = json_pack(
			"{s:i, s:o}", "version", 1, "slots",
			items(n, "{\"node\": \"n\", \"id\": \"i\", \"since\": 1, \"why\": 5}"));
		char *text = json_dumps(o, JSON_COMPACT);
		int rc = fleet_slots_parse(text, strlen(text), &s, &err);
		assert_int_equal(rc, n > FLEET_SLOTS_MAX ? -EPROTO : 0);
		if (rc == 0) {
			assert_int_equal(s.n, n);
			assert_string_equal(s.items[n - 1].node, "n");
			assert_string_equal(s.items[n - 1].why, "");
			free(s.items);
		}
		free(text);
		json_decref(o);
	}
}

/* A refused value leaves the one that was there. */
static void test_a_refused_value_is_not_filled_in(void **state)
{
	static const char *const wrong[] = { "{\"version\": 1, \"form\": \"x\", \"since\": 5}",
					     "{\"version\": 1, \"since\": 5}", "[]" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct fleet_up up = { .form = FLEET_DRAINED, .since = 7 };
		struct err err;
		assert_int_equal(fleet_up_parse(wrong[i], strlen(wrong[i]), &up, &err), -EPROTO);
		assert_true(up.form == FLEET_DRAINED && up.since == 7);
	}
}

static void test_what_is_not_told_is_none(void **state)
{
	static const char text[] = "{\"version\": 1, \"form\": \"normal\", \"config\": 5}";
	struct fleet_up up = { .since = 7, .attributes = "old", .config = "old" };
	struct err err;
	(void)state;
	assert_int_equal(fleet_up_parse(text, strlen(text), &up, &err), 0);
	assert_int_equal(up.since, 0);
	assert_string_equal(up.attributes, "");
	assert_string_equal(up.config, "");
}

static void test_what_is_not_told_is_not_written(void **state)
{
	struct fleet_up up = { .form = FLEET_DRAINED };
	(void)state;
	char *text = fleet_up_encode(&up, 0);
	assert_string_equal(text, "{\"version\":1,\"form\":\"drained\",\"serial\":0}");
	free(text);
	up.since = USEC_PER_SEC;
	snprintf(up.attributes, sizeof(up.attributes), "a");
	snprintf(up.config, sizeof(up.config), "c");
	text = fleet_up_encode(&up, 1);
	assert_string_equal(text, "{\"version\":1,\"form\":\"drained\",\"serial\":1,\"since\":1,"
				  "\"attributes\":\"a\",\"config\":\"c\"}");
	free(text);
}

/* ---- transactions ---- */

static const struct prefix vips[] = { PREFIX4(32, 192, 0, 2, 1), PREFIX4(32, 192, 0, 2, 2) };
static const struct fleet_keys two = { .prefix = "v", .vips = vips, .n_vips = 2, .node = "a" };

/* "VERB KEY INDEX VALUE SESSION", an operation a line. */
static void expect_ops(enum fleet_txn kind, const struct fleet_write *w, const char *wanted)
{
	char *body = fleet_txn_make(kind, &two, w), *got = NULL;
	size_t size = 0, i;
	json_t *ops = json_loads(body, 0, NULL), *op;
	FILE *out = open_memstream(&got, &size);
	json_array_foreach(ops, i, op)
	{
		const json_t *kv = json_object_get(op, "KV"), *index = json_object_get(kv, "Index");
		const char *value = json_string_value(json_object_get(kv, "Value")),
			   *session = json_string_value(json_object_get(kv, "Session"));
		uint8_t *plain = NULL;
		size_t len;
		fprintf(out, "%s %s", json_string_value(json_object_get(kv, "Verb")),
			json_string_value(json_object_get(kv, "Key")));
		if (index)
			fprintf(out, " %d", (int)json_integer_value(index));
		if (value && base64_decode(value, &plain, &len) == 0)
			fprintf(out, " %s", (const char *)plain);
		fprintf(out, session ? " %s\n" : "\n", session);
		free(plain);
	}
	fclose(out);
	char *text = got;
	assert_string_equal(text, wanted);
	free(got);
	json_decref(ops);
	free(body);
}

static const uint64_t own_of_second[] = { 0, 7 };
static struct fleet_claim claims[] = { { "a", "s", 1 }, { "b", "t", 2 } };
static struct fleet_slot slots[] = { { "a", "i", USEC_PER_SEC, "w" }, { "b", "j", 0, "" } };
static const struct fleet_leave leaves[] = { { .index = 3, .claims = claims, .n = 2, .n_slots = 1 },
					     { .index = 0 } };
static const struct fleet_slots rolls[] = { { .index = 5 },
					    { .index = 6, .items = slots, .n = 2 } };
static const struct fleet_up details[] = { { .since = USEC_PER_SEC },
					   { .attributes = "med 1", .form = FLEET_NORMAL } };
static const struct fleet_write everything = {
	.own = own_of_second,
	.session = "s",
	.serial = 9,
	.form = FLEET_WITHDRAWN,
	.details = details,
	.seen = 2 * USEC_PER_SEC,
	.leaves = leaves,
	.rolls = rolls,
	.roller = &slots[0],
};

static void test_each_vip_has_its_own_of_everything(void **state)
{
	(void)state;
	expect_ops(FLEET_TXN_FIND, NULL,
		   "get-tree v/192.0.2.1/32/up/a\n"
		   "get-tree v/192.0.2.1/32/has/a\n"
		   "get-tree v/192.0.2.2/32/up/a\n"
		   "get-tree v/192.0.2.2/32/has/a\n");
	expect_ops(FLEET_TXN_READ, NULL,
		   "get-tree v/192.0.2.1/32/\n"
		   "get-tree v/192.0.2.2/32/\n");
	expect_ops(
		FLEET_TXN_REPORT, &everything,
		"check-not-exists v/192.0.2.1/32/up/a\n"
		"lock v/192.0.2.1/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"since\":1} s\n"
		"set v/192.0.2.1/32/has/a {\"version\":1,\"seen\":2,\"announced\":false}\n"
		"check-index v/192.0.2.2/32/up/a 7\n"
		"lock v/192.0.2.2/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"attributes\":\"med 1\"} s\n"
		"set v/192.0.2.2/32/has/a {\"version\":1,\"seen\":2,\"announced\":false}\n");
	expect_ops(
		FLEET_TXN_REFRESH, &everything,
		"check-not-exists v/192.0.2.1/32/up/a\n"
		"lock v/192.0.2.1/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"since\":1} s\n"
		"set v/192.0.2.1/32/has/a {\"version\":1,\"seen\":2,\"announced\":false}\n"
		"check-index v/192.0.2.2/32/up/a 7\n"
		"lock v/192.0.2.2/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"attributes\":\"med 1\"} s\n"
		"set v/192.0.2.2/32/has/a {\"version\":1,\"seen\":2,\"announced\":false}\n"
		"get-tree v/192.0.2.1/32/\n"
		"get-tree v/192.0.2.2/32/\n");
	expect_ops(
		FLEET_TXN_CLAIM, &everything,
		"check-not-exists v/192.0.2.1/32/up/a\n"
		"lock v/192.0.2.1/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"since\":1} s\n"
		"cas v/192.0.2.1/32/.leave 3 "
		"{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		"\"slots\":[{\"node\":\"a\",\"session\":\"s\",\"number\":1}],\"line\":[{\"node\":"
		"\"b\",\"session\":\"t\",\"number\":2}]}\n"
		"check-index v/192.0.2.2/32/up/a 7\n"
		"lock v/192.0.2.2/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"attributes\":\"med 1\"} s\n"
		"cas v/192.0.2.2/32/.leave 0 "
		"{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		"\"slots\":[],\"line\":[]}\n"
		"get-tree v/192.0.2.1/32/\n"
		"get-tree v/192.0.2.2/32/\n");
}

static void test_each_vip_has_its_own_of_what_goes(void **state)
{
	(void)state;
	expect_ops(
		FLEET_TXN_JOIN, &everything,
		"check-not-exists v/192.0.2.1/32/up/a\n"
		"lock v/192.0.2.1/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"since\":1} s\n"
		"cas v/192.0.2.1/32/.join 3 "
		"{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		"\"slots\":[{\"node\":\"a\",\"session\":\"s\",\"number\":1}],\"line\":[{\"node\":"
		"\"b\",\"session\":\"t\",\"number\":2}]}\n"
		"check-index v/192.0.2.2/32/up/a 7\n"
		"lock v/192.0.2.2/32/up/a "
		"{\"version\":1,\"form\":\"withdrawn\",\"serial\":9,\"attributes\":\"med 1\"} s\n"
		"cas v/192.0.2.2/32/.join 0 "
		"{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		"\"slots\":[],\"line\":[]}\n"
		"get-tree v/192.0.2.1/32/\n"
		"get-tree v/192.0.2.2/32/\n");
	expect_ops(FLEET_TXN_DROP, &everything,
		   "check-not-exists v/192.0.2.1/32/up/a\n"
		   "delete v/192.0.2.1/32/up/a\n"
		   "delete v/192.0.2.1/32/has/a\n"
		   "check-index v/192.0.2.2/32/up/a 7\n"
		   "delete v/192.0.2.2/32/up/a\n"
		   "delete v/192.0.2.2/32/has/a\n");
	expect_ops(FLEET_TXN_FORGET, &everything,
		   "check-not-exists v/192.0.2.1/32/up/a\n"
		   "delete v/192.0.2.1/32/up/a\n"
		   "delete v/192.0.2.1/32/has/a\n"
		   "cas v/192.0.2.1/32/.leave 3 "
		   "{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		   "\"slots\":[{\"node\":\"a\",\"session\":\"s\",\"number\":1}],\"line\":[{"
		   "\"node\":\"b\",\"session\":\"t\",\"number\":2}]}\n"
		   "check-index v/192.0.2.2/32/up/a 7\n"
		   "delete v/192.0.2.2/32/up/a\n"
		   "delete v/192.0.2.2/32/has/a\n"
		   "cas v/192.0.2.2/32/.leave 0 "
		   "{\"version\":1,\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":9},"
		   "\"slots\":[],\"line\":[]}\n");
	expect_ops(FLEET_TXN_SLOTS, NULL,
		   "get-tree v/192.0.2.1/32/.roll\n"
		   "get-tree v/192.0.2.2/32/.roll\n");
	expect_ops(FLEET_TXN_ROLL, &everything,
		   "cas v/192.0.2.1/32/.roll 5 "
		   "{\"version\":1,\"writer\":{\"node\":\"a\",\"id\":\"i\",\"number\":9},\"slots\":"
		   "[]}\n"
		   "cas v/192.0.2.2/32/.roll 6 "
		   "{\"version\":1,\"writer\":{\"node\":\"a\",\"id\":\"i\",\"number\":9},\"slots\":"
		   "[{\"node\":\"a\",\"id\":\"i\",\"since\":1,\"why\":\"w\"},{\"node\":\"b\","
		   "\"id\":\"j\",\"since\":0,\"why\":\"\"}]}\n"
		   "get-tree v/192.0.2.1/32/\n"
		   "get-tree v/192.0.2.2/32/\n");
}

/* ---- answers ---- */

/* "KEY INDEX SESSION VALUE" of each result; "-" is none of it. */
static json_t *result_of(const char *line)
{
	char key[64], session[96], value[128];
	int index;
	assert_int_equal(sscanf(line, "%63s %d %95s %127s", key, &index, session, value), 4);
	json_t *kv = json_pack("{s:s, s:i}", "Key", key, "ModifyIndex", index);
	if (strcmp(session, "-") != 0)
		json_object_set_new(kv, "Session", json_string(session));
	if (strcmp(value, "-") != 0) {
		char *text = base64_encode(value, strlen(value));
		json_object_set_new(kv, "Value", json_string(text));
		free(text);
	}
	return json_pack("{s:o}", "KV", kv);
}

/* Results on a line each. */
static int parse(enum fleet_txn kind, const uint64_t *own, const char *results,
		 struct fleet_answer *ret, struct err *err)
{
	char copy[1024], *rest = copy, *line;
	json_t *list = json_array();
	snprintf(copy, sizeof(copy), "%s", results);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_array_append_new(list, result_of(line));
	json_t *o = json_pack("{s:o}", "Results", list);
	char *text = json_dumps(o, 0);
	json_decref(o);
	int rc = fleet_txn_parse(kind, &two, own, text, strlen(text), ret, err);
	free(text);
	return rc;
}

#define A      "v/192.0.2.1/32/"
#define B      "v/192.0.2.2/32/"
#define UP     "{\"version\":1,\"form\":\"normal\"}"
#define LINE   "{\"version\":1,\"slots\":[],\"line\":[]}"
#define SLOTS  "{\"version\":1,\"slots\":[]}"
#define HAS(n) "{\"version\":1,\"seen\":" n ",\"announced\":true}"
#define HAD    "{\"version\":1,\"seen\":99,\"announced\":false}"
#define S39    "sssssssssssssssssssssssssssssssssssssss"
#define OWN_A  A "up/a 11 - -\n"
#define OWN_B  B "up/a 12 - -\n"

static const uint64_t none[] = { 0, 0 }, one_own[] = { 0, 7 }, both[] = { 5, 7 };

static const struct {
	enum fleet_txn kind;
	const uint64_t *own;
	const char *results;
	const char *error; /* NULL: it is taken */
	uint64_t index[2];
} answers[] = {
	{ FLEET_TXN_REPORT, none, OWN_A A "has/a 1 - -\n" OWN_B B "has/a 1 - -", NULL, { 11, 12 } },
	{ FLEET_TXN_REPORT,
	  one_own,
	  OWN_A A "has/a 1 - -\n" B "up/a 7 - -\n" OWN_B B "has/a 1 - -",
	  NULL,
	  { 11, 12 } },
	{ FLEET_TXN_REPORT,
	  both,
	  OWN_A A "has/a 1 - -\n" OWN_B B "has/a 1 - -",
	  "4 transaction results, expected 6",
	  { 0, 0 } },
	{ FLEET_TXN_REPORT,
	  none,
	  OWN_A A "has/a 1 - -\n" OWN_B,
	  "3 transaction results, expected 4",
	  { 0, 0 } },
	{ FLEET_TXN_CLAIM, none, OWN_A, "1 transaction result, expected at least 4", { 0, 0 } },
	{ FLEET_TXN_ROLL,
	  NULL,
	  A ".roll 1 - -",
	  "1 transaction result, expected at least 2",
	  { 0, 0 } },
	{ FLEET_TXN_DROP, both, "", "0 transaction results, expected 2", { 0, 0 } },
	{ FLEET_TXN_DROP, one_own, B "up/a 7 - -", NULL, { 0, 7 } },
	{ FLEET_TXN_FORGET,
	  one_own,
	  A ".leave 1 - -\n" B "up/a 7 - -\n" B ".leave 1 - -",
	  NULL,
	  { 0, 7 } },
	{ FLEET_TXN_FORGET, none, A ".leave 1 - -", "1 transaction result, expected 2", { 0, 0 } },
	{ FLEET_TXN_READ, NULL, A "up/a 1 " S39 " " UP, NULL, { 1, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A "up/a 1 " S39 "s " UP,
	  "key 'v/192.0.2.1/32/up/a' has a session of more than 39 characters",
	  { 0, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A "up/a 0 s " UP,
	  "a result without key, index or session",
	  { 0, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A ".join 1 - " LINE "\n" A ".join 2 - " LINE,
	  "key 'v/192.0.2.1/32/.join' is a duplicate",
	  { 0, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A ".roll 1 - " SLOTS "\n" A ".roll 2 - " SLOTS,
	  "key 'v/192.0.2.1/32/.roll' is a duplicate",
	  { 0, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A "has/b 1 - " HAS("1") "\n" A "has/a 2 - " HAS("1"),
	  "key 'v/192.0.2.1/32/has/a' is one too many, or not in order",
	  { 0, 0 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A "up/b 1 s " UP "\n" A "up/b 2 s " UP,
	  "key 'v/192.0.2.1/32/up/b' is one too many, or not in order",
	  { 0, 0 } },
	{ FLEET_TXN_READ, NULL, A "up/a 3 - x\n" B "up/a 4 - x\n" B "upper 5 - x", NULL, { 3, 4 } },
	{ FLEET_TXN_READ,
	  NULL,
	  A ".roll 1 - x",
	  "key 'v/192.0.2.1/32/.roll' is not JSON: ",
	  { 0, 0 } },
	{ FLEET_TXN_FIND, NULL, A "up/a 3 s x\n" A "up/ab 4 s x\n" B "up/a 5 s x", NULL, { 3, 5 } },
};

static void test_answers_about_two_vips(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct fleet_answer a;
		struct err err = { "" };
		int rc = parse(answers[i].kind, answers[i].own, answers[i].results, &a, &err);
		const char *error = answers[i].error;
		if ((rc == 0) != !error || (error && strncmp(err.text, error, strlen(error)) != 0))
			fail_msg("%zu: %d %s", i, rc, err.text);
		if (rc < 0)
			continue;
		assert_int_equal(a.own[0], answers[i].index[0]);
		assert_int_equal(a.own[1], answers[i].index[1]);
		assert_int_equal(a.announced, 0);
		assert_false(a.is_torn);
		fleet_answer_done(&a);
	}
}

/* Of all VIPs, the last time; not of others, nor when it was not announced. */
static void test_when_it_was_announced_last(void **state)
{
	static const struct {
		const char *results;
		uint64_t seconds;
	} cases[] = {
		{ A "has/a 1 - " HAS("5") "\n" B "has/a 1 - " HAS("7"), 7 },
		{ A "has/a 1 - " HAS("7") "\n" B "has/a 1 - " HAS("5"), 7 },
		{ A "has/a 1 - " HAD "\n" B "has/a 1 - " HAS("5"), 5 },
		{ A "has/b 1 - " HAS("8") "\n" B "has/a 1 - x", 0 },
		{ A "has/a 1 - -\n" B "has/a 1 - " HAS("5"), 5 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fleet_answer a;
		struct err err;
		assert_int_equal(parse(FLEET_TXN_FIND, NULL, cases[i].results, &a, &err), 0);
		assert_int_equal(a.announced, cases[i].seconds * USEC_PER_SEC);
		fleet_answer_done(&a);
	}
}

/* Its write has taken effect: what is wrong in the view does not undo it, what is wrong in the
 * write does. */
static void test_a_report_whose_view_is_torn(void **state)
{
	struct fleet_answer a;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse(FLEET_TXN_REFRESH, none,
			       OWN_A A "has/a 1 - -\n" OWN_B B "has/a 1 - -\n" A "up/a 1 s " UP
				       "\n" B ".leave 1 - x",
			       &a, &err),
			 0);
	assert_true(a.is_torn);
	assert_int_equal(a.views[0].n_up, 0);
	assert_string_equal(err.text, "");
	fleet_answer_done(&a);
	/* Also by its first key. */
	assert_int_equal(parse(FLEET_TXN_REFRESH, none,
			       OWN_A A "has/a 1 - -\n" OWN_B B "has/a 1 - -\n" A ".leave 1 - x", &a,
			       &err),
			 0);
	assert_true(a.is_torn);
	fleet_answer_done(&a);
	assert_int_equal(parse(FLEET_TXN_REFRESH, none,
			       OWN_A A "has/a 1 - -\n" OWN_B B "has/a 0 - -", &a, &err),
			 -EPROTO);
	assert_int_equal(parse(FLEET_TXN_CLAIM, none,
			       OWN_A A ".leave 1 - -\n" OWN_B B ".leave 1 - -\n" A ".leave 1 - x",
			       &a, &err),
			 -EPROTO);
}

/* Of Consul's answers, as of any JSON of others, the last of two members counts. */
static void test_members_that_are_there_twice(void **state)
{
	static const char read[] = "{\"Results\": 5, \"Results\": []}";
	static const char refused[] = "{\"Errors\": 5, \"Errors\": [{\"What\": \"busy\"}]}";
	struct fleet_answer a;
	struct err err;
	(void)state;
	assert_int_equal(fleet_txn_parse(FLEET_TXN_READ, &two, NULL, read, strlen(read), &a, &err),
			 0);
	fleet_answer_done(&a);
	fleet_txn_refusal(refused, strlen(refused), &err);
	assert_string_equal(err.text, "Consul refuses the transaction: busy");
}

static int parse_nodes(size_t n, const char *part, const char *value, struct err *err)
{
	json_t *list = json_array();
	char *text = base64_encode(value, strlen(value));
	for (size_t i = 0; i < n; i++) {
		char key[64];
		snprintf(key, sizeof(key), A "%s/n%05zu", part, i);
		json_array_append_new(list,
				      json_pack("{s:{s:s, s:i, s:s, s:s}}", "KV", "Key", key,
						"ModifyIndex", 1, "Session", "s", "Value", text));
	}
	free(text);
	json_t *o = json_pack("{s:o}", "Results", list);
	text = json_dumps(o, 0);
	json_decref(o);
	struct fleet_answer a;
	int rc = fleet_txn_parse(FLEET_TXN_READ, &two, NULL, text, strlen(text), &a, err);
	if (rc == 0) {
		assert_int_equal(a.views[0].n_up + a.views[0].n_has, n);
		fleet_answer_done(&a);
	}
	free(text);
	return rc;
}

static void test_a_node_too_many(void **state)
{
	struct err err;
	(void)state;
	assert_int_equal(parse_nodes(FLEET_NODES_MAX, "up", UP, &err), 0);
	assert_int_equal(parse_nodes(FLEET_NODES_MAX + 1, "up", UP, &err), -EPROTO);
	assert_string_equal(err.text,
			    "key 'v/192.0.2.1/32/up/n04096' is one too many, or not in order");
	assert_int_equal(parse_nodes(FLEET_NODES_MAX, "has", HAS("1"), &err), 0);
	assert_int_equal(parse_nodes(FLEET_NODES_MAX + 1, "has", HAS("1"), &err), -EPROTO);
}

/* In base64 it may be twice as long as a value, and is then refused for what it is. */
static void test_a_value_that_is_too_long(void **state)
{
	static const char *const says[] = {
		"key 'v/192.0.2.1/32/up/a' is longer than 524288 bytes",
		"key 'v/192.0.2.1/32/up/a' has no value",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		char *value = repeated('A', 2 * FLEET_VALUE_MAX + 4 * i);
		json_t *o = json_pack("{s:[{s:{s:s, s:i, s:s, s:s}}]}", "Results", "KV", "Key",
				      A "up/a", "ModifyIndex", 1, "Session", "s", "Value", value);
		char *text = json_dumps(o, 0);
		struct fleet_answer a;
		struct err err;
		assert_int_equal(
			fleet_txn_parse(FLEET_TXN_READ, &two, NULL, text, strlen(text), &a, &err),
			-EPROTO);
		assert_string_equal(err.text, says[i]);
		free(text);
		json_decref(o);
		free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_value_is_half_a_mebibyte_at_most),
		cmocka_unit_test(test_times_that_microseconds_can_hold),
		cmocka_unit_test(test_texts_of_claims_and_slots),
		cmocka_unit_test(test_texts_of_a_slot_are_printable),
		cmocka_unit_test(test_as_many_claims_as_nodes),
		cmocka_unit_test(test_a_refused_value_is_not_filled_in),
		cmocka_unit_test(test_what_is_not_told_is_none),
		cmocka_unit_test(test_what_is_not_told_is_not_written),
		cmocka_unit_test(test_each_vip_has_its_own_of_everything),
		cmocka_unit_test(test_each_vip_has_its_own_of_what_goes),
		cmocka_unit_test(test_answers_about_two_vips),
		cmocka_unit_test(test_when_it_was_announced_last),
		cmocka_unit_test(test_a_report_whose_view_is_torn),
		cmocka_unit_test(test_members_that_are_there_twice),
		cmocka_unit_test(test_a_node_too_many),
		cmocka_unit_test(test_a_value_that_is_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
