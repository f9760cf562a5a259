/* SPDX-License-Identifier: MIT */
/* The text formats of metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/metric_page.h"
#include "lib/array.h"

static void expect(struct metric_page *page, const char *text)
{
	char *taken = metric_page_detach(page);
	assert_string_equal(taken ? taken : "", text);
	free(taken);
}

static void test_labels(void **state)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{ "dns", "dns" },
		{ "", "" },
		{ "a\"b\\c", "a\\\"b\\\\c" },
		{ "a\nb", "a?b" }, /* made printable */
		{ "http://u:secret@h/", "http://***@h/" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xff", "?" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct metric_page page = { 0 };
		char wanted[64];
		const struct metric_label labels[] = { { "app", cases[i].value },
						       { "to", "up" },
						       { 0 } };
		metric_sample(&page, "x", labels, 7);
		snprintf(wanted, sizeof(wanted), "vipherald_x{app=\"%s\",to=\"up\"} 7\n",
			 cases[i].shown);
		expect(&page, wanted);
	}
}

static void test_values(void **state)
{
	(void)state;
	struct metric_page page = { 0 };
	metric_sample(&page, "x", NULL, UINT64_MAX);
	expect(&page, "vipherald_x 18446744073709551615\n");
	metric_sample_double(&page, "process_x", NULL, 1.25, 1);
	expect(&page, "process_x 1.2\n");
	expect(&page, "");
}

static void test_formats(void **state)
{
	(void)state;
	struct metric_page page = { 0 };
	metric_head(&page, "a_total", "counter", "As.");
	metric_head(&page, "b", "gauge", "Bs.");
	metric_end(&page);
	expect(&page, "# HELP vipherald_a_total As.\n# TYPE vipherald_a_total counter\n"
		      "# HELP vipherald_b Bs.\n# TYPE vipherald_b gauge\n");
	page.format = METRIC_OPENMETRICS;
	metric_head(&page, "a_total", "counter", "As.");
	metric_sample(&page, "a_total", NULL, 1);
	metric_head(&page, "b", "gauge", "Bs.");
	metric_end(&page);
	expect(&page, "# HELP vipherald_a As.\n# TYPE vipherald_a counter\nvipherald_a_total 1\n"
		      "# HELP vipherald_b Bs.\n# TYPE vipherald_b gauge\n# EOF\n");
}

/* With the blank before it and the line break, 1023 octets of a help are printed at most. */
static void test_a_long_help_is_cut(void **state)
{
	static const char begin[] = "# HELP vipherald_a", end[] = "# TYPE vipherald_a g\n";
	(void)state;
	for (size_t n = 1020; n < 1026; n++) {
		char help[1100];
		struct metric_page page = { 0 };
		memset(help, 'x', n);
		help[n] = 0;
		metric_head(&page, "a", "g", help);
		char *text = metric_page_detach(&page);
		size_t printed = n + 2 < 1023 ? n + 2 : 1023;
		assert_int_equal(strlen(text), strlen(begin) + printed + strlen(end));
		assert_int_equal(text[strlen(begin) + printed - 1], n + 2 <= 1023 ? '\n' : 'x');
		assert_string_equal(text + strlen(begin) + printed, end);
		free(text);
	}
}

static void test_histogram(void **state)
{
	(void)state;
	static const struct histogram_scale scale = { 2, { 1000, USEC_PER_SEC } };
	struct histogram h = { .scale = &scale };
	struct metric_page page = { 0 };
	const struct metric_label labels[] = { { "kind", "tcp" }, { 0 } };
	histogram_add(&h, 500);
	histogram_add(&h, 2 * USEC_PER_SEC);
	metric_histogram(&page, "x", labels, &h);
	expect(&page, "vipherald_x_bucket{kind=\"tcp\",le=\"0.001\"} 1\n"
		      "vipherald_x_bucket{kind=\"tcp\",le=\"1\"} 1\n"
		      "vipherald_x_bucket{kind=\"tcp\",le=\"+Inf\"} 2\n"
		      "vipherald_x_sum{kind=\"tcp\"} 2.000500\n"
		      "vipherald_x_count{kind=\"tcp\"} 2\n");
	metric_histogram(&page, "x", NULL, &h);
	char *text = metric_page_detach(&page);
	assert_memory_equal(text, "vipherald_x_bucket{le=\"0.001\"} 1\n", 33);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),    cmocka_unit_test(test_values),
		cmocka_unit_test(test_formats),   cmocka_unit_test(test_a_long_help_is_cut),
		cmocka_unit_test(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
