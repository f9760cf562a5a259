/* SPDX-License-Identifier: MIT */
#include "monitors/spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *text;
	enum monitor_kind kind;
	uint8_t proto;
	uint16_t port;
	const char *command;
} good[] = {
	{ "port:tcp:53", MONITOR_PORT, IPPROTO_TCP, 53, NULL },
	{ "port:udp:1", MONITOR_PORT, IPPROTO_UDP, 1, NULL },
	{ "port:tcp:65535", MONITOR_PORT, IPPROTO_TCP, 65535, NULL },
	{ "exec:true", MONITOR_EXEC, 0, 0, "true" },
	{ "exec:/bin/check -x a:b:c", MONITOR_EXEC, 0, 0, "/bin/check -x a:b:c" },
	{ "exec::", MONITOR_EXEC, 0, 0, ":" },
	{ "exec:exec:x", MONITOR_EXEC, 0, 0, "exec:x" },
	{ "exec:a\nb", MONITOR_EXEC, 0, 0, "a\nb" },
	{ "consul", MONITOR_CONSUL, 0, 0, NULL },
};

static void check_good(size_t i, const struct monitor_spec *s)
{
	bool same = s->kind == good[i].kind && strcmp(s->text, good[i].text) == 0;
	if (s->kind == MONITOR_PORT)
		same = same && s->port.proto == good[i].proto && s->port.port == good[i].port;
	if (s->kind == MONITOR_EXEC)
		same = same && strcmp(s->exec.command, good[i].command) == 0;
	if (!same)
		fail_msg("'%s' was misread", good[i].text);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(good); i++) {
		struct monitor_spec s, copy;
		struct err err;
		if (monitor_spec_parse(good[i].text, &s, &err) < 0)
			fail_msg("'%s': %s", good[i].text, err.text);
		check_good(i, &s);
		monitor_spec_copy(&copy, &s);
		monitor_spec_done(&s); /* the copy owes it nothing */
		check_good(i, &copy);
		monitor_spec_done(&copy);
		monitor_spec_done(&copy);
	}
}

/* The text of an error names the value (here: is found in the second column) and what is expected.
 */
static const struct {
	const char *text, *names, *expected;
} bad[] = {
	{ "", "''", "port:tcp:PORT" },
	{ "prot:tcp:53", "'port'", "port:tcp:PORT" },
	{ "Port:tcp:53", "'Port'", "'port'" },
	{ "exce:true", "'exce'", "'exec'" },
	{ "http://x", "'http'", "port:tcp:PORT" },
	{ "port", "'port'", "port:tcp:PORT" },
	{ "port:", "'port:'", "port:tcp:PORT" },
	{ "port:tcp", "'port:tcp'", "port:tcp:PORT" },
	{ "port:53", "'port:53'", "port:tcp:PORT" },
	{ "port:tcp:", "''", "1 to 65535" },
	{ "port:tcp:0", "'0'", "1 to 65535" },
	{ "port:tcp:65536", "'65536'", "1 to 65535" },
	{ "port:tcp:99999", "'99999'", "1 to 65535" },
	{ "port:tcp:-1", "'-1'", "1 to 65535" },
	{ "port:tcp:53 ", "'53 '", "1 to 65535" },
	{ "port:tcp:53:54", "'53:54'", "1 to 65535" },
	{ "port:tcp:dns", "'dns'", "1 to 65535" },
	{ "port:sctp:53", "'sctp'", "tcp or udp" },
	{ "port:tpc:53", "'tpc'", "tcp or udp" },
	{ "port:udpp:53", "'udp'", "tcp or udp" },
	{ "port::53", "''", "tcp or udp" },
	{ "port:averyverylongprotocolname:53", "averyverylong", "port:tcp:PORT" },
	{ "exec", "'exec'", "exec:COMMAND" },
	{ "exec:", "'exec:'", "exec:COMMAND" },
	{ "exec: \t\n", "'exec:", "exec:COMMAND" },
	{ "consul:", "'consul:'", "expected consul" },
	{ "consul:web", "'consul:web'", "expected consul" },
	{ "consl", "'consul'", "or consul" },
	{ "file:/x", "'file'", "or consul" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
		struct monitor_spec s = { .kind = MONITOR_CONSUL };
		struct err err = { "" };
		int r = monitor_spec_parse(bad[i].text, &s, &err);
		if (r != -EINVAL || s.text != NULL || !strstr(err.text, bad[i].names) ||
		    !strstr(err.text, bad[i].expected))
			fail_msg("'%s': %d '%s'", bad[i].text, r, err.text);
		assert_int_equal(monitor_spec_parse(bad[i].text, &s, NULL), -EINVAL);
	}
}

static void test_length(void **state)
{
	(void)state;
	char *text = malloc(MONITOR_TEXT_MAX + 2);
	struct monitor_spec s;
	struct err err;
	memset(text, 'x', MONITOR_TEXT_MAX + 1);
	memcpy(text, "exec:", 5);
	text[MONITOR_TEXT_MAX + 1] = 0;
	assert_int_equal(monitor_spec_parse(text, &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "4097"));
	assert_non_null(strstr(err.text, "4096"));
	text[MONITOR_TEXT_MAX] = 0;
	assert_int_equal(monitor_spec_parse(text, &s, &err), 0);
	monitor_spec_done(&s);
	memset(text, 'x', MONITOR_TEXT_MAX); /* no colon at all */
	assert_int_equal(monitor_spec_parse(text, &s, &err), -EINVAL);
	free(text);
}

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{ "port:tcp:53", "port:tcp:53", true },  { "port:tcp:53", "port:tcp:053", true },
	{ "port:tcp:53", "port:udp:53", false }, { "port:tcp:53", "port:tcp:54", false },
	{ "port:tcp:53", "exec:53", false },     { "exec:a", "exec:a", true },
	{ "exec:a", "exec:b", false },           { "consul", "consul", true },
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(pairs); i++) {
		struct monitor_spec a, b;
		assert_int_equal(monitor_spec_parse(pairs[i].a, &a, NULL), 0);
		assert_int_equal(monitor_spec_parse(pairs[i].b, &b, NULL), 0);
		if (monitor_spec_equal(&a, &b) != pairs[i].equal ||
		    monitor_spec_equal(&b, &a) != pairs[i].equal)
			fail_msg("%s and %s", pairs[i].a, pairs[i].b);
		monitor_spec_done(&a);
		monitor_spec_done(&b);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(monitor_kind_name(MONITOR_PORT), "port");
	assert_string_equal(monitor_kind_name(MONITOR_EXEC), "exec");
	assert_string_equal(monitor_kind_name(MONITOR_CONSUL), "consul");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),   cmocka_unit_test(test_bad),
		cmocka_unit_test(test_length), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
