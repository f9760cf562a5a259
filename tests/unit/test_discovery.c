/* SPDX-License-Identifier: MIT */
/* Discovery in a loop, from a fake Consul to a real registry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/registry.h"
#include "agent/discovery/discovery.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/fake_registry.h"

#define SERVICES "GET /v1/catalog/node/n1"
#define CHECKS   "GET /v1/health/node/n1"

struct bed {
	sd_event *loop;
	struct fake_http consul;
	struct fake_registry apps;
	struct config_agent config;
	struct discovery *discovery;
	bool ready;
	unsigned index;
};

static void on_ready(void *userdata)
{
	struct bed *b = userdata;
	b->ready = true;
}

static int setup(void **state)
{
	char url[64];
	struct bed *b = mem_new(1, sizeof(*b));
	assert_true(sd_event_new(&b->loop) >= 0);
	fake_http_start(&b->consul, b->loop, 0);
	fake_registry_init(&b->apps, b->loop);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", b->consul.port);
	setenv("CONSUL_NODE", "n1", 1);
	b->config.consul = (struct consul_config){
		.addr = mem_strdup(url),
		.match_tag = mem_strdup("on"),
		.tls_verify = true,
		.query_interval = 300 * USEC_PER_SEC,
	};
	b->index = 10;
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	discovery_free(b->discovery);
	fake_registry_done(&b->apps);
	fake_http_stop(&b->consul);
	consul_config_done(&b->config.consul);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void create(struct bed *b)
{
	struct err err = { "" };
	if (discovery_new(b->loop, APP_FROM_CONSUL, &b->config, b->apps.reg, b->apps.runner,
			  on_ready, b, &b->discovery, &err) < 0)
		fail_msg("%s", err.text);
}

/* `services`: "NAME:TAG,TAG NAME:TAG"; a NAME of "PROXY>SERVICE" is a sidecar. Returns when Consul
 * is queried for what comes next. */
static void reply(struct bed *b, const char *services)
{
	char header[64], body[2048], list[512], *rest = NULL;
	struct strbuf sb = strbuf_over(body, sizeof(body));
	str_copy(list, sizeof(list), services);
	strbuf_add(&sb, "{\"Node\":{\"ID\":\"id\",\"CreateIndex\":5},\"Services\":{");
	for (char *p = strtok_r(list, " ", &rest), *first = p; p; p = strtok_r(NULL, " ", &rest)) {
		char *tags = strchr(p, ':'), *next = NULL;
		*tags++ = 0;
		char *proxied = strchr(p, '>');
		if (proxied)
			*proxied++ = 0;
		strbuf_add(&sb, "%s\"%s\":{\"ID\":\"%s\",\"Service\":\"%s\",",
			   p == first ? "" : ",", p, p, p);
		if (proxied)
			strbuf_add(&sb,
				   "\"Kind\":\"connect-proxy\",\"Proxy\":{"
				   "\"DestinationServiceName\":\"%s\"},",
				   proxied);
		strbuf_add(&sb, "\"Tags\":[\"on\"");
		for (char *t = strtok_r(tags, ",", &next); t; t = strtok_r(NULL, ",", &next))
			strbuf_add(&sb, ",\"%s\"", t);
		strbuf_add(&sb, "]}");
	}
	strbuf_add(&sb, "}}");
	snprintf(header, sizeof(header), "X-Consul-Index: %u\r\n", b->index++);
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 200, header, body);
	fake_http_expect(&b->consul, SERVICES);
	loop_drain(b->loop);
}

/* `checks`: "NAME+ NAME-". */
static void reply_checks(struct bed *b, const char *checks)
{
	char header[64], body[2048], list[512], *rest = NULL;
	struct strbuf sb = strbuf_over(body, sizeof(body));
	str_copy(list, sizeof(list), checks);
	strbuf_add(&sb, "[");
	for (char *p = strtok_r(list, " ", &rest), *first = p; p; p = strtok_r(NULL, " ", &rest))
		strbuf_add(&sb,
			   "%s{\"CheckID\":\"c%.*s\",\"ServiceName\":\"%.*s\",\"Status\":\"%s\","
			   "\"Output\":\"said\"}",
			   p == first ? "" : ",", (int)strlen(p) - 1, p, (int)strlen(p) - 1, p,
			   p[strlen(p) - 1] == '+' ? "passing" : "critical");
	strbuf_add(&sb, "]");
	snprintf(header, sizeof(header), "X-Consul-Index: %u\r\n", b->index++);
	fake_http_reply(fake_http_expect(&b->consul, CHECKS), 200, header, body);
	fake_http_expect(&b->consul, CHECKS);
	loop_drain(b->loop);
}

static void start(struct bed *b, const char *services)
{
	create(b);
	reply_checks(b, "web+ other+");
	reply(b, services);
	loop_until(b->loop, loop_until_true, &b->ready);
}

