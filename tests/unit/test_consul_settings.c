/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "consul/settings.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* The environment of the test: "NAME=VALUE", ends with NULL. */
static const char *const *environment;

static const char *env(const char *name)
{
	size_t n = strlen(name);
	for (const char *const *e = environment; e && *e; e++)
		if (str_starts(*e, name) && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

static const struct {
	const char *file, *env[3];
	const char *base, *unix_path; /* base NULL: refused */
} addresses[] = {
	{ "http://localhost:8500/v1", { NULL }, "http://localhost:8500", "" },
	{ "http://localhost:8500/v1/", { NULL }, "http://localhost:8500", "" },
	{ "http://localhost:8500/", { NULL }, "http://localhost:8500", "" },
	{ "http://localhost:8500", { NULL }, "http://localhost:8500", "" },
	{ "https://[::1]:8501/v1", { NULL }, "https://[::1]:8501", "" },
	{ "http://host/consul/v1", { NULL }, "http://host/consul", "" },
	{ "unix:///run/c.sock", { NULL }, "http://localhost", "/run/c.sock" },
	{ "unix:///run/c.sock/v1", { NULL }, "http://localhost", "/run/c.sock" },
	{ NULL, { "CONSUL_HTTP_ADDR=127.0.0.1:8500" }, "http://127.0.0.1:8500", "" },
	{ NULL,
	  { "CONSUL_HTTP_ADDR=127.0.0.1:8501", "CONSUL_HTTP_SSL=true" },
	  "https://127.0.0.1:8501",
	  "" },
	{ NULL,
	  { "CONSUL_HTTP_ADDR=http://127.0.0.1:1", "CONSUL_HTTP_SSL=1" },
	  "http://127.0.0.1:1",
	  "" },
	{ "http://file:1", { "CONSUL_HTTP_ADDR=http://env:2" }, "http://env:2", "" },
	{ "http://file:1", { "CONSUL_HTTP_ADDR=" }, "http://file:1", "" },
	{ "http://h", { NULL }, "http://h", "" },
	{ "http://h/v1", { NULL }, "http://h", "" },
	{ "http://h/v1/x", { NULL }, "http://h/v1/x", "" },
	{ "http://v1", { NULL }, "http://v1", "" },
	{ "unix:///v1", { NULL }, "http://localhost", "/v1" },
	{ "unix:///a/v1/", { NULL }, "http://localhost", "/a" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL=T" }, "https://a:1", "" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL=0" }, "http://a:1", "" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL=f" }, "http://a:1", "" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL=False" }, "http://a:1", "" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_STALE=x" }, NULL, NULL },
	{ "http://a\x01", { NULL }, NULL, NULL },
	{ "http://a\x7f", { NULL }, NULL, NULL },
	{ "unix://", { NULL }, NULL, NULL },
	{ "unix:///", { NULL }, NULL, NULL },
	{ "http://", { NULL }, NULL, NULL },
	{ "http:///v1", { NULL }, NULL, NULL },
	{ "ftp://host", { NULL }, NULL, NULL },
	{ "unix://relative", { NULL }, NULL, NULL },
	{ "http://a b", { NULL }, NULL, NULL },
	{ "http://a\nX: y", { NULL }, NULL, NULL },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL=maybe" }, NULL, NULL },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL_VERIFY=" }, "http://a:1", "" },
	{ NULL, { "CONSUL_HTTP_ADDR=a:1", "CONSUL_HTTP_SSL_VERIFY=2" }, NULL, NULL },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		struct consul_config config = { .addr = (char *)addresses[i].file };
		struct consul_settings s;
		struct err err = { "" };
		environment = addresses[i].env;
		int r = consul_settings_make(&config, env, &s, &err);
		if (!addresses[i].base) {
			assert_int_equal(r, -EINVAL);
			assert_true(err.text[0]);
			continue;
		}
		if (r != 0)
			fail_msg("row %zu: %d %s", i, r, err.text);
		assert_string_equal(s.base, addresses[i].base);
		assert_string_equal(s.unix_path, addresses[i].unix_path);
	}
}

/* `n` characters that begin with `start`. */
static int make_of_length(const char *start, size_t n, struct consul_settings *ret)
{
	static char text[1024];
	struct err err = { "" };
	memset(text, 'a', n);
	memcpy(text, start, strlen(start));
	text[n] = 0;
	environment = NULL;
	return consul_settings_make(&(struct consul_config){ .addr = text }, env, ret, &err);
}

