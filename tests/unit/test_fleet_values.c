/* SPDX-License-Identifier: MIT */
/* A fleet's values and transactions; the answers are those of Consul 1.8.7, shortened. */
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
#include <sys/socket.h>

#include "fleet/txn.h"
#include "lib/array.h"
#include "lib/base64.h"
#include "lib/mono.h"

#define SESSION "e2ecb391-497f-18bd-60a8-d74e5d4c50cb"

#define SEEN "{\"version\":1,\"seen\":5}"

/* ---- values ---- */

static void test_round_trip(void **state)
{
	struct fleet_claim claims[] = { { "a", "s1", 1 }, { "b", "s2", 2 }, { "c", "s3", 3 } };
	struct fleet_leave l = { .claims = claims, .n = 3, .n_slots = 1 }, got;
	struct fleet_up got_up = { .since = 0 };
	struct fleet_up up = { .since = 1790000000 * USEC_PER_SEC,
			       .attributes = "med 10, communities 65535:0",
			       .config = "e3b0" };
	struct fleet_has has;
	struct err err;
	(void)state;
	for (unsigned f = FLEET_NORMAL; f <= FLEET_WITHDRAWN; f++) {
		up.form = (enum fleet_form)f;
		char *text = fleet_up_encode(&up, 7);
		assert_int_equal(fleet_up_parse(text, strlen(text), &got_up, &err), 0);
		assert_memory_equal(&got_up, &up, sizeof(up));
		free(text);
	}
	char *text = fleet_has_encode(1790000000 * USEC_PER_SEC + 5, true);
	assert_string_equal(text, "{\"version\":1,\"seen\":1790000000,\"announced\":true}");
	assert_int_equal(fleet_has_parse(text, strlen(text), &has, &err), 0);
	assert_int_equal(has.seen, 1790000000 * USEC_PER_SEC);
	assert_true(has.announced);
	assert_int_equal(fleet_has_parse(SEEN, strlen(SEEN), &has, &err), 0);
	assert_false(has.announced); /* of a version before */
	free(text);
	text = fleet_leave_encode(&l, &claims[2]);
	assert_int_equal(fleet_leave_parse(text, strlen(text), &got, &err), 0);
	assert_int_equal(got.n, 3);
	assert_int_equal(got.n_slots, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(got.claims[i].node, claims[i].node);
		assert_string_equal(got.claims[i].session, claims[i].session);
		assert_int_equal(got.claims[i].number, claims[i].number);
	}
	free(got.claims);
	free(text);
}

