/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/http/accept.h"
#include "lib/array.h"

static const struct {
	const char *accept;
	bool html;
} accepts[] = {
	{ NULL, false },
	{ "", false },
	{ "*/*", false },
	{ "text/*", false },
	{ "text/html", true },
	{ "TEXT/HTML", true },
	{ "text/html;q=0", false },
	{ "text/html;q=0.000", false },
	{ "text/html;q=0.001", true },
	{ "text/html;q=1.0", true },
	{ "text/html;q=nonsense", false },
	{ "text/html; level=1; q=0.5", true },
	{ "text/html;level=1;", true },
	{ "text/htmlx", false },
	{ "xtext/html", false },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", true },
	{ "application/json, text/html", true },
	{ "application/json, text/html;q=0.9", false },
	{ "application/json;q=0.5 , text/html;q=0.9", true },
	{ "application/json, */*", false },
	{ ",,,text/html", true },
	{ ";q=1,text/html", true },
	{ "text/html;", true },
	{ "text/html;q=", false },
	{ "text/html; q=0", false },
	{ "text/html;\t q=0", false },
	{ "text/html;;q=0", false },
	{ "text/html;a=b;q=0", false },
	{ "text/html;Q=0", false },
	{ "text/html;p=0", true },
	{ "text/html;q=0:9", false },
	{ "text/html;q=x.9", false },
	{ "text/html;q=2.9", false },
	{ "text/html;q=0.", false },
	{ "text/html;q=0.01x", true },
	{ "text/html,x;q=0", true },
	{ "text/html;a=b,x;q=0", true },
	{ "text/html \t;q=0", false },
	{ "text/html\t,x", true },
	{ "\ttext/html", true },
	{ "text/html;q=0.0001", false },
	{ "text/html;q=1,application/json;q=0.999", true },
	{ "text/html;q=0.999,application/json;q=1", false },
	{ "text/html;q=0.999,application/json;q=0.9989", true },
	{ "text/html;q=0.901,application/json;q=0.91", false },
	{ "text/html;q=0.1,application/json;q=0.09", true },
	{ "text/html;q=0.01,application/json;q=0.009", true },
	{ "text/html;q=0.009,application/json;q=0.01", false },
	{ "text/html;q=0.002,application/json;q=0.003", false },
	{ "text/html;q=0.5,application/json;q=0.5", true },
	{ "text/htmm", false },
	{ "text/htm", false },
	{ "text/html,application/json;q=1", true },
	{ "text/html;q=1,application/json", true },
	{ "text/html;q=0,text/html", false }, /* the first of the same */
};

static void test_accept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(accepts); i++)
		if (accept_prefers(accepts[i].accept, "text/html", "application/json") !=
		    accepts[i].html)
			fail_msg("Accept: %s", accepts[i].accept);
}

static const struct {
	const char *codings;
	bool gzip;
} codings[] = {
	{ NULL, false },
	{ "", false },
	{ "*", false },
	{ "identity", false },
	{ "gzip", true },
	{ "br, gzip;q=0.5", true },
	{ "gzip;q=0", false },
	{ "deflate", false },
	{ "deflate, gzip, br, zstd", true },
	{ "x-gzip", false },
	{ "gzip;q=0.001", true },
	{ "gzi", false },
	{ "gzix", false },
};

static void test_accept_encoding(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codings); i++)
		if (accept_allows(codings[i].codings, "gzip") != codings[i].gzip)
			fail_msg("Accept-Encoding: %s", codings[i].codings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_accept_encoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
