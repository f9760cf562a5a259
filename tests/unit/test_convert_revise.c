/* SPDX-License-Identifier: MIT */
/*
 * A converted document loses what `vipherald check` would refuse. tests/revise/CASE.json is one,
 * and CASE.expected is what is left of it, with the remarks; with UPDATE_EXPECTED set in the
 * environment the latter is written again, for reading it with `git diff`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glob.h>

#include <cmocka.h>

#include "agent/convert/print.h"
#include "agent/convert/revise.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Line 100 is that of the first app, 200 of the first peer, 205 of its AS number. */
static void place_all(struct convert *c)
{
	json_t *object, *bgp = json_object_get(c->document, "bgp");
	for (size_t i = 0; (object = convert_item(c, "apps", i)); i++)
		convert_place(c, object, NULL, (struct convert_at){ "in", 100 + (unsigned)i });
	for (size_t i = 0; (object = json_array_get(json_object_get(bgp, "peers"), i)); i++) {
		convert_place(c, object, "peer_as", (struct convert_at){ "in", 205 });
		convert_place(c, object, NULL, (struct convert_at){ "in", 200 + (unsigned)i });
	}
	if (bgp)
		convert_place(c, bgp, "router_id", (struct convert_at){ "in", 1 });
}

static char *revised(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	struct convert c = { .tool = "x", .document = json_load_file(path, 0, NULL) };
	FILE *out = open_memstream(&text, &len);
	assert_non_null(c.document);
	place_all(&c);
	convert_revise(&c);
	convert_print(&c, out);
	fprintf(out, "# lost %zu\n", c.n_lost);
	fclose(out);
	convert_done(&c);
	return text;
}

static void compare(const char *json, const char *text)
{
	char path[256];
	char *expected = mem_new(65536, 1);
	snprintf(path, sizeof(path), "%.*sexpected", (int)(strlen(json) - strlen("json")), json);
	if (getenv("UPDATE_EXPECTED")) {
		FILE *f = fopen(path, "we");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	expected[fread(expected, 1, 65535, f)] = 0;
	fclose(f);
	if (!str_equal(expected, text))
		fail_msg("%s: another result than its .expected:\n%s", json, text);
	free(expected);
}

static void test_what_check_refuses_is_taken_out(void **state)
{
	(void)state;
	glob_t cases;
	assert_int_equal(glob("tests/revise/*.json", 0, NULL, &cases), 0);
	assert_true(cases.gl_pathc >= 10);
	for (size_t i = 0; i < cases.gl_pathc; i++) {
		char *text = revised(cases.gl_pathv[i]);
		compare(cases.gl_pathv[i], text);
		free(text);
	}
	globfree(&cases);
}

/* An error about a list is about all of it. */
static void test_a_list_that_is_too_long_goes(void **state)
{
	(void)state;
	struct convert c = { .document = json_loads(
				     "{\"bgp\":{\"local_as\":65001,\"peers\":[{\"peer_ip\":"
				     "\"192.0.2.1\",\"peer_as\":65000}]}}",
				     0, NULL) };
	for (unsigned i = 0; i < 65; i++) {
		char name[16];
		json_t *process = convert_add(&c, "processes", (struct convert_at){ "in", i });
		snprintf(name, sizeof(name), "p%u", i);
		convert_set(process, "name", name);
		convert_append(process, "run", "/bin/true");
		convert_append(process, "allow", "198.51.100.0/24");
	}
	convert_revise(&c);
	assert_int_equal(c.n_lost, 1);
	assert_string_equal(c.remarks[0].text, "processes: more than 64 processes");
	assert_null(json_object_get(c.document, "processes"));
	convert_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_check_refuses_is_taken_out),
		cmocka_unit_test(test_a_list_that_is_too_long_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