/* Consul keeps the index of a key that is written with the value that it has. */
static void test_two_writes_differ(void **state)
{
	struct fleet_leave none = { 0 };
	struct fleet_claim writer = { "a", "s", 1 };
	(void)state;
	const struct fleet_up up = { .form = FLEET_NORMAL };
	char *a = fleet_up_encode(&up, 1), *b = fleet_up_encode(&up, 2);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
	a = fleet_leave_encode(&none, &writer);
	writer.number++;
	b = fleet_leave_encode(&none, &writer);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

/* Nothing is decided by what is told for people. */
static void test_details_that_are_missing_or_wrong(void **state)
{
	static const char *const texts[] = {
		"{\"version\":1,\"form\":\"normal\"}",
		"{\"version\":1,\"form\":\"normal\",\"since\":-1,\"attributes\":5,\"config\":{}}",
		"{\"version\":1,\"form\":\"normal\",\"since\":9223372036854775807,\"config\":null}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct fleet_up up;
		struct err err;
		assert_int_equal(fleet_up_parse(texts[i], strlen(texts[i]), &up, &err), 0);
		assert_int_equal(up.form, FLEET_NORMAL);
		assert_int_equal(up.since, 0);
		assert_string_equal(up.attributes, "");
		assert_string_equal(up.config, "");
	}
}

static void test_refused_values(void **state)
{
	static const struct {
		const char *text, *error;
	} up[] = {
		{ "", "not JSON" },
		{ "[]", "not an object" },
		{ "{}", "another version" },
		{ "{\"version\": 2, \"form\": \"normal\"}", "another version" },
		{ "{\"version\": 1}", "no valid 'form'" },
		{ "{\"version\": 1, \"form\": \"up\"}", "no valid 'form'" },
		{ "{\"version\": 1, \"form\": 0}", "no valid 'form'" },
		{ "{\"version\": 1, \"form\": \"normal\", \"form\": \"drained\"}", "not JSON" },
	}, has[] = {
		{ "{\"version\": 1}", "no valid 'seen'" },
		{ "{\"version\": 1, \"seen\": -1}", "no valid 'seen'" },
		{ "{\"version\": 1, \"seen\": 1.5}", "no valid 'seen'" },
		{ "{\"version\": 1, \"seen\": 9223372036854775807}", "no valid 'seen'" },
		{ "{\"version\": 1, \"seen\": 1, \"announced\": 1}", "no valid 'announced'" },
	}, leave[] = {
		{ "{\"version\": 1, \"slots\": []}", "no valid 'line'" },
		{ "{\"version\": 1, \"line\": [], \"slots\": {}}", "no valid 'slots'" },
		{ "{\"version\": 1, \"line\": [], \"slots\": [1]}", "valid 'node'" },
		{ "{\"version\": 1, \"line\": [{\"node\": \"a\", \"number\": 1}], \"slots\": []}",
		  "valid 'session'" },
		{ "{\"version\": 1, \"line\": [{\"node\": \"a\", \"session\": \"\", \"number\": 1}], "
		  "\"slots\": []}",
		  "valid 'session'" },
		{ "{\"version\": 1, \"slots\": [{\"node\": \"a\", \"session\": \"s\"}], \"line\": []}",
		  "valid 'number'" },
	};
	struct err err;
	struct fleet_up got_up;
	struct fleet_leave l;
	struct fleet_has seen;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(up); i++) {
		assert_int_equal(fleet_up_parse(up[i].text, strlen(up[i].text), &got_up, &err),
				 -EPROTO);
		assert_non_null(strstr(err.text, up[i].error));
	}
	for (size_t i = 0; i < ARRAY_SIZE(has); i++) {
		assert_int_equal(fleet_has_parse(has[i].text, strlen(has[i].text), &seen, &err),
				 -EPROTO);
		assert_non_null(strstr(err.text, has[i].error));
	}
	for (size_t i = 0; i < ARRAY_SIZE(leave); i++) {
		assert_int_equal(fleet_leave_parse(leave[i].text, strlen(leave[i].text), &l, &err),
				 -EPROTO);
		assert_non_null(strstr(err.text, leave[i].error));
	}
}

static void test_names_of_nodes(void **state)
{
	char longest[FLEET_NODE_MAX + 1];
	(void)state;
	memset(longest, 'n', FLEET_NODE_MAX);
	longest[FLEET_NODE_MAX] = '\0';
	assert_false(fleet_node_is_valid(longest));
	assert_true(fleet_node_is_valid(longest + 1));
	assert_true(fleet_node_is_valid("web-1.example.net"));
	assert_false(fleet_node_is_valid(""));
	assert_false(fleet_node_is_valid("a/b"));
	assert_false(fleet_node_is_valid("a b"));
	assert_false(fleet_node_is_valid("n\xc3\xb6"
					 "de"));
}

/* ---- transactions ---- */

static const struct prefix vips[] = {
	{ .addr = { .family = AF_INET, .bytes = { 192, 0, 2, 53 } }, .len = 32 },
	{ .addr = { .family = AF_INET, .bytes = { 192, 0, 2, 5 } }, .len = 32 },
};
static const struct fleet_keys one = { .prefix = "v", .vips = vips, .n_vips = 1, .node = "a" };

