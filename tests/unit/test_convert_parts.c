/* SPDX-License-Identifier: MIT */
/* The parts that the converters share: readers of files, the document, what is taken out of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/convert/document.h"
#include "agent/convert/ini.h"
#include "agent/convert/prefix.h"
#include "agent/convert/print.h"
#include "agent/convert/properties.h"
#include "agent/convert/shell.h"
#include "agent/convert/statements.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Without a NUL behind it, so that reading on is an error of memory. */
static struct convert_input input_of(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	assert_non_null(copy);
	memcpy(copy, text, len); /* NOLINT(bugprone-not-null-terminated-result): see above */
	return (struct convert_input){ "in", copy, len };
}

static void free_input(struct convert_input *in)
{
	free((char *)in->text);
}

/* ---- statements ---- */

static const struct statements_form plain = { .single = "[](),", .lists = true };
static const struct statements_form full = {
	.single = "[](),", .single_quotes = true, .escapes = true, .block_comments = true
};

static void print_statement(const struct statement *s, FILE *out)
{
	fprintf(out, "%u", s->at.line);
	for (size_t i = 0; i < s->n_words; i++)
		fprintf(out, "<%s>", s->words[i]);
	if (!s->is_block)
		return;
	fputc('{', out);
	for (const struct statement *in = s->first; in; in = in->next)
		print_statement(in, out);
	fputc('}', out);
}

static char *statements_of(const char *text, const struct statements_form *form)
{
	char *result = NULL;
	size_t len = 0;
	struct statement *root;
	struct err err = { "" };
	FILE *out = open_memstream(&result, &len);
	struct convert_input in = input_of(text);
	if (statements_parse(&in, form, &root, &err) < 0) {
		fputs(err.text, out);
	} else {
		print_statement(root, out);
		statements_free(root);
	}
	fclose(out);
	free_input(&in);
	return result;
}

static const struct {
	const struct statements_form *form;
	const char *text, *result;
} statements[] = {
	{ &plain, "", "1{}" },
	{ &plain, "\n", "1{}" },
	{ &plain, "a", "in:1: ';' is missing behind this statement" },
	{ &plain, "\n\na\nb", "in:3: ';' is missing behind this statement" },
	{ &plain, "a;", "1{1<a>}" },
	{ &plain, ";;a;;", "1{1<a>}" },
	{ &plain, "a b\tc\rd\ne;f;", "1{1<a><b><c><d><e>2<f>}" },
	{ &plain, "a[b,c](d);", "1{1<a><[><b><,><c><]><(><d><)>}" },
	{ &plain, "a{b;\nc d{}}e;", "1{1<a>{1<b>2<c><d>{}}2<e>}" },
	{ &plain, "a{b}", "1{1<a>{1<b>}}" },
	{ &plain, "a{}{b;}", "in:1: unexpected '{': a block begins with a word" },
	{ &plain, "\n{", "in:2: unexpected '{': a block begins with a word" },
	{ &plain, "a{}\n}", "in:2: unexpected '}': no block is open" },
	{ &plain, "a{\nb{\nc;", "in:2: this block does not end, '}' is missing" },
	{ &plain, "a #b;\nc;#d\ne;#", "1{1<a><c>3<e>}" },
	{ &plain, "a#\n;#", "1{1<a>}" },
	{ &plain, "a \"b c\" \"\";", "1{1<a><b c><>}" },
	{ &plain, "a\"b;\"c;", "1{1<ab;c>}" },
	{ &plain, "\n\"a\nb\";", "in:2: the closing quote is missing" },
	{ &plain, "\"a", "in:1: the closing quote is missing" },
	{ &plain, "\"a\\\";", "1{1<a\\>}" },
	{ &plain, "'a b';", "1{1<'a><b'>}" },
	{ &plain, "a\\ b;", "1{1<a\\><b>}" },
	{ &plain, "/* a; */", "in:1: ';' is missing behind this statement" },
	{ &full, "'a \" b' \"c ' d\";", "1{1<a \" b><c ' d>}" },
	{ &full, "\"a\\\"b\" c\\\"d 'e\\'f' \\\\ g\\;h;", "1{1<a\"b><c\"d><e'f><\\><g;h>}" },
	{ &full, "a\\ b;", "1{1<a\\><b>}" },
	{ &full, "a\\!b;", "1{1<a!b>}" },
	{ &full, "\"a\\", "in:1: the closing quote is missing" },
	{ &full, "\"a\\\"", "in:1: the closing quote is missing" },
	{ &full, "\"\\\x01\";", "1{1<\x01>}" },
	{ &full, "\"a\\\n\"", "in:1: the closing quote is missing" },
	{ &full, "a\\", "in:1: ';' is missing behind this statement" },
	{ &full, "a/*b\nc*/d;/**/e;/***/f;/*/ g*/h/i;", "1{1<a><d>2<e>2<f>2<h/i>}" },
	{ &full, "\n/*\n", "in:2: the comment does not end" },
	{ &full, "/*\n*/a", "in:2: ';' is missing behind this statement" },
	{ &full, "/*/", "in:1: the comment does not end" },
	{ &full, "/* *", "in:1: the comment does not end" },
	{ &full, "a/", "in:1: ';' is missing behind this statement" },
	{ &full, "a{b;}", "1{1<a>{1<b>}}" },
	{ &full, "a{\nb\n}", "in:2: ';' is missing behind this statement" },
	{ &full, "a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{}}}}}}}}}}}}}}}}",
	  "1{1<a>{1<b>{1<c>{1<d>{1<e>{1<f>{1<g>{1<h>{1<i>{1<j>{1<k>{1<l>{1<m>{1<n>{1<o>{1<p>{}}}}}"
	  "}}}}}}}}}}}}" },
	{ &full, "a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{\nq{}}}}}}}}}}}}}}}}}",
	  "in:2: blocks nested deeper than 16" },
};

