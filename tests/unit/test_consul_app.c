/* SPDX-License-Identifier: MIT */
/* Tags to definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/discovery/consul_app.h"
#include "lib/array.h"

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
	assert_string_equal(monitor_spec_argument(&spec.monitors[0]), "a=b c:d");
	struct app_spec copy;
	app_spec_copy(&copy, &spec);
	assert_true(copy.monitors[0].hide_answer);
	app_spec_done(&copy);
	assert_int_equal(spec.nats[0].dest, 8053);
	app_spec_done(&spec);
}

/* Registrator cannot pass a comma on. */
static void test_a_repeated_tag_adds_up(void **state)
{
	(void)state;
	static const char *const tags[][6] = {
		{ VIP, "gocast_vip=192.0.2.2/32", "gocast_vip_communities=1:1",
		  "gocast_vip_communities=2:2,3:3", "gocast_vip_communities=1:1", NULL },
		{ VIP, "gocast_monitor=port:tcp:1", "gocast_monitor=port:tcp:2",
		  "gocast_nat=tcp:1:3", "gocast_nat=tcp:2:4", NULL },
	};
	struct app_spec spec;
	struct err problem;
	assert_int_equal(make(&tags[0], 1, &spec, &problem), 0);
	assert_string_equal(problem.text, "");
	assert_int_equal(spec.n_vips, 2);
	assert_int_equal(spec.communities.n, 3);
	app_spec_done(&spec);
	assert_int_equal(make(&tags[1], 1, &spec, &problem), 0);
	assert_int_equal(spec.n_monitors, 2);
	assert_true(spec.monitors[0].hide_answer && spec.monitors[1].hide_answer);
	assert_int_equal(spec.n_nats, 2);
	app_spec_done(&spec);
}

/* The rest of a list that was split stands alone; it must not be lost in silence. */
static void test_a_list_that_was_split_is_noted(void **state)
{
	(void)state;
	static const char *const tags[][6] = { { VIP, "gocast_vip_communities=1:1", "2:2" },
					       { VIP, "2:2" },
					       { VIP, "gocast_except_peers=a", "fe80::1%eth0" },
					       { VIP, "gocast_peers=a", "b", "10.0.0.1" },
					       { VIP, "gocast_peers=a", "10.0.0.1",
						 "gocast_vip_communities=1:1", "2:2" },
					       { VIP, "gocast_vip_communities=1:1", "x" },
					       { VIP, "gocast_nat=tcp:1", "10.0.0.1", "1:1" },
					       { "gocast_peers=a", "10.0.0.1", VIP } };
	struct app_spec spec;
	struct err problem = { "before" };
	assert_int_equal(make(&tags[0], 1, &spec, &problem), 0);
	assert_non_null(strstr(problem.text, "tag '2:2'"));
	assert_non_null(strstr(problem.text, "gocast_vip_communities=2:2"));
	app_spec_done(&spec);
	assert_int_equal(make(&tags[1], 1, &spec, &problem), 0);
	assert_string_equal(problem.text, "");
	app_spec_done(&spec);
	assert_int_equal(make(&tags[2], 1, &spec, &problem), 0);
	assert_non_null(strstr(problem.text, "expected gocast_except_peers=fe80::1%eth0"));
	app_spec_done(&spec);
	assert_int_equal(make(&tags[3], 1, &spec, &problem), 0); /* "b" is a tag like any other */
	assert_string_equal(problem.text, "");
	app_spec_done(&spec);
	assert_int_equal(make(&tags[7], 1, &spec, &problem), 0);
	assert_string_equal(problem.text,
			    "instance 'i-1': tag '10.0.0.1' looks like the rest of a list that was "
			    "split at its comma: expected gocast_peers=10.0.0.1");
	app_spec_done(&spec);
	/* The first one of several. */
	assert_int_equal(make(&tags[4], 1, &spec, &problem), 0);
	assert_string_equal(problem.text,
			    "instance 'i-1': tag '10.0.0.1' looks like the rest of a list that was "
			    "split at its comma: expected gocast_peers=10.0.0.1");
	app_spec_done(&spec);
	for (size_t i = 5; i < 7; i++) {
		assert_int_equal(make(&tags[i], 1, &spec, &problem), 0);
		assert_string_equal(problem.text, "");
		app_spec_done(&spec);
	}
}

