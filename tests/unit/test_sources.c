/* SPDX-License-Identifier: MIT */
/* The sources of apps in their order: configuration, state file, a fake Consul. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "tests/unit/agent_bed.h"
#include "tests/unit/captured_log.h"
#include "tests/unit/fake_http.h"

#define SERVICES "GET /v1/catalog/node/n1"
#define CHECKS   "GET /v1/health/node/n1"
#define INDEX    "X-Consul-Index: 10\r\n"
#define SERVICE                                                                                    \
	"{\"Node\":{\"ID\":\"id\",\"CreateIndex\":5},\"Services\":{\"cloud\":{\"ID\":\"cloud\","   \
	"\"Service\":\"cloud\",\"Tags\":[\"on\",\"gocast_vip=192.0.2.5/32\"]}}}"
#define NO_SERVICE "{\"Node\":{\"ID\":\"id\",\"CreateIndex\":5},\"Services\":{}}"

#define APPS                                                                                       \
	"apps:\n  - { name: web, vip: 192.0.2.1/32 }\n"                                            \
	"  - { name: mail, vip: 192.0.2.2/32 }\n"

struct bed {
	struct agent_bed agent;
	struct fake_http consul;
};

static int setup(void **state)
{
	static struct bed b;
	b.consul = (struct fake_http){ .fd = -1 };
	for (size_t i = 0; i < FAKE_HTTP_CONNS; i++)
		b.consul.conns[i].fd = -1;
	agent_bed_init(&b.agent);
	agent_bed_write(&b.agent, "", "", APPS);
	setenv("CONSUL_NODE", "n1", 1);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	struct agent *a = &b->agent.a;
	if (a->sources)
		sources_stop(a->sources); /* nothing is written in Consul when it is freed */
	agent_bed_done(&b->agent);
	fake_http_stop(&b->consul);
	return 0;
}

static bool has(const struct bed *b, const char *app)
{
	return registry_find(b->agent.a.registry, app);
}

static void test_apps_of_the_configuration(void **state)
{
	struct bed *b = *state;
	agent_bed_start(&b->agent);
	agent_bed_start_sources(&b->agent);
	assert_false(sources_registered(b->agent.a.sources));
	assert_true(recovery_started_at(b->agent.a.recovery) == USEC_NEVER);
	loop_until(b->agent.a.loop, agent_bed_is_registered, &b->agent);
	loop_drain(b->agent.a.loop);
	assert_true(has(b, "web") && has(b, "mail"));
	assert_true(sources_registered(b->agent.a.sources));
	assert_null(sources_discovery(b->agent.a.sources, APP_FROM_CONSUL));
	assert_int_equal(b->agent.registered, 1);
	assert_int_equal(b->agent.recovered, 1);
}

static int refuse_web(const struct prefix *vip, struct err *err, void *userdata)
{
	(void)userdata;
	const struct addr web = addr_v4(0xc0000201);
	return addr_equal(&vip->addr, &web) ? err_set(err, -EEXIST, "it is the router's") : 0;
}

static void test_an_app_that_is_refused_is_named(void **state)
{
	struct bed *b = *state;
	static struct captured_log lines;
	agent_bed_start(&b->agent);
	registry_set_guard(b->agent.a.registry, refuse_web, NULL);
	agent_bed_start_sources(&b->agent);
	captured_log_begin(&lines);
	loop_until(b->agent.a.loop, agent_bed_is_registered, &b->agent);
	captured_log_expect(&lines, "ERROR app: web: it is the router's\n");
	captured_log_end(&lines);
	assert_false(has(b, "web"));
	assert_true(has(b, "mail"));
}

/* As another instance left it; the configuration has the name 'mail' and VIP .1 by now. */
static void test_the_state_file_comes_behind_the_configuration(void **state)
{
	struct bed *b = *state;
	agent_bed_write(&b->agent, "", "", "");
	agent_bed_run(&b->agent);
	agent_bed_register(&b->agent, "kept", "192.0.2.3/32");
	agent_bed_register(&b->agent, "lost", "192.0.2.1/32");
	agent_bed_free_parts(&b->agent.a); /* writes the file */
	b->agent.a = (struct agent){ 0 };
	b->agent.registered = 0;
	agent_bed_write(&b->agent, "", "", APPS);
	agent_bed_run(&b->agent);
	assert_true(has(b, "kept") && has(b, "web") && has(b, "mail"));
	assert_false(has(b, "lost"));
	assert_int_equal(store_n_restored(b->agent.a.store), 1);
}