/* A NUL is an octet as any other, where words are taken as they are. */
static void test_statements_with_a_nul(void **state)
{
	(void)state;
	static const char text[] = "\"a\0b\" \"\\\0\" #\0c\n d/*\0*/;";
	const struct convert_input in = { "in", text, sizeof(text) - 1 };
	struct statement *root;
	struct err err;
	assert_int_equal(statements_parse(&in, &full, &root, &err), 0);
	assert_ptr_equal(root->first, root->last);
	assert_int_equal(root->first->n_words, 3);
	assert_string_equal(statement_word(root->first, 0), "a");
	assert_string_equal(statement_word(root->first, 1), "\\");
	assert_string_equal(statement_word(root->first, 2), "d");
	statements_free(root);
}

static void test_statements_and_their_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
		char *result = statements_of(statements[i].text, statements[i].form);
		assert_string_equal(result, statements[i].result);
		free(result);
	}
}

static struct statement *first_of(const char *text, struct statement **root)
{
	struct err err;
	struct convert_input in = input_of(text);
	assert_int_equal(statements_parse(&in, &full, root, &err), 0);
	free_input(&in);
	return (*root)->first;
}

static void test_a_statement_is_known_by_its_first_words(void **state)
{
	(void)state;
	struct statement *root, *s = first_of("hold time 30;", &root);
	assert_true(statement_is(s, "hold"));
	assert_false(statement_is(s, "time"));
	assert_true(statement_begins(s, "hold"));
	assert_true(statement_begins(s, "hold time"));
	assert_true(statement_begins(s, "hold time 30"));
	assert_false(statement_begins(s, "hold time 30 s"));
	assert_false(statement_begins(s, "hold tim"));
	assert_false(statement_begins(s, "hold times"));
	assert_false(statement_begins(s, "hole time"));
	assert_false(statement_begins(s, "time"));
	assert_string_equal(statement_word(s, 2), "30");
	assert_string_equal(statement_word(s, 3), "");
	statements_free(root);
	statements_free(NULL);
}

static void test_the_text_of_a_statement_is_cut(void **state)
{
	(void)state;
	char text[STATEMENT_TEXT_MAX], long_text[400];
	struct statement *root, *s = first_of("hold time 30 { a; }", &root);
	assert_string_equal(statement_text(s, text), "hold time 30 { … }");
	statements_free(root);
	memset(long_text, 'x', 300);
	memcpy(long_text + 300, " y;", sizeof(" y;"));
	s = first_of(long_text, &root);
	assert_int_equal(strlen(statement_text(s, text)), STATEMENT_TEXT_MAX - 1);
	statements_free(root);
}

static void note_word(void *context, const char *word)
{
	fprintf(context, "<%s>", word);
}

