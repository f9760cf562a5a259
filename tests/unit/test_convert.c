/* SPDX-License-Identifier: MIT */
/*
 * `vipherald convert`. tests/convert/TOOL/CASE has the files of another tool, as its users write
 * them, and what is to come out as `expected.yaml`; `options` has words of the command line, one a
 * line. With UPDATE_EXPECTED set in the environment the latter is written again, for reading it
 * with `git diff`. What comes out has to pass `vipherald check`.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glob.h>

#include <cmocka.h>

#include "agent/config/config.h"
#include "agent/config/findings.h"
#include "agent/convert/print.h"
#include "agent/convert/run.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/own_netns.h"

#define WORDS_MAX 64

static char *read_file(const char *path, size_t *ret_len)
{
	char *text = mem_new(CONVERT_FILE_MAX + 2, 1);
	FILE *f = fopen(path, "re");
	*ret_len = f ? fread(text, 1, CONVERT_FILE_MAX + 1, f) : 0;
	if (f)
		fclose(f);
	return text;
}

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* "--native", "--allow PREFIX", and what is behind "--". */
struct words {
	char *text;
	const char *args[WORDS_MAX], *allow[WORDS_MAX];
	struct convert_options options;
};

static void read_options(const char *directory, struct words *w)
{
	char path[256];
	size_t len;
	bool rest = false;
	snprintf(path, sizeof(path), "%soptions", directory);
	*w = (struct words){ .text = read_file(path, &len) };
	w->options.args = w->args;
	w->options.allow = w->allow;
	for (char *save, *word = strtok_r(w->text, "\n", &save); word;
	     word = strtok_r(NULL, "\n", &save)) {
		if (rest)
			w->args[w->options.n_args++] = word;
		else if (str_equal(word, "--"))
			rest = true;
		else if (str_equal(word, "--native"))
			w->options.native = true;
		else
			w->allow[w->options.n_allow++] = word;
	}
}

static char *convert(const char *tool, const char *directory, const struct convert_input *inputs,
		     size_t n)
{
	char *text = NULL;
	size_t len = 0;
	struct convert c;
	struct err err = { "" };
	struct words words;
	FILE *out = open_memstream(&text, &len);
	read_options(directory, &words);
	if (convert_run(tool, inputs, n, &words.options, &c, &err) == 0) {
		convert_print(&c, out);
		fprintf(out, "# exit status %d\n", c.n_lost > 0);
		convert_done(&c);
	} else {
		fprintf(out, "# error: %s\n", err.text);
	}
	fclose(out);
	free(words.text);
	return text;
}

/* Without a peer there is no configuration to check: its files do not say. */
static void expect_valid(const char *directory, const char *text)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	bool complete = strstr(text, "\n  local_as:") != NULL;
	int rc = config_load_text(text, strlen(text), &config, &findings);
	if (complete && rc < 0) {
		config_findings_print(&findings, directory, stdout);
		fail_msg("%s: does not pass check:\n%s", directory, text);
	}
	config_free(config);
	config_findings_done(&findings);
}

static void compare(const char *directory, const char *text)
{
	char path[256];
	size_t len;
	snprintf(path, sizeof(path), "%sexpected.yaml", directory);
	if (getenv("UPDATE_EXPECTED")) {
		FILE *f = fopen(path, "we");
		assert_non_null(f);
		fputs(text, f);
		fclose(f);
	}
	char *expected = read_file(path, &len);
	if (!str_same(expected, text))
		fail_msg("%s: another result than expected.yaml:\n%s", directory, text);
	free(expected);
}

