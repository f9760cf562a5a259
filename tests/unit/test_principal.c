/* SPDX-License-Identifier: MIT */
/* Who a client of the API is, and its role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "agent/model/principal.h"
#include "lib/array.h"
#include "lib/mem.h"

#define AGENT_UID 900

static uint32_t uids[] = { 1001 }, gids[] = { 2001, 2002 };
static struct api_grant tokens[] = {
	{ .name = (char *)"ops", .role = ROLE_ADMIN },
	{ .name = (char *)"ci", .role = ROLE_REGISTER },
};
static struct api_grant certificates[] = { { .name = (char *)"deploy", .role = ROLE_ADMIN } };

static const struct api_rules rules = {
	.local = ROLE_REGISTER,
	.remote = ROLE_READ,
	.uids = { uids, ARRAY_SIZE(uids) },
	.gids = { gids, ARRAY_SIZE(gids) },
	.tokens = { tokens, ARRAY_SIZE(tokens), 0 },
	.certificates = { certificates, ARRAY_SIZE(certificates), 0 },
};

static const uint32_t staff[] = { 50, 2002 };

static const struct {
	struct api_client client;
	const char *name;
	enum role role;
	bool proved;
} rows[] = {
	{ { 0 }, "remote", ROLE_READ, false },
	{ { .this_host = true }, "local", ROLE_REGISTER, false },
	{ { .unix_socket = true, .uid = 0 }, "uid 0", ROLE_ADMIN, true },
	{ { .unix_socket = true, .uid = AGENT_UID }, "uid 900", ROLE_ADMIN, true },
	{ { .unix_socket = true, .uid = 1001 }, "uid 1001", ROLE_ADMIN, true },
	{ { .unix_socket = true, .uid = 65534 }, "uid 65534", ROLE_REGISTER, true },
	{ { .unix_socket = true, .uid = 7, .gids = staff, .n_gids = 2 },
	  "uid 7",
	  ROLE_ADMIN,
	  true },
	{ { .unix_socket = true, .uid = 7, .gids = staff, .n_gids = 1 },
	  "uid 7",
	  ROLE_REGISTER,
	  true },
	{ { .unix_socket = true, .uid = 7, .gids = &gids[1], .n_gids = 1 },
	  "uid 7",
	  ROLE_ADMIN,
	  true },
	{ { .token = true, .label = "ops" }, "token ops", ROLE_ADMIN, true },
	{ { .token = true, .label = "ci", .this_host = true }, "token ci", ROLE_REGISTER, true },
	/* A token counts before the socket it comes through. */
	{ { .token = true, .label = "ci", .unix_socket = true }, "token ci", ROLE_REGISTER, true },
	{ { .certificate = true, .label = "deploy" }, "certificate deploy", ROLE_ADMIN, true },
	{ { .certificate = true, .label = "other" }, "certificate other", ROLE_READ, true },
	{ { .certificate = true, .label = "other", .this_host = true },
	  "certificate other",
	  ROLE_REGISTER,
	  true },
	/* A check of the agent's own, whatever it presents. */
	{ { .own_check = true, .this_host = true }, "own check", ROLE_READ, false },
	{ { .own_check = true, .token = true, .label = "ops" }, "own check", ROLE_READ, false },
	{ { .own_check = true, .unix_socket = true, .uid = 0 }, "own check", ROLE_READ, false },
};

static void test_principals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct api_client client = rows[i].client;
		struct principal p;
		client.agent_uid = AGENT_UID;
		principal_of(&rules, &client, &p);
		if (strcmp(p.name, rows[i].name) != 0 || p.role != rows[i].role ||
		    principal_is_proved(&p) != rows[i].proved)
			fail_msg("row %zu: %s, %s", i, p.name, role_name(p.role));
	}
}

static void test_own_check_has_no_more_than_local(void **state)
{
	(void)state;
	struct api_rules none = rules;
	struct principal p;
	none.local = ROLE_NONE;
	principal_of(&none, &(struct api_client){ .own_check = true }, &p);
	assert_int_equal(p.role, ROLE_NONE);
}

static void test_a_long_name_is_cut(void **state)
{
	(void)state;
	char label[300];
	struct principal p;
	memset(label, 'a', sizeof(label));
	label[sizeof(label) - 1] = 0;
	principal_of(&rules, &(struct api_client){ .certificate = true, .label = label }, &p);
	assert_int_equal(strlen(p.name), strlen("certificate ") + PRINCIPAL_LABEL_MAX - 1);
}

static void test_labels(void **state)
{
	(void)state;
	char longest[PRINCIPAL_LABEL_MAX + 1];
	memset(longest, 'a', sizeof(longest));
	longest[PRINCIPAL_LABEL_MAX] = 0;
	assert_false(principal_label_is_valid(longest));
	longest[PRINCIPAL_LABEL_MAX - 1] = 0;
	assert_true(principal_label_is_valid(longest));
	assert_true(principal_label_is_valid("a"));
	assert_true(principal_label_is_valid("deploy-1.example.net"));
	assert_true(principal_label_is_valid("noc@example.net"));
	assert_false(principal_label_is_valid(""));
	assert_false(principal_label_is_valid("*.example.net"));
	assert_false(principal_label_is_valid("John Doe"));
}