/* Values in plain, for reading. */
static void assert_ops(enum fleet_txn kind, const struct fleet_write *w, const char *expected)
{
	char *text = fleet_txn_make(kind, &one, w), got[4096] = "", *to = got;
	json_t *ops = json_loads(text, 0, NULL);
	size_t i;
	json_t *op;
	json_array_foreach(ops, i, op)
	{
		json_t *kv = json_object_get(op, "KV");
		const char *value = json_string_value(json_object_get(kv, "Value"));
		uint8_t *plain = NULL;
		size_t len;
		if (value)
			assert_int_equal(base64_decode(value, &plain, &len), 0);
		to += sprintf(to, "%s %s", json_string_value(json_object_get(kv, "Verb")),
			      json_string_value(json_object_get(kv, "Key")));
		if (json_object_get(kv, "Index"))
			to += sprintf(to, " %d",
				      (int)json_integer_value(json_object_get(kv, "Index")));
		to += sprintf(to, "%s%s\n", plain ? " " : "", plain ? (char *)plain : "");
		free(plain);
	}
	assert_string_equal(got, expected);
	json_decref(ops);
	free(text);
}

static void test_requests(void **state)
{
	static const uint64_t none[] = { 0 }, own[] = { 14 };
	struct fleet_claim claim = { "a", "s", 3 };
	const struct fleet_leave leave = { .index = 9, .claims = &claim, .n = 1, .n_slots = 1 };
	struct fleet_write w = { .own = none,
				 .session = "s",
				 .serial = 2,
				 .form = FLEET_DEGRADED,
				 .seen = 5 * USEC_PER_SEC,
				 .announced = true,
				 .leaves = &leave };
	(void)state;
	assert_ops(FLEET_TXN_FIND, NULL,
		   "get-tree v/192.0.2.53/32/up/a\n"
		   "get-tree v/192.0.2.53/32/has/a\n");
	assert_ops(FLEET_TXN_READ, NULL, "get-tree v/192.0.2.53/32/\n");
	assert_ops(FLEET_TXN_REPORT, &w,
		   "check-not-exists v/192.0.2.53/32/up/a\n"
		   "lock v/192.0.2.53/32/up/a "
		   "{\"version\":1,\"form\":\"degraded\",\"serial\":2}\n"
		   "set v/192.0.2.53/32/has/a {\"version\":1,\"seen\":5,\"announced\":true}\n");
	assert_ops(FLEET_TXN_REFRESH, &w,
		   "check-not-exists v/192.0.2.53/32/up/a\n"
		   "lock v/192.0.2.53/32/up/a "
		   "{\"version\":1,\"form\":\"degraded\",\"serial\":2}\n"
		   "set v/192.0.2.53/32/has/a {\"version\":1,\"seen\":5,\"announced\":true}\n"
		   "get-tree v/192.0.2.53/32/\n");
	w.own = own;
	assert_ops(FLEET_TXN_CLAIM, &w,
		   "check-index v/192.0.2.53/32/up/a 14\n"
		   "lock v/192.0.2.53/32/up/a "
		   "{\"version\":1,\"form\":\"degraded\",\"serial\":2}\n"
		   "cas v/192.0.2.53/32/.leave 9 {\"version\":1,"
		   "\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":2},"
		   "\"slots\":[{\"node\":\"a\",\"session\":\"s\",\"number\":3}],\"line\":[]}\n"
		   "get-tree v/192.0.2.53/32/\n");
	const struct fleet_leave join = { .index = 8, .claims = &claim, .n = 1 };
	w.leaves = &join;
	w.form = FLEET_JOINING;
	assert_ops(FLEET_TXN_JOIN, &w,
		   "check-index v/192.0.2.53/32/up/a 14\n"
		   "lock v/192.0.2.53/32/up/a "
		   "{\"version\":1,\"form\":\"joining\",\"serial\":2}\n"
		   "cas v/192.0.2.53/32/.join 8 {\"version\":1,"
		   "\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":2},"
		   "\"slots\":[],\"line\":[{\"node\":\"a\",\"session\":\"s\",\"number\":3}]}\n"
		   "get-tree v/192.0.2.53/32/\n");
}

