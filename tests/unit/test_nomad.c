/* SPDX-License-Identifier: MIT */
/* Nomad's answers: strict, of one node, and the addresses and headers of its dialect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "consul/nomad.h"
#include "consul/settings.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define NODE "11111111-2222-3333-4444-555555555555"
#define REG(id, name, node, tags)                                                                  \
	"{\"ID\":\"" id "\",\"ServiceName\":\"" name "\",\"NodeID\":\"" node "\",\"Tags\":" tags   \
	",\"Port\":1,\"More\":{\"x\":[1]}}"

#define STATS(stats) "{\"stats\":" stats "}"
#define X73          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NAME511      X73 X73 X73 X73 X73 X73 X73

static void test_self(void **state)
{
	static const struct {
		const char *json, *node, *error;
	} cases[] = {
		{ "{\"stats\":{\"raft\":{},\"client\":{\"node_id\":\"n1\",\"x\":1}}}", "n1", NULL },
		{ "{\"stats\":{\"raft\":{}}}", NULL, "is not a client" },
		{ "{\"stats\":{\"client\":{}}}", NULL, "is not a client" },
		{ "{\"stats\":{\"client\":{\"node_id\":\"\"}}}", NULL, "empty" },
		{ "{\"stats\":{\"client\":{\"node_id\":7}}}", NULL, "'node_id' is" },
		{ "{\"stats\":[]}", NULL, "is not a client" },
		{ "[]", NULL, "is not a client" },
		{ "{\"stats\":", NULL, "JSON" },
		{ "", NULL, "JSON" },
		{ STATS("{\"client\":{\"node_id\":\"" NAME511 "\"}}"), NAME511, NULL },
		{ STATS("{\"client\":{\"node_id\":\"" NAME511 "x\"}}"), NULL,
		  "'node_id' is empty, too long, or contains a NUL octet" },
		{ STATS("{\"client\":{\"node_id\":\"n\\u0000\"}}"), NULL,
		  "'node_id' is empty, too long" },
		{ STATS("{}"), NULL,
		  "the agent has no node_id: it is not a client, services run on clients" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char node[CONSUL_NAME_MAX] = "unchanged";
		struct err err = { "" };
		int r = nomad_self_parse(cases[i].json, strlen(cases[i].json), node, &err);
		assert_int_equal(r == 0, cases[i].node != NULL);
		assert_string_equal(node, cases[i].node ? cases[i].node : "unchanged");
		if (cases[i].error && !strstr(err.text, cases[i].error))
			fail_msg("%s: '%s'", cases[i].json, err.text);
	}
}

static void test_names(void **state)
{
	(void)state;
	static const char json[] =
		"[{\"Namespace\":\"default\",\"Services\":[{\"ServiceName\":\"web\",\"Tags\":["
		"\"a\","
		"\"on\"]},{\"ServiceName\":\"plain\",\"Tags\":[\"a\"]},{\"ServiceName\":\"none\","
		"\"Tags\":null},{\"ServiceName\":\"n\\u0000l\",\"Tags\":[\"on\"]}]},"
		"{\"Namespace\":\"edge\",\"Services\":null},"
		"{\"Namespace\":\"two\",\"Services\":[{\"ServiceName\":\"web\",\"Tags\":[\"on\"]}]}"
		"]";
	struct nomad_names names = { 0 };
	struct err err = { "" };
	assert_int_equal(nomad_names_parse(json, strlen(json), "on", &names, &err), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.items[0].namespace, "default");
	assert_string_equal(names.items[0].name, "web");
	assert_string_equal(names.items[1].namespace, "two");
	nomad_names_done(&names);
	assert_int_equal(nomad_names_parse("[]", 2, "on", &names, &err), 0);
	assert_int_equal(names.n, 0);
}

/* One that has no name for us cannot be asked for. */
static void test_names_that_are_left_out(void **state)
{
	(void)state;
#define SERVICE(name) "{\"ServiceName\":\"" name "\",\"Tags\":[\"x\",\"on\"]}"
	static const char json[] = "[{\"Namespace\":\"" NAME511 "\",\"Services\":[" SERVICE(
		"") "," SERVICE(NAME511) "," SERVICE(NAME511 "x") "," SERVICE("b") "]}]";
	struct nomad_names names = { 0 };
	struct err err = { "" };
	assert_int_equal(nomad_names_parse(json, strlen(json), "on", &names, &err), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.items[0].namespace, NAME511);
	assert_string_equal(names.items[0].name, NAME511);
	assert_string_equal(names.items[1].name, "b");
	nomad_names_done(&names);
	assert_null(names.items);
}

