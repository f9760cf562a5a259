/* SPDX-License-Identifier: MIT */
/*
 * Values of single keys whose types belong to one section only: what each takes, and as which text
 * it comes back. Those that many sections share: test_config_types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/config/config.h"
#include "agent/config/schema_aggregates.h"
#include "agent/config/schema_bfd.h"
#include "agent/config/schema_fleet.h"
#include "agent/config/schema_hooks.h"
#include "agent/config/schema_log.h"
#include "agent/config/schema_programs.h"
#include "agent/config/types_api.h"
#include "lib/array.h"
#include "lib/log_level.h"
#include "lib/mem.h"

#define X20  "xxxxxxxxxxxxxxxxxxxx"
#define X60  X20 X20 X20
#define X120 X60 X60

static const struct config_key *key_of(const struct config_section *section, const char *name)
{
	size_t offset;
	const struct config_key *key = config_section_find(section, name, &offset);
	assert_non_null(key);
	assert_int_equal(offset, 0);
	return key;
}

static char *formatted(const struct config_key *key, const void *target)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	assert_non_null(out);
	key->type->format(key, target, out);
	fclose(out);
	return text;
}

/* ---- one value ---- */

static const struct value {
	const struct config_section *section;
	const char *key, *text;
	const char *as; /* NULL: refused */
	int status;     /* 1: with a warning */
} values[] = {
	{ &config_fleet_section, "engine", "consul", "consul", 0 },
	{ &config_fleet_section, "engine", "nomad", NULL, 0 },
	{ &config_fleet_section, "prefix", "vipherald/fleet", "vipherald/fleet", 0 },
	{ &config_fleet_section, "prefix", "x", "x", 0 },
	{ &config_fleet_section, "prefix", "!~", "!~", 0 },
	{ &config_fleet_section, "prefix", X120 "1234567", X120 "1234567", 0 },
	{ &config_fleet_section, "prefix", X120 "12345678", NULL, 0 },
	{ &config_fleet_section, "prefix", "", NULL, 0 },
	{ &config_fleet_section, "prefix", "/", NULL, 0 },
	{ &config_fleet_section, "prefix", "/x", NULL, 0 },
	{ &config_fleet_section, "prefix", "x/", NULL, 0 },
	{ &config_fleet_section, "prefix", "a b", NULL, 0 },
	{ &config_fleet_section, "prefix", "a\x7f", NULL, 0 },
	{ &config_fleet_section, "node", "n1", "n1", 0 },
	{ &config_fleet_section, "node", X60 "123", X60 "123", 0 },
	{ &config_fleet_section, "node", X60 "1234", NULL, 0 },
	{ &config_fleet_section, "node", "a/b", NULL, 0 },
	{ &config_fleet_section, "node", "", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "1", "1", 0 },
	{ &config_fleet_vip_section, "min_up", "4096", "4096", 0 },
	{ &config_fleet_vip_section, "min_up", "4097", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "0", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "1%", "1%", 0 },
	{ &config_fleet_vip_section, "min_up", "100%", "100%", 0 },
	{ &config_fleet_vip_section, "min_up", "101%", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "0%", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "%", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "1%%", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "0000003", "3", 0 },
	{ &config_fleet_vip_section, "min_up", "00000003", NULL, 0 },
	{ &config_fleet_vip_section, "min_up", "0000050%", "50%", 0 },
	{ &config_fleet_vip_section, "min_up", "00000050%", NULL, 0 },
	{ &config_fleet_section, "vips", "50%", "default 50%", 0 },
	{ &config_fleet_section, "vips", "3", "default 3", 0 },
	{ &config_fleet_section, "vips", "none", NULL, 0 },
	{ &config_bfd_section, "multihop", "true", "true", 0 },
	{ &config_bfd_section, "multihop", "no", "false", 0 },
	{ &config_bfd_section, "multihop", "2", NULL, 0 },
	{ &config_bfd_section, "multiplier", "1", "1", 1 },
	{ &config_bfd_section, "multiplier", "2", "2", 0 },
	{ &config_bfd_section, "multiplier", "255", "255", 0 },
	{ &config_bfd_section, "multiplier", "256", NULL, 0 },
	{ &config_bfd_section, "multiplier", "0", NULL, 0 },
	{ &config_bfd_section, "authentication", "none", "none", 0 },
	{ &config_bfd_section, "authentication", "sha1", "sha1", 0 },
	{ &config_bfd_section, "authentication", "meticulous-sha1", "meticulous-sha1", 0 },
	{ &config_bfd_section, "authentication", "md5", NULL, 0 },
	{ &config_bfd_section, "key_id", "0", "0", 0 },
	{ &config_bfd_section, "key_id", "255", "255", 0 },
	{ &config_bfd_section, "key_id", "256", NULL, 0 },
	{ &config_bfd_section, "key_id", "-1", NULL, 0 },
	{ &config_bfd_section, "password", X20, X20, 0 },
	{ &config_bfd_section, "password", X20 "x", NULL, 0 },
	{ &config_bfd_section, "password", "", "", 0 },
	{ &config_programs_section, "encoder", "none", "none", 0 },
	{ &config_programs_section, "encoder", "text", "text", 0 },
	{ &config_programs_section, "encoder", "json", "json", 0 },
	{ &config_programs_section, "encoder", "xml", NULL, 0 },
	{ &config_programs_section, "on_exit", "withdraw", "withdraw", 0 },
	{ &config_programs_section, "on_exit", "keep", "keep", 0 },
	{ &config_programs_section, "on_exit", "stay", NULL, 0 },
	{ &config_programs_section, "env", "A=b", "A=b", 0 },
	{ &config_programs_section, "env", "A=", "A=", 0 },
	{ &config_programs_section, "env", "A1=b=c", "A1=b=c", 0 },
	{ &config_programs_section, "env", "A", NULL, 0 },
	{ &config_programs_section, "env", "=b", NULL, 0 },
	{ &config_programs_section, "env", "", NULL, 0 },
	{ &config_programs_section, "env", "1A=b", NULL, 0 },
	{ &config_hooks_section, "on", "app.down", "app.down", 0 },
	{ &config_hooks_section, "on", "app", "app", 0 },
	{ &config_hooks_section, "on", "app.nothing", NULL, 0 },
	{ &config_aggregates_section, "prefix", "198.51.100.0/24", "198.51.100.0/24", 0 },
	{ &config_aggregates_section, "prefix", "128.0.0.0/1", "128.0.0.0/1", 0 },
	{ &config_aggregates_section, "prefix", "198.51.100.0/31", "198.51.100.0/31", 0 },
	{ &config_aggregates_section, "prefix", "2001:db8::/127", "2001:db8::/127", 0 },
	{ &config_aggregates_section, "prefix", "2001:db8::/32", "2001:db8::/32", 0 },
	{ &config_aggregates_section, "prefix", "0.0.0.0/0", NULL, 0 },
	{ &config_aggregates_section, "prefix", "::/0", NULL, 0 },
	{ &config_aggregates_section, "prefix", "198.51.100.1/32", NULL, 0 },
	{ &config_aggregates_section, "prefix", "2001:db8::1/128", NULL, 0 },
	{ &config_aggregates_section, "prefix", "198.51.100.0", NULL, 0 },
	{ &config_aggregates_section, "peers", "10.0.0.1", "10.0.0.1", 0 },
	{ &config_aggregates_section, "except_peers", "eth0", "eth0", 0 },
};

