/* SPDX-License-Identifier: MIT */
#include "monitors/spec.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "lib/array.h"
#include "monitors/draft.h"
#include "monitors/kinds.h"
#include "monitors/match.h"

static const struct {
	const char *text, *kind, *argument;
} good[] = {
	{ "port:tcp:53", "port", "tcp:53" },
	{ "port:udp:1", "port", "udp:1" },
	{ "port:udp:127.0.0.53:53", "port", "udp:127.0.0.53:53" },
	{ "port:tcp:[::1]:53", "port", "tcp:[::1]:53" },
	{ "port:tcp:65535", "port", "tcp:65535" },
	{ "exec:true", "exec", "true" },
	{ "exec:/bin/check -x a:b:c", "exec", "/bin/check -x a:b:c" },
	{ "exec::", "exec", ":" },
	{ "exec:exec:x", "exec", "exec:x" },
	{ "exec:a\nb", "exec", "a\nb" },
	{ "consul", "consul", NULL },
	{ "tcp:[2001:db8::1]:8080", "tcp", "[2001:db8::1]:8080" },
	{ "tcp:www.example:80", "tcp", "www.example:80" },
	{ "dns:ns:53:x:A", "dns", "ns:53:x:A" },
	{ "ntp:0.pool.example:123", "ntp", "0.pool.example:123" },
	{ "ping:www.example", "ping", "www.example" },
	{ "dns:::1:53:www.example.com.:aaaa", "dns", "::1:53:www.example.com.:aaaa" },
	{ "file:!/run/x:y", "file", "!/run/x:y" },
	{ "http:http://[::1]:80/a?b", "http", "http://[::1]:80/a?b" },
	{ "https://x", "https", "//x" },
	{ "process:my server: master", "process", "my server: master" },
};

