/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "consul/payload.h"
#include "lib/array.h"

#define TAG        "enable_gocast"
#define NODE(...)  "{\"Node\":{\"ID\":\"n-1\",\"CreateIndex\":7},\"Services\":{" __VA_ARGS__ "}}"
#define CHECK(...) "[{\"CheckID\":\"c\",\"ServiceName\":\"s\",\"Status\":" __VA_ARGS__ "}]"

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
		"\"d\":{\"ID\":\"d\",\"Service\":\"d\",\"Kind\":7}");
	assert_int_equal(parse_catalog(json, &c, NULL), 0);
	assert_string_equal(c.items[0].proxied, "web");
	assert_string_equal(c.items[1].proxied, "");
	assert_null(c.items[2].proxied);
	assert_null(c.items[3].proxied);
	consul_services_done(&c);
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

#define LONG16  "xxxxxxxxxxxxxxxx"
#define LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16

static const struct {
	const char *json, *text;
} bad_catalogs[] = {
	{ "", "JSON" },
	{ "nul", "JSON" },
	{ "<html>", "JSON" },
	{ "null null", "JSON" },
	{ "{\"Node\":{}", "JSON" },
	{ "{\"Node\":{},\"Node\":{}}", "JSON" },
	{ "{\"Node\":{\"ID\":\"\\u0000\"}}", "JSON" },
	{ "{\"Node\":{\"ID\":\"\xff\"}}", "JSON" },
	{ "[]", "neither an object nor null" },
	{ "7", "neither" },
	{ "{}", "'Node' is missing" },
	{ "{\"Node\":[]}", "'Node' is not an object" },
	{ "{\"Node\":null}", "'Node' is not an object" },
	{ "{\"Node\":{\"ID\":7}}", "'ID' is not a text" },
	{ "{\"Node\":{\"ID\":\"" LONG128 "\"}}", "'ID' is too long" },
	{ "{\"Node\":{},\"Services\":[]}", "'Services' is not an object" },
	{ NODE("\"a\":7"), "service 'a': 'ID' is missing" },
	{ NODE("\"a\":{\"ID\":\"a\"}"), "service 'a': 'Service' is missing" },
	{ NODE("\"a\":{\"ID\":null,\"Service\":\"a\"}"), "'ID' is not a text" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":\"" TAG "\"}"),
	  "'Tags' is not a list" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"a\",\"Tags\":[\"" TAG "\",7]}"),
	  "list of texts" },
	{ NODE("\"a\":{\"ID\":\"a\",\"Service\":\"" LONG128 LONG128 LONG128 LONG128 "\"}"),
	  "too long" },
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

static const struct {
	const char *json;
	enum consul_status status;
	const char *output;
} good_checks[] = {
	{ CHECK("\"passing\""), CONSUL_PASSING, "" },
	{ CHECK("\"warning\",\"Output\":\"\""), CONSUL_WARNING, "" },
	{ CHECK("\"critical\",\"Output\":\"\\n one\\ntwo\""), CONSUL_CRITICAL, "one" },
	{ CHECK("\"critical\",\"Output\":\"a\\tb\\u0007\""), CONSUL_CRITICAL, "a?b?" },
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

static void test_self(void **state)
{
	(void)state;
	static const char good[] = "{\"Config\":{\"NodeName\":\"n\"}}";
	static const char *const bad[] = { "", "null", "{}", "{\"Config\":[]}",
					   "{\"Config\":{\"NodeName\":\"\"}}" };
	char name[CONSUL_NAME_MAX] = "before";
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_true(consul_self_parse(bad[i], strlen(bad[i]), name, NULL) < 0);
		assert_string_equal(name, "before");
	}
	assert_int_equal(consul_self_parse(good, strlen(good), name, NULL), 0);
	assert_string_equal(name, "n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_a_node_that_is_not_there),
		cmocka_unit_test(test_bad_catalogs_are_refused_as_a_whole),
		cmocka_unit_test(test_checks),
		cmocka_unit_test(test_no_checks),
		cmocka_unit_test(test_bad_checks_are_refused_as_a_whole),
		cmocka_unit_test(test_self),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