static void test_a_suspended_registration_does_not_go_on(void **state)
{
	struct bed *b = *state;
	agent_bed_start(&b->agent);
	agent_bed_start_sources(&b->agent);
	sources_suspend(b->agent.a.sources);
	loop_drain(b->agent.a.loop);
	assert_int_equal(b->agent.registered, 0);
	assert_false(has(b, "web"));
}

#define CONSUL "  consul_addr: http://127.0.0.1:8500\n  consul_match_tag: \"on\"\n"

static void run_with_consul(struct bed *b)
{
	agent_bed_write(&b->agent, CONSUL, "", APPS);
	agent_bed_start(&b->agent);
	fake_http_start(&b->consul, b->agent.a.loop, 8500);
	agent_bed_start_sources(&b->agent);
	loop_until(b->agent.a.loop, agent_bed_is_registered, &b->agent);
}

static void reply(struct bed *b, const char *services)
{
	fake_http_reply(fake_http_expect(&b->consul, CHECKS), 200, INDEX, "[]");
	fake_http_reply(fake_http_expect(&b->consul, SERVICES), 200, INDEX, services);
}

static bool has_cloud(void *userdata)
{
	return has(userdata, "cloud");
}

static bool has_no_cloud(void *userdata)
{
	return !has(userdata, "cloud");
}

static bool has_recovered(void *userdata)
{
	return ((struct bed *)userdata)->agent.recovered > 0;
}

/* VIPs of the previous instance wait for its answer: they may be its services'. */
static void test_consul_comes_last(void **state)
{
	struct bed *b = *state;
	run_with_consul(b);
	assert_true(has(b, "web"));
	assert_non_null(sources_discovery(b->agent.a.sources, APP_FROM_CONSUL));
	fake_http_expect(&b->consul, SERVICES);
	assert_int_equal(b->agent.recovered, 0);
	reply(b, SERVICE);
	loop_until(b->agent.a.loop, has_cloud, b);
	loop_until(b->agent.a.loop, has_recovered, b);
	assert_int_equal(b->agent.recovered, 1);
}

/* Changes the configuration in effect, as a reload does. */
static void change_consul(struct bed *b, const char *agent)
{
	struct agent *a = &b->agent.a;
	struct config *next = NULL;
	struct config_findings findings = { 0 };
	agent_bed_write(&b->agent, agent, "", APPS);
	assert_int_equal(config_load(b->agent.file, &next, &findings), 0);
	config_findings_done(&findings);
	struct config former = *a->config;
	*a->config = *next;
	*next = former;
	settings_apply_to_facts(a);
	sources_change(a->sources, APP_FROM_CONSUL);
	config_free(next);
}

/* Its services go when the new one has answered without them, not before. */
static void test_another_consul(void **state)
{
	struct bed *b = *state;
	run_with_consul(b);
	reply(b, SERVICE);
	loop_until(b->agent.a.loop, has_cloud, b);
	fake_http_stop(&b->consul);
	fake_http_start(&b->consul, b->agent.a.loop, 8500);
	change_consul(b, CONSUL "  consul_query_interval: 60s\n");
	fake_http_expect(&b->consul, SERVICES);
	assert_true(has(b, "cloud"));
	reply(b, NO_SERVICE);
	loop_until(b->agent.a.loop, has_no_cloud, b);
	assert_true(has(b, "web"));
}

static void test_consul_no_longer(void **state)
{
	struct bed *b = *state;
	run_with_consul(b);
	reply(b, SERVICE);
	loop_until(b->agent.a.loop, has_cloud, b);
	change_consul(b, "");
	assert_null(sources_discovery(b->agent.a.sources, APP_FROM_CONSUL));
	assert_false(has(b, "cloud"));
	assert_true(has(b, "web"));
}

/* Nothing comes any more that would have to be waited for. */
static void test_consul_no_longer_before_its_answer(void **state)
{
	struct bed *b = *state;
	run_with_consul(b);
	assert_int_equal(b->agent.recovered, 0);
	change_consul(b, "");
	assert_int_equal(b->agent.recovered, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_apps_of_the_configuration),
		TEST(test_an_app_that_is_refused_is_named),
		TEST(test_the_state_file_comes_behind_the_configuration),
		TEST(test_a_suspended_registration_does_not_go_on),
		TEST(test_consul_comes_last),
		TEST(test_another_consul),
		TEST(test_consul_no_longer),
		TEST(test_consul_no_longer_before_its_answer),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
