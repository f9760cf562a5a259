/* SPDX-License-Identifier: MIT */
/* Differences and findings as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "agent/status/view_diff.h"
#include "lib/array.h"

static void expect(json_t *view, const char *wanted)
{
	json_t *other = json_loads(wanted, 0, NULL);
	assert_non_null(other);
	if (!json_equal(view, other)) {
		char *text = json_dumps(view, JSON_SORT_KEYS);
		fail_msg("%s", text);
		free(text);
	}
	json_decref(view);
	json_decref(other);
}

static struct config_key_change agent_keys[] = {
	{ .key = (char *)"listen_addr",
	  .before = (char *)"",
	  .after = (char *)":8081",
	  .effect = CONFIG_NEEDS_RESTART },
	{ .key = (char *)"hold_down",
	  .before = (char *)"1s",
	  .after = (char *)"2s",
	  .effect = CONFIG_APPLIES },
};
static struct config_key_change bgp_keys[] = {
	{ .key = (char *)"local_as",
	  .before = (char *)"1",
	  .after = (char *)"2",
	  .effect = CONFIG_RESETS },
	{ .key = (char *)"listen",
	  .before = (char *)"false",
	  .after = (char *)"",
	  .effect = CONFIG_NEEDS_RESTART },
};
static struct config_change changes[] = {
	{ .object = CONFIG_AGENT,
	  .kind = CONFIG_CHANGED,
	  .effect = CONFIG_NEEDS_RESTART,
	  .keys = agent_keys,
	  .n_keys = ARRAY_SIZE(agent_keys) },
	{ .object = CONFIG_BGP,
	  .kind = CONFIG_CHANGED,
	  .effect = CONFIG_NEEDS_RESTART,
	  .keys = bgp_keys,
	  .n_keys = ARRAY_SIZE(bgp_keys) },
	{ .object = CONFIG_APP,
	  .kind = CONFIG_ADDED,
	  .effect = CONFIG_SENDS_UPDATE,
	  .name = (char *)"dns" },
};
static const struct config_diff diff = { .items = changes, .n = ARRAY_SIZE(changes) };

static void test_the_keys_that_need_a_restart(void **state)
{
	(void)state;
	expect(view_diff_restart(&diff), "[\"agent.listen_addr\", \"bgp.listen\"]");
	expect(view_diff_restart(&(struct config_diff){ .items = &changes[2], .n = 1 }), "[]");
}

static void test_a_change_with_its_keys(void **state)
{
	(void)state;
	expect(view_diff(&(struct config_diff){ .items = changes, .n = 1 }),
	       "[{\"object\": \"agent\", \"name\": null, \"change\": \"changed\", "
	       "\"effect\": \"restart\", \"text\": \"agent changed: needs a restart\", "
	       "\"keys\": [{\"key\": \"listen_addr\", \"before\": null, \"after\": \":8081\", "
	       "\"effect\": \"restart\"}, {\"key\": \"hold_down\", \"before\": \"1s\", "
	       "\"after\": \"2s\", \"effect\": \"none\"}]}]");
}

static void test_an_app_that_comes(void **state)
{
	(void)state;
	expect(view_diff(&(struct config_diff){ .items = &changes[2], .n = 1 }),
	       "[{\"object\": \"app\", \"name\": \"dns\", \"change\": \"added\", "
	       "\"effect\": \"update\", \"text\": \"app dns added: announced when healthy\", "
	       "\"keys\": []}]");
}

/* Each change, and each finding of the list alone. */
static void test_as_many_as_there_are(void **state)
{
	const struct config_finding item = { .severity = CONFIG_ERROR, .text = (char *)"no AS" };
	const struct config_findings none = { .items = (struct config_finding[]){ item }, .n = 0 };
	(void)state;
	json_t *changed = view_diff(&diff);
	assert_int_equal(json_array_size(changed), ARRAY_SIZE(changes));
	json_decref(changed);
	expect(view_findings(&none, CONFIG_ERROR), "[]");
}

static void test_findings_of_one_severity(void **state)
{
	struct config_finding items[] = {
		{ .severity = CONFIG_ERROR,
		  .line = 3,
		  .column = 7,
		  .path = (char *)"bgp.local_as",
		  .text = (char *)"no AS" },
		{ .severity = CONFIG_WARNING, .path = (char *)"", .text = (char *)"no apps" },
	};
	const struct config_findings f = { .items = items, .n = ARRAY_SIZE(items) };
	(void)state;
	expect(view_findings(&f, CONFIG_ERROR),
	       "[{\"file\": null, \"line\": 3, \"column\": 7, \"key\": "
	       "\"bgp.local_as\", \"text\": \"no AS\"}]");
	expect(view_findings(&f, CONFIG_WARNING), "[{\"file\": null, \"line\": null, \"column\": "
						  "null, \"key\": null, \"text\": \"no apps\"}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_keys_that_need_a_restart),
		cmocka_unit_test(test_a_change_with_its_keys),
		cmocka_unit_test(test_an_app_that_comes),
		cmocka_unit_test(test_as_many_as_there_are),
		cmocka_unit_test(test_findings_of_one_severity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
