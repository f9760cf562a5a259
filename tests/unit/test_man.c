/* SPDX-License-Identifier: MIT */
/*
 * The manual pages that are written from tables agree with them. With UPDATE_DOCS set in the
 * environment they are written again instead (make docs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/man.h"
#include "agent/config/doc.h"

static char *read_text(const char *name)
{
	static char text[1 << 18];
	FILE *f = fopen(name, "re");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

static char *written(void (*write)(FILE *))
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	assert_non_null(f);
	write(f);
	fclose(f);
	return text;
}

static void check_page(const char *name, void (*write)(FILE *))
{
	char *wanted = written(write);
	if (getenv("UPDATE_DOCS")) {
		FILE *f = fopen(name, "we");
		assert_non_null(f);
		fputs(wanted, f);
		fclose(f);
	} else if (strcmp(read_text(name), wanted) != 0) {
		fail_msg("%s is not what the tables say: run make docs", name);
	}
	free(wanted);
}

static void verbs_are_up_to_date(void **state)
{
	(void)state;
	check_page("dist/vipherald.1.in", man_write_verbs);
}

static void configuration_is_up_to_date(void **state)
{
	(void)state;
	check_page("dist/vipherald.yaml.5.in", config_print_man);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verbs_are_up_to_date),
		cmocka_unit_test(configuration_is_up_to_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