static void test_lists_of_words(void **state)
{
	(void)state;
	static const struct {
		const char *text, *words;
		size_t end;
	} lists[] = {
		{ "a;", "", 1 },
		{ "a b c;", "<b>", 2 },
		{ "a [ b c ] d;", "<b><c>", 5 },
		{ "a ( b, c ) d;", "<b><c>", 6 },
		{ "a ( b ] ) d;", "<b><]>", 5 },
		{ "a [ b ) ] d;", "<b><)>", 5 },
		{ "a [ ];", "", 3 },
		{ "a [ b;", "<b>", 3 },
		{ "a [;", "", 2 },
		{ "a ] b;", "<]>", 2 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		char *text = NULL;
		size_t len = 0, at = 1;
		struct statement *root, *s = first_of(lists[i].text, &root);
		FILE *out = open_memstream(&text, &len);
		statement_each(s, &at, note_word, out);
		fclose(out);
		assert_string_equal(text, lists[i].words);
		assert_int_equal(at, lists[i].end);
		free(text);
		statements_free(root);
	}
}

/* ---- INI files ---- */

static char *ini_of(const char *text)
{
	char *result = NULL;
	size_t len = 0;
	struct ini ini = { 0 };
	struct err err = { "" };
	FILE *out = open_memstream(&result, &len);
	struct convert_input in = input_of(text);
	if (ini_parse(&in, &ini, &err) < 0)
		fputs(err.text, out);
	for (size_t i = 0; !*err.text && i < ini.n; i++) {
		const struct ini_value *v = &ini.values[i];
		fprintf(out, "%u[%s]", v->at.line, v->section);
		if (v->key)
			fprintf(out, "%s=%s.", v->key, v->text);
	}
	fclose(out);
	ini_done(&ini);
	free_input(&in);
	return result;
}

static const struct {
	const char *text, *result;
} inis[] = {
	{ "", "" },
	{ "\n \n\t\n# a\n; b", "" },
	{ "[a]", "1[a]" },
	{ "  [a]  ", "1[a]" },
	{ "[]", "1[]" },
	{ "[a]\nb=c", "1[a]2[a]b=c." },
	{ "[a]\nb=c\n", "1[a]2[a]b=c." },
	{ "[a]\r\n B\t =\tC d \r\n", "1[a]2[a]b=C d." },
	{ "[a]\nb:c=d\ne=f:g", "1[a]2[a]b=c=d.3[a]e=f:g." },
	{ "[a]\nb=\nc =", "1[a]2[a]b=.3[a]c=." },
	{ "[a]\nb=1\n 2\n\t3=4\nc=5\n[d]\n e=6", "1[a]2[a]b=1\n2\n3=4.5[a]c=5.6[d]7[d]e=6." },
	{ "[a]\nb=1\n# x\n\n 2\n;y\n 3", "1[a]2[a]b=1\n2\n3." },
	{ "[a]\nb=1\n [c]", "1[a]2[a]b=1\n[c]." },
	{ "[a]\n  b=1\n\n  c=2\n   3\n  d=4", "1[a]2[a]b=1.4[a]c=2\n3.6[a]d=4." },
	{ "[a]\n  b=1\n c=2", "1[a]2[a]b=1.3[a]c=2." },
	{ "[a]\n[b]\n c=1", "1[a]2[b]3[b]c=1." },
	{ "a=b", "in:1: expected [SECTION] or KEY = VALUE" },
	{ "\n[a]\nb", "in:3: expected [SECTION] or KEY = VALUE" },
	{ "[a]\n=b", "in:2: expected [SECTION] or KEY = VALUE" },
	{ "[a]\n=b=c", "in:2: expected [SECTION] or KEY = VALUE" },
	{ "[a]\n:", "in:2: expected [SECTION] or KEY = VALUE" },
	{ "[a", "in:1: ']' is missing" },
	{ "[a]b", "in:1: ']' is missing" },
	{ "[", "in:1: ']' is missing" },
};

static void test_ini_files_as_configparser_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inis); i++) {
		char *result = ini_of(inis[i].text);
		assert_string_equal(result, inis[i].result);
		free(result);
	}
}

static void test_an_ini_file_begins_with_a_section(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is;
	} files[] = {
		{ "", false },         { "[a]", true },     { "\n  # x\n; y\n\n [a]", true },
		{ "a=b\n[a]", false }, { "# only", false }, { "x [a]", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct convert_input in = input_of(files[i].text);
		assert_int_equal(ini_is(&in), files[i].is);
		free_input(&in);
	}
}

