/* SPDX-License-Identifier: MIT */
/* Findings: their order, their count, and each of them once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/findings.h"
#include "lib/array.h"

static struct config_place at(const char *file, unsigned line, unsigned column, const char *path)
{
	struct config_place p = config_at_line(line, column);
	p.file = file;
	snprintf(p.path, sizeof(p.path), "%s", path);
	return p;
}

static void expect(const struct config_findings *f, const char *wanted)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	config_findings_print(f, "c.yaml", out);
	fclose(out);
	assert_string_equal(text, wanted);
	free(text);
}

static void test_order(void **state)
{
	struct config_findings f = { 0 };
	(void)state;
	config_warn(&f, at("b.yaml", 1, 1, "x"), "in b");
	config_error(&f, at(NULL, 10, 1, "x"), "line ten");
	config_error(&f, at(NULL, 2, 9, "x"), "column nine");
	config_error(&f, at(NULL, 2, 3, "y"), "path y");
	config_error(&f, at(NULL, 2, 3, "x"), "text b");
	config_error(&f, at(NULL, 2, 3, "x"), "text a");
	config_note(&f, at(NULL, 2, 3, "a"), "a note");
	config_warn(&f, at(NULL, 2, 3, "a"), "a warning");
	config_error(&f, at("a.yaml", 99, 1, "x"), "in a");
	config_warn(&f, config_at_line(0, 0), "the whole");
	assert_int_equal(f.n_errors, 6);
	config_findings_sort(&f);
	assert_int_equal(f.n, 10);
	assert_int_equal(f.n_errors, 6);
	expect(&f, "c.yaml: warning: the whole\n"
		   "c.yaml:2:3: error: x: text a\n"
		   "c.yaml:2:3: error: x: text b\n"
		   "c.yaml:2:3: error: y: path y\n"
		   "c.yaml:2:3: warning: a: a warning\n"
		   "c.yaml:2:3: note: a: a note\n"
		   "c.yaml:2:9: error: x: column nine\n"
		   "c.yaml:10:1: error: x: line ten\n"
		   "a.yaml:99:1: error: x: in a\n"
		   "b.yaml:1:1: warning: x: in b\n");
	config_findings_done(&f);
	assert_int_equal(f.n, 0);
}

static void test_each_once(void **state)
{
	struct config_findings f = { 0 };
	(void)state;
	config_findings_sort(&f); /* of none */
	for (int i = 0; i < 3; i++) {
		config_error(&f, at(NULL, 1, 1, "x"), "twice");
		config_warn(&f, at(NULL, 2, 1, "x"), "twice");
		config_error(&f, at(NULL, 3, 1, "x"), "number %d", i);
	}
	config_findings_sort(&f);
	assert_int_equal(f.n, 5);
	assert_int_equal(f.n_errors, 4);
	expect(&f, "c.yaml:1:1: error: x: twice\n"
		   "c.yaml:2:1: warning: x: twice\n"
		   "c.yaml:3:1: error: x: number 0\n"
		   "c.yaml:3:1: error: x: number 1\n"
		   "c.yaml:3:1: error: x: number 2\n");
	config_findings_done(&f);
}

static void test_move(void **state)
{
	struct config_findings f = { 0 }, more = { 0 }, none = { 0 };
	(void)state;
	config_error(&f, at(NULL, 1, 1, "x"), "first");
	config_warn(&more, at("i.yaml", 2, 1, "x"), "second");
	config_error(&more, at("i.yaml", 3, 1, "x"), "third");
	config_findings_move(&f, &more);
	config_findings_move(&f, &none);
	assert_int_equal(more.n, 0);
	assert_null(more.items);
	assert_int_equal(f.n_errors, 2);
	expect(&f, "c.yaml:1:1: error: x: first\n"
		   "i.yaml:2:1: warning: x: second\n"
		   "i.yaml:3:1: error: x: third\n");
	config_findings_done(&f);
}

/* The file that is read names those that name none. */
static void test_the_present_file(void **state)
{
	struct config_findings f = { .file = "i.yaml" };
	(void)state;
	config_note(&f, config_at_line(1, 2), "here");
	config_note(&f, at("o.yaml", 1, 2, ""), "there");
	expect(&f, "i.yaml:1:2: note: here\no.yaml:1:2: note: there\n");
	config_findings_done(&f);
}

/* One more than are kept says so; what follows is counted. */
static void test_most(void **state)
{
	struct config_findings f = { 0 };
	(void)state;
	for (unsigned i = 0; i < CONFIG_FINDINGS_MAX; i++)
		config_error(&f, config_at_line(i + 1, 1), "e");
	assert_int_equal(f.n, CONFIG_FINDINGS_MAX);
	for (unsigned i = 0; i < 3; i++)
		config_error(&f, config_at_line(1, 1), "e");
	assert_int_equal(f.n, CONFIG_FINDINGS_MAX + 1);
	assert_int_equal(f.n_errors, CONFIG_FINDINGS_MAX + 3);
	const struct config_finding *last = &f.items[CONFIG_FINDINGS_MAX];
	assert_int_equal(last->severity, CONFIG_WARNING);
	assert_int_equal(last->line, 0);
	assert_string_equal(last->text, "too many findings, the rest are not listed");
	config_findings_done(&f);
}

static void test_texts_are_safe(void **state)
{
	struct config_findings f = { 0 };
	(void)state;
	config_error(&f, at(NULL, 1, 1, "a\nb"), "http://u:secret@h/ \033[2J");
	expect(&f, "c.yaml:1:1: error: a\\x0ab: http://***@h/ \\x1b[2J\n");
	config_findings_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_move),  cmocka_unit_test(test_the_present_file),
		cmocka_unit_test(test_most),  cmocka_unit_test(test_texts_are_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