static void check_good(size_t i, const struct monitor_spec *s)
{
	const char *argument = monitor_spec_argument(s);
	bool same = strcmp(s->kind->name, good[i].kind) == 0 &&
		    strcmp(s->text, good[i].text) == 0 && !argument == !good[i].argument &&
		    (!argument || strcmp(argument, good[i].argument) == 0);
	if (!same)
		fail_msg("'%s' was misread", good[i].text);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct monitor_spec s, copy;
		struct err err = { "" };
		if (monitor_spec_parse(good[i].text, &s, &err) < 0 || err.text[0])
			fail_msg("'%s': %s", good[i].text, err.text);
		check_good(i, &s);
		monitor_spec_copy(&copy, &s);
		assert_true(monitor_spec_equal(&copy, &s));
		monitor_spec_done(&s); /* the copy shares nothing with it */
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
	{ "tcp:[::ffff:192.0.2.1]:53", "'tcp:[::ffff:192.0.2.1]:53'", "write 192.0.2.1" },
	{ "dns:::ffff:192.0.2.1:53:example.com:A", "IPv4 address", "write 192.0.2.1" },
	{ "http://[::ffff:192.0.2.1]/x", "IPv4 address", "write 192.0.2.1" },
	{ "http://b\xc3\xbc"
	  "cher.example/",
	  "not a host name", "xn--" },
	{ "http://127.0.0.1:65536/", "':65536'", "1 to 65535" },
	{ "http://127.0.0.1:0?x", "':0'", "1 to 65535" },
	{ "https://user@[::1]:8o/", "':8o'", "1 to 65535" },
	{ "http://[::1]80/", "'80'", "1 to 65535" },
	{ "", "''", "port:tcp:PORT" },
	{ "prot:tcp:53", "'port'", "port:tcp:PORT" },
	{ "Port:tcp:53", "'Port'", "'port'" },
	{ "exce:true", "'exce'", "'exec'" },
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
	{ "port:tcp:53:54", "'53'", "is not an address" },
	{ "port:tcp:www.example:53", "'www.example'", "is not an address" },
	{ "port:tcp:127.0.0.1:", "''", "1 to 65535" },
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
	{ "fiel:/x", "'file'", "or consul" },
	{ "http", "'http'", "http://127.0.0.1" },
	{ "http:", "'http:'", "http://127.0.0.1" },
	{ "http:x", "'http:x'", "http://127.0.0.1" },
	{ "http:///x", "'http:///x'", "http://127.0.0.1" },
	{ "http://:80/", "'http://:80/'", "http://127.0.0.1" },
	{ "http://[::1", "'http://[::1'", "http://127.0.0.1" },
	{ "http:https://x", "'http:https://x'", "http://127.0.0.1" },
	{ "https:http://x", "'https:http://x'", "https://127.0.0.1" },
	{ "http://x/a b", "'http://x/a b'", "%20" },
	{ "http://x/\x7f", "'http://x/", "%20" },
	{ "http://x/\n", "'http://x/\n'", "%20" },
	{ "tcp", "'tcp'", "tcp:HOST:PORT" },
	{ "tcp:53", "'53'", "has no port" },
	{ "tcp:127.0.0.1", "'127.0.0.1'", "has no port" },
	{ "tcp:127.0.0.1:", "''", "1 to 65535" },
	{ "tcp:127.0.0.1:0", "'0'", "1 to 65535" },
	{ "tcp:127.0.0.1:70000", "'70000'", "1 to 65535" },
	{ "tcp::80", "''", "not an address" },
	{ "tcp:300.0.0.1:80", "'300.0.0.1'", "not an address or a host name" },
	{ "tcp:127.1:80", "'127.1'", "not an address or a host name" },
	{ "tcp:0x7f000001:80", "'0x7f000001'", "not an address or a host name" },
	{ "tcp:b\xc3\xbc"
	  "cher:80",
	  "cher'", "not an address or a host name" },
	{ "tcp:www..:80", "'www..'", "not an address or a host name" },
	{ "tcp:[::1:80", "'[::1'", "not an address" },
	{ "tcp:0123456789012345678901234567890123456789012345678901234567890123456789"
	  "0123456789:80",
	  "0123456789", "not an address" },
	{ "dns", "'dns'", "dns:HOST:PORT:NAME:TYPE" },
	{ "dns:x:A", "'dns:x:A'", "dns:HOST:PORT:NAME:TYPE" },
	{ "dns:127.0.0.1:53:A", "'127.0.0.1'", "has no port" },
	{ "dns:127.0.0.1:53::A", "''", "not a name" },
	{ "dns:127.0.0.1:53:a b:A", "'a b'", "not a name" },
	{ "dns:127.0.0.1:53:x:Q", "'Q'", "unknown type" },
	{ "dns:127.0.0.1:53:x:", "''", "unknown type" },
	{ "dns:127.0.0.1:53:x:TYPE0", "'TYPE0'", "unknown type" },
	{ "dns:127.0.0.1:53:x:TYPE65536", "'TYPE65536'", "unknown type" },
	{ "dns:127.0.0.1:0:x:A", "'0'", "1 to 65535" },
	{ "dns:ns/:53:x:A", "'ns/'", "not an address" },
	{ "ping", "'ping'", "ping:HOST" },
	{ "ping:", "''", "not an address" },
	{ "ping:www example", "'www example'", "not an address" },
	{ "ping:::ffff:192.0.2.1", "IPv4 address", "write 192.0.2.1" },
	{ "ntp", "'ntp'", "ntp:HOST:PORT" },
	{ "ntp:127.0.0.1", "'127.0.0.1'", "has no port" },
	{ "ntp:[pool.example]:123", "'pool.example'", "not an address" },
	{ "process", "'process'", "PIDFILE" },
	{ "process:", "'process:'", "PIDFILE" },
	{ "process:run/x.pid", "'process:run/x.pid'", "PIDFILE" },
	{ "file", "'file'", "file:/PATH" },
	{ "file:", "'file:'", "file:/PATH" },
	{ "file:x", "'file:x'", "file:/PATH" },
	{ "file:!", "'file:!'", "file:!/PATH" },
	{ "file:!!/x", "'file:!!/x'", "file:!/PATH" },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct monitor_spec s = { 0 };
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
	{ "port:tcp:53", "port:tcp:53", true },
	{ "port:tcp:53", "port:tcp:053", true },
	{ "port:tcp:53", "port:tcp:127.0.0.1:53", false },
	{ "port:tcp:localhost:53", "port:tcp:127.0.0.1:053", true },
	{ "port:tcp:53", "port:udp:53", false },
	{ "port:tcp:53", "port:tcp:54", false },
	{ "port:tcp:53", "exec:53", false },
	{ "exec:a", "exec:a", true },
	{ "exec:a", "exec:b", false },
	{ "consul", "consul", true },
	{ "http://x/", "http:http://x/", true },
	{ "http://x/", "https://x/", false },
	{ "http://x/", "http://x/a", false },
	{ "tcp:[::1]:80", "tcp:::1:80", true },
	{ "tcp:127.0.0.1:80", "tcp:localhost:080", true },
	{ "tcp:127.0.0.1:80", "tcp:127.0.0.1:81", false },
	{ "dns:127.0.0.1:53:x:A", "dns:127.0.0.1:53:x:A", true },
	{ "dns:127.0.0.1:53:x:A", "dns:127.0.0.1:53:x:AAAA", false },
	{ "ping:[::1]", "ping:::1", true },
	{ "ping:127.0.0.1", "ping:localhost", true },
	{ "ping:127.0.0.1", "ping:127.0.0.2", false },
	{ "ping:www.example", "ping:WWW.example", true },
	{ "ping:www.example", "ping:wwx.example", false },
	{ "tcp:www.example:80", "tcp:www.example:080", true },
	{ "tcp:www.example:80", "tcp:www.example.com:80", false },
	{ "ntp:a.example:123", "ntp:b.example:123", false },
	{ "ntp:[::1]:123", "ntp:::1:0123", true },
	{ "ntp:[::1]:123", "ntp:[::2]:123", false },
	{ "process:a", "process:b", false },
	{ "file:/a", "file:!/a", false },
};