static const struct discovered *service(const struct bed *b, const char *name)
{
	const struct discovered *s = discovery_first(b->discovery);
	while (s && !str_equal(s->name, name))
		s = s->hh.next;
	return s;
}

static void expect_state(const struct bed *b, const char *name, const char *state)
{
	assert_non_null(service(b, name));
	assert_string_equal(discovered_state_name(service(b, name)->state), state);
}

static const struct app *app(const struct bed *b, const char *name)
{
	return registry_find(b->apps.reg, name);
}

static void test_without_consul_there_is_none(void **state)
{
	struct bed *b = *state;
	free(b->config.consul.addr);
	b->config.consul.addr = NULL;
	create(b);
	assert_null(b->discovery);
	assert_null(discovery_client(b->discovery));
	discovery_dismiss(b->discovery, "web");
	discovery_stop(b->discovery);
}

static void test_services_become_apps_and_go(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32,gocast_monitor=consul other:gocast_vip=192.0.2.2/32");
	expect_state(b, "web", "registered");
	assert_int_equal(app(b, "web")->spec->source, APP_FROM_CONSUL);
	assert_int_equal(app(b, "web")->health, HEALTH_UP);
	assert_int_equal(app(b, "other")->health, HEALTH_UP);
	reply(b, "web:gocast_vip=192.0.2.1/32,gocast_monitor=consul");
	assert_null(app(b, "other"));
	assert_null(service(b, "other"));
	assert_non_null(app(b, "web"));
}

#define WEB "gocast_vip=192.0.2.1/32"

/* Consul copies a service's tags to the sidecar that it registers with it. */
static void test_a_sidecar_is_no_app(void **state)
{
	struct bed *b = *state;
	start(b, "a-proxy>web:" WEB " web:" WEB);
	expect_state(b, "web", "registered");
	assert_null(service(b, "a-proxy"));
	/* Unregistered over HTTP: the VIP is free, and still not the sidecar's. */
	discovery_dismiss(b->discovery, "web");
	assert_int_equal(registry_unregister(b->apps.reg, "web", loop_now(b->loop)), true);
	loop_drain(b->loop);
	reply(b, "a-proxy>web:" WEB " web:" WEB ",gocast_monitor=consul");
	assert_null(app(b, "a-proxy"));
	/* The service goes first, its sidecar later. */
	reply(b, "a-proxy>web:" WEB);
	assert_null(app(b, "a-proxy"));
}

static void test_a_sidecar_with_a_vip_of_its_own_is_an_app(void **state)
{
	struct bed *b = *state;
	start(b, "a-proxy>web:gocast_vip=192.0.2.2/32 web:" WEB);
	expect_state(b, "a-proxy", "registered");
	reply(b, "a-proxy>web:gocast_vip=192.0.2.2/32");
	expect_state(b, "a-proxy", "registered");
	reply(b, "a-proxy>web:" WEB " web:" WEB);
	assert_null(app(b, "a-proxy"));
	expect_state(b, "web", "registered");
}

static void test_checks_are_the_health_of_consul_monitors(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32,gocast_monitor=consul");
	reply_checks(b, "web- other+");
	assert_int_equal(app(b, "web")->health, HEALTH_DOWN);
	assert_non_null(strstr(app(b, "web")->reason, "said"));
	reply_checks(b, "web+ other+");
	assert_int_equal(app(b, "web")->health, HEALTH_UP);
}

/* In one answer: the removal comes first. */
static void test_a_vip_moves_from_one_service_to_another(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32");
	reply(b, "other:gocast_vip=192.0.2.1/32");
	expect_state(b, "other", "registered");
	assert_null(app(b, "web"));
}

static void test_a_broken_service_keeps_its_definition(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32 other:gocast_vip=nonsense");
	expect_state(b, "other", "broken");
	assert_non_null(strstr(service(b, "other")->problem, "gocast_vip=nonsense"));
	reply(b, "web:gocast_vpi=192.0.2.1/32 other:gocast_vip=192.0.2.2/32");
	expect_state(b, "web", "broken");
	assert_non_null(app(b, "web"));
	expect_state(b, "other", "registered");
}

static void test_a_refused_service_is_not_registered(void **state)
{
	struct bed *b = *state;
	static const struct monitor_admission admission = { 0 };
	const struct registry_options options = { .admission = &admission };
	registry_set_options(b->apps.reg, &options);
	start(b, "web:gocast_vip=192.0.2.1/32,gocast_monitor=exec:true");
	expect_state(b, "web", "refused");
	assert_non_null(strstr(service(b, "web")->problem, "allow_from"));
	assert_null(app(b, "web"));
}

static void test_a_conflict_ends_when_the_name_is_free(void **state)
{
	struct bed *b = *state;
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.9/32", NULL, NULL);
	start(b, "web:gocast_vip=192.0.2.1/32");
	expect_state(b, "web", "conflict");
	assert_string_equal(service(b, "web")->rival, "web");
	assert_ptr_equal(discovery_rival_of(b->discovery, "web"), service(b, "web"));
	registry_unregister(b->apps.reg, "web", loop_now(b->loop));
	loop_drain(b->loop);
	expect_state(b, "web", "registered");
	assert_null(discovery_rival_of(b->discovery, "web"));
}