union target {
	struct fleet_spec fleet;
	struct fleet_spec_vip vip;
	struct bgp_bfd_config bfd;
	struct program_spec program;
	struct hook hook;
	struct aggregate_spec aggregate;
};

static void target_done(const struct config_section *section, union target *t)
{
	if (section == &config_fleet_section)
		fleet_spec_done(&t->fleet);
	if (section == &config_programs_section)
		program_spec_done(&t->program);
	if (section == &config_hooks_section) {
		struct hook_list list = { .items = mem_copy(&t->hook, sizeof(t->hook)), .n = 1 };
		hook_list_done(&list);
	}
	if (section == &config_aggregates_section) {
		struct aggregate_list list = {
			.items = mem_copy(&t->aggregate, sizeof(t->aggregate)), .n = 1
		};
		aggregate_list_done(&list);
	}
}

static void check_value(const struct value *v)
{
	const struct config_key *key = key_of(v->section, v->key);
	union target t;
	struct err err = { "" };
	memset(&t, 0, sizeof(t));
	char *before = formatted(key, &t);
	int r = key->type->set(key, v->text, &t, &err);
	if (r != (v->as ? v->status : -EINVAL))
		fail_msg("%s '%s': %d: %s", v->key, v->text, r, err.text);
	assert_int_equal(r == 0, !err.text[0]);
	char *text = formatted(key, &t);
	assert_string_equal(text, v->as ? v->as : before);
	free(text);
	free(before);
	target_done(v->section, &t);
}

