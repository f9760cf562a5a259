/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consul/payload.h"
#include "lib/array.h"

#define TAG        "enable_gocast"
#define NODE(...)  "{\"Node\":{\"ID\":\"n-1\",\"CreateIndex\":7},\"Services\":{" __VA_ARGS__ "}}"
#define CHECK(...) "[{\"CheckID\":\"c\",\"ServiceName\":\"s\",\"Status\":" __VA_ARGS__ "}]"

#define LONG16  "xxxxxxxxxxxxxxxx"
#define LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16

/* Exactly as large as the text, so that the sanitizer sees a read past its end. */
static char *exact(const char *json, size_t *ret_len)
{
	*ret_len = strlen(json);
	char *copy = malloc(*ret_len ? *ret_len : 1);
	memcpy(copy, json, *ret_len);
	return copy;
}

static int parse_catalog(const char *json, struct consul_services *c, struct err *err)
{
	size_t len;
	char *text = exact(json, &len);
	int r = consul_services_parse(text, len, TAG, c, err);
	free(text);
	return r;
}

static int parse_checks(const char *json, struct consul_checks *c, struct err *err)
{
	size_t len;
	char *text = exact(json, &len);
	int r = consul_checks_parse(text, len, c, err);
	free(text);
	return r;
}

static void test_catalog(void **state)
{
	(void)state;
	struct consul_services c = { 0 };
	struct err err = { "" };
	const char *json = NODE("\"b-2\":{\"ID\":\"b-2\",\"Service\":\"b\",\"Tags\":[\"x\"]},"
				"\"a-2\":{\"ID\":\"a-2\",\"Service\":\"a\",\"Tags\":[\"" TAG
				"\",\"k=v=w\"],\"More\":[{}]},"
				"\"a-1\":{\"ID\":\"a-1\",\"Service\":\"a\",\"Tags\":null},"
				"\"c\":{\"ID\":\"c\",\"Service\":\"c\"}");
	assert_int_equal(parse_catalog(json, &c, &err), 0);
	assert_true(c.present);
	assert_string_equal(c.node_id, "n-1");
	assert_int_equal(c.create_index, 7);
	assert_int_equal(c.n, 4);
	/* By name, then ID. */
	assert_string_equal(c.items[0].id, "a-1");
	assert_string_equal(c.items[1].id, "a-2");
	assert_string_equal(c.items[2].id, "b-2");
	assert_null(c.items[0].tags);
	assert_null(c.items[2].tags);
	assert_int_equal(c.items[1].n_tags, 2);
	assert_string_equal(c.items[1].tags[1], "k=v=w");
	consul_services_done(&c);
}

static void test_proxies(void **state)
{
	(void)state;
	struct consul_services c = { 0 };
	const char *json = NODE(
		"\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Kind\":\"connect-proxy\","
		"\"Proxy\":{\"DestinationServiceName\":\"web\"}},"
		"\"b\":{\"ID\":\"b\",\"Service\":\"b\",\"Kind\":\"connect-proxy\",\"Proxy\":null},"
		"\"c\":{\"ID\":\"c\",\"Service\":\"c\",\"Kind\":\"mesh-gateway\",\"Proxy\":{}},"
		"\"d\":{\"ID\":\"d\",\"Service\":\"d\",\"Kind\":7},"
		"\"e\":{\"ID\":\"e\",\"Service\":\"e\",\"Kind\":\"connect-prox1\","
		"\"Proxy\":{\"DestinationServiceName\":\"web\"}},"
		"\"f\":{\"ID\":\"f\",\"Service\":\"f\",\"Kind\":\"connect-proxy\","
		"\"Proxy\":{\"DestinationServiceName\":\"we\\u0000b\"}}");
	assert_int_equal(parse_catalog(json, &c, NULL), 0);
	assert_int_equal(c.n, 6);
	assert_string_equal(c.items[0].proxied, "web");
	assert_string_equal(c.items[1].proxied, "");
	assert_null(c.items[2].proxied);
	assert_null(c.items[3].proxied);
	assert_null(c.items[4].proxied);
	assert_string_equal(c.items[5].proxied, "");
	consul_services_done(&c);
}