static void test_roll(void **state)
{
	struct fleet_slot slot = { "b", "8f3c", 7 * USEC_PER_SEC, "disk" };
	const struct fleet_slots slots = { .index = 9, .items = &slot, .n = 1 };
	const struct fleet_slot me = { .node = "a", .id = "77" };
	const struct fleet_write w = { .serial = 4, .rolls = &slots, .roller = &me };
	static const char answer[] =
		"{\"Results\":[{\"KV\":{\"Key\":\"v/192.0.2.53/32/.roll\",\"ModifyIndex\":12}},"
		"{\"KV\":{\"Key\":\"v/192.0.2.53/32/"
		".roll\",\"ModifyIndex\":12,\"Value\":\"%s\"}}]}";
	char text[1024];
	struct fleet_answer got;
	struct err err;
	(void)state;
	assert_ops(FLEET_TXN_SLOTS, NULL, "get-tree v/192.0.2.53/32/.roll\n");
	assert_ops(FLEET_TXN_ROLL, &w,
		   "cas v/192.0.2.53/32/.roll 9 {\"version\":1,"
		   "\"writer\":{\"node\":\"a\",\"id\":\"77\",\"number\":4},"
		   "\"slots\":[{\"node\":\"b\",\"id\":\"8f3c\",\"since\":7,\"why\":\"disk\"}]}\n"
		   "get-tree v/192.0.2.53/32/\n");
	char *value = fleet_slots_encode(&slots, &me, 4);
	char *base64 = base64_encode(value, strlen(value));
	snprintf(text, sizeof(text), answer, base64);
	assert_int_equal(
		fleet_txn_parse(FLEET_TXN_ROLL, &one, NULL, text, strlen(text), &got, &err), 0);
	assert_int_equal(got.views[0].roll.index, 12);
	assert_int_equal(got.views[0].roll.n, 1);
	assert_memory_equal(&got.views[0].roll.items[0], &slot, sizeof(slot));
	fleet_answer_done(&got);
	/* One result is missing: it was no such transaction. */
	assert_int_equal(
		fleet_txn_parse(FLEET_TXN_ROLL, &one, NULL, "{\"Results\":[]}", 14, &got, &err),
		-EPROTO);
	free(base64);
	free(value);
}

static void test_refused_slots(void **state)
{
	static const struct {
		const char *text, *error;
	} wrong[] = {
		{ "{\"version\": 1}", "no valid 'slots'" },
		{ "{\"version\": 1, \"slots\": [1]}", "valid 'node'" },
		{ "{\"version\": 1, \"slots\": [{\"node\": \"a/b\", \"id\": \"1\", \"since\": 1}]}",
		  "valid 'node'" },
		{ "{\"version\": 1, \"slots\": [{\"node\": \"a\", \"since\": 1}]}", "valid 'id'" },
		{ "{\"version\": 1, \"slots\": [{\"node\": \"a\", \"id\": \"1\"}]}",
		  "valid 'since'" },
		{ "{\"version\": 2, \"slots\": []}", "another version" },
	};
	struct fleet_slots got;
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(
			fleet_slots_parse(wrong[i].text, strlen(wrong[i].text), &got, &err),
			-EPROTO);
		assert_non_null(strstr(err.text, wrong[i].error));
	}
}

static void test_drop(void **state)
{
	static const uint64_t none[] = { 0 }, own[] = { 14 };
	const struct fleet_leave leave = { .index = 9 };
	struct fleet_write w = { .own = own, .session = "s", .serial = 2, .leaves = &leave };
	(void)state;
	assert_ops(FLEET_TXN_FORGET, &w,
		   "check-index v/192.0.2.53/32/up/a 14\n"
		   "delete v/192.0.2.53/32/up/a\n"
		   "delete v/192.0.2.53/32/has/a\n"
		   "cas v/192.0.2.53/32/.leave 9 {\"version\":1,"
		   "\"writer\":{\"node\":\"a\",\"session\":\"s\",\"number\":2},"
		   "\"slots\":[],\"line\":[]}\n");
	assert_ops(FLEET_TXN_DROP, &w,
		   "check-index v/192.0.2.53/32/up/a 14\n"
		   "delete v/192.0.2.53/32/up/a\n"
		   "delete v/192.0.2.53/32/has/a\n");
	w.own = none;
	assert_ops(FLEET_TXN_DROP, &w,
		   "check-not-exists v/192.0.2.53/32/up/a\n"
		   "delete v/192.0.2.53/32/up/a\n"
		   "delete v/192.0.2.53/32/has/a\n");
}

