/* SPDX-License-Identifier: MIT */
/* Publishing in a loop, with a fake Consul: requests, their order, and failures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consul/publish.h"
#include "lib/mem.h"
#include "tests/unit/fake_http.h"

#define SERVICE        "PUT /v1/agent/service/register"
#define SERVICE_REMOVE "PUT /v1/agent/service/deregister/vipherald"
#define CHECK          "PUT /v1/agent/check/register"
#define UPDATE         "PUT /v1/agent/check/update/vipherald%3Aweb"
#define REMOVE         "PUT /v1/agent/check/deregister/vipherald%3Aweb"

struct bed {
	sd_event *loop;
	struct fake_http consul;
	struct consul_config config;
	struct consul_transport *transport;
	struct consul_publish *publish;
};

static const char *environment(const char *name)
{
	(void)name;
	return NULL;
}

static int setup(void **state)
{
	char url[64];
	struct err err = { "" };
	struct bed *b = mem_new(1, sizeof(*b));
	assert_true(sd_event_new(&b->loop) >= 0);
	fake_http_start(&b->consul, b->loop, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", b->consul.port);
	b->config = (struct consul_config){ .addr = mem_strdup(url), .tls_verify = true };
	assert_int_equal(
		consul_transport_new(b->loop, &b->config, environment, &b->transport, &err), 0);
	b->publish = consul_publish_new(b->loop, b->transport, 10 * USEC_PER_MSEC);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	consul_publish_free(b->publish);
	consul_transport_free(b->transport);
	fake_http_stop(&b->consul);
	consul_config_done(&b->config);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

/* The states of all apps: "web" only; NULL: no app. */
static void say(struct bed *b, const char *text, enum consul_status status)
{
	consul_publish_begin(b->publish);
	if (text)
		consul_publish_app(b->publish, "web", status, text);
	consul_publish_end(b->publish);
}

static void accept_call(struct bed *b, const char *line, const char *part)
{
	struct fake_http_conn *c = fake_http_expect(&b->consul, line);
	if (!strstr(c->request, part))
		fail_msg("no %s in %s", part, c->request);
	fake_http_reply(c, 200, "", "");
}

static void register_web(struct bed *b)
{
	say(b, "up", CONSUL_PASSING);
	accept_call(b, SERVICE, "\"ID\":\"vipherald\"");
	accept_call(b, CHECK, "\"ServiceID\":\"vipherald\"");
	accept_call(b, UPDATE, "{\"Status\":\"passing\",\"Output\":\"up\"}");
}

/* With another status first: Consul forwards an output at once only with a new status. */
static void test_service_then_check_then_status(void **state)
{
	struct bed *b = *state;
	say(b, "up", CONSUL_PASSING);
	accept_call(b, SERVICE, "\"Name\":\"vipherald\"");
	accept_call(b, CHECK, "\"Status\":\"warning\"");
	accept_call(b, UPDATE, "\"Status\":\"passing\"");
	say(b, "down: no listener", CONSUL_CRITICAL);
	accept_call(b, UPDATE, "{\"Status\":\"critical\",\"Output\":\"down: no listener\"}");
}

static void test_what_does_not_change_is_not_sent(void **state)
{
	struct bed *b = *state;
	register_web(b);
	loop_drain(b->loop);
	consul_publish_begin(b->publish);
	consul_publish_app(b->publish, "web", CONSUL_PASSING, "up");
	consul_publish_app(b->publish, "other", CONSUL_PASSING, "up");
	consul_publish_end(b->publish);
	accept_call(b, CHECK, "\"Name\":\"app other\"");
	accept_call(b, "PUT /v1/agent/check/update/vipherald%3Aother", "up");
	loop_drain(b->loop);
	assert_int_equal(b->consul.n_requests, 5);
}

static void test_an_app_that_goes_is_removed(void **state)
{
	struct bed *b = *state;
	register_web(b);
	say(b, NULL, CONSUL_PASSING);
	accept_call(b, REMOVE, "");
	say(b, "up", CONSUL_PASSING);
	accept_call(b, CHECK, "\"Name\":\"app web\"");
}

static void test_an_app_that_comes_back_meanwhile_is_registered_again(void **state)
{
	struct bed *b = *state;
	register_web(b);
	say(b, NULL, CONSUL_PASSING);
	struct fake_http_conn *c = fake_http_expect(&b->consul, REMOVE);
	say(b, "again", CONSUL_PASSING);
	fake_http_reply(c, 200, "", "");
	accept_call(b, CHECK, "");
	accept_call(b, UPDATE, "again");
}

static void test_consul_that_lost_it_gets_it_again(void **state)
{
	struct bed *b = *state;
	register_web(b);
	consul_publish_again(b->publish);
	register_web(b);
}

/* Service and check are registered anew, as Consul may have lost both. */
static void test_a_refused_update_registers_again(void **state)
{
	struct bed *b = *state;
	register_web(b);
	say(b, "down", CONSUL_CRITICAL);
	fake_http_reply(fake_http_expect(&b->consul, UPDATE), 404, "", "Unknown check");
	accept_call(b, SERVICE, "");
	accept_call(b, CHECK, "");
	accept_call(b, UPDATE, "down");
}

static void test_a_service_that_is_refused_is_tried_again(void **state)
{
	struct bed *b = *state;
	say(b, "up", CONSUL_PASSING);
	fake_http_reply(fake_http_expect(&b->consul, SERVICE), 403, "", "Permission denied");
	accept_call(b, SERVICE, "");
	accept_call(b, CHECK, "");
}

/* Otherwise its check would stay critical in Consul for ever. */
static void test_a_removal_that_fails_is_repeated(void **state)
{
	struct bed *b = *state;
	uint16_t port = b->consul.port;
	register_web(b);
	loop_drain(b->loop);
	fake_http_stop(&b->consul);
	say(b, NULL, CONSUL_PASSING);
	loop_drain(b->loop);
	fake_http_start(&b->consul, b->loop, port);
	accept_call(b, SERVICE, "");
	accept_call(b, REMOVE, "");
}

/* A check that Consul does not know is as good as removed. */
static void test_a_removal_that_consul_refuses_is_done(void **state)
{
	struct bed *b = *state;
	register_web(b);
	say(b, NULL, CONSUL_PASSING);
	fake_http_reply(fake_http_expect(&b->consul, REMOVE), 404, "", "Unknown check");
	loop_drain(b->loop);
	say(b, NULL, CONSUL_PASSING);
	loop_drain(b->loop);
	assert_null(fake_http_find(&b->consul, "PUT"));
}

static void test_a_stop_removes_the_service(void **state)
{
	struct bed *b = *state;
	register_web(b);
	loop_drain(b->loop);
	consul_publish_stop(b->publish);
	accept_call(b, SERVICE_REMOVE, "");
	loop_drain(b->loop);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_service_then_check_then_status),
		TEST(test_what_does_not_change_is_not_sent),
		TEST(test_an_app_that_goes_is_removed),
		TEST(test_an_app_that_comes_back_meanwhile_is_registered_again),
		TEST(test_consul_that_lost_it_gets_it_again),
		TEST(test_a_refused_update_registers_again),
		TEST(test_a_service_that_is_refused_is_tried_again),
		TEST(test_a_removal_that_fails_is_repeated),
		TEST(test_a_removal_that_consul_refuses_is_done),
		TEST(test_a_stop_removes_the_service),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