/* The match tag may stand anywhere in the list, and is compared as a whole. */
static void test_tags_are_kept_of_services_with_the_match_tag(void **state)
{
	static const struct {
		const char *tags;
		size_t n; /* 0: not kept */
	} cases[] = {
		{ "[\"" TAG "\"]", 1 },
		{ "[\"x\",\"y\",\"" TAG "\"]", 3 },
		{ "[]", 0 },
		{ "[\"x\",\"enable_gocasx\"]", 0 },
		{ "[\"" TAG "s\"]", 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct consul_services c = { 0 };
		char json[256];
		snprintf(json, sizeof(json),
			 NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":%s}"), cases[i].tags);
		assert_int_equal(parse_catalog(json, &c, NULL), 0);
		assert_int_equal(c.items[0].n_tags, cases[i].n);
		assert_int_equal(c.items[0].tags != NULL, cases[i].n > 0);
		if (c.items[0].tags)
			assert_string_equal(c.items[0].tags[0], cases[i].n > 1 ? "x" : TAG);
		consul_services_done(&c);
	}
}

static void test_no_tags_are_no_error(void **state)
{
	static const char null[] = "null";
	struct consul_service s = { 0 };
	(void)state;
	assert_int_equal(consul_tags_read((struct json_slice){ 0 }, TAG, &s, NULL), 0);
	assert_int_equal(consul_tags_read((struct json_slice){ null, 4 }, TAG, &s, NULL), 0);
	assert_null(s.tags);
}

/* The node's ID has at most 63 octets; an index that is no positive number is none. */
static void test_a_registration_of_the_node(void **state)
{
#define ID63 LONG16 LONG16 LONG16 "xxxxxxxxxxxxxxx"
	static const struct {
		const char *node, *id;
		uint64_t index;
	} cases[] = {
		{ "{\"ID\":\"" ID63 "\",\"CreateIndex\":1}", ID63, 1 },
		{ "{\"ID\":\"n\",\"CreateIndex\":0}", "n", 0 },
		{ "{\"ID\":\"n\",\"CreateIndex\":-1}", "n", 0 },
		{ "{\"ID\":\"n\",\"CreateIndex\":\"7\"}", "n", 0 },
		{ "{\"ID\":\"n\",\"CreateIndex\":9223372036854775807}", "n", INT64_MAX },
		{ "{\"CreateIndex\":8}", "", 8 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct consul_services c = { 0 };
		char json[256];
		snprintf(json, sizeof(json), "{\"Node\":%s}", cases[i].node);
		assert_int_equal(parse_catalog(json, &c, NULL), 0);
		assert_string_equal(c.node_id, cases[i].id);
		assert_true(c.create_index == cases[i].index);
		consul_services_done(&c);
	}
}

static void test_a_node_that_is_not_there(void **state)
{
	(void)state;
	struct consul_services c = { .present = true };
	assert_int_equal(parse_catalog("null\n", &c, NULL), 0);
	assert_false(c.present);
	assert_int_equal(parse_catalog("{\"Node\":{},\"Services\":null}", &c, NULL), 0);
	assert_true(c.present);
	assert_int_equal(c.n, 0);
	assert_int_equal(parse_catalog("{\"Node\":{\"ID\":\"\"}}", &c, NULL), 0);
	assert_string_equal(c.node_id, "");
}

static const struct {
	const char *json, *text;
} bad_catalogs[] = {
	{ "", "JSON" },
	{ "nul", "JSON" },
	{ "<html>", "JSON" },
	{ "null null", "JSON" },
	{ "{\"Node\":{}", "JSON" },
	{ "{\"Node\":{},\"Node\":{}}", "JSON" },
	{ "{\"Node\":{\"ID\":\"\\u0000\"}}", "NUL octet" },
	{ "{\"Node\":{\"ID\":\"\xff\"}}", "JSON" },
	{ "[]", "neither an object nor null" },
	{ "7", "neither" },
	{ "{}", "'Node' is missing" },
	{ "{\"Node\":[]}", "'Node' is not an object" },
	{ "{\"Node\":null}", "'Node' is not an object" },
	{ "{\"Node\":{\"ID\":7}}", "'ID' is not a text" },
	{ "{\"Node\":{\"ID\":\"" LONG128 "\"}}", "'ID' is too long" },
	{ "{\"Node\":{\"ID\":\"" LONG16 LONG16 LONG16 LONG16 "\"}}", "'ID' is too long" },
	{ "{\"Node\":{\"ID\":\"a\",\"ID\":\"b\"}}", "'Node' is broken JSON" },
	{ "{\"Node\":{},\"Services\":[]}", "'Services' is not an object" },
	{ "{\"Node\":{},\"Services\":{\"a\":{\"ID\":\"a\"]}", "JSON" },
	{ "{\"Node\":{},\"Services\":{\"a\" {}}}", "JSON" },
	{ "{\"Node\":{},\"Services\":{\"a\":{} \"b\":{}}}", "missing" },
	{ "{\"Node\":{},\"Services\":{7:{}}}", "JSON" },
	{ NODE("\"a\":7"), "service 'a': 'ID' is missing" },
	{ NODE("\"a\":{\"ID\":\"a\"}"), "service 'a': 'Service' is missing" },
	{ NODE("\"a\":{\"ID\":null,\"Service\":\"a\"}"), "'ID' is not a text" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":\"" TAG "\"}"),
	  "'Tags' is not a list" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG "\",7]}"),
	  "list of texts" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[7,\"" TAG "\"]}"),
	  "service 'a': 'Tags' is not a list of texts" },
	{ NODE("\"abc\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[nul]}"),
	  "service 'abc': 'Tags' is broken JSON" },
	/* The first one is good: nothing of it may leak. */
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG "\"]},\"b\":{}"),
	  "service 'b'" },
};

