/* SPDX-License-Identifier: MIT */
/* Replies to requests for views. */
#include "monitors/watch.h"
#include "tests/unit/answer_bed.h"

/* Views */

static int listen_on(uint16_t port)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void test_an_app_whose_port_is_closed(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32&monitor=port:tcp:8053");
	json_t *o = ask_json(a, "/v1/apps/web");
	json_t *monitor = json_array_get(json_object_get(o, "monitors"), 0);
	json_t *vip = json_array_get(json_object_get(o, "vips"), 0);
	expect_text(o, "health", "down");
	expect_text(o, "state", "down");
	expect_text(o, "source", "http");
	assert_true(json_is_false(json_object_get(o, "announced")));
	assert_non_null(strstr(json_string_value(json_object_get(o, "reason")), "port:tcp:8053: "));
	expect_text(monitor, "monitor", "port:tcp:8053");
	expect_text(monitor, "health", "down");
	expect_int(monitor, "failures", 1);
	expect_text(vip, "prefix", "192.0.2.2/32");
	expect_text(vip, "reason", "the app is down");
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_apps{health=\"down\"} 1\n");
	expect(a, "/metrics", 200, "vipherald_check_failures 1\n");
}

static void test_a_vip_is_explained_by_its_address(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32&vip=2001:db8::2/128");
	json_t *with_length = ask_json(a, "/v1/explain?name=192.0.2.2/32");
	json_t *by_address = ask_json(a, "/v1/explain?name=192.0.2.2");
	assert_int_equal(json_array_size(json_object_get(by_address, "vips")), 1);
	expect_text(json_array_get(json_object_get(by_address, "vips"), 0), "prefix",
		    "192.0.2.2/32");
	expect_text(with_length, "app", "web");
	expect_text(by_address, "app", "web");
	json_decref(with_length);
	json_decref(by_address);
	expect(a, "/v1/explain?name=2001:db8::2", 200, "2001:db8::2/128");
	expect(a, "/v1/explain?name=192.0.2.3", 404, "no app, no VIP and no aggregate");
}

static void test_an_app_whose_port_is_open(void **state)
{
	struct agent *a = *state;
	int fd = listen_on(8053);
	ask(a, "/register?name=web&vip=192.0.2.2/32&monitor=port:tcp:8053&vip_communities=1:2");
	loop_drain(a->loop);
	json_t *o = ask_json(a, "/v1/apps/web");
	json_t *vip = json_array_get(json_object_get(o, "vips"), 0);
	json_t *peer = json_array_get(json_object_get(vip, "peers"), 0);
	expect_text(o, "state", "up");
	expect_text(o, "reason",
		    "192.0.2.2/32: no BGP session established (0 of 1): peer 127.0.0.9 is idle");
	expect_text(o, "announcement_errors", NULL);
	assert_true(json_is_false(json_object_get(o, "announced")));
	assert_true(json_is_true(json_object_get(vip, "bound")));
	expect_text(vip, "form", "up");
	expect_text(peer, "peer", "127.0.0.9");
	expect_text(peer, "state", "no-session");
	expect_text(peer, "reason", "no session, the peer is idle");
	char *communities = json_dumps(json_object_get(peer, "communities"), JSON_COMPACT);
	assert_string_equal(communities, "[\"1000:1000\",\"1:2\"]");
	free(communities);
	json_decref(o);
	close(fd);
}

/* A kernel without tags on addresses gets the VIP only when the state file has it on the disk. */
static bool is_announced(void *userdata)
{
	const struct agent *a = userdata;
	struct prefix p;
	assert_int_equal(prefix_parse("192.0.2.1/32", &p, NULL), 0);
	const struct vip *vip = vip_find(actuator_reconcile(a->actuator), &p);
	return vip && vip->announced;
}

/* Why it is not announced: the first thing that stands in the way, in their order. */
static void expect_reason(struct agent *a, const char *name, const char *want)
{
	char url[64];
	snprintf(url, sizeof(url), "/v1/apps/%s", name);
	json_t *o = ask_json(a, url);
	const char *got = json_string_value(json_object_get(o, "reason"));
	if (strncmp(got, want, strlen(want)) != 0)
		fail_msg("%s: '%s', not '%s'", name, got, want);
	assert_true(json_is_false(json_object_get(o, "announced")));
	json_decref(o);
}