#define K "v/192.0.2.53/32/"

/* KEY=VALUE with a session, KEY~VALUE without one, KEY without a value as writes have it. The index
 * of each is 10 and its place. */
static char *answer_of(const char *list)
{
	char copy[2048];
	json_t *results = json_array();
	snprintf(copy, sizeof(copy), "%s", list);
	for (char *save, *e = strtok_r(copy, " ", &save); e; e = strtok_r(NULL, " ", &save)) {
		char *at = strpbrk(e, "=~"), mark = '\0';
		if (at) {
			mark = *at;
			*at = '\0';
		}
		char *value = at ? base64_encode(at + 1, strlen(at + 1)) : NULL;
		json_t *kv = json_pack("{s:s, s:I, s:s?}", "Key", e, "ModifyIndex",
				       10 + (json_int_t)json_array_size(results), "Value", value);
		if (!value)
			json_object_set_new(kv, "Value", json_null());
		if (mark == '=')
			json_object_set_new(kv, "Session", json_string(SESSION));
		json_array_append_new(results, json_pack("{s:o}", "KV", kv));
		free(value);
	}
	json_t *o = json_pack("{s:o, s:n}", "Results", results, "Errors");
	char *text = json_dumps(o, 0);
	json_decref(o);
	return text;
}

#define UP(form) "{\"version\":1,\"form\":\"" form "\"}"
#define SEEN_UP  "{\"version\":1,\"seen\":5,\"announced\":true}"
#define LEAVE    "{\"version\":1,\"slots\":[],\"line\":[]}"
#define LINE                                                                                       \
	"{\"version\":1,\"slots\":[],\"line\":[{\"node\":\"b\",\"session\":\"s\",\"number\":1}]}"

static int parse(enum fleet_txn kind, const struct fleet_keys *k, const uint64_t *own,
		 const char *list, struct fleet_answer *ret, struct err *err)
{
	char *text = answer_of(list);
	int r = fleet_txn_parse(kind, k, own, text, strlen(text), ret, err);
	free(text);
	return r;
}

static void test_read(void **state)
{
	struct fleet_answer a;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse(FLEET_TXN_READ, &one, NULL,
			       K ".join~" LINE " " K ".leave~" LEAVE " " K "has/a~" SEEN " " K
				 "has/c~" SEEN " " K "join/a~x " K
				 "up/a=" UP("normal") " " K "up/b=" UP("degraded") " " K "up/c~{}",
			       &a, &err),
			 0);
	const struct fleet_view *v = &a.views[0];
	assert_int_equal(v->n_up, 2); /* c is held by no session */
	assert_string_equal(v->up[0].node, "a");
	assert_string_equal(v->up[0].session, SESSION);
	assert_int_equal(v->up[1].form, FLEET_DEGRADED);
	assert_int_equal(v->n_has, 2);
	assert_int_equal(v->has[1].seen, 5 * USEC_PER_SEC);
	assert_int_equal(v->join.index, 10);
	assert_int_equal(v->join.n, 1);
	assert_string_equal(v->join.claims[0].node, "b");
	assert_int_equal(v->leave.index, 11);
	assert_int_equal(a.own[0], 15);
	fleet_answer_done(&a);
	assert_int_equal(parse(FLEET_TXN_READ, &one, NULL, "", &a, &err), 0);
	assert_int_equal(a.views[0].n_up, 0);
	assert_int_equal(a.views[0].leave.index, 0);
	fleet_answer_done(&a);
}

/* 192.0.2.5/32 is not part of 192.0.2.53/32. */
static void test_two_vips(void **state)
{
	const struct fleet_keys two = { .prefix = "v", .vips = vips, .n_vips = 2, .node = "a" };
	struct fleet_answer a;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse(FLEET_TXN_READ, &two, NULL,
			       K "up/a=" UP("normal") " v/192.0.2.5/32/up/b=" UP("withdrawn"), &a,
			       &err),
			 0);
	assert_string_equal(a.views[0].up[0].node, "a");
	assert_string_equal(a.views[1].up[0].node, "b");
	assert_int_equal(a.own[0], 10);
	assert_int_equal(a.own[1], 0);
	fleet_answer_done(&a);
}

