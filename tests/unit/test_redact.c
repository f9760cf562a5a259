/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/redact.h"

static const struct {
	const char *text, *redacted; /* NULL: it stays as it is */
} cases[] = {
	{ "http://admin:hunter2@127.0.0.1/health", "http://***@127.0.0.1/health" },
	{ "GET https://tok@h:8443/x and http://a:b@c",
	  "GET https://***@h:8443/x and http://***@c" },
	{ "http://h/a@b", NULL },
	{ "http://h?x=a@b", NULL },
	{ "http://u:p@w@h/", "http://***@h/" },
	{ "http://a@h/", "http://*@h/" },
	{ "http://h/?token=abc&x=1", "http://h/?token=***&x=1" },
	{ "exec:PGPASSWORD=hunter2 psql -c 1", "exec:PGPASSWORD=*** psql -c 1" },
	{ "API_TOKEN='a b' x", "API_TOKEN='***' x" },
	{ "API_TOKEN=\"a b", "API_TOKEN=\"***" },
	{ "x --token abcd --password=efgh", "x --token *** --password=***" },
	{ "x --password --verbose", NULL },
	{ "curl -u me:secret http://h", "curl -u *** http://h" },
	{ "curl --user me:secret http://h", "curl --user *** http://h" },
	{ "sudo -u www true", NULL },
	{ "curl -H 'X-Vault-Token: s.12345' http://h", "curl -H 'X-Vault-Token: ***' http://h" },
	{ "curl -H X-Vault-Token:s.12345 http://h", "curl -H X-Vault-Token:*** http://h" },
	{ "Authorization: Basic dTpwYXNz", "Authorization: ***" },
	{ "got Bearer abcdefgh123", "got Bearer ***" },
	{ "the bearer of it", NULL },
	{ "{\"secret\": \"abc\", \"x\":1}", "{\"secret\": \"***\", \"x\":1}" },
	{ "CONSUL_HTTP_TOKEN=00000000-aaaa", "CONSUL_HTTP_TOKEN=***" },
	/* Our own words. */
	{ "bgp.peers[0].password: expected a text", NULL },
	{ "agent.consul_token: secret in a world-readable file: chmod o-r", NULL },
	{ "token file '/run/token' cannot be read", NULL },
	{ "consul_token_file=/run/token", NULL },
	{ "a wrong or missing password: TCP MD5", NULL },
	{ "password=", NULL },
	{ "", NULL },
	{ "token=ab", "token=**" },
	{ "exit status 0", NULL },
};

/* Whatever stands in front of these words, and in any letter case; not what stands behind them. */
static void test_names_of_secrets(void **state)
{
	static const char *const names[] = {
		"password",   "passwd",      "passphrase",  "pwd",         "secret",
		"token",      "apikey",      "api_key",     "api-key",     "access_key",
		"access-key", "secret_key",  "private_key", "private-key", "authorization",
		"credential", "credentials",
	};
	char text[64], wanted[64];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "MY_%s=hidden", names[i]);
		snprintf(wanted, sizeof(wanted), "MY_%s=***", names[i]);
		assert_true(redact_is_needed(text));
		redact(text);
		assert_string_equal(text, wanted);
		snprintf(text, sizeof(text), "%s_file=hidden", names[i]);
		assert_false(redact_is_needed(text));
	}
	assert_true(redact_is_needed("PassWord=x"));
	assert_false(redact_is_needed("assword=x"));
}

static void test_more(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: as it is */
	} more[] = {
		{ "token=a&x token=b;x token=c,x token=d)x token=e}x token=f|x",
		  "token=*&x token=*;x token=*,x token=*)x token=*}x token=*|x" },
		{ "token=abc\tx", "token=***\tx" },
		{ "token=abc\nx", "token=***\nx" },
		{ "token=abcd'x", "token=***'x" },
		{ "token=***", NULL },
		{ "token=**", NULL },
		{ "token=****", "token=***" },
		{ "http://u:p@h:80/?q http://v@w", "http://***@h:80/?q http://*@w" },
		{ "http://@h/", NULL },
		{ "http://a<b@c/", NULL },
		{ "://u@h", "://*@h" },
		{ ":/u@h", NULL },
		{ ":x/u@h", NULL },
		{ ":/x u@h", NULL },
		{ "X-Token:  abcdef", "X-Token:  ***" },
		{ "X-Token:abcdef,x", "X-Token:***,x" },
		{ "X-Token: abc def\nnext", "X-Token: ***\nnext" },
		{ "authorization:abcd", "authorization:***" },
		{ "'password': 'abcd'", "'password': '***'" },
		{ "\"password\":\"abcd\"", "\"password\":\"***\"" },
		{ "password: abcd", NULL },
		{ "x --token  abcd", "x --token  ***" },
		{ "x -token abcd", NULL },
		{ "x --token -abcd", NULL },
		{ "x --token 'a b'", "x --token '***'" },
		{ "curl -u me http://h", NULL },
		{ "curl --proxy-user a:b", NULL },
		{ "bearer 1234567", NULL },
		{ "bearer 12345678", "bearer ***" },
		{ "bearers 12345678", NULL },
		{ "-- abcd", NULL },
	};
	char text[128];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		const char *wanted = more[i].out ? more[i].out : more[i].in;
		snprintf(text, sizeof(text), "%s", more[i].in);
		if (redact_is_needed(text) != (more[i].out != NULL))
			fail_msg("'%s'", more[i].in);
		redact(text);
		if (strcmp(text, wanted) != 0)
			fail_msg("'%s': '%s'", more[i].in, text);
	}
}

static void test_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *wanted = cases[i].redacted ? cases[i].redacted : cases[i].text;
		char *text = strdup(cases[i].text);
		if (redact_is_needed(text) != (cases[i].redacted != NULL))
			fail_msg("%s: needed: %d", text, redact_is_needed(text));
		redact(text);
		if (strcmp(text, wanted) != 0)
			fail_msg("%s: %s", cases[i].text, text);
		redact(text); /* a second time changes nothing */
		assert_string_equal(text, wanted);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_secrets),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