static void run_case(const char *tool, const char *directory)
{
	char pattern[256];
	glob_t files;
	struct convert_input inputs[16];
	size_t n = 0;
	snprintf(pattern, sizeof(pattern), "%s*", directory);
	assert_int_equal(glob(pattern, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc && n < ARRAY_SIZE(inputs); i++) {
		const char *name = base(files.gl_pathv[i]);
		if (str_equal(name, "expected.yaml") || str_equal(name, "options"))
			continue;
		inputs[n].name = name;
		inputs[n].text = read_file(files.gl_pathv[i], &inputs[n].len);
		n++;
	}
	char *text = convert(tool, directory, inputs, n);
	compare(directory, text);
	expect_valid(directory, text);
	free(text);
	for (size_t i = 0; i < n; i++)
		free((char *)inputs[i].text);
	globfree(&files);
}

static void test_cases(void **state)
{
	(void)state;
	for (const char *const *tool = convert_tools; *tool; tool++) {
		char pattern[256];
		glob_t cases;
		snprintf(pattern, sizeof(pattern), "tests/convert/%s/*/", *tool);
		assert_int_equal(glob(pattern, 0, NULL, &cases), 0);
		assert_true(cases.gl_pathc >= 2);
		for (size_t i = 0; i < cases.gl_pathc; i++)
			run_case(*tool, cases.gl_pathv[i]);
		globfree(&cases);
	}
}

/* ---- what is refused as a whole ---- */

static const struct {
	const char *tool, *text, *error;
} refused[] = {
	{ "gocast", "apps: [", "in:2:1: error: " },
	{ "gocast", "", "in: not a YAML mapping" },
	{ "gocast", "- a\n", "in: not a YAML mapping" },
	{ "gocast", "bgp:\n  local_as: 1\n  local_as: 2\n", "in:3:3: error: " },
	{ "exabgp", "neighbor 10.0.0.1 {\n local-as 1;\n",
	  "in:1: this block does not end, '}' is missing" },
	{ "exabgp", "neighbor 10.0.0.1 { local-as 1 }",
	  "in:1: ';' is missing behind this statement" },
	{ "exabgp", "neighbor 10.0.0.1 {\n description \"x;\n}\n",
	  "in:2: the closing quote is missing" },
	{ "exabgp", "{ }", "in:1: unexpected '{': a block begins with a word" },
	{ "exabgp", "a { } }", "in:1: unexpected '}': no block is open" },
	{ "exabgp", "a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a { a {",
	  "in:1: blocks nested deeper than 16" },
	{ "exabgp", "process x { run /bin/true; }", "in: no neighbor in it" },
	{ "exabgp", "bgp:\n  local_as: 1\n", "in: no neighbor in it" },
	{ "anycast-healthchecker", "[a]\n[b\n", "in:2: ']' is missing" },
	{ "anycast-healthchecker", "[a]\nb\n", "in:2: expected [SECTION] or KEY = VALUE" },
	{ "anycast-healthchecker", "protocol bgp x { }", "no [section] in these files" },
	{ "anycast-healthchecker", "/* x", "in:1: the comment does not end" },
	{ "fabio", "proxy.addr = :80\n", "no bgp. property" },
	{ "gocast", "# caf\xe9\n", "in:1: not a text in UTF-8 (byte 0xe9)" },
};

static void test_refused(void **state)
{
	(void)state;
	const struct convert_options none = { 0 };
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct convert c;
		struct err err = { "" };
		const struct convert_input in = { "in", refused[i].text, strlen(refused[i].text) };
		assert_true(convert_run(refused[i].tool, &in, 1, &none, &c, &err) < 0);
		if (!strstr(err.text, refused[i].error))
			fail_msg("'%s' is not in '%s'", refused[i].error, err.text);
	}
}

static void test_bounds(void **state)
{
	(void)state;
	const struct convert_options none = { 0 };
	static struct convert_input many[CONVERT_FILES_MAX + 1];
	char *large = mem_new(CONVERT_FILE_MAX + 1, 1);
	struct convert c;
	struct err err;
	memset(large, '#', CONVERT_FILE_MAX + 1);
	const struct convert_input in = { "in", large, CONVERT_FILE_MAX + 1 };
	assert_true(convert_run("gocast", &in, 1, &none, &c, &err) < 0);
	assert_string_equal(err.text, "in: larger than the maximum of 1 MB");
	assert_true(convert_run("gocast", many, ARRAY_SIZE(many), &none, &c, &err) < 0);
	assert_string_equal(err.text, "257 files, the maximum is 256");
	free(large);
}

/* Each route is an app here; the time for a name does not grow with them. */
static void test_many_apps(void **state)
{
	(void)state;
	const struct convert_options none = { 0 };
	struct convert c;
	struct err err = { "" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs("neighbor 10.0.0.1 { local-as 65001; peer-as 65000; static {\n", out);
	for (unsigned i = 0; i < 8000; i++)
		fprintf(out, "route 198.18.%u.%u/32 next-hop self med %u;\n", i >> 8, i & 255, i);
	fputs("} }", out);
	fclose(out);
	const struct convert_input in = { "in", text, len };
	assert_int_equal(convert_run("exabgp", &in, 1, &none, &c, &err), 0);
	const json_t *apps = json_object_get(c.document, "apps");
	assert_int_equal(json_array_size(apps), 8000);
	assert_string_equal(json_string_value(json_object_get(json_array_get(apps, 7999), "name")),
			    "static-8000");
	assert_int_equal(c.n_lost, 0);
	convert_done(&c);
	free(text);
}

/* 1024 is the most that one prefix may become. */
static void test_many_addresses_of_one_prefix(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"neighbor 10.0.0.1 { local-as 65001; peer-as 65000; static {\n"
		"route 198.18.4.0/22 next-hop self split /32; } }",
		"neighbor 10.0.0.1 { local-as 65001; peer-as 65000; api { processes [ h ]; } }\n"
		"process h { run x healthcheck --ip 198.18.4.0/22 --deaggregate-networks "
		"--ip 10.0.0.0/31 --no-ip-setup; }",
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct convert_options native = { .native = true };
		const struct convert_input in = { "in", texts[i], strlen(texts[i]) };
		struct convert c;
		struct err err;
		assert_int_equal(convert_run("exabgp", &in, 1, &native, &c, &err), 0);
		const json_t *apps = json_object_get(c.document, "apps");
		assert_int_equal(json_array_size(apps), 16);
		const json_t *vips = json_object_get(json_array_get(apps, 15), "vip");
		assert_int_equal(json_array_size(vips), 64);
		assert_string_equal(json_string_value(json_array_get(vips, 63)), "198.18.7.255/32");
		assert_int_equal(c.n_lost, i);
		if (i == 1)
			assert_string_equal(c.remarks[0].text,
					    "10.0.0.0/31: more than 1024 addresses");
		convert_done(&c);
	}
}