static void test_the_longest_address(void **state)
{
	struct consul_settings s;
	(void)state;
	assert_int_equal(make_of_length("http://", sizeof(s.base) - 1, &s), 0);
	assert_int_equal(strlen(s.base), sizeof(s.base) - 1);
	assert_int_equal(make_of_length("http://", sizeof(s.base), &s), -EINVAL);
	assert_int_equal(make_of_length("unix:///", 7 + sizeof(s.unix_path) - 1, &s), 0);
	assert_int_equal(strlen(s.unix_path), sizeof(s.unix_path) - 1);
	assert_int_equal(make_of_length("unix:///", 7 + sizeof(s.unix_path), &s), -EINVAL);
}

static void test_the_longest_node(void **state)
{
	static char text[32 + CONSUL_NAME_MAX];
	const char *variables[] = { text, NULL };
	struct consul_config config = { .addr = (char *)"http://h" };
	struct consul_settings s;
	struct err err = { "" };
	(void)state;
	environment = variables;
	strcpy(text, "CONSUL_NODE=");
	memset(text + 12, 'n', CONSUL_NAME_MAX - 1);
	assert_int_equal(consul_settings_make(&config, env, &s, &err), 0);
	assert_int_equal(strlen(s.node), CONSUL_NAME_MAX - 1);
	text[12 + CONSUL_NAME_MAX - 1] = 'n';
	assert_int_equal(consul_settings_make(&config, env, &s, &err), -EINVAL);
	assert_string_equal(err.text, "CONSUL_NODE is too long");
}

static void test_a_flag_that_is_neither(void **state)
{
	static const char *const variables[] = { "CONSUL_STALE=perhaps", NULL };
	struct consul_config config = { .addr = (char *)"http://h" };
	struct consul_settings s;
	struct err err = { "" };
	(void)state;
	environment = variables;
	assert_int_equal(consul_settings_make(&config, env, &s, &err), -EINVAL);
	assert_string_equal(err.text, "CONSUL_STALE is 'perhaps', expected true or false");
}

static void test_the_file_without_an_environment(void **state)
{
	struct consul_config config = { .addr = mem_strdup("http://f:1"),
					.token_file = mem_strdup("/t"),
					.ca_file = mem_strdup("/ca"),
					.cert_file = mem_strdup("/c"),
					.key_file = mem_strdup("/k"),
					.datacenter = mem_strdup("dc"),
					.namespace = mem_strdup("n"),
					.partition = mem_strdup("p"),
					.match_tag = mem_strdup("m"),
					.tls_verify = true };
	struct consul_settings s;
	(void)state;
	environment = NULL;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_string_equal(s.base, "http://f:1");
	assert_null(s.token);
	assert_string_equal(s.token_file, "/t");
	assert_string_equal(s.ca_file, "/ca");
	assert_string_equal(s.cert_file, "/c");
	assert_string_equal(s.key_file, "/k");
	assert_string_equal(s.datacenter, "dc");
	assert_string_equal(s.namespace, "n");
	assert_string_equal(s.partition, "p");
	consul_config_done(&config);
	assert_null(config.addr);
	consul_config_done(&config);
}

/* A URL that fills the buffer exactly is one; a longer one is cut, and refused. */
static void test_the_longest_url(void **state)
{
	static char name[CONSUL_URL_MAX];
	char url[CONSUL_URL_MAX];
	const struct consul_settings s = { .base = "http://h" };
	size_t before = strlen("http://h/v1/x/"), most = CONSUL_URL_MAX - 2 - before;
	(void)state;
	memset(name, 'n', most);
	assert_true(consul_settings_url(&s, "x", name, 0, 0, url));
	assert_int_equal(strlen(url), before + most);
	name[most] = 'n';
	assert_false(consul_settings_url(&s, "x", name, 0, 0, url));
}

static void test_no_consul_is_no_failure(void **state)
{
	(void)state;
	const struct consul_config config = { .token = (char *)"t" };
	struct consul_settings s;
	environment = NULL;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), -ENOENT);
}

