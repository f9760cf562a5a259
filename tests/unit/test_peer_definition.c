/* SPDX-License-Identifier: MIT */
/* The definition of a peer in a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/http/peer_definition.h"
#include "agent/model/peer_orders.h"
#include "lib/array.h"
#include "lib/mem.h"

#define ARGS_MAX 4

static const struct {
	struct api_arg args[ARGS_MAX]; /* len 0: strlen(value) */
	const char *body;
	const char *is;   /* NULL: refused */
	const char *says; /* then */
} cases[] = {
	{ .is = "{\"peer_ip\": \"10.0.0.1\"}" },
	{ { { "peer_as", "65000", 0 }, { "hold_time", "30s", 0 } },
	  NULL,
	  "{\"peer_ip\": \"10.0.0.1\", \"peer_as\": \"65000\", \"hold_time\": \"30s\"}",
	  NULL },
	{ { { "c", "1", 0 }, { "d", "x", 0 }, { "c", "2", 0 }, { "c", "3", 0 } },
	  NULL,
	  "{\"peer_ip\": \"10.0.0.1\", \"c\": [\"1\", \"2\", \"3\"], \"d\": \"x\"}",
	  NULL },
	{ { { "passive", NULL, 0 } },
	  NULL,
	  "{\"peer_ip\": \"10.0.0.1\", \"passive\": \"\"}",
	  NULL },
	{ .body = "{\"peer_as\": 65000, \"bfd\": {\"interval\": \"1s\"}, \"c\": [1]}",
	  .is = "{\"peer_ip\": \"10.0.0.1\", \"peer_as\": 65000, \"bfd\": {\"interval\": \"1s\"}, "
		"\"c\": [1]}" },
	{ { { "peer_as", "1", 0 } }, "{}", NULL, "in the body and as parameters" },
	{ { { "peer_as", "1", 0 } }, "1", NULL, "in the body and as parameters" },
	{ { { "peer_ip", "10.0.0.2", 0 } }, NULL, NULL, "peer_ip: it is in the path" },
	{ { { "device", "a", 0 } }, NULL, NULL, "device: it is in the path" },
	{ .body = "1", .says = "the body is not JSON: line 1: '[' or '{' expected near '1'" },
	{ .body = "{\"peer_ip\": \"10.0.0.1\"}", .says = "peer_ip: it is in the path" },
	{ .body = "{\"a\": 1, \"a\": 2}", .says = "the body is not JSON: line 1: duplicate" },
	{ .body = "{\n\"a\"", .says = "the body is not JSON: line 2" },
	{ .body = "[1]", .says = "not a JSON object" },
	{ { { "description", "a\xff", 0 } }, NULL, NULL, "description holds" },
	{ { { "description", "a\0b", 3 } }, NULL, NULL, "description holds U+0000" },
	{ { { "\x01", "1", 0 } }, NULL, NULL, "the name of a parameter is not text" },
};

static void test_definitions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct api_arg args[ARGS_MAX];
		struct peer_definition_source s = { .address = "10.0.0.1",
						    .args = args,
						    .body = cases[i].body,
						    .body_len = cases[i].body
									? strlen(cases[i].body)
									: 0 };
		struct err err = { "" };
		char *text = NULL;
		for (; s.n_args < ARGS_MAX && cases[i].args[s.n_args].name; s.n_args++) {
			args[s.n_args] = cases[i].args[s.n_args];
			if (args[s.n_args].value && !args[s.n_args].len)
				args[s.n_args].len = strlen(args[s.n_args].value);
		}
		int rc = peer_definition_make(&s, &text, &err);
		if (cases[i].is ? rc != 0 || strcmp(text, cases[i].is) != 0
				: rc != -EINVAL || !strstr(err.text, cases[i].says))
			fail_msg("%zu: %d '%s' '%s'", i, rc, text ? text : "", err.text);
		free(text);
	}
}

static void test_an_interface(void **state)
{
	(void)state;
	const struct api_arg arg = { "peer_as", "external", 8 };
	struct peer_definition_source s = { "eth0", &arg, 1, NULL, 0 };
	struct err err = { "" };
	char *text = NULL;
	assert_int_equal(peer_definition_make(&s, &text, &err), 0);
	assert_string_equal(text, "{\"interface\": \"eth0\", \"peer_as\": \"external\"}");
	free(text);
	s.address = "2001:db8::1%vrf-blue";
	assert_int_equal(peer_definition_make(&s, &text, &err), 0);
	assert_string_equal(text, "{\"peer_ip\": \"2001:db8::1\", \"device\": \"vrf-blue\", "
				  "\"peer_as\": \"external\"}");
	free(text);
	s.address = "192.0.2.1%e";
	assert_int_equal(peer_definition_make(&s, &text, &err), 0);
	assert_string_equal(text, "{\"peer_ip\": \"192.0.2.1\", \"device\": \"e\", "
				  "\"peer_as\": \"external\"}");
	free(text);
	s.address = "\xff";
	assert_int_equal(peer_definition_make(&s, &text, &err), -EINVAL);
	assert_string_equal(err.text, "the address of the peer is not text");
	s.address = "fe80::1%eth0";
	assert_int_equal(peer_definition_make(&s, &text, &err), 0);
	assert_string_equal(text, "{\"peer_ip\": \"fe80::1%eth0\", \"peer_as\": \"external\"}");
	free(text);
	s.address = "eth0";
	const struct api_arg twice = { "interface", "eth1", 4 };
	s.args = &twice;
	assert_int_equal(peer_definition_make(&s, &text, &err), -EINVAL);
	assert_string_equal(err.text, "interface: it is in the path");
}

static void test_the_longest(void **state)
{
	(void)state;
	const size_t around = strlen("{\"peer_ip\": \"10.0.0.1\", \"a\": \"\"}");
	for (size_t more = 0; more <= 1; more++) {
		size_t len = PEER_DEFINITION_MAX - around + more;
		char *value = mem_new(len + 1, 1), *text = NULL;
		struct err err = { "" };
		memset(value, 'x', len);
		const struct api_arg arg = { "a", value, len };
		const struct peer_definition_source s = { "10.0.0.1", &arg, 1, NULL, 0 };
		assert_int_equal(peer_definition_make(&s, &text, &err), more ? -EINVAL : 0);
		assert_string_equal(err.text,
				    more ? "the definition is longer than 8192 octets" : "");
		free(value);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_definitions),
		cmocka_unit_test(test_an_interface),
		cmocka_unit_test(test_the_longest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
