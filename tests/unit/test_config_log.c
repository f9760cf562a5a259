/* SPDX-License-Identifier: MIT */
/* Findings in the log: all errors, and the first warnings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/daemon/config_log.h"
#include "tests/unit/captured_log.h"

static size_t n_lines(const char *text, const char *with)
{
	size_t n = 0;
	while ((text = strstr(text, with))) {
		text += strlen(with);
		n++;
	}
	return n;
}

static char *logged(size_t n_errors, size_t n_warnings)
{
	static struct captured_log lines;
	struct config_findings findings = { 0 };
	for (unsigned i = 0; i < n_warnings; i++)
		config_warn(&findings, config_at_line(i + 1, 1), "no monitors");
	for (unsigned i = 0; i < n_errors; i++)
		config_error(&findings, config_at_line(i + 1, 2), "not a number");
	captured_log_begin(&lines);
	config_log_findings(&findings, "app.yaml");
	char *text = strdup(captured_log_read(&lines));
	captured_log_end(&lines);
	config_findings_done(&findings);
	return text;
}

static void test_warnings_are_counted_beyond_fifty(void **state)
{
	(void)state;
	char *text = logged(60, 50);
	assert_int_equal(n_lines(text, "no monitors\n"), 50);
	assert_int_equal(n_lines(text, "not a number\n"), 60);
	assert_null(strstr(text, "more warning"));
	free(text);
	text = logged(0, 51);
	assert_int_equal(n_lines(text, "no monitors\n"), 50);
	assert_non_null(strstr(text, "app.yaml: 1 more warning: `vipherald check` lists all\n"));
	free(text);
	text = logged(0, 10000);
	assert_int_equal(n_lines(text, "\n"), 51);
	assert_non_null(
		strstr(text, "app.yaml: 9950 more warnings: `vipherald check` lists all\n"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warnings_are_counted_beyond_fifty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
