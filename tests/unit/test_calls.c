/* SPDX-License-Identifier: MIT */
/* API calls as the agent takes them: while it starts, runs and stops. test_answer has the
 * answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/calls.h"
#include "tests/unit/agent_bed.h"

#define APPS "apps:\n  - { name: web, vip: 192.0.2.1/32 }\n"

struct bed {
	struct agent_bed agent;
	struct api_reply reply; /* the last one */
};

static int setup(void **state)
{
	static struct bed b;
	b.reply = (struct api_reply){ 0 };
	agent_bed_init(&b.agent);
	agent_bed_write(&b.agent, "  drain_time: 60s\n", "", APPS);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	reply_done(&b->reply);
	agent_bed_done(&b->agent);
	return 0;
}

static const struct api_reply *call(struct bed *b, struct api_call *c)
{
	reply_done(&b->reply);
	b->reply = (struct api_reply){ 0 };
	calls_answer(c, &b->reply, &b->agent.a);
	api_call_done(c);
	return &b->reply;
}

static const struct api_reply *ask(struct bed *b, const char *method, const char *path,
				   const char *vip)
{
	struct api_arg args[] = { { "name", "new", 3 }, { "vip", vip, vip ? strlen(vip) : 0 } };
	const struct api_request request = {
		.method = method, .path = path, .args = args, .n_args = vip ? 2 : 0
	};
	struct api_call c;
	request_parse(&request, &c);
	c.spec.local = c.spec.admin = true;
	return call(b, &c);
}

static const struct api_reply *do_register(struct bed *b)
{
	return ask(b, "GET", "/register", "192.0.2.7/32");
}

static void expect_phase(struct bed *b, const char *phase)
{
	char text[64], line[STATUS_LINE_MAX];
	snprintf(text, sizeof(text), "\"phase\":\"%s\"", phase);
	const struct api_reply *reply = ask(b, "GET", "/v1/status", NULL);
	assert_int_equal(reply->status, 200);
	if (!reply->body || !strstr(reply->body, text))
		fail_msg("%s: %s", phase, reply->body);
	calls_summarize(line, &b->agent.a);
	assert_non_null(strstr(line, "VIP"));
}

static void test_a_change_waits_for_the_apps_of_the_start(void **state)
{
	struct bed *b = *state;
	agent_bed_start(&b->agent);
	agent_bed_start_sources(&b->agent);
	expect_phase(b, "starting");
	assert_int_equal(do_register(b)->defer, API_DEFER_RETRY);
	assert_null(registry_find(b->agent.a.registry, "new"));
	loop_until(b->agent.a.loop, agent_bed_is_registered, &b->agent);
	expect_phase(b, "running");
	assert_int_equal(do_register(b)->status, 200);
	assert_non_null(registry_find(b->agent.a.registry, "new"));
}

/* The client learns of success when a crash would not undo it. */
static void test_a_change_is_answered_when_it_is_on_the_disk(void **state)
{
	struct bed *b = *state;
	agent_bed_run(&b->agent);
	const struct api_reply *reply = do_register(b);
	assert_int_equal(reply->defer, API_DEFER_STORED);
	assert_true(reply->number > 0);
	assert_non_null(reply->body_unstored);
}

static void test_reloads_are_answered_when_they_are_over(void **state)
{
	struct bed *b = *state;
	agent_bed_run(&b->agent);
	const struct api_reply *reply = ask(b, "POST", "/v1/reload", NULL);
	assert_int_equal(reply->defer, API_DEFER_LATER);
	assert_int_equal(reply->number, 1);
}

static void test_a_stopping_agent_refuses_changes(void **state)
{
	struct bed *b = *state;
	agent_bed_run(&b->agent);
	shutdown_stop(b->agent.a.shutdown, "SIGTERM");
	expect_phase(b, "stopping");
	assert_int_equal(do_register(b)->status, 503);
	const struct api_reply *reply = ask(b, "POST", "/v1/reload", NULL);
	assert_int_equal(reply->status, 503);
	assert_int_equal(reply->defer, API_SEND_NOW);
}