static void test_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
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

/* Which address a check talks to, where that is said as one. */
static const struct {
	const char *text, *target; /* NULL: none that is known */
} targets[] = {
	{ "port:tcp:53", NULL },
	{ "exec:true", NULL },
	{ "consul", NULL },
	{ "process:x", NULL },
	{ "file:/x", NULL },
	{ "http://www.example/", NULL },
	{ "tcp:www.example:80", NULL },
	{ "dns:www.example:53:x:A", NULL },
	{ "ntp:www.example:123", NULL },
	{ "ping:www.example", NULL },
	{ "http://192.0.2.1", "192.0.2.1" },
	{ "http://192.0.2.1:8080/x", "192.0.2.1" },
	{ "https://[2001:db8::1]:8080/x", "2001:db8::1" },
	{ "http://user:pw@192.0.2.1/x", "192.0.2.1" },
	{ "http://192.0.2.1/x@y", "192.0.2.1" },
	{ "http://192.0.2.1?x", "192.0.2.1" },
	{ "tcp:192.0.2.1:80", "192.0.2.1" },
	{ "dns:192.0.2.1:53:x:A", "192.0.2.1" },
	{ "ping:2001:db8::1", "2001:db8::1" },
	{ "ntp:192.0.2.1:123", "192.0.2.1" },
};

static void test_target(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		struct monitor_spec s;
		struct addr a = { 0 };
		char text[ADDR_TEXT_MAX];
		assert_int_equal(monitor_spec_parse(targets[i].text, &s, NULL), 0);
		if (monitor_spec_target(&s, &a) != !!targets[i].target ||
		    (targets[i].target && strcmp(addr_format(&a, text), targets[i].target) != 0))
			fail_msg("%s", targets[i].text);
		monitor_spec_done(&s);
	}
}