static void test_bad_catalogs_are_refused_as_a_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_catalogs); i++) {
		struct consul_services c = { .n = 99 };
		struct err err = { "" };
		if (parse_catalog(bad_catalogs[i].json, &c, &err) == 0)
			fail_msg("taken: %s", bad_catalogs[i].json);
		if (!strstr(err.text, bad_catalogs[i].text))
			fail_msg("%s: '%s'", bad_catalogs[i].json, err.text);
		assert_int_equal(c.n, 99); /* untouched */
	}
}

/* Payloads of services that do not belong to us, as Consul passes them on. */
static const struct {
	const char *label, *json;
	const char *skipped; /* NULL: nothing */
} neighbours[] = {
	{ "a NUL in the ID", "\"a\\u0000\":{\"ID\":\"a\\u0000\",\"Service\":\"a\"}",
	  "service 'a\\u0000': its ID contains a NUL octet" },
	{ "a NUL in the name", "\"a\":{\"ID\":\"a\",\"Service\":\"a\\u0000\"}",
	  "service 'a': its name contains a NUL octet" },
	{ "a long name", "\"a\":{\"ID\":\"a\",\"Service\":\"" LONG128 LONG128 LONG128 LONG128 "\"}",
	  "service 'a': its name is longer than 511 octets" },
	{ "a name of 511 octets",
	  "\"a\":{\"ID\":\"a\",\"Service\":\"" LONG128 LONG128 LONG128 LONG16 LONG16 LONG16 LONG16
		  LONG16 LONG16 LONG16 "xxxxxxxxxxxxxxx\"}",
	  NULL },
	{ "a long ID",
	  "\"a\":{\"ID\":\"" LONG128 LONG128 LONG128 LONG128 LONG128 "\",\"Service\":\"a\"}",
	  NULL },
	{ "a NUL in a tag", "\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"t\\u0000\"]}",
	  NULL },
	{ "a NUL in meta",
	  "\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Meta\":{\"k\\u0000\":\"\\u0000\"}}", NULL },
	{ "a large integer",
	  "\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Proxy\":{\"Config\":{\"x\":"
	  "100000000000000000000}}}",
	  NULL },
	{ "a key twice",
	  "\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Meta\":{\"k\":\"1\",\"k\":\"2\"}}", NULL },
	{ "the same ID twice",
	  "\"a\":{\"ID\":\"a\",\"Service\":\"a\"},\"a\":{\"ID\":\"a\",\"Service\":\"a\"}", NULL },
};