static void test_the_first_thing_in_the_way(void **state)
{
	struct agent *a = *state;
	int fd = listen_on(8053);
	assert_int_equal(shell("ip addr add 192.0.2.9/32 dev lo"), 0);
	ask(a, "/register?name=web&vip=192.0.2.2/32&vip=192.0.2.9/32&monitor=exec:true"
	       "&monitor=port:tcp:8053");
	expect_reason(a, "web", "no verdict from the monitors yet");
	ask(a, "/register?name=web&vip=192.0.2.2/32&vip=192.0.2.9/32&monitor=port:tcp:8053");
	/* One VIP has no session, the other is taken as well. */
	expect_reason(a, "web", "192.0.2.2/32: ");
	ask(a, "/register?name=web&vip=192.0.2.9/32&monitor=port:tcp:8053");
	expect_reason(a, "web", "192.0.2.9/32: 192.0.2.9/32 is on lo already");
	ask(a, "/v1/apps/web/drain?reason=upgrade&for=1h");
	expect_reason(a, "web", "drained: upgrade");
	ask(a, "/v1/drain?reason=kernel");
	expect_reason(a, "web", "drained: upgrade");
	ask(a, "/v1/apps/web/undrain");
	expect_reason(a, "web", "the agent is drained: kernel");
	close(fd);
	ask(a, "/register?name=web&vip=192.0.2.9/32&monitor=port:tcp:8054");
	expect_reason(a, "web", "port:tcp:8054: nothing listens on tcp port 8054");
}

struct awaited {
	const struct app *app;
	enum health health;
};

static bool has_health(void *userdata)
{
	const struct awaited *w = userdata;
	return w->app->health == w->health;
}

static void await_health(struct agent *a, const char *name, enum health health)
{
	struct awaited w = { registry_find(a->registry, name), health };
	loop_until(a->loop, has_health, &w);
}

static bool monitors_pass(void *userdata)
{
	const struct app *app = userdata;
	return monitor_watch_health(app->watch) == HEALTH_UP;
}

static void test_held_down(void **state)
{
	static const struct damping_config hold = { .first = 3600 * USEC_PER_SEC,
						    .max = 7200 * USEC_PER_SEC };
	struct agent *a = *state;
	int fd = listen_on(8053);
	registry_set_damping(a->registry, &hold);
	ask(a, "/register?name=web&vip=192.0.2.2/32&monitor=port:tcp:8053");
	for (int i = 0; i < 2; i++) {
		await_health(a, "web", HEALTH_UP);
		close(fd);
		await_health(a, "web", HEALTH_DOWN);
		expect_reason(a, "web", "port:tcp:8053: nothing listens");
		fd = listen_on(8053);
	}
	loop_until(a->loop, monitors_pass, (void *)registry_find(a->registry, "web"));
	expect_reason(a, "web", "held down for ");
	close(fd);
}

static void test_an_app_without_monitors(void **state)
{
	struct agent *a = *state;
	loop_until(a->loop, is_announced, a);
	json_t *o = ask_json(*state, "/v1/apps/config");
	expect_text(o, "reason",
		    "192.0.2.1/32: no BGP session established (0 of 1): peer 127.0.0.9 is idle");
	expect_text(o, "source", "config");
	expect_text(o, "quorum", "all");
	assert_true(json_is_null(json_object_get(o, "drain")));
	assert_true(json_is_null(json_object_get(o, "group")));
	assert_true(json_is_null(json_object_get(o, "lease")));
	assert_true(json_is_null(json_object_get(o, "nat")));
	json_decref(o);
}

static void test_nat_of_an_app(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32&nat=udp:53:8053");
	loop_drain(a->loop);
	json_t *o = ask_json(a, "/v1/apps/web"), *nat = json_object_get(o, "nat");
	json_t *rule = json_array_get(json_object_get(nat, "rules"), 0);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "nats"), 0)),
			    "udp:53:8053");
	expect_text(rule, "vip", "192.0.2.2/32");
	expect_text(rule, "protocol", "udp");
	expect_int(rule, "listen", 53);
	expect_text(rule, "to", "127.0.0.1:8053");
	json_decref(o);
	o = ask_json(a, "/v1/nat");
	assert_int_equal(json_array_size(json_object_get(o, "rules")), 1);
	expect_int(o, "rules_wanted", 1);
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_nat_rules_wanted 1\n");
}

