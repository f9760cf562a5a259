/* SPDX-License-Identifier: MIT */
/* Definitions of apps that have the same hash, and those that have another one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/app_hash.h"
#include "agent/config/define.h"
#include "lib/array.h"
#include "lib/str.h"

#define VIPS "\"vip\": [\"192.0.2.1/32\", \"192.0.2.2/32\", \"192.0.2.3/32\"]"
#define REVS "\"vip\": [\"192.0.2.3/32\", \"192.0.2.1/32\", \"192.0.2.2/32\"]"
#define MONS                                                                                       \
	"\"monitors\": [\"port:tcp:1\", {\"tcp\": \"127.0.0.1:5\", \"rise\": 2}, \"port:tcp:2\"]"
#define SNOM                                                                                       \
	"\"monitors\": [\"port:tcp:2\", \"port:tcp:1\", {\"tcp\": \"127.0.0.1:5\", \"rise\": 2}]"

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "{" VIPS "}", "{" VIPS "}", true },
	{ "{" VIPS "}", "{" REVS "}", true },
	{ "{" VIPS ", " MONS "}", "{" VIPS ", " SNOM "}", true },
	{ "{" VIPS ", " MONS "}", "{" VIPS "}", false },
	{ "{" VIPS "}", "{\"vip\": \"192.0.2.1/32\"}", false },
	/* The order of VIPs decides on their numbers. */
	{ "{" VIPS ", \"vip_config\": {\"increase\": 2, \"med\": 1}}",
	  "{" REVS ", \"vip_config\": {\"increase\": 2, \"med\": 1}}", false },
	{ "{" VIPS ", " MONS ", \"vip_config\": {\"increase\": 2, \"med\": 1}}",
	  "{" VIPS ", " SNOM ", \"vip_config\": {\"increase\": 2, \"med\": 1}}", true },
	{ "{" VIPS ", \"vip_config\": {\"bgp_communities\": [\"1:2\", \"3:4\"]}}",
	  "{" VIPS ", \"vip_config\": {\"bgp_communities\": [\"3:4\", \"1:2\"]}}", true },
	{ "{" VIPS ", \"states\": {\"up\": {\"communities\": [\"1:2\", \"3:4\"]}}}",
	  "{" VIPS ", \"states\": {\"up\": {\"communities\": [\"3:4\", \"1:2\"]}}}", true },
	{ "{" VIPS ", \"states\": {\"up\": {\"med\": 1}}}",
	  "{" VIPS ", \"states\": {\"up\": {\"med\": 2}}}", false },
	/* How it joins is no part of what joins. */
	{ "{" VIPS "}", "{" VIPS ", \"join_time\": \"9s\", \"states\": {\"join\": true}}", true },
	{ "{" VIPS ", \"states\": {\"join\": {\"med\": 1}}}",
	  "{" VIPS ", \"states\": {\"join\": {\"med\": 2}}}", true },
	{ "{" VIPS ", \"states\": {\"up\": {\"med\": 1}, \"join\": true}}",
	  "{" VIPS ", \"states\": {\"up\": {\"med\": 1}}}", true },
	{ "{" VIPS ", \"states\": {\"up\": {\"med\": 1}, \"join\": true}}", "{" VIPS "}", false },
};

static const char *hash_of(const char *text, char buf[static SHA256_TEXT_MAX])
{
	struct config_findings f = { 0 };
	struct app_spec spec;
	if (config_define_text(text, strlen(text), "a", &spec, &f) < 0)
		fail_msg("%s: %s", text, f.items[0].text);
	config_app_hash(&spec, buf);
	app_spec_done(&spec);
	config_findings_done(&f);
	return buf;
}

static void same_and_other(void **state)
{
	char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (str_equal(hash_of(pairs[i].a, a), hash_of(pairs[i].b, b)) != pairs[i].same)
			fail_msg("%s\n%s", pairs[i].a, pairs[i].b);
}

/* A list of one text is not that text, and the sum is that of the definition as JSON. */
static void of_what(void **state)
{
	static const char shown[] = "{\"name\":\"a\",\"vip\":[\"\\\"192.0.2.1/32\\\"\"]}";
	char a[SHA256_TEXT_MAX], b[SHA256_TEXT_MAX];
	(void)state;
	assert_string_equal(hash_of("{\"vip\": \"192.0.2.1/32\"}", a),
			    sha256_text(shown, strlen(shown), b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_and_other),
		cmocka_unit_test(of_what),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