static void test_the_number_of_ini_values_is_bounded(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fputs("[a]\n", out);
	for (unsigned i = 0; i < 9999; i++)
		fputs("k=v\n", out);
	fclose(out);
	char *result = ini_of(text);
	assert_int_equal(strncmp(result, "1[a]2[a]k=v.", 12), 0);
	free(result);
	text = realloc(text, len + 8);
	assert_non_null(text);
	memcpy(text + len, "k=v\n", sizeof("k=v\n"));
	result = ini_of(text);
	assert_string_equal(result, "in:10001: more than 10000 values");
	free(result);
	free(text);
}

static const char *found(const struct ini *ini, const char *section, const char *key)
{
	const struct ini_value *v = ini_find(ini, section, key);
	return v ? v->text : "none";
}

static void test_the_last_value_of_the_section_counts_then_that_of_default(void **state)
{
	(void)state;
	struct ini ini = { 0 };
	struct err err;
	struct convert_input in =
		input_of("[s]\na=1\na=2\n[DEFAULT]\na=3\nb=4\nb=5\n[t]\na=6\n[u]");
	assert_int_equal(ini_parse(&in, &ini, &err), 0);
	assert_string_equal(found(&ini, "s", "a"), "2");
	assert_string_equal(found(&ini, "s", "b"), "5");
	assert_string_equal(found(&ini, "t", "a"), "6");
	assert_string_equal(found(&ini, "u", "a"), "3");
	assert_string_equal(found(&ini, "u", "c"), "none");
	ini_done(&ini);
	assert_int_equal(ini.n, 0);
	free_input(&in);
}

/* The first value of a file, expanded; NULL: refused. */
static char *expanded(const char *text)
{
	struct ini ini = { 0 };
	struct err err;
	char *result = NULL;
	struct convert_input in = input_of(text);
	assert_int_equal(ini_parse(&in, &ini, &err), 0);
	int rc = ini_expand(&ini, &ini.values[1], &result);
	assert_int_equal(rc, result ? 0 : -EINVAL);
	ini_done(&ini);
	free_input(&in);
	return result;
}

static void expect_expanded(const char *text, const char *expected)
{
	char *result = expanded(text);
	if (expected)
		assert_string_equal(result, expected);
	else
		assert_null(result);
	free(result);
}

static void test_keys_in_values_are_expanded(void **state)
{
	(void)state;
	expect_expanded("[s]\nx=a%(b)sc%%d%e%(f\nb=1%(g)s\n[DEFAULT]\ng=2", "a12c%d%e%(f");
	expect_expanded("[s]\nx=%(b)s%(b)s\nb=", "");
	expect_expanded("[s]\nx=%", "%");
	expect_expanded("[s]\nx=%(nothing)s", NULL);
	expect_expanded("[s]\nx=%()s", NULL);
	expect_expanded("[s]\nx=%(x)s", NULL);
	/* 63 characters are a name, 64 are not. */
	expect_expanded(
		"[s]\nx=%(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)s\n"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
		"1");
	expect_expanded(
		"[s]\nx=%(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)s",
		"%(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)s");
	expect_expanded("[s]\nx=%(a)s\na=%(b)s\nb=%(c)s\nc=%(d)s\nd=%(e)s\ne=%(f)s\nf=%(g)s\n"
			"g=%(h)s\nh=%(i)s\ni=9",
			"9");
	expect_expanded("[s]\nx=%(a)s\na=%(b)s\nb=%(c)s\nc=%(d)s\nd=%(e)s\ne=%(f)s\nf=%(g)s\n"
			"g=%(h)s\nh=%(i)s\ni=%(j)s\nj=10",
			NULL);
}

/* x names y, of `len` octets. */
static char *expansion_of_length(size_t len)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	fprintf(out, "[s]\nx=%%(y)s\ny=%0*d", (int)len, 0);
	fclose(out);
	char *result = expanded(text);
	free(text);
	return result;
}

static void test_an_expanded_value_that_is_too_long_is_refused_not_cut(void **state)
{
	(void)state;
	char *longest = expansion_of_length(65534);
	assert_non_null(longest);
	assert_int_equal(strlen(longest), 65534);
	free(longest);
	assert_null(expansion_of_length(65535));
	assert_null(expansion_of_length(70000));
}

