/* SPDX-License-Identifier: MIT */
/* Changes by requests, and the answers to them. */
#include "agent/model/app_spec_parse.h"
#include "agent/store/state_lines.h"
#include "tests/unit/answer_bed.h"

/* Registration */

static void test_register(void **state)
{
	struct agent *a = *state;
	expect(a, "/register?name=web&vip=192.0.2.2/32", 200, "\"result\":\"registered\"");
	expect(a, "/register?name=web&vip=192.0.2.2/32", 200, "\"result\":\"unchanged\"");
	expect(a, "/register?name=web&vip=192.0.2.3/32", 200, "\"result\":\"replaced\"");
	expect(a, "/register?name=web&vip=192.0.2.3/32&ttl=60s", 200, "\"result\":\"renewed\"");
	json_t *o = ask_json(a, "/register?name=web&vip=192.0.2.3/32&ttl=60s");
	assert_true(json_real_value(json_object_get(json_object_get(o, "lease"), "ttl_seconds")) ==
		    60);
	expect_text(o, "health", "up");
	json_decref(o);
}

static const struct refusal {
	const char *url;
	unsigned status;
	const char *says;
} refusals[] = {
	{ "/register?name=web&vip=192.0.2.1/32", 409, "Conflict: " },
	{ "/register?name=config&vip=192.0.2.7/32", 409, "Conflict: " },
	{ "/register?name=web", 400, "Invalid request: vip is missing, and no app of the" },
	{ "/register?name=web&vip=192.0.2.2/24", 400, "192.0.2.2/24" },
	{ "/unregister", 400, "name is missing" },
	{ "/v1/apps/nowhere", 404, "{\"error\":\"no app 'nowhere'\"}" },
	{ "/v1/apps/nowhere/drain", 404, "no app 'nowhere'" },
	{ "/v1/drain?for=0s", 400, "greater than zero" },
};

static void test_refusals_have_no_effect(void **state)
{
	struct agent *a = *state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		expect(a, refusals[i].url, refusals[i].status, refusals[i].says);
		assert_int_equal(registry_n(a->registry, HEALTH_UP), 1);
		assert_null(a->reply.body_unstored);
	}
}

static void test_a_path_that_is_not_there(void **state)
{
	json_t *o = ask_json(*state, "/v1/nothing");
	expect_text(o, "error", "'/v1/nothing' not found");
	assert_int_equal(json_array_size(json_object_get(o, "endpoints")), 42);
	json_decref(o);
}

static void test_a_lease_of_an_app_of_the_configuration(void **state)
{
	expect(*state, "/register?name=config&vip=192.0.2.1/32&ttl=60s", 200, "configuration file");
}

static void test_unregister(void **state)
{
	struct agent *a = *state;
	expect(a, "/unregister?name=web", 200, "\"result\":\"unknown\"");
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	expect(a, "/unregister?name=web", 200, "\"result\":\"unregistered\"");
	assert_null(strstr(a->text, "note"));
	expect(a, "/unregister?name=config", 200, "'register' with its name alone");
	assert_null(registry_find(a->registry, "config"));
}

/* As it stands in the file, whoever asks. */
static void test_an_app_of_the_file_returns_by_its_name(void **state)
{
	struct agent *a = *state;
	expect(a, "/register?name=config", 200, "\"result\":\"unchanged\"");
	ask(a, "/unregister?name=config");
	expect(a, "/register?name=config", 200, "\"result\":\"registered\"");
	const struct app *app = registry_find(a->registry, "config");
	assert_int_equal(app->spec->source, APP_FROM_CONFIG);
	assert_null(app->spec->by);
	assert_false(app->spec->admin);
	assert_int_equal(app->spec->n_vips, 1);
}

/* The file has precedence, as at a reload. */
static void test_it_displaces_what_took_its_place(void **state)
{
	struct agent *a = *state;
	ask(a, "/unregister?name=config");
	ask(a, "/register?name=config&vip=192.0.2.7/32");
	ask(a, "/register?name=taker&vip=192.0.2.1/32");
	expect(a, "/register?name=config", 200, "\"result\":\"replaced\"");
	assert_null(registry_find(a->registry, "taker"));
	assert_int_equal(registry_find(a->registry, "config")->spec->source, APP_FROM_CONFIG);
}