#define WEB "\"web\":{\"ID\":\"web\",\"Service\":\"web\",\"Tags\":[\"" TAG "\"]}"

/* The services of the node with one more besides "web". */
static void check_neighbour(const char *label, const char *json, const char *skipped)
{
	struct consul_services c = { 0 };
	struct err err = { "" };
	bool web = false;
	if (parse_catalog(json, &c, &err) < 0)
		fail_msg("%s: %s", label, err.text);
	for (size_t i = 0; i < c.n; i++)
		web = web || (!strcmp(c.items[i].name, "web") && c.items[i].n_tags == 1);
	if (!web)
		fail_msg("%s: 'web' is lost", label);
	if (skipped && (c.skipped.n != 1 || strcmp(c.skipped.texts[0], skipped) != 0))
		fail_msg("%s: %zu skipped: %s", label, c.skipped.n,
			 c.skipped.n > 0 ? c.skipped.texts[0] : "");
	if (!skipped && c.skipped.n > 0)
		fail_msg("%s: %s", label, c.skipped.texts[0]);
	consul_services_done(&c);
}

static void test_a_bad_neighbour_is_skipped_alone(void **state)
{
	(void)state;
	char json[4096];
	for (size_t i = 0; i < ARRAY_SIZE(neighbours); i++) {
		snprintf(json, sizeof(json), NODE("%s," WEB), neighbours[i].json);
		check_neighbour(neighbours[i].label, json, neighbours[i].skipped);
		snprintf(json, sizeof(json), NODE(WEB ",%s"), neighbours[i].json);
		check_neighbour(neighbours[i].label, json, neighbours[i].skipped);
	}
}

/* jansson stops at 2,048 levels; Consul passes on nine thousand. */
static void test_a_neighbour_may_nest_deeply(void **state)
{
	(void)state;
	const size_t levels = 9000, size = 2 * levels + 512;
	char *json = calloc(1, size), *p = json;
	p += snprintf(p, size, "%s",
		      "{\"Node\":{},\"Services\":{" WEB ",\"a\":{\"ID\":\"a\","
		      "\"Service\":\"a\",\"P\":");
	memset(p, '[', levels);
	memset(p + levels, ']', levels);
	p += 2 * levels;
	snprintf(p, size - (size_t)(p - json), "}}}");
	check_neighbour("deep nesting", json, NULL);
	free(json);
}

static void test_only_the_first_skipped_ones_are_named(void **state)
{
	(void)state;
	char json[4096] = "{\"Node\":{},\"Services\":{";
	struct consul_services c = { 0 };
	size_t n = strlen(json);
	for (int i = 0; i < CONSUL_SKIPPED_MAX + 3; i++)
		n += (size_t)snprintf(json + n, sizeof(json) - n,
				      "%s\"%d\":{\"ID\":\"\\u0000\",\"Service\":\"a\"}",
				      i > 0 ? "," : "", i);
	snprintf(json + n, sizeof(json) - n, "}}");
	assert_int_equal(parse_catalog(json, &c, NULL), 0);
	assert_int_equal(c.n, 0);
	assert_int_equal(c.skipped.n, CONSUL_SKIPPED_MAX + 3);
	assert_non_null(strstr(c.skipped.texts[CONSUL_SKIPPED_MAX - 1], "service '7'"));
	consul_services_done(&c);
}