static void test_the_number_of_expanded_keys_is_bounded(void **state)
{
	(void)state;
	for (unsigned n = 1000; n <= 1001; n++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		fputs("[s]\nx=", out);
		for (unsigned i = 0; i < n; i++)
			fputs("%(y)s", out);
		fputs("\ny=1\n", out);
		fclose(out);
		char *result = expanded(text);
		if (n == 1000)
			assert_int_equal(strlen(result), 1000);
		else
			assert_null(result);
		free(result);
		free(text);
	}
}

/* ---- properties ---- */

static char *properties_text(const struct properties *p)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	for (size_t i = 0; i < p->n; i++)
		fprintf(out, "%u<%s><%s>", p->items[i].at.line, p->items[i].key, p->items[i].text);
	fclose(out);
	return text;
}

static const struct {
	const char *text, *result;
} property_files[] = {
	{ "", "" },
	{ "\n \n# a = b\n! c\n  # d", "" },
	{ "a=b", "1<a><b>" },
	{ "a = b c \t\n d:e\nf g", "1<a><b c>2<d><e>3<f><g>" },
	{ "a\nb=\n=c", "1<a><>2<b><>" },
	{ "a==b\na:=b\na =\f:b", "1<a><=b>2<a><=b>3<a><:b>" },
	{ "a=1\\\n  2\\\n3\nb=4", "1<a><123>4<b><4>" },
	{ "a=1\\\r\n 2\r\nb=3", "1<a><12>3<b><3>" },
	{ "a=\\\n\nb=3", "1<a><>3<b><3>" },
	{ "a=1\\", "1<a><1>" },
	{ "a=1\\\n", "1<a><1>" },
	{ "# a\\\nb=1\nc=2", "3<c><2>" },
	{ "a=b#c!d", "1<a><b#c!d>" },
	{ "\\", "" },
};

static void test_properties_of_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(property_files); i++) {
		struct properties p = { 0 };
		struct convert_input in = input_of(property_files[i].text);
		properties_parse(&in, &p);
		char *text = properties_text(&p);
		assert_string_equal(text, property_files[i].result);
		free(text);
		properties_done(&p);
		free_input(&in);
	}
}

static void test_properties_of_arguments(void **state)
{
	(void)state;
	static const char *const args[] = {
		"-z=0",
		"-a",
		"1",
		"--b",
		"-2",
		"-c=3=4",
		"--d=",
		"-insecure",
		"-v",
		"--version",
		"-bgp.enabled",
		"-bgp.enablegrpc",
		"-bgp.grpctls",
		"-bgp.grpctl",
		"5",
		"-vv",
		"6",
		"-bgp.enabled=false",
		"-last",
	};
	struct properties p = { 0 };
	properties_parse_args(args, ARRAY_SIZE(args), &p);
	char *text = properties_text(&p);
	assert_string_equal(text, "1<z><0>2<a><1>4<b><-2>6<c><3=4>7<d><>8<insecure><true>9<v><true>"
				  "10<version><true>11<bgp.enabled><true>12<bgp.enablegrpc><true>"
				  "13<bgp.grpctls><true>14<bgp.grpctl><5>16<vv><6>"
				  "18<bgp.enabled><false>19<last><>");
	assert_string_equal(p.items[0].at.file, "arguments");
	assert_ptr_equal(properties_find(&p, "bgp.enabled"), &p.items[13]);
	assert_ptr_equal(properties_find(&p, "a"), &p.items[1]);
	assert_null(properties_find(&p, "nothing"));
	free(text);
	properties_done(&p);
	assert_int_equal(p.n, 0);
}

/* ---- values ---- */