/* An option that the kind has or not, with a value that is valid or not. */
static const struct {
	const char *text, *name, *value;
	bool good;
} options[] = {
	{ "http://x", "status", "200", true },
	{ "http://x", "status", "200-299,404,500-599", true },
	{ "http://x", "status", "", false },
	{ "http://x", "status", "200-", false },
	{ "http://x", "status", "200,", false },
	{ "http://x", "status", ",200", false },
	{ "http://x", "status", "299-200", false },
	{ "http://x", "status", "99", false },
	{ "http://x", "status", "600", false },
	{ "http://x", "status", "2xx", false },
	{ "http://x", "status", "200 404", false },
	{ "http://x", "status", "99999999999999999999", false },
	{ "https://x", "header", "Server", true },
	{ "https://x", "header", "Server: nginx", true },
	{ "https://x", "header", ": nginx", false },
	{ "https://x", "header", "a b", false },
	{ "https://x", "body", "ok", true },
	{ "https://x", "tls_name", "www.example.com", true },
	{ "https://x", "tls_name", "www.example.com.", false },
	{ "https://x", "tls_name", "a b", false },
	{ "http://x", "tls_name", "www.example.com", false },
	{ "https://x", "tls_ca", "/etc/ca.pem", true },
	{ "https://x", "tls_ca", "ca.pem", false },
	{ "https://x", "tls_ca", "/etc/", false },
	{ "http://x", "tls_ca", "/etc/ca.pem", false },
	{ "http://x", "expect", "x", false },
	{ "tcp:127.0.0.1:25", "send", "QUIT\r\n", true },
	{ "tcp:127.0.0.1:25", "expect", "220", true },
	{ "tcp:127.0.0.1:25", "body", "220", false },
	{ "dns:127.0.0.1:53:x:A", "rcode", "nxdomain", true },
	{ "dns:127.0.0.1:53:x:A", "rcode", "9", true },
	{ "dns:127.0.0.1:53:x:A", "rcode", "16", false },
	{ "dns:127.0.0.1:53:x:A", "rcode", "NO", false },
	{ "dns:127.0.0.1:53:x:A", "answer", "192.0.2.1", true },
	{ "ntp:127.0.0.1:123", "max_stratum", "1", true },
	{ "ntp:127.0.0.1:123", "max_stratum", "15", true },
	{ "ntp:127.0.0.1:123", "max_stratum", "0", false },
	{ "ntp:127.0.0.1:123", "max_stratum", "16", false },
	{ "ntp:127.0.0.1:123", "max_offset", "100ms", true },
	{ "ntp:127.0.0.1:123", "max_offset", "0", false },
	{ "ntp:127.0.0.1:123", "max_offset", "near", false },
	{ "ping:127.0.0.1", "expect", "x", false },
	{ "file:/x", "absent", "true", false }, /* it is file:!/x */
	{ "port:tcp:53", "status", "200", false },
	{ "exec:true", "expect", "x", false },
};

static size_t number_of(const struct monitor_kind *kind, const char *name)
{
	size_t i = 0;
	while (strcmp(kind->options[i].name, name) != 0)
		i++;
	return i;
}

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		struct monitor_spec s, copy, plain;
		struct err err = { "" };
		assert_int_equal(monitor_spec_parse(options[i].text, &s, NULL), 0);
		int r = monitor_spec_set_option(&s, options[i].name, options[i].value, &err);
		if (r != (options[i].good ? 0 : -EINVAL))
			fail_msg("%s with %s '%s': %d %s", options[i].text, options[i].name,
				 options[i].value, r, err.text);
		if (r < 0) {
			assert_non_null(strstr(err.text, options[i].name));
			monitor_spec_done(&s);
			continue;
		}
		size_t number = number_of(s.kind, options[i].name);
		monitor_spec_copy(&copy, &s);
		assert_true(monitor_spec_equal(&copy, &s));
		monitor_spec_done(&s);
		assert_string_equal(monitor_spec_option(&copy, number), options[i].value);
		assert_null(monitor_spec_option(&copy, copy.kind->n_options));
		assert_int_equal(monitor_spec_parse(options[i].text, &plain, NULL), 0);
		assert_null(monitor_spec_option(&plain, number));
		assert_false(monitor_spec_equal(&copy, &plain));
		assert_false(monitor_spec_equal(&plain, &copy));
		monitor_spec_done(&copy);
		monitor_spec_done(&plain);
	}
}