static void test_lists(void **state)
{
	struct agent *a = *state;
	char url[64];
	for (int i = 2; i < 40; i++) {
		snprintf(url, sizeof(url), "/register?name=app%d&vip=192.0.2.%d/32", i, i);
		ask(a, url);
	}
	json_t *o = ask_json(a, "/v1/apps"), *apps = json_object_get(o, "apps");
	assert_int_equal(json_array_size(apps), 39);
	expect_text(json_array_get(apps, 38), "name", "app39");
	expect_int(json_array_get(json_object_get(json_array_get(apps, 0), "vips"), 0),
		   "peers_sent", 0);
	json_decref(o);
	o = ask_json(a, "/v1/routes");
	assert_int_equal(json_array_size(json_object_get(o, "routes")), 39);
	json_decref(o);
}

/* A reader is slow, and apps go meanwhile. */
static void test_apps_go_while_a_list_is_read(void **state)
{
	struct agent *a = *state;
	static const struct app_query all = { 0 };
	char first[64];
	ask(a, "/register?name=web&vip=192.0.2.2/32");
	ask(a, "/register?name=xyz&vip=192.0.2.3/32");
	struct stream *apps = view_apps(&a->in, &all), *routes = view_routes(&a->in);
	assert_int_equal(stream_read(apps, first, sizeof(first)), sizeof(first));
	assert_int_equal(stream_read(routes, first, sizeof(first)), sizeof(first));
	ask(a, "/unregister?name=web");
	loop_drain(a->loop);
	struct api_reply reply = { .stream = apps };
	char *text = text_of(&reply);
	assert_null(strstr(text, "web"));
	assert_non_null(strstr(text, "xyz"));
	free(text);
	stream_free(apps);
	stream_free(routes);
}

#define MANY 2000

/* As a program announces them. */
static void register_many(struct agent *a)
{
	enum register_result result;
	struct app_spec spec = { .name = mem_strdup("many"),
				 .source = APP_FROM_PROCESS,
				 .bind = BIND_NONE,
				 .vips = mem_new(MANY, sizeof(*spec.vips)),
				 .n_vips = MANY };
	for (uint32_t i = 0; i < MANY; i++)
		spec.vips[i] =
			(struct prefix){ { AF_INET, { 198, 18, (uint8_t)(i >> 8), (uint8_t)i } },
					 32 };
	assert_int_equal(registry_register(a->registry, &spec, loop_now(a->loop), &result, NULL),
			 0);
	app_spec_done(&spec);
}

/* The reply to a drain is made in one turn. */
static void test_an_app_with_thousands_of_vips(void **state)
{
	struct agent *a = *state;
	static const char *const urls[] = { "/v1/apps/many", "/v1/explain?name=many" };
	register_many(a);
	for (size_t i = 0; i < ARRAY_SIZE(urls); i++) {
		json_t *o = ask_json(a, urls[i]), *vips = json_object_get(o, "vips");
		assert_int_equal(json_array_size(vips), MANY);
		expect_text(json_array_get(vips, MANY - 1), "prefix", "198.18.7.207/32");
		json_decref(o);
	}
	json_t *o = ask_json(a, "/v1/explain?name=198.18.7.207/32");
	assert_int_equal(json_array_size(json_object_get(o, "vips")), 1);
	json_decref(o);
	o = ask_json(a, "/v1/apps/many/drain");
	assert_int_equal(json_array_size(json_object_get(json_object_get(o, "app"), "vips")), 64);
	json_decref(o);
}