static void test_prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *prefix; /* NULL: none */
		bool host_bits;
	} prefixes[] = {
		{ "192.0.2.1", "192.0.2.1/32", false },
		{ "192.0.2.1/32", "192.0.2.1/32", false },
		{ "192.0.2.1/24", "192.0.2.0/24", true },
		{ "192.0.2.0/24", "192.0.2.0/24", false },
		{ "0.0.0.0/0", "0.0.0.0/0", false },
		{ "192.0.2.1/33", NULL, false },
		{ "192.0.2.1/", NULL, false },
		{ "192.0.2.1/x", NULL, false },
		{ "192.0.2/24", NULL, false },
		{ "", NULL, false },
		{ "/24", NULL, false },
		{ "2001:DB8::1", "2001:db8::1/128", false },
		{ "2001:db8::1/127", "2001:db8::/127", true },
		{ "2001:db8::1/129", NULL, false },
		{ "0000:0000:0000:0000:0000:0000:0000:00001", NULL, false },
		{ "1111:1111:1111:1111:1111:1111:111.111.111.1110/128", NULL, false },
		{ "1111:1111:1111:1111:1111:1111:111.111.111.11100/128", NULL, false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix p;
		bool host_bits = !prefixes[i].host_bits;
		if (!prefixes[i].prefix) {
			assert_true(convert_prefix(prefixes[i].text, &p, &host_bits) < 0);
			continue;
		}
		assert_int_equal(convert_prefix(prefixes[i].text, &p, &host_bits), 0);
		assert_string_equal(prefix_format(&p, text), prefixes[i].prefix);
		assert_int_equal(host_bits, prefixes[i].host_bits);
	}
}

static void test_words_for_the_shell(void **state)
{
	(void)state;
	static const char *const words[][2] = {
		{ "", "''" },       { "abcXYZ019_-+=./:@%,", "abcXYZ019_-+=./:@%," },
		{ "a b", "'a b'" }, { "it's", "'it'\\''s'" },
		{ "$x", "'$x'" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);
		shell_print_word(words[i][0], out);
		fclose(out);
		assert_string_equal(text, words[i][1]);
		free(text);
	}
}

/* ---- the document ---- */