static void test_writes(void **state)
{
	static const uint64_t none[] = { 0 }, own[] = { 4 };
	struct fleet_answer a;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse(FLEET_TXN_FIND, &one, NULL,
			       K "up/a=" UP("normal") " " K "up/a2=" UP("normal"), &a, &err),
			 0);
	assert_int_equal(a.own[0], 10);
	assert_int_equal(a.announced, 0);
	assert_int_equal(parse(FLEET_TXN_FIND, &one, NULL,
			       K "up/a=" UP("normal") " " K "has/a~" SEEN_UP " " K "has/a2~x", &a,
			       &err),
			 0);
	assert_int_equal(a.own[0], 10);
	assert_int_equal(a.announced, 5 * USEC_PER_SEC);
	assert_int_equal(parse(FLEET_TXN_FIND, &one, NULL, K "has/a~x", &a, &err), 0);
	assert_int_equal(a.announced, 0);
	assert_int_equal(parse(FLEET_TXN_REPORT, &one, none, K "up/a " K "has/a", &a, &err), 0);
	assert_int_equal(a.own[0], 10);
	assert_int_equal(
		parse(FLEET_TXN_REPORT, &one, own, K "up/a " K "up/a " K "has/a", &a, &err), 0);
	assert_int_equal(a.own[0], 11);
	assert_int_equal(parse(FLEET_TXN_CLAIM, &one, own,
			       K "up/a " K "up/a " K ".leave " K ".leave~" LEAVE " " K
				 "up/a=" UP("degraded"),
			       &a, &err),
			 0);
	assert_int_equal(a.views[0].leave.index, 13);
	assert_int_equal(a.own[0], 14);
	fleet_answer_done(&a);
	/* delete has no result. */
	assert_int_equal(parse(FLEET_TXN_DROP, &one, own, K "up/a", &a, &err), 0);
	assert_int_equal(parse(FLEET_TXN_DROP, &one, none, "", &a, &err), 0);
	assert_int_equal(parse(FLEET_TXN_FORGET, &one, own, K "up/a " K ".leave", &a, &err), 0);
	assert_int_equal(parse(FLEET_TXN_FORGET, &one, none, K ".leave", &a, &err), 0);
}

/* The report counts, whatever another agent wrote. */
static void test_a_report_that_reads(void **state)
{
	static const uint64_t own[] = { 4 };
	struct fleet_answer a;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse(FLEET_TXN_REFRESH, &one, own,
			       K "up/a " K "up/a " K "has/a " K ".leave~" LINE " " K
				 "up/a=" UP("normal") " " K "up/b=" UP("degraded"),
			       &a, &err),
			 0);
	assert_false(a.is_torn);
	assert_int_equal(a.views[0].n_up, 2);
	assert_int_equal(a.views[0].leave.n, 1);
	assert_int_equal(a.own[0], 14);
	fleet_answer_done(&a);
	assert_int_equal(parse(FLEET_TXN_REFRESH, &one, own,
			       K "up/a " K "up/a " K "has/a " K ".leave~" LINE " " K "up/a0=x " K
				 "up/b=" UP("degraded"),
			       &a, &err),
			 0);
	assert_true(a.is_torn);
	assert_int_equal(a.views[0].n_up, 0);
	assert_int_equal(a.views[0].leave.n, 0);
	assert_int_equal(a.own[0], 11);
	assert_string_equal(err.text, "");
	assert_int_equal(parse(FLEET_TXN_REFRESH, &one, own, K "up/a " K "up/a", &a, &err),
			 -EPROTO);
}