static void test_an_app_goes_while_its_vips_are_read(void **state)
{
	struct agent *a = *state;
	struct json_out text = { 0 };
	char first[64];
	register_many(a);
	struct stream *s = view_app(&a->in, registry_find(a->registry, "many"));
	struct api_reply reply = { .stream = s };
	size_t n = stream_read(s, first, sizeof(first) - 1);
	first[n] = 0;
	json_out_add(&text, first);
	assert_true(registry_unregister(a->registry, "many", loop_now(a->loop)));
	loop_drain(a->loop);
	char *rest = text_of(&reply);
	json_out_add(&text, rest);
	json_t *o = json_loads(text.text, 0, NULL);
	expect_text(o, "name", "many");
	assert_int_equal(json_array_size(json_object_get(o, "vips")), 0);
	json_decref(o);
	free(rest);
	free(text.text);
	stream_free(s);
}

static void test_drain_of_an_app(void **state)
{
	struct agent *a = *state;
	json_t *o = ask_json(a, "/v1/apps/config/drain?reason=upgrade&for=1h");
	json_t *app = json_object_get(o, "app"), *drain = json_object_get(app, "drain");
	json_t *request = json_array_get(json_object_get(drain, "holds"), 0);
	expect_text(o, "result", "drained");
	expect_text(app, "state", "draining");
	expect_text(request, "by", "api");
	expect_text(request, "of", "app");
	expect_text(request, "reason", "upgrade");
	assert_true(json_real_value(json_object_get(request, "until_seconds")) > 3590);
	assert_true(json_real_value(json_object_get(drain, "withdraw_seconds")) <= 30);
	json_decref(o);
	expect(a, "/v1/apps/config/drain?reason=upgrade", 200, "\"result\":\"changed\"");
	expect(a, "/metrics", 200, "vipherald_apps_draining 1\n");
	expect(a, "/v1/apps/config/undrain", 200, "\"result\":\"undrained\"");
	expect(a, "/v1/apps/config/undrain", 200, "\"result\":\"unchanged\"");
}

static void test_drain_of_the_agent(void **state)
{
	struct agent *a = *state;
	json_t *o = ask_json(a, "/v1/drain"), *agent = json_object_get(o, "agent");
	json_t *drain = json_object_get(agent, "drain");
	expect_text(o, "result", "drained");
	expect_int(json_object_get(agent, "apps"), "draining", 1);
	expect_text(json_array_get(json_object_get(drain, "holds"), 0), "of", "agent");
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_agent_drained 1\n");
	o = ask_json(a, "/v1/undrain");
	assert_true(json_is_null(json_object_get(json_object_get(o, "agent"), "drain")));
	json_decref(o);
}

static void test_status(void **state)
{
	struct agent *a = *state;
	loop_until(a->loop, is_announced, a);
	json_t *o = ask_json(*state, "/v1/status");
	expect_text(o, "version", VIPHERALD_VERSION);
	expect_text(o, "phase", "running");
	expect_int(json_object_get(o, "apps"), "up", 1);
	assert_int_equal(json_array_size(json_object_get(o, "alarms")), 0);
	expect_int(json_object_get(o, "checks"), "total", 0);
	expect_int(json_object_get(o, "checks"), "failures", 0);
	expect_int(json_object_get(o, "vips"), "total", 1);
	expect_int(json_object_get(o, "vips"), "bound", 1);
	expect_int(json_object_get(o, "vips"), "announced", 0);
	expect_int(json_object_get(o, "vips"), "troubled", 0);
	expect_int(json_object_get(o, "peers"), "total", 1);
	expect_int(json_object_get(o, "peers"), "established", 0);
	assert_non_null(json_object_get(o, "started"));
	expect_int(json_object_get(json_object_get(o, "drift"), "address"), "repairs", 0);
	json_decref(o);
}

static bool lo_is_down(void *userdata)
{
	const struct agent *a = userdata;
	return !actuator_lo_is_up(a->actuator);
}

static bool lo_is_up(void *userdata)
{
	return !lo_is_down(userdata);
}

static void test_lo_down_is_an_alarm_and_then_a_repair(void **state)
{
	struct agent *a = *state;
	own_netns_set_lo(0);
	loop_until(a->loop, lo_is_down, a);
	expect(a, "/v1/status", 200, "lo-down");
	own_netns_set_lo(1);
	loop_until(a->loop, lo_is_up, a);
	json_t *o = ask_json(a, "/v1/status");
	assert_int_equal(json_array_size(json_object_get(o, "alarms")), 0);
	expect_int(json_object_get(json_object_get(o, "drift"), "lo"), "repairs", 1);
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_drift_repairs_total{kind=\"lo\"} 1\n");
}