static void test_too_many_names(void **state)
{
	(void)state;
	const size_t size = 64 + (NOMAD_NAMES_MAX + 1) * 64;
	char *json = mem_new(1, size), wanted[64];
	for (int n = NOMAD_NAMES_MAX; n <= NOMAD_NAMES_MAX + 1; n++) {
		struct nomad_names names = { 0 };
		struct err err = { "" };
		struct strbuf sb = strbuf_over(json, size);
		strbuf_add(&sb, "[{\"Namespace\":\"a\",\"Services\":[");
		for (int i = 0; i < n; i++)
			strbuf_add(&sb, "%s" SERVICE("s%d"), i > 0 ? "," : "", i);
		strbuf_add(&sb, "]}]");
		int r = nomad_names_parse(json, sb.len, "on", &names, &err);
		assert_int_equal(r, n > NOMAD_NAMES_MAX ? -EPROTO : 0);
		assert_int_equal(names.n, n > NOMAD_NAMES_MAX ? 0 : n);
		snprintf(wanted, sizeof(wanted), "more than %d services with the match tag",
			 NOMAD_NAMES_MAX);
		assert_string_equal(err.text, r < 0 ? wanted : "");
		nomad_names_done(&names);
	}
	free(json);
}

/* Half an answer looks like services that went away. */
static void test_broken_names(void **state)
{
	static const char *const broken[][2] = {
		{ "", "JSON" },
		{ "null", "'the answer' is not a list" },
		{ "{}", "'the answer' is not a list" },
		{ "[{}]", "'Namespace' is missing" },
		{ "[1]", "'Namespace' is missing" },
		{ "[{\"Namespace\":\"x\",\"Services\":{}}]", "'Services' is not a list" },
		{ "[{\"Namespace\":\"x\",\"Services\":[,]}]", "'Services' is broken JSON" },
		{ "[{\"Namespace\":\"" NAME511 "x\",\"Services\":[]}]",
		  "'Namespace' is too long, or contains a NUL octet" },
		{ "[,]", "'the answer' is broken JSON" },
		{ "[{\"Namespace\":\"x\",\"Services\":[{\"ServiceName\":\"a\",\"Tags\":[\"on\"]}",
		  "JSON" },
		{ "[{\"Namespace\":\"x\",\"Services\":[{\"Tags\":[\"on\"]}]}]",
		  "'ServiceName' is missing" },
		{ "[{\"Namespace\":\"x\",\"Services\":[{\"ServiceName\":\"a\",\"Tags\":[1]}]}]",
		  "'Tags' is not a list of texts" },
		{ "[{\"Namespace\":\"x\",\"Services\":[{\"ServiceName\":\"a\",\"Tags\":\"on\"}]}]",
		  "'Tags' is not a list" },
		{ "[{\"Namespace\":\"x\\u0000\",\"Services\":[]}]",
		  "'Namespace' is too long, or contains" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		struct nomad_names names = { .n = 7 };
		struct err err = { "" };
		const char *json = broken[i][0];
		assert_int_equal(nomad_names_parse(json, strlen(json), "on", &names, &err),
				 -EPROTO);
		assert_int_equal(names.n, 7);
		if (!strstr(err.text, broken[i][1]))
			fail_msg("%s: %s", json, err.text);
	}
}

static int parse(const char *json, struct consul_services *to, struct err *err)
{
	size_t cap = 0;
	return nomad_service_parse(json, strlen(json), NODE, "on", to, &cap, err);
}

static void test_registrations(void **state)
{
	(void)state;
	struct consul_services s = { 0 };
	struct err err = { "" };
	const char *json = "[" REG("b", "web", NODE, "[\"on\",\"k=v=w\"]") "," REG(
		"a", "web", "other", "[\"on\"]") "," REG("c", "web", NODE,
							 "null") "," REG("d", "w\\u0000b", NODE,
									 "[\"on\"]") "]";
	assert_int_equal(parse(json, &s, &err), 0);
	assert_int_equal(s.n, 2);
	assert_string_equal(s.items[0].id, "b");
	assert_string_equal(s.items[0].name, "web");
	assert_int_equal(s.items[0].n_tags, 2);
	assert_string_equal(s.items[0].tags[1], "k=v=w");
	assert_null(s.items[1].tags);
	assert_int_equal(s.skipped.n, 1);
	assert_non_null(strstr(s.skipped.texts[0], "its name contains a NUL octet"));
	consul_services_done(&s);
}

/* A NUL octet makes it another node, and an ID that none can name. */
static void test_registrations_with_a_nul(void **state)
{
	(void)state;
	struct consul_services s = { 0 };
	struct err err = { "" };
	const char *json = "[" REG("a", "web", NODE "\\u0000x", "[\"on\"]") "," REG(
		"b\\u0000", "one", NODE, "[\"on\"]") "," REG("c", NAME511, NODE, "[\"on\"]") "]";
	assert_int_equal(parse(json, &s, &err), 0);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.items[0].name, NAME511);
	assert_int_equal(s.skipped.n, 1);
	assert_string_equal(s.skipped.texts[0], "service 'one': its ID contains a NUL octet");
	consul_services_done(&s);
}