static void single_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		check_value(&values[i]);
}

/* A text of before is replaced as a whole. */
static void the_last_of_two_counts(void **state)
{
	static const struct {
		const struct config_section *section;
		const char *key, *a, *b;
	} cases[] = {
		{ &config_fleet_section, "prefix", "first", "b" },
		{ &config_fleet_section, "node", "first", "b" },
		{ &config_bfd_section, "password", "first", "b" },
		{ &config_fleet_section, "vips", "50%", "3" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct config_key *key = key_of(cases[i].section, cases[i].key);
		union target t, once;
		struct err err = { "" };
		memset(&t, 0, sizeof(t));
		memset(&once, 0, sizeof(once));
		assert_int_equal(key->type->set(key, cases[i].a, &t, &err), 0);
		assert_int_equal(key->type->set(key, cases[i].b, &t, &err), 0);
		assert_int_equal(key->type->set(key, cases[i].b, &once, &err), 0);
		char *text = formatted(key, &t), *want = formatted(key, &once);
		if (strcmp(cases[i].key, "vips") != 0)
			assert_string_equal(text, want);
		/* Zero behind its end. */
		const char password[BGP_BFD_PASSWORD_MAX + 1] = "b";
		if (cases[i].section == &config_bfd_section)
			assert_memory_equal(t.bfd.password, password, sizeof(password));
		free(text);
		free(want);
		target_done(cases[i].section, &t);
		target_done(cases[i].section, &once);
	}
}

/* ---- lists ---- */

static void lists_of_texts(void **state)
{
	const struct config_key *run = key_of(&config_programs_section, "run"),
				*env = key_of(&config_programs_section, "env"),
				*on = key_of(&config_hooks_section, "on");
	struct program_spec p = { 0 };
	union target t;
	struct err err = { "" };
	(void)state;
	memset(&t, 0, sizeof(t));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(run->type->set(run, i ? "arg" : "prog", &p, &err), 0);
		assert_int_equal(env->type->set(env, i ? "B=2" : "A=1", &p, &err), 0);
		assert_int_equal(on->type->set(on, i ? "session" : "app.up", &t.hook, &err), 0);
	}
	assert_null(p.run[3]);
	assert_null(p.env[3]);
	assert_null(t.hook.on[3]);
	char *text = formatted(run, &p);
	assert_string_equal(text, "[prog, arg, arg]");
	free(text);
	p.is_line = true;
	text = formatted(run, &p);
	assert_string_equal(text, "prog, arg, arg");
	free(text);
	text = formatted(env, &p);
	assert_string_equal(text, "A=1, B=2, B=2");
	free(text);
	text = formatted(on, &t.hook);
	assert_string_equal(text, "app.up, session, session");
	free(text);
	for (unsigned i = 3; i < PROGRAM_STRINGS_MAX; i++)
		assert_int_equal(run->type->set(run, "arg", &p, &err), 0);
	assert_int_equal(run->type->set(run, "arg", &p, &err), -EINVAL);
	assert_string_equal(err.text, "more than 256 texts");
	program_spec_done(&p);
	target_done(&config_hooks_section, &t);
}

static void a_list_of_hooks(void **state)
{
	static const char *const execs[] = { "one", "two", NULL };
	struct hook_list list = { 0 };
	struct err err = { "" };
	const struct config_key *on = key_of(&config_hooks_section, "on"),
				*exec = key_of(&config_hooks_section, "exec"),
				*timeout = key_of(&config_hooks_section, "timeout");
	const struct config_key whole = { .type = &config_type_hooks };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(execs); i++) {
		struct hook *hook = config_add_hook(&list);
		assert_ptr_equal(hook, &list.items[i]);
		assert_true(hook->timeout == 10 * USEC_PER_SEC);
		assert_int_equal(on->type->set(on, "app", hook, &err), 0);
		if (execs[i])
			assert_int_equal(exec->type->set(exec, execs[i], hook, &err), 0);
	}
	assert_int_equal(timeout->type->set(timeout, "1h", &list.items[1], &err), 0);
	char *text = formatted(&whole, &list);
	assert_string_equal(text, "on app within 10s: one; on app within 1h: two; "
				  "on app within 10s: ");
	free(text);
	hook_list_done(&list);
}