/* A name is shown up to 63 octets, a text up to 255. */
static void test_long_names_of_skipped_ones_are_cut(void **state)
{
	static const char name[] = "\"" LONG128 "\"";
	char expected[256];
	struct consul_skipped s = { 0 };
	(void)state;
	consul_skip(&s, (struct json_slice){ name, 1 + 63 + 1 }, "%s", "short");
	consul_skip(&s, (struct json_slice){ name, 1 + 64 + 1 }, "%d", 7);
	consul_skip(&s, (struct json_slice){ name, 1 + 1 + 1 }, "%s%s", LONG128, LONG128);
	assert_int_equal(s.n, 3);
	snprintf(expected, sizeof(expected), "service '%.63s': short", LONG128);
	assert_string_equal(s.texts[0], expected);
	snprintf(expected, sizeof(expected), "service '%.63s…': 7", LONG128);
	assert_string_equal(s.texts[1], expected);
	snprintf(expected, sizeof(expected), "service 'x': %s%.114s", LONG128, LONG128);
	assert_string_equal(s.texts[2], expected);
	consul_skipped_done(&s);
	assert_int_equal(s.n, 0);
	assert_null(s.texts[0]);
}

static void test_skipped_ones_are_the_same_when_all_that_are_named_are(void **state)
{
	static const struct json_slice name = { "\"a\"", 3 };
	(void)state;
	for (size_t other = 0; other <= CONSUL_SKIPPED_MAX; other++) {
		struct consul_skipped a = { 0 }, b = { 0 };
		assert_true(consul_skipped_equal(&a, &b));
		for (size_t i = 0; i < CONSUL_SKIPPED_MAX + 1; i++) {
			consul_skip(&a, name, "%zu", i);
			assert_false(consul_skipped_equal(&a, &b));
			consul_skip(&b, name, "%zu", i == other ? 99 : i);
			/* The last one is counted only. */
			assert_int_equal(consul_skipped_equal(&a, &b),
					 i < other || other == CONSUL_SKIPPED_MAX);
		}
		consul_skipped_done(&a);
		consul_skipped_done(&b);
	}
}

/* Cut at the NUL octet, the tag would say something else. */
static void test_a_nul_in_a_tag_of_ours_is_a_flaw(void **state)
{
	(void)state;
	struct consul_services c = { 0 };
	assert_int_equal(parse_catalog(NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG
					    "\",\"x=1\\u0000,2\"]}"),
				       &c, NULL),
			 0);
	assert_string_equal(c.items[0].flaw, "tag 'x=1\\x00,2' contains a NUL octet");
	consul_services_done(&c);
	/* The first of two is told. */
	assert_int_equal(parse_catalog(NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG
					    "\",\"x\\u0000\",\"y\\u0000\"]}"),
				       &c, NULL),
			 0);
	assert_string_equal(c.items[0].flaw, "tag 'x\\x00' contains a NUL octet");
	consul_services_done(&c);
	/* A NUL behind the match tag makes it another tag. */
	assert_int_equal(parse_catalog(NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG
					    "\\u0000\"]}"),
				       &c, NULL),
			 0);
	assert_null(c.items[0].tags);
	consul_services_done(&c);
}