/* Of another node a registration may be anything that says whose it is. */
static void test_broken_registrations(void **state)
{
	static const struct {
		const char *json, *error; /* NULL: accepted */
	} cases[] = {
		{ "[]", NULL },
		{ "[{\"NodeID\":\"other\",\"ID\":7}]", NULL },
		{ "[{\"NodeID\":\"" NODE "\",\"ID\":7}]", "'ID' is not a text" },
		{ "[{\"NodeID\":\"" NODE "\",\"ID\":\"a\"}]", "'ServiceName' is missing" },
		{ "[{\"ID\":\"x\"}]", "'NodeID' is missing" },
		{ "[" REG("a", "web", NODE, "[]") "", "JSON" },
		{ "[" REG("a", "web", NODE, "{}") "]", "'Tags' is not a list" },
		{ "[,]", "'the answer' is broken JSON" },
		{ "{}", "'the answer' is not a list" },
		{ "null", "'the answer' is not a list" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct consul_services s = { 0 };
		struct err err = { "" };
		int r = parse(cases[i].json, &s, &err);
		if (r != (cases[i].error ? -EPROTO : 0) ||
		    !strstr(err.text, cases[i].error ? cases[i].error : ""))
			fail_msg("%s: %s", cases[i].json, err.text);
		consul_services_done(&s);
	}
}

/* ---- settings ---- */

static const char *set_name, *set_value;

static const char *environment(const char *name)
{
	return set_name && str_equal(name, set_name) ? set_value : NULL;
}

static void test_urls(void **state)
{
	(void)state;
	char url[CONSUL_URL_MAX];
	struct err err;
	struct consul_settings s;
	const struct consul_config config = { .nomad = true,
					      .addr = (char *)"http://localhost:4646/v1",
					      .datacenter = (char *)"eu",
					      .namespace = (char *)"*",
					      .tls_verify = true };
	set_name = NULL;
	assert_int_equal(consul_settings_make(&config, environment, &s, &err), 0);
	assert_true(consul_settings_url(&s, "services", NULL, 7, 1000, url));
	assert_string_equal(url,
			    "http://localhost:4646/v1/services?region=eu&namespace=%2A&index=7&"
			    "wait=1000ms");
	assert_true(consul_settings_url_in(&s, "edge", "service", "a b", 0, 0, url));
	assert_string_equal(url, "http://localhost:4646/v1/service/a%20b?region=eu&namespace=edge");
}

static void test_environment(void **state)
{
	static const struct {
		const char *name, *value;
		size_t member;
	} cases[] = {
		{ "NOMAD_TOKEN", "t", offsetof(struct consul_settings, token) },
		{ "NOMAD_NAMESPACE", "n", offsetof(struct consul_settings, namespace) },
		{ "NOMAD_REGION", "r", offsetof(struct consul_settings, datacenter) },
		{ "NOMAD_CACERT", "c", offsetof(struct consul_settings, ca_file) },
		{ "NOMAD_CLIENT_CERT", "d", offsetof(struct consul_settings, cert_file) },
		{ "NOMAD_CLIENT_KEY", "k", offsetof(struct consul_settings, key_file) },
	};
	(void)state;
	struct err err;
	struct consul_settings s;
	const struct consul_config none = { .nomad = true, .tls_verify = true };
	const struct consul_config config = { .nomad = true,
					      .addr = (char *)"http://h:1",
					      .token_file = (char *)"/file",
					      .tls_verify = true };
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		set_name = cases[i].name;
		set_value = cases[i].value;
		assert_int_equal(consul_settings_make(&config, environment, &s, &err), 0);
		assert_string_equal(*(const char **)((char *)&s + cases[i].member), set_value);
	}
	set_name = NULL;
	assert_int_equal(consul_settings_make(&config, environment, &s, &err), 0);
	assert_string_equal(s.token_file, "/file");
	assert_null(s.token);
	set_name = "NOMAD_TOKEN";
	assert_int_equal(consul_settings_make(&config, environment, &s, &err), 0);
	assert_null(s.token_file);
	set_name = "NOMAD_ADDR";
	set_value = "https://n:4646";
	assert_int_equal(consul_settings_make(&none, environment, &s, &err), 0);
	assert_string_equal(s.base, "https://n:4646");
	assert_false(s.insecure);
	set_value = "n:4646";
	assert_int_equal(consul_settings_make(&none, environment, &s, &err), 0);
	assert_string_equal(s.base, "http://n:4646");
	set_value = "ftp://n";
	assert_true(consul_settings_make(&none, environment, &s, &err) < 0);
	assert_non_null(strstr(err.text, "is not a Nomad address"));
	set_name = "NOMAD_SKIP_VERIFY";
	set_value = "true";
	assert_int_equal(consul_settings_make(&config, environment, &s, &err), 0);
	assert_true(s.insecure);
	assert_string_equal(s.base, "http://h:1");
	set_name = "CONSUL_HTTP_ADDR"; /* says nothing of Nomad */
	assert_int_equal(consul_settings_make(&none, environment, &s, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_that_are_left_out),
		cmocka_unit_test(test_too_many_names),
		cmocka_unit_test(test_broken_names),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_registrations_with_a_nul),
		cmocka_unit_test(test_broken_registrations),
		cmocka_unit_test(test_urls),
		cmocka_unit_test(test_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