static void test_vips(void **state)
{
	(void)state;
	struct prefix prefixes[1] = { 0 };
	struct api_grant token = { .name = (char *)"x", .vips.allow = { prefixes, 1 } };
	struct api_grant certificate = { .name = (char *)"y", .vips.allow = { prefixes, 1 } };
	const struct api_rules r = { .tokens = { &token, 1, 0 },
				     .certificates = { &certificate, 1, 0 } };
	assert_ptr_equal(principal_vips(&r, "token x"), &token.vips);
	assert_ptr_equal(principal_vips(&r, "certificate y"), &certificate.vips);
	assert_null(principal_vips(&r, "certificate x"));
	assert_null(principal_vips(&r, "token y"));
	assert_null(principal_vips(&r, "y"));
	assert_null(principal_vips(&r, NULL));
	assert_string_equal(principal_vips_key("token x"),
			    "agent.api.tokens[].vips of its principal");
	assert_string_equal(principal_vips_key("certificate y"),
			    "agent.api.certificates[].vips of its principal");
}

static const struct {
	const char *name;
	bool admin, without_gids;
} kept[] = {
	{ "uid 0", true, true },
	{ "uid 900", true, true },
	{ "uid 1001", true, true },
	{ "uid 7", true, false }, /* perhaps a member of one of the groups */
	{ "uid x", false, false },
	{ "uid 99999999999", false, false },
	{ "token ops", true, true },
	{ "token ci", false, false },
	{ "token gone", false, false },
	{ "certificate deploy", true, true },
	{ "certificate ops", false, false },
	{ "local", false, false },
	{ "remote", false, false },
	{ "", false, false },
};

static void test_kept_names(void **state)
{
	(void)state;
	struct api_rules without = rules;
	without.gids.n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (principal_name_is_admin(&rules, kept[i].name, AGENT_UID) != kept[i].admin ||
		    principal_name_is_admin(&without, kept[i].name, AGENT_UID) !=
			    kept[i].without_gids)
			fail_msg("%s", kept[i].name);
	without.gids.n = 1;
	assert_true(principal_name_is_admin(&without, "uid 7", AGENT_UID));
}

/* An empty list is none. */
static void test_vips_of_a_token(void **state)
{
	static struct prefix prefixes[1];
	struct api_grant grants[] = {
		{ .name = (char *)"a", .vips.allow = { prefixes, 1 } },
		{ .name = (char *)"b" },
	};
	const struct api_rules some = { .tokens = { grants, 2, 0 },
					.certificates = { grants, 2, 0 } };
	(void)state;
	assert_ptr_equal(principal_vips(&some, "token a"), &grants[0].vips);
	assert_null(principal_vips(&some, "token b"));
	assert_null(principal_vips(&some, "token c"));
	assert_ptr_equal(principal_vips(&some, "certificate a"), &grants[0].vips);
	assert_null(principal_vips(&some, "certificate b"));
	assert_null(principal_vips(&some, "a"));
	assert_null(principal_vips(&some, NULL));
}

static struct api_grants grants_of(const char *name)
{
	struct api_grants g = { mem_new(2, sizeof(*g.items)), 2, 2 };
	for (size_t i = 0; i < 2; i++) {
		g.items[i].name = mem_strdup(name);
		g.items[i].file = mem_strdup(name);
		g.items[i].vips.allow.items = mem_new(1, sizeof(struct prefix));
	}
	return g;
}

static struct api_names names_of(const char *name)
{
	struct api_names n = { mem_new(2, sizeof(*n.items)), 2 };
	n.items[0] = mem_strdup(name);
	n.items[1] = mem_strdup(name);
	return n;
}

/* All of it is freed, which the leak checker sees, and forgotten. */
static void test_rules_done(void **state)
{
	struct api_rules all = { .tokens = grants_of("t"),
				 .certificates = grants_of("c"),
				 .hosts = names_of("h"),
				 .origins = names_of("o"),
				 .uids = { mem_new(1, sizeof(uint32_t)), 1 },
				 .gids = { mem_new(1, sizeof(uint32_t)), 1 } };
	(void)state;
	api_rules_done(&all);
	assert_null(all.tokens.items);
	assert_int_equal(all.hosts.n, 0);
	api_rules_done(&all);
}

static void test_roles(void **state)
{
	(void)state;
	struct err err = { "" };
	enum role role = ROLE_NONE;
	for (enum role r = ROLE_NONE; r <= ROLE_ADMIN; r++) {
		assert_int_equal(role_parse(role_name(r), &role, &err), 0);
		assert_int_equal(role, r);
	}
	assert_int_equal(role_parse("root", &role, &err), -EINVAL);
	assert_string_equal(err.text,
			    "unknown role 'root', expected none, read, register or admin");
	assert_int_equal(role, ROLE_ADMIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_principals),
		cmocka_unit_test(test_own_check_has_no_more_than_local),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_vips),
		cmocka_unit_test(test_a_long_name_is_cut),
		cmocka_unit_test(test_kept_names),
		cmocka_unit_test(test_vips_of_a_token),
		cmocka_unit_test(test_rules_done),
		cmocka_unit_test(test_roles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
