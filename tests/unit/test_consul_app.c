/* SPDX-License-Identifier: MIT */
/* Tags to definitions, and from where their commands are accepted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/discovery/consul_app.h"
#include "agent/model/admission.h"

#define VIP "gocast_vip=192.0.2.1/32"

static int make(const char *const tags[][6], size_t n, struct app_spec *spec, struct err *problem)
{
	static const char *const ids[] = { "i-1", "i-2", "i-3" };
	struct consul_service instances[3];
	for (size_t i = 0; i < n; i++) {
		instances[i] = (struct consul_service){ .id = (char *)ids[i],
							.name = (char *)"web",
							.tags = (char **)tags[i] };
		while (tags[i][instances[i].n_tags])
			instances[i].n_tags++;
		if (instances[i].n_tags == 0)
			instances[i].tags = NULL;
	}
	return consul_app_make("web", instances, n, spec, problem);
}

static void test_tags(void **state)
{
	(void)state;
	static const char *const tags[][6] = {
		{ "enable_gocast", VIP, "gocast_vip_communities=1:1,2:2",
		  "gocast_monitor=exec:a=b c:d", "gocast_nat=tcp:53:8053" }
	};
	struct app_spec spec;
	struct err problem;
	assert_int_equal(make(tags, 1, &spec, &problem), 0);
	assert_string_equal(problem.text, "");
	assert_string_equal(spec.name, "web");
	assert_int_equal(spec.source, APP_FROM_CONSUL);
	assert_int_equal(spec.n_vips, 1);
	assert_int_equal(spec.communities.n, 2);
	assert_string_equal(spec.monitors[0].exec.command, "a=b c:d");
	assert_int_equal(spec.nats[0].dest, 8053);
	app_spec_done(&spec);
}

static const struct {
	const char *tags[2][6];
	size_t n;
	bool good;
	const char *problem; /* "" none */
} cases[] = {
	{ { { VIP } }, 1, true, "" },
	{ { { VIP, "gocast_other=1", "gocast", "x=gocast_vip" } }, 1, true, "" },
	{ { { "enable_gocast" } }, 1, false, "instance 'i-1': the tag gocast_vip" },
	{ { { "gocast_vip" } }, 1, false, "tag 'gocast_vip': has no value" },
	{ { { "gocast_vip=" } }, 1, false, "tag 'gocast_vip='" },
	{ { { VIP, VIP } }, 1, false, "twice" },
	{ { { VIP, "gocast_monitors=port:tcp:1" } }, 1, false, "did you mean 'gocast_monitor'?" },
	{ { { VIP, "gocast_monitor=ping:1" } }, 1, false, "tag 'gocast_monitor=ping:1'" },
	{ { { VIP, "gocast_nat=\x01" } }, 1, false, "tag 'gocast_nat=?'" },
	/* Several instances: the first good one counts. */
	{ { { VIP }, { VIP } }, 2, true, "" },
	{ { { VIP }, { NULL } }, 2, true, "" },
	{ { { NULL }, { VIP } }, 2, true, "" },
	{ { { "gocast_vip=x" }, { VIP } }, 2, true, "instance 'i-1'" },
	{ { { VIP }, { "gocast_vip=192.0.2.2/32" } }, 2, true, "instance 'i-2': its tags differ" },
	{ { { "gocast_vip=x" }, { "gocast_vip=y" } }, 2, false, "instance 'i-1'" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct app_spec spec = { 0 };
		struct err problem;
		int r = make(cases[i].tags, cases[i].n, &spec, &problem);
		if ((r == 0) != cases[i].good)
			fail_msg("row %zu: %d '%s'", i, r, problem.text);
		if (!strstr(problem.text, cases[i].problem) ||
		    (!cases[i].problem[0] && problem.text[0]))
			fail_msg("row %zu: '%s'", i, problem.text);
		if (r == 0)
			assert_string_equal(spec.name, "web");
		app_spec_done(&spec);
	}
}