static void test_a_bad_check_is_skipped_alone(void **state)
{
	(void)state;
	static const char json[] =
		"[{\"CheckID\":\"c\\u0000\",\"ServiceName\":\"a\\u0000\",\"Status\":\"passing\"},"
		"{\"CheckID\":\"c\\u0000d\",\"ServiceName\":\"a\",\"Status\":\"passing\","
		"\"Definition\":{\"Header\":{\"\\u0000\":[99999999999999999999]}}},"
		"{\"CheckID\":\"w\",\"ServiceName\":\"web\",\"Status\":\"critical\"}]";
	struct consul_checks c = { 0 };
	struct err err = { "" };
	if (parse_checks(json, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.items[0].id, "c?d");
	assert_string_equal(c.items[1].service, "web");
	assert_int_equal(c.skipped.n, 1);
	assert_string_equal(c.skipped.texts[0],
			    "service 'a\\u0000': check 'c?': its name contains a NUL octet");
	consul_checks_done(&c);
}

static const struct {
	const char *json;
	enum consul_status status;
	const char *output;
} good_checks[] = {
	{ CHECK("\"passing\""), CONSUL_PASSING, "" },
	{ CHECK("\"warning\",\"Output\":\"\""), CONSUL_WARNING, "" },
	{ CHECK("\"critical\",\"Output\":\"\\n one\\ntwo\""), CONSUL_CRITICAL, "one" },
	{ CHECK("\"critical\",\"Output\":\"\\r\\n\\t one: 1\\r\\ntwo\""), CONSUL_CRITICAL,
	  "one: 1" },
	{ CHECK("\"critical\",\"Output\":\" \\n\""), CONSUL_CRITICAL, "" },
	{ CHECK("\"critical\",\"Output\":\"" LONG128 LONG128 "\""), CONSUL_CRITICAL,
	  LONG128 LONG16 LONG16 LONG16 LONG16 "xxxxxxx" },
	{ CHECK("\"critical\",\"Output\":\"a\\tb\\u0007\""), CONSUL_CRITICAL, "a?b?" },
	{ CHECK("\"critical\",\"Output\":\"a\\u0000b\""), CONSUL_CRITICAL, "a?b" },
	{ CHECK("\"critical\",\"Output\":\"\\u0000\""), CONSUL_CRITICAL, "?" },
	{ CHECK("\"critical\",\"Output\":\"\xff\""), CONSUL_CRITICAL, "(unreadable)" },
	{ CHECK("\"maintenance\",\"Output\":7"), CONSUL_CRITICAL, "" },
	{ CHECK("\"\",\"Output\":null"), CONSUL_CRITICAL, "" },
};

static void test_checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_checks); i++) {
		struct consul_checks c = { 0 };
		struct err err = { "" };
		if (parse_checks(good_checks[i].json, &c, &err) < 0)
			fail_msg("%s: %s", good_checks[i].json, err.text);
		assert_int_equal(c.n, 1);
		assert_int_equal(c.items[0].status, good_checks[i].status);
		assert_string_equal(c.items[0].output, good_checks[i].output);
		consul_checks_done(&c);
	}
}

static void test_checks_stand_by_service_then_id(void **state)
{
#define OF(service, id)                                                                            \
	"{\"CheckID\":\"" id "\",\"ServiceName\":\"" service "\",\"Status\":\"passing\"}"
	struct consul_checks c = { 0 };
	const char *json = "[" OF("b", "1") "," OF("a", "2") "," OF("", "9") "," OF("a", "1") "]";
	char order[32] = "";
	(void)state;
	assert_int_equal(parse_checks(json, &c, NULL), 0);
	for (size_t i = 0, n = 0; i < c.n; i++)
		n += (size_t)snprintf(order + n, sizeof(order) - n, "%s%s ", c.items[i].service,
				      c.items[i].id);
	assert_string_equal(order, "9 a1 a2 b1 ");
	consul_checks_done(&c);
}

/* Of its service too much is said for a whole sentence. */
static void test_a_check_with_long_names(void **state)
{
	static const char json[] = "[{\"CheckID\":\"" LONG128 LONG128
				   "\",\"ServiceName\":\"" LONG128 LONG128 LONG128 LONG128
				   "\",\"Status\":\"passing\"},{\"CheckID\":"
				   "\"" LONG128 LONG128 "\",\"ServiceName\":\"s\",\"Status\":"
				   "\"passing\"}]";
	struct consul_checks c = { 0 };
	(void)state;
	assert_int_equal(parse_checks(json, &c, NULL), 0);
	assert_int_equal(c.n, 1);
	assert_int_equal(strlen(c.items[0].id), CONSUL_OUTPUT_MAX - 1);
	assert_int_equal(c.skipped.n, 1);
	assert_int_equal(strlen(c.skipped.texts[0]), 255);
	assert_non_null(strstr(c.skipped.texts[0], "xxx…': check 'xxx"));
	consul_checks_done(&c);
	assert_int_equal(c.n, 0);
	assert_null(c.items);
}