/* Most options have no letter. */
static void test_a_letter_that_no_option_has(void **state)
{
	(void)state;
	static const char text[] = "neighbor 10.0.0.1 { local-as 65001; peer-as 65000; "
				   "api { processes [ h ]; } }\n"
				   "process h { run x healthcheck -\x01 -\x02 --ip 198.51.100.1; }";
	const struct convert_options native = { .native = true };
	const struct convert_input in = { "in", text, sizeof(text) - 1 };
	struct convert c;
	struct err err;
	assert_int_equal(convert_run("exabgp", &in, 1, &native, &c, &err), 0);
	assert_int_equal(c.n_lost, 2);
	assert_string_equal(c.remarks[0].text, "-\x01: not an option of ExaBGP's health check");
	assert_string_equal(c.remarks[1].text, "-\x02: not an option of ExaBGP's health check");
	convert_done(&c);
}

/* Nothing behind the last octet is read: of a file of options, too. */
static void test_files_end_where_they_end(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"neighbor 10.0.0.1 { local-as 65001; peer-as 65000; api { processes [ h ]; } }\n"
		"process h { run x healthcheck --config c; }",
		"ip = 198.51.100.1\nno-ip-setup\ncommand = true",
	};
	struct convert_input in[ARRAY_SIZE(texts)];
	const struct convert_options native = { .native = true };
	struct convert c;
	struct err err;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		in[i] = (struct convert_input){ i == 0 ? "in" : "c", NULL, strlen(texts[i]) };
		in[i].text = mem_copy(texts[i], in[i].len);
	}
	assert_int_equal(convert_run("exabgp", in, ARRAY_SIZE(in), &native, &c, &err), 0);
	assert_int_equal(c.n_lost, 0);
	assert_int_equal(json_array_size(json_object_get(c.document, "apps")), 1);
	convert_done(&c);
	for (size_t i = 0; i < ARRAY_SIZE(in); i++)
		free((char *)in[i].text);
}

/* An element without a key is YAML, too: it is taken out for what it lacks. */
static void test_an_empty_element(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
		{ "fabio", "bgp.asn = 65001\nbgp.peers = ;,address=192.0.2.1;asn=65000\n" },
		{ "gocast", "bgp: { local_as: 65001, peers: [ { x: 1 }, { peer_ip: 192.0.2.1, "
			    "peer_as: 65000 } ] }\napps: [ { x: 1 } ]\n" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct convert_options none = { 0 };
		const struct convert_input in = { "in", texts[i][1], strlen(texts[i][1]) };
		struct convert c;
		struct err err;
		assert_int_equal(convert_run(texts[i][0], &in, 1, &none, &c, &err), 0);
		for (size_t j = 0; j < c.n_remarks; j++)
			assert_null(strstr(c.remarks[j].text, "invalid YAML"));
		assert_true(c.n_lost > 0);
		convert_done(&c);
	}
}

/* Text quoted from a file stays within its line of the comment. */
static void test_comments(void **state)
{
	(void)state;
	static const char yaml[] = "bgp: { local_as: 65001, peer_ip: 192.0.2.1, peer_as: 65000, "
				   "origin: \"x\\nbgp: { local_as: 1 }\" }\n";
	const struct convert_options none = { 0 };
	const struct convert_input in = { "a\nb", yaml, sizeof(yaml) - 1 };
	struct convert c;
	struct err err;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(convert_run("gocast", &in, 1, &none, &c, &err), 0);
	convert_print(&c, out);
	fclose(out);
	assert_non_null(strstr(
		text, "#   a\\x0ab:1: origin: 'x\\x0abgp: { local_as: 1 }' is not an origin"));
	free(text);
	convert_done(&c);
}