static void test_a_conflict_ends_when_the_vip_is_free(void **state)
{
	struct bed *b = *state;
	fake_register(&b->apps, APP_FROM_CONFIG, "file", "192.0.2.1/32", NULL, NULL);
	start(b, "web:gocast_vip=192.0.2.1/32");
	expect_state(b, "web", "conflict");
	assert_string_equal(service(b, "web")->rival, "file");
	registry_unregister(b->apps.reg, "file", loop_now(b->loop));
	loop_drain(b->loop);
	expect_state(b, "web", "registered");
}

/* HTTP comes before Consul, with another definition or the same. */
static void test_http_takes_an_app_over(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32");
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	loop_drain(b->loop);
	expect_state(b, "web", "conflict");
	reply(b, "other:gocast_vip=192.0.2.2/32");
	assert_non_null(app(b, "web"));
}

static void test_unregistered_over_http_until_its_tags_change(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32");
	discovery_dismiss(b->discovery, "web");
	registry_unregister(b->apps.reg, "web", loop_now(b->loop));
	reply(b, "web:gocast_vip=192.0.2.1/32 other:gocast_vip=192.0.2.2/32");
	expect_state(b, "web", "unregistered");
	assert_null(app(b, "web"));
	reply(b, "web:gocast_vip=192.0.2.3/32 other:gocast_vip=192.0.2.2/32");
	expect_state(b, "web", "registered");
}

static void test_a_reset_retains_services(void **state)
{
	struct bed *b = *state;
	start(b, "web:gocast_vip=192.0.2.1/32");
	b->index = 2;
	reply(b, "other:gocast_vip=192.0.2.2/32");
	assert_non_null(app(b, "web"));
	assert_true(service(b, "web")->retained_since != USEC_NEVER);
	assert_true(service(b, "other")->retained_since == USEC_NEVER);
}

/* More than are registered in one turn of the loop. */
static void test_ready_comes_after_the_last_registration(void **state)
{
	struct bed *b = *state;
	char body[32768];
	struct strbuf sb = strbuf_over(body, sizeof(body));
	strbuf_add(&sb, "{\"Node\":{\"ID\":\"id\",\"CreateIndex\":5},\"Services\":{");
	for (int i = 0; i < 200; i++)
		strbuf_add(&sb,
			   "%s\"s%d\":{\"ID\":\"s%d\",\"Service\":\"s%d\",\"Tags\":[\"on\","
			   "\"gocast_vip=192.0.2.%d/32\"]}",
			   i > 0 ? "," : "", i, i, i, i);
	strbuf_add(&sb, "}}");
	create(b);
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 200, "X-Consul-Index: 7\r\n", body);
	while (!app(b, "s0"))
		assert_true(sd_event_run(b->loop, UINT64_MAX) >= 0);
	assert_false(b->ready);
	loop_until(b->loop, loop_until_true, &b->ready);
	assert_non_null(app(b, "s199"));
}

static void test_states_are_published_and_removed(void **state)
{
	struct bed *b = *state;
	b->config.consul.publish = true;
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	registry_drain(b->apps.reg, NULL, DRAIN_BY_API, NULL, "upgrade", USEC_NEVER,
		       loop_now(b->loop));
	create(b);
	fake_http_reply(fake_http_expect(&b->consul, "PUT /v1/agent/service/register"), 200, "",
			"");
	fake_http_reply(fake_http_expect(&b->consul, "PUT /v1/agent/check/register"), 200, "", "");
	struct fake_http_conn *update = fake_http_expect(&b->consul, "PUT /v1/agent/check/update");
	assert_non_null(strstr(fake_http_body(update), "\"Status\":\"warning\""));
	assert_non_null(strstr(fake_http_body(update), "upgrade"));
	discovery_stop(b->discovery);
	fake_http_expect(&b->consul, "PUT /v1/agent/service/deregister/vipherald");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_consul_there_is_none),
		TEST(test_services_become_apps_and_go),
		TEST(test_a_sidecar_is_no_app),
		TEST(test_a_sidecar_with_a_vip_of_its_own_is_an_app),
		TEST(test_checks_are_the_health_of_consul_monitors),
		TEST(test_a_vip_moves_from_one_service_to_another),
		TEST(test_a_broken_service_keeps_its_definition),
		TEST(test_a_refused_service_is_not_registered),
		TEST(test_a_conflict_ends_when_the_name_is_free),
		TEST(test_a_conflict_ends_when_the_vip_is_free),
		TEST(test_http_takes_an_app_over),
		TEST(test_unregistered_over_http_until_its_tags_change),
		TEST(test_a_reset_retains_services),
		TEST(test_ready_comes_after_the_last_registration),
		TEST(test_states_are_published_and_removed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
