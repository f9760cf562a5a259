/* SPDX-License-Identifier: MIT */
/* Addresses of an agent with TLS, as the command line has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/cli/client_tls.h"
#include "lib/array.h"

#define LONG                                                                                       \
	"a123456789a123456789a123456789a123456789a123456789a123456789a123456789a123456789a1234567" \
	"89"

static const struct {
	const char *given, *url; /* NULL: refused */
} cases[] = {
	{ "https://agent.example.net:8443", "https://agent.example.net:8443" },
	{ "https://agent.example.net", "https://agent.example.net:8080" },
	{ "https://192.0.2.1/", "https://192.0.2.1:8080" },
	{ "https://[2001:db8::1]:443", "https://[2001:db8::1]:443" },
	{ "https://[2001:db8::1]", "https://[2001:db8::1]:8080" },
	{ "https://h:65535/", "https://h:65535" },
	{ "https://", NULL },
	{ "https://:8080", NULL },
	{ "https://h:", "https://h:8080" },
	{ "https://h:0", NULL },
	{ "https://h:65536", NULL },
	{ "https://h:100000", NULL },
	{ "https://h:http", NULL },
	{ "https://h/v1", NULL },
	{ "https://user@h", NULL },
	{ "https://[::1", NULL },
	{ "https://[h]", NULL },
	{ "https://" LONG LONG, NULL },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct client_tls tls = { .url = "" };
		struct err err = { "" };
		int rc = client_tls_parse(cases[i].given, &tls, &err);
		bool ok = cases[i].url ? rc == 0 && strcmp(tls.url, cases[i].url) == 0
				       : rc == -EINVAL && strstr(err.text, "expected one like");
		if (!ok)
			fail_msg("%s: %d %s %s", cases[i].given, rc, tls.url, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_addresses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