static void test_names_of_apps(void **state)
{
	(void)state;
	char buf[129], long_name[200];
	struct convert c = { .document = json_object() };
	static const char *const names[][2] = {
		{ "a", "a" },         { "a", "a-2" },     { "a", "a-3" },    { "b-2", "b-2" },
		{ "b", "b" },         { "b", "b-3" },     { "", "app" },     { "", "app-2" },
		{ "x/y/z", "x-y-z" }, { "a-3", "a-3-2" }, { "a\tb", "a?b" }, { "a", "a-4" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(convert_app_name(&c, names[i][0], buf), names[i][1]);
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	assert_int_equal(strlen(convert_app_name(&c, long_name, buf)), 115);
	assert_int_equal(strlen(convert_app_name(&c, long_name, buf)), 117);
	assert_string_equal(buf + 115, "-2");
	convert_done(&c);
	assert_null(c.names);
}

static void test_values_of_the_document(void **state)
{
	(void)state;
	struct convert c = { .document = json_object() };
	const struct convert_at at = { "in", 1 };
	json_t *peer = convert_add(&c, "peers", at);
	json_t *app = convert_add(&c, "apps", at), *second = convert_add(&c, "apps", at);
	convert_add(&c, "hooks", at);
	convert_append(app, "vip", "1");
	convert_append(app, "vip", "2");
	convert_append(app, "vip", "1");
	convert_set(app, "text", "a");
	convert_set_number(app, "number", 4294967296);
	convert_set_true(app, "true");
	convert_set_seconds(app, "seconds", 4294967296);
	assert_ptr_equal(convert_inner(app, "inner"), convert_inner(app, "inner"));
	assert_ptr_equal(convert_section(&c, "agent"), json_object_get(c.document, "agent"));
	assert_string_equal(convert_get(app, "text"), "a");
	assert_string_equal(convert_get(app, "number"), "");
	assert_string_equal(convert_get(app, "nothing"), "");
	assert_ptr_equal(convert_item(&c, "apps", 0), app);
	assert_ptr_equal(convert_item(&c, "apps", 1), second);
	assert_null(convert_item(&c, "apps", 2));
	assert_ptr_equal(convert_item(&c, "peers", 0), peer);
	char *text = json_dumps(c.document, JSON_COMPACT);
	assert_string_equal(text, "{\"bgp\":{\"peers\":[{}]},\"apps\":[{\"vip\":[\"1\",\"2\"],"
				  "\"text\":\"a\",\"number\":4294967296,\"true\":true,"
				  "\"seconds\":\"4294967296s\",\"inner\":{}},{}],"
				  "\"agent\":{\"hooks\":[{}]}}");
	free(text);
	convert_done(&c);
}

static void test_remarks_are_counted_and_bounded(void **state)
{
	(void)state;
	char what[200], long_text[2000];
	struct convert c = { .document = json_object() };
	const struct convert_at at = { "in", 7 };
	memset(what, 'x', sizeof(what));
	what[160] = 0;
	convert_lost(&c, at, what, "why %d", 1);
	what[160] = 'x';
	what[161] = 0;
	convert_note(&c, at, what, "why %d", 2);
	convert_note(&c, at, NULL, "%d", 3);
	assert_int_equal(c.n_lost, 1);
	assert_int_equal(c.n_remarks, 3);
	assert_int_equal(c.remarks[0].severity, CONVERT_LOST);
	assert_int_equal(c.remarks[0].at.line, 7);
	assert_string_equal(c.remarks[0].text + 159, "x: why 1");
	assert_int_equal(c.remarks[1].severity, CONVERT_NOTE);
	assert_string_equal(c.remarks[1].text + 159, "x…: why 2");
	assert_string_equal(c.remarks[2].text, "3");
	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	convert_note(&c, at, what, "%s", long_text);
	assert_int_equal(strlen(c.remarks[3].text), 1023);
	for (unsigned i = 4; i < 10001; i++)
		convert_lost(&c, at, NULL, "%u", i);
	assert_int_equal(c.n_remarks, 10000);
	assert_string_equal(c.remarks[9999].text, "9999");
	assert_int_equal(c.n_lost, 9998);
	convert_done(&c);
	assert_int_equal(c.n_remarks, 0);
}

static char *printed(const struct convert *c)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	convert_print(c, out);
	fclose(out);
	return text;
}

#define HEAD                                                                                       \
	"# Written by `vipherald convert x`. Passwords are included: keep the file as private as " \
	"the\n# original. `vipherald check FILE` says what is left to do.\n"

static void test_the_document_is_printed_in_its_order(void **state)
{
	(void)state;
	struct convert c = { .tool = "x",
			     .document = json_loads("{\"apps\":[{\"name\":\"a\"}],\"other\":1,"
						    "\"processes\":[],\"nat\":{\"a\":1},\"bgp\":"
						    "{\"peers\":[{\"a\":1}],\"local_as\":1},"
						    "\"agent\":{}}",
						    0, NULL) };
	convert_note(&c, (struct convert_at){ "f\n", 3 }, "a", "b");
	convert_lost(&c, (struct convert_at){ 0 }, "c", "d");
	convert_note(&c, (struct convert_at){ "g", 4 }, NULL, "e");
	convert_lost(&c, (struct convert_at){ "h", 5 }, NULL, "f\tg");
	char *text = printed(&c);
	assert_string_equal(text, HEAD "#\n# Not carried over:\n#   c: d\n#   h:5: f\\x09g\n"
				       "#\n# Carried over, to be known:\n#   f\\x0a:3: a: b\n"
				       "#   g:4: e\n"
				       "bgp:\n  local_as: 1\n  peers:\n    - a: 1\n"
				       "nat:\n  a: 1\napps:\n  - name: a\n");
	free(text);
	convert_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements_and_their_lines),
		cmocka_unit_test(test_statements_with_a_nul),
		cmocka_unit_test(test_a_statement_is_known_by_its_first_words),
		cmocka_unit_test(test_the_text_of_a_statement_is_cut),
		cmocka_unit_test(test_lists_of_words),
		cmocka_unit_test(test_ini_files_as_configparser_reads_them),
		cmocka_unit_test(test_an_ini_file_begins_with_a_section),
		cmocka_unit_test(test_the_number_of_ini_values_is_bounded),
		cmocka_unit_test(test_the_last_value_of_the_section_counts_then_that_of_default),
		cmocka_unit_test(test_keys_in_values_are_expanded),
		cmocka_unit_test(test_an_expanded_value_that_is_too_long_is_refused_not_cut),
		cmocka_unit_test(test_the_number_of_expanded_keys_is_bounded),
		cmocka_unit_test(test_properties_of_files),
		cmocka_unit_test(test_properties_of_arguments),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_words_for_the_shell),
		cmocka_unit_test(test_names_of_apps),
		cmocka_unit_test(test_values_of_the_document),
		cmocka_unit_test(test_remarks_are_counted_and_bounded),
		cmocka_unit_test(test_the_document_is_printed_in_its_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