static void vips_of_the_fleet(void **state)
{
	const struct config_key *vips = key_of(&config_fleet_section, "vips");
	const struct config_section *by_vip = vips->section;
	struct fleet_spec s = { 0 };
	struct err err = { "" };
	char name[32];
	(void)state;
	struct fleet_spec_vip *v = by_vip->add_entry(&s, "192.0.2.1/32", &err);
	v->min_up.value = 3;
	v = by_vip->add_entry(&s, "default", &err);
	v->min_up = (struct fleet_min_up){ .is_share = true, .value = 50 };
	v->max_joining = 2;
	assert_null(by_vip->add_entry(&s, "web", &err));
	assert_non_null(strstr(err.text, "expected a VIP or default: 'web'"));
	char *text = formatted(vips, &s);
	assert_string_equal(text, "192.0.2.1/32 3; default 50%, 2 joining");
	free(text);
	for (unsigned i = (unsigned)s.n; i < FLEET_SPEC_VIPS_MAX; i++) {
		snprintf(name, sizeof(name), "10.1.%u.%u/32", i / 256, i % 256);
		assert_non_null(by_vip->add_entry(&s, name, &err));
	}
	assert_null(by_vip->add_entry(&s, "10.2.0.0/32", &err));
	assert_string_equal(err.text, "more than 4096 VIPs");
	fleet_spec_done(&s);
}

/* One line for all, as a difference shows them. */
static void a_list_of_grants(void **state)
{
	static const char text[] =
		"agent: { api: { tokens: [ { name: a, file: /a }, "
		"{ name: b, file: /b, role: read, vips: [ 192.0.2.0/24, 2001:db8::/32 ] }, "
		"{ name: c, file: /c, role: admin, vips: { max: 3 } }, "
		"{ name: d, file: /d, vips: { allow: 192.0.2.0/25, min_length: 25/64, "
		"communities: [ '1:2', '3:4' ] } } ] } }\n"
		"bgp: { local_as: 65001, peers: [ { peer_ip: 10.0.0.1, peer_as: 65000 } ] }\n";
	const struct config_key key = { .type = &config_type_grants };
	struct config *c = NULL;
	struct config_findings f = { 0 };
	(void)state;
	assert_int_equal(config_load_text(text, strlen(text), &c, &f), 0);
	char *formed = formatted(&key, &c->agent.api.tokens);
	assert_string_equal(formed, "a register /a, b read /b vips 192.0.2.0/24 2001:db8::/32, "
				    "c admin /c max 3, d register /d vips 192.0.2.0/25 min_length "
				    "25/64 communities 1:2 3:4");
	free(formed);
	config_free(c);
	config_findings_done(&f);
}

/* ---- levels of the log ---- */

/* Each key is about the module of its name. */
static void levels_of_modules(void **state)
{
	(void)state;
	size_t n = 0;
	for (const struct config_key *k = config_section_keys(&config_log_modules_section); k->name;
	     k++, n++) {
		struct config_agent agent;
		struct err err = { "" };
		memset(&agent, 0, sizeof(agent));
		assert_string_equal(k->name, log_modules[n]);
		assert_int_equal(k->type->set(k, "debug", &agent, &err), 0);
		for (size_t i = 0; i < LOG_MODULES_MAX; i++)
			assert_int_equal(agent.log.modules[i], i == n ? LOG_DEBUG + 1 : 0);
	}
	assert_null(log_modules[n]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_values),     cmocka_unit_test(the_last_of_two_counts),
		cmocka_unit_test(lists_of_texts),    cmocka_unit_test(a_list_of_hooks),
		cmocka_unit_test(vips_of_the_fleet), cmocka_unit_test(a_list_of_grants),
		cmocka_unit_test(levels_of_modules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