static int run_none(const char *tool, const struct convert_input *in, size_t n,
		    char error[static 512])
{
	static const struct convert_options none = { 0 };
	struct convert c;
	struct err err = { "" };
	int rc = convert_run(tool, in, n, &none, &c, &err);
	snprintf(error, 512, "%s", err.text);
	if (rc == 0)
		convert_done(&c);
	else
		assert_null(c.document);
	return rc;
}

static void test_files_that_are_no_text(void **state)
{
	(void)state;
	static const struct {
		const char *text, *error;
		size_t len;
	} files[] = {
		{ "a\n\nb\xff", "in:3: not a text in UTF-8 (byte 0xff)", 5 },
		{ "\n\0\n", "in:2: not a text in UTF-8 (byte 0x00)", 3 },
		{ "\xc3", "in:1: not a text in UTF-8 (byte 0xc3)", 1 },
		{ "#\n\xc3", "in:2: not a text in UTF-8 (byte 0xc3)", 3 },
		{ "neighbor 10.0.0.1 { description \"caf\xc3\xa9\"; local-as 1; peer-as 2; }", "",
		  65 },
	};
	char error[512];
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		/* An own block, behind which nothing may be read. */
		char *text = mem_copy(files[i].text, files[i].len);
		const struct convert_input in = { "in", text, files[i].len };
		run_none("exabgp", &in, 1, error);
		free(text);
		assert_string_equal(error, files[i].error);
	}
}

static void test_the_second_file_is_no_text(void **state)
{
	(void)state;
	static const struct convert_input in[] = {
		{ "a", "neighbor 10.0.0.1 { local-as 1; peer-as 2; }", 44 },
		{ "b", "#\n\x80", 3 },
	};
	char error[512];
	assert_int_equal(run_none("exabgp", in, 2, error), -EINVAL);
	assert_string_equal(error, "b:2: not a text in UTF-8 (byte 0x80)");
}

static void test_as_many_and_as_large_files_as_there_may_be(void **state)
{
	(void)state;
	char error[512];
	static struct convert_input many[CONVERT_FILES_MAX];
	char *large = malloc(CONVERT_FILE_MAX);
	static const char neighbor[] = "neighbor 10.0.0.1 { local-as 1; peer-as 2; }\n#";
	assert_non_null(large);
	memset(large, '#', CONVERT_FILE_MAX);
	memcpy(large, neighbor, sizeof(neighbor) - 1);
	char *octets = malloc(8), *empty = octets + 8; /* nothing there to read */
	for (size_t i = 0; i < CONVERT_FILES_MAX; i++)
		many[i] = (struct convert_input){ "in", empty, 0 };
	many[255] = (struct convert_input){ "last", large, CONVERT_FILE_MAX };
	assert_int_equal(run_none("exabgp", many, CONVERT_FILES_MAX, error), 0);
	free(large);
	assert_int_equal(run_none("gocast", many, 2, error), -EINVAL);
	assert_string_equal(error, "gocast: expected one file, as GoCast has only one");
	assert_int_equal(run_none("gocast", many, 0, error), -EINVAL);
	assert_string_equal(error, "gocast: expected one file, as GoCast has only one");
	assert_int_equal(run_none("exabgp", many, 0, error), -EINVAL);
	assert_string_equal(error, "exabgp: no neighbor in it, is it ExaBGP's configuration?");
	assert_int_equal(run_none("exabgp", many, 1, error), -EINVAL);
	assert_string_equal(error, "in: no neighbor in it, is it ExaBGP's configuration?");
	assert_int_equal(run_none("anycast-healthchecker", many, 1, error), -EINVAL);
	assert_string_equal(error,
			    "no [section] in these files, are they anycast-healthchecker's?");
	assert_int_equal(run_none("fabio", many, 1, error), -EINVAL);
	assert_string_equal(error, "no bgp. property, are they fabio's?");
	many[0] = (struct convert_input){ "in", "bgp.asn = 65001", 15 };
	assert_int_equal(run_none("fabio", many, 1, error), 0);
	many[0] = (struct convert_input){ "in", empty, 0 };
	assert_int_equal(run_none("nothing", many, 1, error), 0);
	free(octets);
}

int main(void)
{
	own_netns_enter();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_an_empty_element),
		cmocka_unit_test(test_many_apps),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_many_addresses_of_one_prefix),
		cmocka_unit_test(test_a_letter_that_no_option_has),
		cmocka_unit_test(test_files_that_are_no_text),
		cmocka_unit_test(test_files_end_where_they_end),
		cmocka_unit_test(test_the_second_file_is_no_text),
		cmocka_unit_test(test_as_many_and_as_large_files_as_there_may_be),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