static void test_bad_name(void **state)
{
	(void)state;
	struct consul_service s = { .id = (char *)"i", .name = (char *)"a/b" };
	char *tags[] = { (char *)VIP };
	struct app_spec spec;
	struct err problem;
	s.tags = tags;
	s.n_tags = 1;
	assert_int_equal(consul_app_make("a/b", &s, 1, &spec, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "a/b"));
}

/* ---- from where monitors are accepted ---- */

static const struct {
	const char *allow; /* words */
	enum app_source source;
	bool local, allowed;
} policies[] = {
	{ "", APP_FROM_CONFIG, true, true },         { "", APP_FROM_HTTP, true, true },
	{ "", APP_FROM_HTTP, false, false },         { "config", APP_FROM_CONFIG, true, true },
	{ "config", APP_FROM_HTTP, true, false },    { "http", APP_FROM_HTTP, false, true },
	{ "http", APP_FROM_HTTP, true, true },       { "http", APP_FROM_CONFIG, true, false },
	{ "http-local", APP_FROM_HTTP, true, true }, { "http-local", APP_FROM_HTTP, false, false },
	{ "consul", APP_FROM_CONSUL, false, true },  { "consul", APP_FROM_HTTP, true, false },
	{ "none", APP_FROM_CONFIG, true, false },    { "none", APP_FROM_HTTP, true, false },
};

static const struct {
	const char *text, *key; /* of the configuration; NULL: taken from anywhere */
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

static void expect_policy(size_t row, size_t kind)
{
	struct app_spec spec = { .source = policies[row].source };
	struct monitor_admission policy = { 0 };
	struct err err = { "" };
	bool is_exec = kind == 0;
	unsigned *from = is_exec ? &policy.exec : &policy.others;
	if (policies[row].allow[0])
		assert_int_equal(monitor_admission_add(from, policies[row].allow, &err), 0);
	/* What is said of the others counts not. */
	*(is_exec ? &policy.others : &policy.exec) =
		policies[row].allowed ? MONITORS_FROM_NONE : ~0U;
	assert_int_equal(app_spec_add_monitor(&spec, "port:tcp:1", &err), 0);
	assert_int_equal(app_spec_add_monitor(&spec, ruled[kind].text, &err), 0);
	int r = monitor_admission_check(&policy, &spec, policies[row].local, &err);
	bool refused = !policies[row].allowed && ruled[kind].key;
	if (r != (refused ? -EACCES : 0))
		fail_msg("row %zu, %s: %d", row, ruled[kind].text, r);
	if (refused && (!strstr(err.text, ruled[kind].text) || !strstr(err.text, ruled[kind].key)))
		fail_msg("row %zu: %s", row, err.text);
	app_spec_done(&spec);
}

static void test_monitor_policy(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(policies) / sizeof(policies[0]); row++)
		for (size_t kind = 0; kind < sizeof(ruled) / sizeof(ruled[0]); kind++)
			expect_policy(row, kind);
}

/* Only commands are refused from Consul unless the configuration says otherwise. */
static void test_monitor_policy_of_consul(void **state)
{
	(void)state;
	struct monitor_admission policy = { 0 };
	for (size_t kind = 0; kind < sizeof(ruled) / sizeof(ruled[0]); kind++) {
		struct app_spec spec = { .source = APP_FROM_CONSUL };
		struct err err = { "" };
		assert_int_equal(app_spec_add_monitor(&spec, ruled[kind].text, &err), 0);
		assert_int_equal(monitor_admission_check(&policy, &spec, false, &err),
				 kind == 0 ? -EACCES : 0);
		app_spec_done(&spec);
	}
}

static void test_monitor_policy_words(void **state)
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
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_bad_name),
		cmocka_unit_test(test_monitor_policy),
		cmocka_unit_test(test_monitor_policy_of_consul),
		cmocka_unit_test(test_monitor_policy_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