static void test_option_twice(void **state)
{
	(void)state;
	struct monitor_spec s;
	assert_int_equal(monitor_spec_parse("tcp:127.0.0.1:25", &s, NULL), 0);
	assert_int_equal(monitor_spec_set_option(&s, "expect", "a", NULL), 0);
	assert_int_equal(monitor_spec_set_option(&s, "expect", "b", NULL), 0);
	assert_string_equal(monitor_spec_option(&s, number_of(s.kind, "expect")), "b");
	monitor_spec_done(&s);
}

static void test_timing(void **state)
{
	(void)state;
	const struct monitor_timing timings[] = {
		{ 0 },         { .interval = 1 }, { .fast_interval = 1 }, { .timeout = 1 },
		{ .rise = 2 }, { .fall = 2 },
	};
	struct monitor_spec a, b;
	assert_int_equal(monitor_spec_parse("consul", &a, NULL), 0);
	assert_int_equal(monitor_spec_parse("consul", &b, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(timings); i++)
		for (size_t j = 0; j < ARRAY_SIZE(timings); j++) {
			a.timing = timings[i];
			b.timing = timings[j];
			assert_int_equal(monitor_spec_equal(&a, &b), i == j);
		}
	monitor_spec_done(&a);
	monitor_spec_done(&b);
}

/* The mapping form becomes the text form. */
static const struct {
	const char *kind, *argument, *option, *value, *text;
} drafts[] = {
	{ "port", "tcp:53", NULL, NULL, "port:tcp:53" },
	{ "consul", "true", NULL, NULL, "consul" },
	{ "http", "http://x/", NULL, NULL, "http://x/" },
	{ "http", "//x/", NULL, NULL, "http://x/" },
	{ "exec", "true", NULL, NULL, "exec:true" },
	{ "file", "/run/x", NULL, NULL, "file:/run/x" },
	{ "file", "/run/x", "absent", "true", "file:!/run/x" },
	{ "tcp", "[::1]:25", "expect", "220", "tcp:[::1]:25" },
};

static void test_draft(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(drafts); i++) {
		struct monitor_draft d = { .timing.rise = 3 };
		struct monitor_spec s;
		struct err err;
		assert_int_equal(
			monitor_draft_set_kind(&d, drafts[i].kind, drafts[i].argument, NULL), 0);
		if (drafts[i].option)
			monitor_draft_add_option(&d, drafts[i].option, drafts[i].value);
		if (monitor_draft_finish(&d, &s, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(s.text, drafts[i].text);
		assert_int_equal(s.timing.rise, 3);
		assert_int_equal(s.options != NULL, drafts[i].option && s.kind->n_options > 1);
		monitor_spec_done(&s);
		monitor_draft_done(&d);
	}
}

/* Also one whose argument begins as its kind is called, or is shorter than that. */
static void test_what_a_draft_becomes(void **state)
{
	static const struct {
		const char *kind, *argument, *text;
	} rows[] = {
		{ "exec", "exec-it", "exec:exec-it" },   { "exec", "abcd://x", "exec:abcd://x" },
		{ "process", "/x", "process:/x" },       { "http", "http://x/", "http://x/" },
		{ "https", "https://x/", "https://x/" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct monitor_draft d = { .evidence = EVIDENCE_SOFT, .scope = SCOPE_SHARED };
		struct monitor_spec s;
		struct err err = { "" };
		monitor_draft_set_kind(&d, rows[i].kind, rows[i].argument, NULL);
		if (monitor_draft_finish(&d, &s, &err) < 0)
			fail_msg("%s: %s", rows[i].argument, err.text);
		assert_string_equal(s.text, rows[i].text);
		assert_int_equal(s.evidence, EVIDENCE_SOFT);
		assert_int_equal(s.scope, SCOPE_SHARED);
		monitor_spec_done(&s);
		monitor_draft_done(&d);
		assert_true(!d.kind && !d.argument && !d.options && d.n_options == 0);
	}
}

static void test_a_draft_with_several_options(void **state)
{
	struct monitor_draft d = { 0 };
	struct monitor_spec s;
	struct err err = { "" };
	(void)state;
	monitor_draft_set_kind(&d, "https", "https://x/", NULL);
	monitor_draft_add_option(&d, "status", "204");
	monitor_draft_add_option(&d, "body", "ok");
	monitor_draft_add_option(&d, "tls_name", "www.example.com");
	assert_int_equal(monitor_draft_finish(&d, &s, &err), 0);
	size_t n = 0;
	for (size_t i = 0; i < s.kind->n_options; i++)
		n += monitor_spec_option(&s, i) != NULL;
	assert_int_equal(n, 3);
	monitor_spec_done(&s);
	monitor_draft_add_option(&d, "body", ""); /* the last of them is wrong */
	monitor_draft_add_option(&d, "status", "200");
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "body"));
	monitor_draft_done(&d);
	/* One that is a mark in the text counts wherever it stands. */
	monitor_draft_set_kind(&d, "file", "/run/x", NULL);
	monitor_draft_add_option(&d, "status", "200");
	monitor_draft_add_option(&d, "absent", "true");
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_string_equal(err.text, "monitor 'file:!/run/x': 'status' is not for file monitors");
	monitor_draft_done(&d);
	/* None, and what contradicts itself. */
	d.evidence = EVIDENCE_HARD;
	d.scope = SCOPE_SHARED;
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "contradicts"));
	d.scope = 0;
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_string_equal(err.text, "nothing is checked, expected one of port, http, https, tcp, "
				      "dns, ping, ntp, process, file, exec or consul");
}

