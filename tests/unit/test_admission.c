/* SPDX-License-Identifier: MIT */
/* From where monitors are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/model/admission.h"
#include "agent/model/app_spec_parse.h"
#include "lib/array.h"

static const struct {
	const char *allow; /* words */
	enum app_source source;
	bool local, admin;
	bool exec, others; /* allowed */
} rows[] = {
	{ "", APP_FROM_CONFIG, false, false, true, true },
	/* A process on this host is not an administrator by that. */
	{ "", APP_FROM_HTTP, true, false, false, true },
	{ "", APP_FROM_HTTP, true, true, true, true },
	{ "", APP_FROM_HTTP, false, true, true, true },
	{ "", APP_FROM_HTTP, false, false, false, false },
	{ "config", APP_FROM_CONFIG, false, false, true, true },
	{ "config", APP_FROM_HTTP, true, true, false, false },
	{ "http", APP_FROM_HTTP, false, false, true, true },
	{ "http", APP_FROM_HTTP, true, true, true, true },
	{ "http", APP_FROM_CONFIG, false, false, false, false },
	{ "http-local", APP_FROM_HTTP, true, false, true, true },
	{ "http-local", APP_FROM_HTTP, false, true, false, false },
	{ "http-admin", APP_FROM_HTTP, true, false, false, false },
	{ "http-admin", APP_FROM_HTTP, false, true, true, true },
	{ "consul", APP_FROM_CONSUL, false, false, true, true },
	{ "consul", APP_FROM_HTTP, true, true, false, false },
	{ "nomad", APP_FROM_NOMAD, false, false, true, true },
	{ "nomad", APP_FROM_CONSUL, false, false, false, false },
	{ "none", APP_FROM_CONFIG, false, false, false, false },
	{ "none", APP_FROM_HTTP, true, true, false, false },
};

static const struct {
	const char *text, *key; /* of the configuration; NULL: accepted from anywhere */
} ruled[] = {
	{ "exec:x", "agent.exec.allow_from" },
	{ "http://127.0.0.1/", "agent.monitors.allow_from" },
	{ "https://127.0.0.1/", "agent.monitors.allow_from" },
	{ "tcp:127.0.0.1:1", "agent.monitors.allow_from" },
	{ "dns:127.0.0.1:53:x:A", "agent.monitors.allow_from" },
	{ "process:x", "agent.monitors.allow_from" },
	{ "file:/x", "agent.monitors.allow_from" },
	{ "port:tcp:2", NULL },
	{ "consul", NULL },
};

static void expect_row(size_t row, size_t kind)
{
	struct app_spec spec = { .source = rows[row].source,
				 .local = rows[row].local,
				 .admin = rows[row].admin };
	struct monitor_admission admission = { 0 };
	struct err err = { "" };
	bool is_exec = kind == 0;
	bool allowed = is_exec ? rows[row].exec : rows[row].others;
	unsigned *from = is_exec ? &admission.exec : &admission.others;
	if (rows[row].allow[0])
		assert_int_equal(monitor_admission_add(from, rows[row].allow, &err), 0);
	/* The list of the other kinds has no effect. */
	*(is_exec ? &admission.others : &admission.exec) = allowed ? MONITORS_FROM_NONE : ~0U;
	assert_int_equal(app_spec_add_monitor(&spec, "port:tcp:1", &err), 0);
	assert_int_equal(app_spec_add_monitor(&spec, ruled[kind].text, &err), 0);
	int r = monitor_admission_check(&admission, &spec, &err);
	bool refused = !allowed && ruled[kind].key;
	if (r != (refused ? -EACCES : 0))
		fail_msg("row %zu, %s: %d", row, ruled[kind].text, r);
	if (refused && (!strstr(err.text, ruled[kind].text) || !strstr(err.text, ruled[kind].key)))
		fail_msg("row %zu: %s", row, err.text);
	app_spec_done(&spec);
}

static void test_sources(void **state)
{
	(void)state;
	for (size_t row = 0; row < ARRAY_SIZE(rows); row++)
		for (size_t kind = 0; kind < ARRAY_SIZE(ruled); kind++)
			expect_row(row, kind);
}

/* Only commands are refused from Consul unless the configuration says otherwise. */
static void test_defaults_for_consul(void **state)
{
	(void)state;
	struct monitor_admission admission = { 0 };
	for (size_t kind = 0; kind < ARRAY_SIZE(ruled); kind++) {
		struct app_spec spec = { .source = APP_FROM_CONSUL };
		struct err err = { "" };
		assert_int_equal(app_spec_add_monitor(&spec, ruled[kind].text, &err), 0);
		assert_int_equal(monitor_admission_check(&admission, &spec, &err),
				 kind == 0 ? -EACCES : 0);
		app_spec_done(&spec);
	}
}

static void test_bad_word(void **state)
{
	(void)state;
	struct err err = { "" };
	unsigned from = 0;
	assert_int_equal(monitor_admission_add(&from, "htpp", &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'http'"));
	assert_int_equal(from, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_defaults_for_consul),
		cmocka_unit_test(test_bad_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