static void test_refused_answers(void **state)
{
	static const uint64_t own[] = { 4 };
	static const struct {
		enum fleet_txn kind;
		const char *list, *error;
	} cases[] = {
		{ FLEET_TXN_READ, K "up/a=x", "not JSON" },
		{ FLEET_TXN_READ, K "up/a", "no value" },
		{ FLEET_TXN_READ, K "has/a~x", "not JSON" },
		{ FLEET_TXN_READ, K ".leave~x", "not JSON" },
		{ FLEET_TXN_READ, K ".join~x", "not JSON" },
		{ FLEET_TXN_READ, K ".leave~" LEAVE " " K ".leave~" LEAVE, "duplicate" },
		{ FLEET_TXN_READ, K "up/b=" UP("normal") " " K "up/a=" UP("normal"),
		  "not in order" },
		{ FLEET_TXN_READ, K "up/b=" UP("normal") " " K "up/b=" UP("normal"),
		  "not in order" },
		{ FLEET_TXN_READ, K "has/b~" SEEN " " K "has/b~" SEEN, "not in order" },
		{ FLEET_TXN_READ, K "up/a/b=" UP("normal"), "invalid name" },
		{ FLEET_TXN_READ, K "up/=" UP("normal"), "invalid name" },
		{ FLEET_TXN_READ, "w/192.0.2.53/32/up/a=" UP("normal"), "not asked for" },
		{ FLEET_TXN_REPORT, K "up/a " K "has/a", "2 transaction results" },
		{ FLEET_TXN_REPORT, K "up/a " K "up/a " K "has/a " K "x", "4 transaction results" },
		{ FLEET_TXN_CLAIM, K "up/a " K "up/a", "2 transaction results" },
		{ FLEET_TXN_FORGET, K "up/a", "1 transaction result," },
		{ FLEET_TXN_DROP, K "up/a " K ".leave", "2 transaction results" },
	};
	struct fleet_answer a;
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (parse(cases[i].kind, &one, own, cases[i].list, &a, &err) != -EPROTO)
			fail_msg("'%s' is accepted", cases[i].list);
		if (!strstr(err.text, cases[i].error))
			fail_msg("'%s': %s", cases[i].list, err.text);
	}
	assert_int_equal(fleet_txn_parse(FLEET_TXN_READ, &one, NULL, "null", 4, &a, &err), -EPROTO);
	assert_int_equal(fleet_txn_parse(FLEET_TXN_READ, &one, NULL, "{}", 2, &a, &err), -EPROTO);
	assert_int_equal(
		fleet_txn_parse(FLEET_TXN_READ, &one, NULL, "{\"Results\":[1]}", 15, &a, &err),
		-EPROTO);
}

static void test_refusal(void **state)
{
	static const char held[] = "{\"Results\": null, \"Errors\": [{\"OpIndex\": 1, \"What\": "
				   "\"failed to lock key \\\"k\\\", lock is\\nheld\"}]}";
	struct err err;
	(void)state;
	fleet_txn_refusal(held, strlen(held), &err);
	assert_string_equal(err.text, "Consul refuses the transaction: failed to lock key \"k\", "
				      "lock is?held");
	fleet_txn_refusal("x", 1, &err);
	assert_string_equal(err.text, "Consul refuses the transaction: no reason given");
}

/* One request for all VIPs: each is asked about. */
static void test_each_vip_is_asked_about(void **state)
{
	static const enum fleet_txn kinds[] = { FLEET_TXN_FIND, FLEET_TXN_READ };
	const struct prefix two[] = { PREFIX4(32, 192, 0, 2, 1), PREFIX4(32, 192, 0, 2, 2) };
	const struct fleet_keys keys = { .prefix = "v", .vips = two, .n_vips = 2, .node = "a" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char *text = fleet_txn_make(kinds[i], &keys, NULL);
		assert_non_null(strstr(text, "192.0.2.1"));
		assert_non_null(strstr(text, "192.0.2.2"));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_two_writes_differ),
		cmocka_unit_test(test_details_that_are_missing_or_wrong),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_names_of_nodes),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_roll),
		cmocka_unit_test(test_refused_slots),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_two_vips),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_a_report_that_reads),
		cmocka_unit_test(test_refused_answers),
		cmocka_unit_test(test_refusal),
		cmocka_unit_test(test_each_vip_is_asked_about),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