static void test_peers(void **state)
{
	struct agent *a = *state;
	json_t *o = ask_json(a, "/v1/peers");
	json_t *peer = json_array_get(json_object_get(o, "peers"), 0);
	expect_text(peer, "address", "127.0.0.9");
	expect_text(peer, "state", "idle");
	assert_null(strstr(a->text, "secret"));
	json_decref(o);
	o = ask_json(a, "/info");
	assert_int_equal(json_array_size(o), 1);
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_peer_up{peer=\"127.0.0.9\"} 0\n");
}

static void test_small_answers(void **state)
{
	struct agent *a = *state;
	expect(a, "/ping", 200, "I-AM-ALIVE");
	expect(a, "/healthz", 200, "ok");
	expect(a, "/v1/consul", 200, "\"enabled\":false");
	expect(a, "/v1/capabilities", 200, "{\"missing\":[],\"capabilities\":[]}");
	json_t *o = ask_json(a, "/v1/nat");
	expect_text(o, "backend", NULL);
	assert_int_equal(json_array_size(json_object_get(o, "rules")), 0);
	json_decref(o);
	expect(a, "/metrics", 200, "vipherald_build_info{version=\"" VIPHERALD_VERSION "\"} 1\n");
	assert_string_equal(a->reply.content_type, "text/plain; version=0.0.4; charset=utf-8");
	assert_null(strstr(a->text, "vipherald_consul"));
}

/* Readiness and the status line */

static void test_not_ready_without_a_session(void **state)
{
	expect(*state, "/readyz", 503, "no BGP session established (0 of 1)\n");
}

static void test_not_ready_until_apps_have_verdicts(void **state)
{
	struct agent *a = *state;
	ask(a, "/register?name=web&vip=192.0.2.2/32&monitor=exec:true");
	a->in.started_at = loop_now(a->loop);
	expect(a, "/readyz", 503, "'web' has no verdict from its monitors yet\n");
	/* One that was registered after the start is not waited for. */
	a->in.started_at = 1;
	ask(a, "/readyz");
	assert_null(strstr(a->text, "web"));
	a->in.registered = false;
	expect(a, "/readyz", 503, "still being registered\n");
}

static void test_missing_capabilities(void **state)
{
	struct agent *a = *state;
	char line[STATUS_LINE_MAX];
	a->capabilities = (struct capability_needs){
		.items[0] = { .number = 12, .missing = true, .key = "nat", .without = "no NAT" },
		.n = 1,
		.n_missing = 1,
	};
	expect(a, "/readyz", 503, "missing: CAP_NET_ADMIN (/v1/capabilities)\n");
	expect(a, "/v1/capabilities", 200, "\"missing\":[\"CAP_NET_ADMIN\"]");
	assert_string_equal(status_line_collect(&a->in, line),
			    "1 of 1 app up, 0 of 1 VIP announced, 0 of 1 peer established; "
			    "missing: CAP_NET_ADMIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_app_whose_port_is_closed),
		TEST(test_a_vip_is_explained_by_its_address),
		TEST(test_an_app_whose_port_is_open),
		TEST(test_the_first_thing_in_the_way),
		TEST(test_held_down),
		TEST(test_an_app_without_monitors),
		TEST(test_nat_of_an_app),
		TEST(test_lists),
		TEST(test_apps_go_while_a_list_is_read),
		TEST(test_an_app_with_thousands_of_vips),
		TEST(test_an_app_goes_while_its_vips_are_read),
		TEST(test_drain_of_an_app),
		TEST(test_drain_of_the_agent),
		TEST(test_status),
		TEST(test_lo_down_is_an_alarm_and_then_a_repair),
		TEST(test_peers),
		TEST(test_small_answers),
		TEST(test_not_ready_without_a_session),
		TEST(test_not_ready_until_apps_have_verdicts),
		TEST(test_missing_capabilities),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