static void test_bad_draft(void **state)
{
	(void)state;
	struct monitor_draft d = { 0 };
	struct monitor_spec s;
	struct err err = { "" };
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "port, http"));
	assert_int_equal(monitor_draft_set_kind(&d, "exec", "true", NULL), 0);
	assert_int_equal(monitor_draft_set_kind(&d, "tcp", "[::1]:25", &err), -EINVAL);
	assert_non_null(strstr(err.text, "'exec: true'"));
	monitor_draft_add_option(&d, "absent", "true");
	assert_int_equal(monitor_draft_finish(&d, &s, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'absent' is not for exec monitors"));
	monitor_draft_done(&d);
}

static void test_status_matches(void **state)
{
	(void)state;
	assert_true(http_status_matches(NULL, 200));
	assert_true(http_status_matches(NULL, 299));
	assert_false(http_status_matches(NULL, 199));
	assert_false(http_status_matches(NULL, 300));
	assert_true(http_status_matches("404,500-501", 404));
	assert_true(http_status_matches("404,500-501", 501));
	assert_false(http_status_matches("404,500-501", 200));
	assert_false(http_status_matches("404,500-501", 502));
}

/* Each descriptor is complete, and no two of them clash. */
static void test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < MONITOR_N_KINDS; i++) {
		const struct monitor_kind *k = monitor_kind_at(i);
		assert_ptr_equal(monitor_kind_find(k->name), k);
		assert_non_null(k->parse);
		assert_non_null(k->ops);
		assert_int_equal(strncmp(k->format, k->name, strlen(k->name)), 0);
		for (size_t j = 0; j < k->n_options; j++) {
			const struct monitor_option *o = &k->options[j];
			assert_null(monitor_kind_find(o->name));
			assert_true(o->mark || (o->is_valid && o->expected));
		}
	}
	assert_null(monitor_kind_find("por"));
	assert_string_equal(monitor_kind_nearest("por"), "port");
}