static void test_peers(void **state)
{
	(void)state;
	static const char *const tags[][6] = { { VIP, "gocast_peers=spine 1,10.0.0.1",
						 "gocast_peers=eth0",
						 "gocast_except_peers=10.0.0.2" } };
	struct app_spec spec;
	struct err problem;
	assert_int_equal(make(tags, 1, &spec, &problem), 0);
	assert_string_equal(problem.text, "");
	assert_int_equal(spec.peers->only.n, 3);
	assert_int_equal(spec.peers->except.n, 1);
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
	{ { { VIP, VIP } }, 1, false, "duplicate vip" },
	{ { { VIP, "gocast_bind=none" } }, 1, true, "" },
	{ { { VIP, "gocast_bind=nome" } }, 1, false, "did you mean 'none'?" },
	{ { { VIP, "gocast_bind=none", "gocast_bind=address" } },
	  1,
	  false,
	  "bind is given more than once ('none' and 'address')" },
	{ { { VIP, "gocast_monitors=port:tcp:1" } }, 1, false, "did you mean 'gocast_monitor'?" },
	{ { { VIP, "gocast_monitor=ping:1" } }, 1, false, "tag 'gocast_monitor=ping:1'" },
	{ { { VIP, "gocast_nat=\x01" } }, 1, false, "tag 'gocast_nat=?'" },
	{ { { VIP, "gocast_vips=192.0.2.2/32" } },
	  1,
	  false,
	  "instance 'i-1': tag 'gocast_vips=192.0.2.2/32': unknown tag, did you mean "
	  "'gocast_vip'?" },
	{ { { VIP, "gocast_excpt_peers=a" } }, 1, false, "did you mean 'gocast_except_peers'?" },
	{ { { VIP, "gocast_bimd=none" } }, 1, false, "did you mean 'gocast_bind'?" },
	{ { { VIP, "gocast_something=none" } }, 1, true, "" },
	{ { { "enable_gocast", "gocast_vip=192.0.2.1/32" } }, 1, true, "" },
	{ { { "gocast_vip=192.0.2.1/33", VIP } }, 1, false, "instance 'i-1': tag 'gocast_vip=192" },
	/* Several instances: the first good one counts. */
	{ { { VIP }, { VIP } }, 2, true, "" },
	{ { { VIP }, { NULL } }, 2, true, "" },
	{ { { NULL }, { VIP } }, 2, true, "" },
	{ { { "gocast_vip=x" }, { VIP } }, 2, true, "instance 'i-1'" },
	{ { { VIP }, { "gocast_vip=192.0.2.2/32" } }, 2, true, "instance 'i-2': its tags differ" },
	{ { { "gocast_vip=x" }, { "gocast_vip=y" } }, 2, false, "instance 'i-1'" },
	{ { { NULL }, { NULL } }, 2, false, "" },
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct app_spec spec = { 0 };
		struct err problem = { "before" };
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

/* A tag that cannot be read as text says nothing of what was meant. */
static void test_a_flaw(void **state)
{
	(void)state;
	char *tags[] = { (char *)VIP };
	const struct consul_service s = { .id = (char *)"i",
					  .name = (char *)"web",
					  .tags = tags,
					  .n_tags = 1,
					  .flaw = (char *)"bad tag" };
	struct app_spec spec;
	struct err problem;
	assert_int_equal(consul_app_make("web", &s, 1, &spec, &problem), -EINVAL);
	assert_non_null(strstr(problem.text, "bad tag"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_a_repeated_tag_adds_up),
		cmocka_unit_test(test_a_list_that_was_split_is_noted),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_a_flaw),
		cmocka_unit_test(test_bad_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
