/* SPDX-License-Identifier: MIT */
/* From where monitors are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
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
	{ "consul", APP_FROM_NOMAD, false, false, false, false },
	{ "config", APP_FROM_PROCESS, false, false, true, true },
	{ "http", APP_FROM_PROCESS, false, false, false, false },
	{ "none", APP_FROM_CONSUL, false, false, false, false },
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

/* The words to add, of each source. */
static void test_what_a_refusal_says(void **state)
{
	static const struct {
		struct app_spec spec;
		const char *word;
	} cases[] = {
		{ { .source = APP_FROM_HTTP }, "http" },
		{ { .source = APP_FROM_HTTP, .local = true }, "http-local" },
		{ { .source = APP_FROM_HTTP, .local = true, .admin = true }, "http-admin" },
		{ { .source = APP_FROM_CONSUL, .local = true }, "consul" },
		{ { .source = APP_FROM_NOMAD, .admin = true }, "nomad" },
		{ { .source = APP_FROM_CONFIG }, "config" },
	};
	const struct monitor_admission none = { MONITORS_FROM_NONE, MONITORS_FROM_NONE };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec spec = cases[i].spec;
		struct err err = { "" };
		char wanted[256];
		spec.disable_file = (char *)"/x";
		assert_int_equal(monitor_admission_check(&none, &spec, &err), -EACCES);
		snprintf(wanted, sizeof(wanted),
			 "disable_file '/x' is not accepted from here; to allow it, add '%s' to "
			 "agent.monitors.allow_from in the configuration file",
			 cases[i].word);
		assert_string_equal(err.text, wanted);
		spec.disable_file = NULL;
		assert_int_equal(monitor_admission_check(&none, &spec, &err), 0);
		assert_int_equal(app_spec_add_monitor(&spec, "exec:x", &err), 0);
		assert_int_equal(monitor_admission_check(&none, &spec, &err), -EACCES);
		snprintf(wanted, sizeof(wanted),
			 "monitor 'exec:x': exec monitors are not accepted from here; to allow "
			 "them, add '%s' to agent.exec.allow_from in the configuration file",
			 cases[i].word);
		assert_string_equal(err.text, wanted);
		app_spec_done(&spec);
	}
}

static void test_bad_word(void **state)
{
	(void)state;
	struct err err = { "" };
	unsigned from = 0;
	assert_int_equal(monitor_admission_add(&from, "htpp", &err), -EINVAL);
	assert_string_equal(err.text, "unknown source 'htpp', did you mean 'http'?");
	assert_int_equal(monitor_admission_add(&from, "nomda", &err), -EINVAL);
	assert_string_equal(err.text, "unknown source 'nomda', did you mean 'nomad'?");
	assert_int_equal(monitor_admission_add(&from, "everyone", &err), -EINVAL);
	assert_string_equal(err.text,
			    "unknown source 'everyone', expected config, http-admin, http-local, "
			    "http, consul, nomad or none");
	assert_int_equal(from, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_defaults_for_consul),
		cmocka_unit_test(test_what_a_refusal_says),
		cmocka_unit_test(test_bad_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