static void test_evidence(void **state)
{
	static const struct {
		const char *text;
		enum monitor_evidence evidence;
		enum monitor_scope scope;
		bool hard;
	} cases[] = {
		{ "port:tcp:53", EVIDENCE_OF_KIND, SCOPE_UNKNOWN, true },
		{ "port:tcp:53", EVIDENCE_OF_KIND, SCOPE_LOCAL, true },
		{ "port:tcp:53", EVIDENCE_OF_KIND, SCOPE_SHARED, false },
		{ "port:tcp:53", EVIDENCE_SOFT, SCOPE_UNKNOWN, false },
		{ "process:x", EVIDENCE_OF_KIND, SCOPE_UNKNOWN, true },
		{ "exec:x", EVIDENCE_OF_KIND, SCOPE_UNKNOWN, false },
		{ "exec:x", EVIDENCE_HARD, SCOPE_UNKNOWN, true },
		{ "file:/x", EVIDENCE_OF_KIND, SCOPE_LOCAL, false },
		{ "consul", EVIDENCE_OF_KIND, SCOPE_UNKNOWN, false },
		{ "http://127.0.0.1/", EVIDENCE_OF_KIND, SCOPE_UNKNOWN, false },
	};
	struct err err;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct monitor_spec s, copy;
		assert_int_equal(monitor_spec_parse(cases[i].text, &s, &err), 0);
		s.evidence = cases[i].evidence;
		s.scope = cases[i].scope;
		monitor_spec_copy(&copy, &s);
		if (monitor_spec_is_hard(&copy) != cases[i].hard)
			fail_msg("case %zu, %s", i, cases[i].text);
		assert_true(monitor_spec_equal(&s, &copy));
		copy.scope = SCOPE_UNKNOWN;
		assert_int_equal(monitor_spec_equal(&s, &copy), !cases[i].scope);
		copy.scope = s.scope;
		copy.evidence = EVIDENCE_OF_KIND;
		assert_int_equal(monitor_spec_equal(&s, &copy), !cases[i].evidence);
		monitor_spec_done(&s);
		monitor_spec_done(&copy);
	}
}

static void test_the_kinds_and_their_names(void **state)
{
	char text[512];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	(void)state;
	monitor_kind_list_names(&sb);
	assert_string_equal(text, "port, http, https, tcp, dns, ping, ntp, process, file, exec or "
				  "consul");
	sb = strbuf_over(text, sizeof(text));
	monitor_kind_list_formats(&sb);
	assert_ptr_equal(strstr(text, "port:tcp:PORT"), text);
	size_t separators = 0;
	for (const char *p = text; (p = strstr(p, ", ")); p++)
		separators++;
	assert_true(separators >= MONITOR_N_KINDS - 2);
	assert_non_null(strstr(text, "exec:COMMAND or consul"));
	for (size_t i = 0; i < MONITOR_N_KINDS; i++) {
		const struct monitor_kind *k = monitor_kind_at(i);
		assert_int_equal(monitor_kind_index(k), i);
		assert_ptr_equal(monitor_kind_find(k->name), k);
		assert_string_equal(monitor_kind_nearest(k->name), k->name);
	}
	assert_null(monitor_kind_find("consu"));
	assert_null(monitor_kind_find(""));
	assert_null(monitor_kind_nearest("xyzzyx"));
	assert_string_equal(monitor_kind_nearest("consu"), "consul");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_draft_becomes),
		cmocka_unit_test(test_a_draft_with_several_options),
		cmocka_unit_test(test_the_kinds_and_their_names),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_option_twice),
		cmocka_unit_test(test_draft),
		cmocka_unit_test(test_bad_draft),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_evidence),
		cmocka_unit_test(test_timing),
		cmocka_unit_test(test_status_matches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