/* A change that waits for the apps of the start would wait forever. */
static void test_an_agent_that_stops_while_it_starts_refuses_changes(void **state)
{
	struct bed *b = *state;
	agent_bed_start(&b->agent);
	agent_bed_start_sources(&b->agent);
	shutdown_stop(b->agent.a.shutdown, "SIGTERM");
	assert_int_equal(do_register(b)->status, 503);
}

static void test_the_phase_of_a_drain(void **state)
{
	struct bed *b = *state;
	agent_bed_write(&b->agent, "  shutdown_drain: true\n", "", APPS);
	agent_bed_run(&b->agent);
	shutdown_stop(b->agent.a.shutdown, "SIGTERM");
	expect_phase(b, "draining");
	assert_int_equal(do_register(b)->status, 503);
}

static void test_a_diff_changes_nothing(void **state)
{
	static const char next[] = "bgp: { local_as: 65001, router_id: 127.0.0.1, peers: [ { "
				   "peer_ip: 127.0.0.9, peer_as: 65000 } ] }\n"
				   "apps: [ { name: other, vip: 192.0.2.8/32 } ]\n";
	struct bed *b = *state;
	agent_bed_run(&b->agent);
	struct api_call of_a = {
		.kind = API_DIFF, .principal.name = "a", .body = next, .body_len = sizeof(next) - 1
	};
	struct api_call of_b = of_a, of_c = of_a;
	of_b.principal.name[0] = 'b';
	of_c.principal.name[0] = 'c';
	struct api_reply waits = { 0 };
	for (uint64_t i = 1; i <= 4; i++) {
		waits = *call(b, i <= 2 ? &of_a : &of_b);
		assert_int_equal(waits.defer, API_DEFER_COMPARED);
		assert_int_equal(waits.number, i);
	}
	assert_int_equal(call(b, &of_c)->status, 503);
	assert_non_null(strstr(b->reply.body, "4 comparisons already waiting"));
	/* A client that goes gives its place back, also that of the one that is under way. */
	for (uint64_t gone = 1; gone <= 2; gone++)
		waits.abandoned(gone, waits.abandoned_userdata);
	assert_int_equal(call(b, &of_b)->status, 429);
	assert_non_null(strstr(b->reply.body, "2 comparisons of b already waiting"));
	assert_int_equal(call(b, &of_a)->number, 5);
	assert_int_equal(call(b, &of_c)->number, 6);
	assert_int_equal(call(b, &of_c)->status, 503);
	loop_drain(b->agent.a.loop);
	assert_int_equal(call(b, &of_c)->number, 7);
	compare_stop(b->agent.a.compare);
	assert_int_equal(call(b, &of_c)->status, 503);
	assert_non_null(strstr(b->reply.body, "stopping"));
	loop_drain(b->agent.a.loop);
	assert_null(registry_find(b->agent.a.registry, "other"));
	assert_non_null(registry_find(b->agent.a.registry, "web"));
}

static void test_vips(void **state)
{
	struct bed *b = *state;
	const struct addr vip = addr_v4(0xc0000201), other = addr_v4(0xc0000202);
	assert_false(calls_is_vip(&vip, &b->agent.a)); /* the API is there before the apps */
	agent_bed_run(&b->agent);
	assert_true(calls_is_vip(&vip, &b->agent.a));
	assert_false(calls_is_vip(&other, &b->agent.a));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_change_waits_for_the_apps_of_the_start),
		TEST(test_a_change_is_answered_when_it_is_on_the_disk),
		TEST(test_reloads_are_answered_when_they_are_over),
		TEST(test_a_stopping_agent_refuses_changes),
		TEST(test_an_agent_that_stops_while_it_starts_refuses_changes),
		TEST(test_the_phase_of_a_drain),
		TEST(test_a_diff_changes_nothing),
		TEST(test_vips),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