static void test_no_checks(void **state)
{
	(void)state;
	struct consul_checks c = { .n = 9 };
	assert_int_equal(parse_checks("[]", &c, NULL), 0);
	assert_int_equal(c.n, 0);
	consul_checks_done(&c);
	assert_int_equal(parse_checks("null", &c, NULL), 0);
	assert_int_equal(c.n, 0);
}

static const struct {
	const char *json, *text;
} bad_checks[] = {
	{ "[", "JSON" },
	{ "{}", "neither a list nor null" },
	{ "[7]", "check 1: 'CheckID' is missing" },
	{ "[{\"CheckID\":\"c\",\"Status\":\"passing\"}]", "'ServiceName' is missing" },
	{ CHECK("null"), "'Status' is not a text" },
	{ "[{\"CheckID\":\"c\",\"ServiceName\":\"\",\"Status\":\"passing\"},{}]", "check 2" },
};

static void test_bad_checks_are_refused_as_a_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_checks); i++) {
		struct consul_checks c = { .n = 99 };
		struct err err = { "" };
		if (parse_checks(bad_checks[i].json, &c, &err) == 0)
			fail_msg("taken: %s", bad_checks[i].json);
		if (!strstr(err.text, bad_checks[i].text))
			fail_msg("%s: '%s'", bad_checks[i].json, err.text);
		assert_int_equal(c.n, 99);
	}
}

#define SELF(name) "{\"Config\":{\"NodeName\":\"" name "\"}}"
#define NAME511                                                                                    \
	LONG128 LONG128 LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 "xxxxxxxxxxxxxxx"

static void test_self(void **state)
{
	(void)state;
	static const char *const good[][2] = { { SELF("n"), "n" }, { SELF(NAME511), NAME511 } };
	static const char *const bad[][2] = {
		{ "", "JSON" },
		{ "null", "'NodeName' is missing" },
		{ "{}", "'NodeName' is missing" },
		{ "{\"Config\":[]}", "'NodeName' is missing" },
		{ "{\"Config\":{\"NodeName\":7}}", "'NodeName' is not a text" },
		{ "[]", "'NodeName' is missing" },
		{ "7", "'NodeName' is missing" },
		{ SELF(""), "'NodeName' is empty, too long, or contains a NUL octet" },
		{ SELF(NAME511 "x"), "'NodeName' is empty, too long" },
		{ SELF("n\\u0000"), "'NodeName' is empty, too long" },
	};
	char name[CONSUL_NAME_MAX] = "before";
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = { "" };
		assert_int_equal(consul_self_parse(bad[i][0], strlen(bad[i][0]), name, &err),
				 -EPROTO);
		assert_string_equal(name, "before");
		if (!strstr(err.text, bad[i][1]))
			fail_msg("%s: '%s'", bad[i][0], err.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(consul_self_parse(good[i][0], strlen(good[i][0]), name, NULL), 0);
		assert_string_equal(name, good[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_tags_are_kept_of_services_with_the_match_tag),
		cmocka_unit_test(test_no_tags_are_no_error),
		cmocka_unit_test(test_a_registration_of_the_node),
		cmocka_unit_test(test_a_node_that_is_not_there),
		cmocka_unit_test(test_bad_catalogs_are_refused_as_a_whole),
		cmocka_unit_test(test_a_bad_neighbour_is_skipped_alone),
		cmocka_unit_test(test_a_neighbour_may_nest_deeply),
		cmocka_unit_test(test_only_the_first_skipped_ones_are_named),
		cmocka_unit_test(test_long_names_of_skipped_ones_are_cut),
		cmocka_unit_test(test_skipped_ones_are_the_same_when_all_that_are_named_are),
		cmocka_unit_test(test_a_nul_in_a_tag_of_ours_is_a_flaw),
		cmocka_unit_test(test_a_bad_check_is_skipped_alone),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_checks_stand_by_service_then_id),
		cmocka_unit_test(test_a_check_with_long_names),
		cmocka_unit_test(test_no_checks),
		cmocka_unit_test(test_bad_checks_are_refused_as_a_whole),
		cmocka_unit_test(test_self),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
