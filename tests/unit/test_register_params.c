/* SPDX-License-Identifier: MIT */
/* A registration as parameters: there and back, and when they do not suffice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "agent/model/app_spec_parse.h"
#include "agent/model/register_params.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static void add_text(const char *name, const char *value, void *userdata)
{
	struct strbuf *sb = userdata;
	strbuf_add(sb, "%s%s=%s", sb->len > 0 ? "&" : "", name, value);
}

/* Each parameter, the repeatable ones twice. */
static const char *const all[][2] = {
	{ "name", "web" },
	{ "vip", "192.0.2.1/32" },
	{ "vip", "2001:db8::1/128" },
	{ "monitor", "port:tcp:1" },
	{ "monitor", "port:tcp:2" },
	{ "nat", "tcp:1:1" },
	{ "nat", "udp:2:3" },
	{ "vip_communities", "1:1" },
	{ "vip_communities", "2:2" },
	{ "peers", "a" },
	{ "peers", "b" },
	{ "except_peers", "c" },
	{ "except_peers", "d" },
	{ "quorum", "1" },
	{ "ttl", "30s" },
	{ "bind", "none" },
};

static struct app_spec spec_of(const char *const params[][2], size_t n)
{
	struct app_spec s = { 0 };
	struct err err = { "" };
	for (size_t i = 0; i < n; i++)
		if (register_param_add(&s, params[i][0], params[i][1], &err) < 0)
			fail_msg("%s: %s", params[i][0], err.text);
	return s;
}

static void parameters_come_back_as_they_went(void **state)
{
	char wanted[1024], found[1024];
	struct strbuf sb = strbuf_over(wanted, sizeof(wanted));
	struct app_spec s = spec_of(all, ARRAY_SIZE(all)), few = spec_of(all, 2);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		add_text(all[i][0], all[i][1], &sb);
	sb = strbuf_over(found, sizeof(found));
	register_params_walk(&s, add_text, &sb);
	assert_string_equal(found, wanted);
	assert_true(register_params_suffice(&s));
	assert_int_equal(register_params_check(&s, NULL), 0);
	sb = strbuf_over(found, sizeof(found));
	register_params_walk(&few, add_text, &sb);
	assert_string_equal(found, "name=web&vip=192.0.2.1/32");
	app_spec_done(&s);
	app_spec_done(&few);
}

/* Each of them, and each timing and option of a monitor, needs more than parameters. */
static void what_parameters_cannot_say(void **state)
{
	(void)state;
	for (int i = 0; i < 14; i++) {
		struct app_spec s = spec_of(all, ARRAY_SIZE(all));
		assert_int_equal(app_spec_add_monitor(&s, "http:http://h/", NULL), 0);
		struct monitor_timing *t = &s.monitors[2].timing;
		assert_true(register_params_suffice(&s));
		switch (i) {
		case 0:
			t->interval = 1;
			break;
		case 1:
			t->fast_interval = 1;
			break;
		case 2:
			t->timeout = 1;
			break;
		case 3:
			t->rise = 1;
			break;
		case 4:
			t->fall = 1;
			break;
		case 5:
			assert_int_equal(monitor_spec_set_option(&s.monitors[2], "body", "x", NULL),
					 0);
			break;
		case 6:
			s.hold_down = 1;
			break;
		case 7:
			s.hold_down_max = 1;
			break;
		case 8:
			app_spec_announce(&s);
			break;
		case 9:
			assert_int_equal(app_spec_set_group(&s, "g", NULL), 0);
			break;
		case 10:
			s.keep_last = true;
			break;
		case 11:
			s.disable_file = mem_strdup("/f");
			break;
		case 12:
			str_copy(s.interface, sizeof(s.interface), "x");
			break;
		case 13:
			s.nonlocal_ok = true;
			break;
		}
		if (register_params_suffice(&s))
			fail_msg("member %d", i);
		app_spec_done(&s);
	}
}

static void the_first_option_of_a_monitor_counts(void **state)
{
	struct app_spec s = { 0 };
	(void)state;
	assert_int_equal(app_spec_add_monitor(&s, "http:http://h/", NULL), 0);
	assert_int_equal(monitor_spec_set_option(&s.monitors[0], "status", "200", NULL), 0);
	assert_false(register_params_suffice(&s));
	app_spec_done(&s);
}

static void a_parameter_that_is_wrong(void **state)
{
	static const struct {
		const char *name, *value, *error;
	} cases[] = {
		{ "name", "b", "name is given more than once ('web' and 'b')" },
		{ "nme", "b", "unknown parameter 'nme', did you mean 'name'?" },
		{ "bimd", "b", "unknown parameter 'bimd', did you mean 'bind'?" },
		{ "something", "b",
		  "unknown parameter 'something', expected name, vip, monitor, quorum, nat, "
		  "vip_communities, peers, except_peers, ttl or bind" },
		{ "quorum", "0", "'0' is not a quorum, expected all, any or 1 to 32" },
	};
	struct app_spec s = spec_of(all, 1);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		assert_int_equal(register_param_add(&s, cases[i].name, cases[i].value, &err),
				 -EINVAL);
		assert_string_equal(err.text, cases[i].error);
	}
	app_spec_done(&s);
}

static void what_a_registration_needs(void **state)
{
	struct app_spec s = { 0 };
	struct err err = { "" };
	(void)state;
	assert_int_equal(register_params_check(&s, &err), -EINVAL);
	assert_string_equal(err.text, "name is missing");
	assert_int_equal(register_param_add(&s, "name", "a", NULL), 0);
	assert_int_equal(register_params_check(&s, &err), -EINVAL);
	assert_string_equal(err.text, "vip is missing");
	assert_int_equal(register_param_add(&s, "vip", "192.0.2.1/32", NULL), 0);
	assert_int_equal(register_params_check(&s, &err), 0);
	assert_int_equal(register_param_add(&s, "quorum", "1", NULL), 0);
	assert_int_equal(register_params_check(&s, &err), -EINVAL);
	app_spec_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_come_back_as_they_went),
		cmocka_unit_test(what_parameters_cannot_say),
		cmocka_unit_test(the_first_option_of_a_monitor_counts),
		cmocka_unit_test(a_parameter_that_is_wrong),
		cmocka_unit_test(what_a_registration_needs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