static void test_environment_beats_the_file(void **state)
{
	(void)state;
	static const char *const all[] = {
		"CONSUL_HTTP_TOKEN=t2", "CONSUL_TOKEN=t1",      "CONSUL_CACERT=ca",
		"CONSUL_CLIENT_CERT=c", "CONSUL_CLIENT_KEY=k",  "CONSUL_HTTP_SSL_VERIFY=false",
		"CONSUL_NAMESPACE=ns",  "CONSUL_PARTITION=p",   "CONSUL_NODE=n",
		"CONSUL_STALE=true",    "CONSUL_HTTP_ADDR=a:1", NULL,
	};
	const struct consul_config config = {
		.addr = (char *)"http://f:1",
		.token = (char *)"f",
		.ca_file = (char *)"f",
		.cert_file = (char *)"f",
		.key_file = (char *)"f",
		.namespace = (char *)"f",
		.partition = (char *)"f",
		.datacenter = (char *)"dc",
		.tls_verify = true,
	};
	struct consul_settings s;
	environment = all;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_string_equal(s.token, "t1");
	assert_string_equal(s.ca_file, "ca");
	assert_string_equal(s.cert_file, "c");
	assert_string_equal(s.key_file, "k");
	assert_true(s.insecure);
	assert_true(s.stale);
	assert_string_equal(s.node, "n");
	assert_string_equal(s.namespace, "ns");
	assert_string_equal(s.partition, "p");
	assert_string_equal(s.datacenter, "dc");
	environment = NULL;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_string_equal(s.token, "f");
	assert_string_equal(s.ca_file, "f");
	assert_false(s.insecure);
	assert_false(s.stale);
	assert_null(s.node);
}

static void test_one_token(void **state)
{
	(void)state;
	static const char *const file[] = { "CONSUL_HTTP_TOKEN_FILE=/env", NULL };
	struct consul_config config = { .addr = (char *)"http://f:1",
					.token_file = (char *)"/file" };
	struct consul_settings s;
	environment = NULL;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_string_equal(s.token_file, "/file");
	config.token = (char *)"f";
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_string_equal(s.token, "f");
	assert_null(s.token_file);
	environment = file;
	assert_int_equal(consul_settings_make(&config, env, &s, NULL), 0);
	assert_null(s.token);
	assert_string_equal(s.token_file, "/env");
}

static void test_urls(void **state)
{
	(void)state;
	char url[CONSUL_URL_MAX], name[CONSUL_NAME_MAX];
	struct consul_settings s = { .base = "http://h:1" };
	assert_true(consul_settings_url(&s, "agent/self", NULL, 0, 0, url));
	assert_string_equal(url, "http://h:1/v1/agent/self");
	assert_true(consul_settings_url(&s, "catalog/node", "a/b c?ü&%", 7, 1000, url));
	assert_string_equal(
		url, "http://h:1/v1/catalog/node/a%2Fb%20c%3F%C3%BC%26%25?index=7&wait=1000ms");
	assert_true(consul_settings_url(&s, "x", NULL, 1, 0, url));
	assert_string_equal(url, "http://h:1/v1/x?index=1&wait=0ms");
	s.datacenter = "d&1";
	s.namespace = "n";
	s.partition = "p";
	s.stale = true;
	assert_true(consul_settings_url(&s, "x", NULL, 0, 0, url));
	assert_string_equal(url, "http://h:1/v1/x?dc=d%261&ns=n&partition=p&stale");
	/* Consul refuses both at once. */
	s.consistent = true;
	assert_true(consul_settings_url(&s, "x", NULL, 0, 0, url));
	assert_string_equal(url, "http://h:1/v1/x?dc=d%261&ns=n&partition=p&consistent");
	/* Three bytes for each: does not fit twice. */
	memset(name, '/', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	s.datacenter = name;
	assert_false(consul_settings_url(&s, "x", name, 0, 0, url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_the_longest_address),
		cmocka_unit_test(test_the_longest_node),
		cmocka_unit_test(test_a_flag_that_is_neither),
		cmocka_unit_test(test_the_file_without_an_environment),
		cmocka_unit_test(test_the_longest_url),
		cmocka_unit_test(test_no_consul_is_no_failure),
		cmocka_unit_test(test_environment_beats_the_file),
		cmocka_unit_test(test_one_token),
		cmocka_unit_test(test_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