static void test_no_change_while_stopping(void **state)
{
	struct agent *a = *state;
	a->stopping = true;
	expect(a, "/register?name=web&vip=192.0.2.2/32", 503, "vipherald is stopping");
	expect(a, "/unregister?name=config", 503, "vipherald is stopping");
	expect(a, "/v1/drain", 503, "vipherald is stopping");
	expect(a, "/v1/undrain", 503, "vipherald is stopping");
	expect(a, "/v1/apps", 200, "config");
	expect(a, "/readyz", 503, "vipherald is stopping");
}

/* The state file */

static bool is_stored(void *userdata)
{
	const struct agent *a = userdata;
	return a->stored_to >= a->reply.number;
}

static void expect_no_room(struct agent *a, const struct api_call *call)
{
	drop_reply(a);
	answer_call(&a->in, a->stopping, call, &a->reply);
	a->status = a->reply.status;
	a->text = text_of(&a->reply);
	assert_int_equal(a->status, 507);
	assert_non_null(strstr(a->text, "no more than 49152 are for apps and drains"));
}

/* Refused before anything is done: the drain, or the app, would be gone after a restart. */
static void test_what_does_not_fit_has_no_effect(void **state)
{
	struct agent *a = *state;
	const size_t large = STATE_BYTES_MAX / 8;
	char *text = mem_new(large + 1, 1);
	memset(text, 'x', large);
	expect_no_room(a,
		       &(struct api_call){ .kind = API_DRAIN, .reason = text, .span = USEC_NEVER });
	struct api_call call = { .kind = API_REGISTER,
				 .spec = { .source = APP_FROM_HTTP,
					   .name = mem_strdup("web"),
					   .by = mem_strdup(text),
					   .local = true } };
	assert_int_equal(app_spec_add_vip(&call.spec, "192.0.2.2/32", NULL), 0);
	expect_no_room(a, &call);
	api_call_done(&call);
	free(text);
	assert_null(registry_find(a->registry, "web"));
	json_t *o = ask_json(a, "/v1/status");
	assert_true(json_is_null(json_object_get(o, "drain")));
	json_decref(o);
}

static void test_a_change_waits_for_the_disk(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	answer_defer(&a->reply, a->store);
	assert_int_equal(a->reply.defer, API_DEFER_STORED);
	assert_non_null(strstr(a->reply.body, "\"stored\":true"));
	assert_non_null(strstr(a->reply.body_unstored, "\"stored\":false"));
	loop_until(a->loop, is_stored, a);
	/* No change, nothing to wait for. */
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	answer_defer(&a->reply, a->store);
	assert_int_equal(a->reply.defer, API_SEND_NOW);
	assert_non_null(strstr(a->reply.body, "\"stored\":true"));
	json_t *o = ask_json(a, "/v1/status"), *file = json_object_get(o, "state_file");
	assert_true(json_is_true(json_object_get(file, "stored")));
	expect_text(file, "error", NULL);
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_state_file_stored 1\n");
}

static void test_without_a_state_file_nothing_is_stored(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	answer_defer(&a->reply, a->store);
	assert_int_equal(a->reply.defer, API_SEND_NOW);
	assert_non_null(strstr(a->reply.body, "\"stored\":false"));
	json_t *o = ask_json(a, "/v1/status");
	assert_true(json_is_null(json_object_get(o, "state_file")));
	json_decref(o);
}

static void test_reading_waits_for_nothing(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	ask(a, "/v1/status");
	answer_defer(&a->reply, a->store);
	assert_int_equal(a->reply.defer, API_SEND_NOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_register),
		TEST(test_refusals_have_no_effect),
		TEST(test_a_path_that_is_not_there),
		TEST(test_a_lease_of_an_app_of_the_configuration),
		TEST(test_unregister),
		TEST(test_an_app_of_the_file_returns_by_its_name),
		TEST(test_it_displaces_what_took_its_place),
		TEST(test_no_change_while_stopping),
		TEST(test_what_does_not_fit_has_no_effect),
		TEST(test_a_change_waits_for_the_disk),
		TEST(test_reading_waits_for_nothing),
		cmocka_unit_test_setup_teardown(test_without_a_state_file_nothing_is_stored,
						setup_without_state_file, teardown),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
