/* SPDX-License-Identifier: MIT */
/* The series of apps, piece by piece, while other things change. */
#include "agent/status/metrics_of_apps.h"

#include "agent/app/routes.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/fleet/fleet_app.h"
#include "tests/unit/answer_bed.h"

/* Far more than a piece of the answer has. */
#define APPS      400
#define MANY_VIPS 2000

static void register_apps(struct agent *a)
{
	char url[64];
	for (int i = 0; i < APPS; i++) {
		snprintf(url, sizeof(url), "/register?name=app%d&vip=198.18.%d.%d/32", i, i / 250,
			 i % 250);
		expect(a, url, 200, "registered");
	}
}

/* Until `until` is there; NULL: the end. */
static size_t read_to(struct stream *s, const char *until, char **text, size_t len)
{
	size_t n = 1, cap = len;
	while (n > 0 && (!until || !*text || !strstr(*text, until))) {
		*text = mem_grow(*text, &cap, len + 513, 1);
		n = stream_read(s, *text + len, 512);
		len += n;
		(*text)[len] = '\0';
	}
	return len;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;
	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void test_another_per_app_in_between(void **state)
{
	struct agent *a = *state;
	char *text = NULL;
	struct app_selection *of = &a->config->agent.metrics_of;
	struct err err = { "" };
	register_apps(a);
	struct stream *s = metrics_stream(&a->in, METRIC_PROMETHEUS);
	size_t len = read_to(s, "vipherald_app_up{app=\"app0\"}", &text, 0);
	assert_null(strstr(text, "vipherald_app_up{app=\"app399\"}"));
	assert_int_equal(app_selection_add(of, "app0", &err), 0);
	assert_int_equal(app_selection_add(of, "app1", &err), 0);
	read_to(s, NULL, &text, len);
	assert_int_equal(count(text, "vipherald_app_up{app=\"app0\"}"), 1);
	assert_int_equal(count(text, "vipherald_app_up{"), APPS + 1);
	stream_free(s);
	free(text);
	ask(a, "/metrics");
	assert_int_equal(count(a->text, "vipherald_app_up{"), 2);
}

static struct app *register_program(struct agent *a)
{
	const struct app_spec spec = { .name = (char *)"many", .source = APP_FROM_PROCESS };
	enum register_result result;
	assert_int_equal(registry_register(a->registry, &spec, loop_now(a->loop), &result, NULL),
			 0);
	return (struct app *)registry_find(a->registry, "many");
}

static struct prefix nth(int i)
{
	return (struct prefix)PREFIX4(32, 198, 19, (uint8_t)(i / 250), (uint8_t)(i % 250));
}

static void announce(struct app *app, int i)
{
	struct route_spec *route = route_spec_new();
	struct prefix vip = nth(i);
	assert_int_equal(routes_set(app, &vip, route, 1, NULL), 0);
	route_spec_unref(route);
}

static void is_there_once(const char *text, int i)
{
	char series[96];
	snprintf(series, sizeof(series), "vip_announced{app=\"many\",vip=\"198.19.%d.%d/32\"}",
		 i / 250, i % 250);
	if (count(text, series) > 1)
		fail_msg("%s is there twice", series);
}

/* They are not told in one turn; one that goes and comes again meanwhile is told once. */
static void test_a_program_of_many_vips(void **state)
{
	struct agent *a = *state;
	static const char series[] = "vipherald_vip_announced{app=\"many\"";
	struct prefix first = nth(1);
	char *text = NULL;
	struct app *app = register_program(a);
	for (int i = 1; i <= MANY_VIPS; i++)
		announce(app, i);
	struct stream *s = metrics_stream(&a->in, METRIC_PROMETHEUS);
	size_t len = read_to(s, series, &text, 0);
	assert_true(routes_drop(app, &first, 2));
	announce(app, 1);
	announce(app, MANY_VIPS + 1);
	read_to(s, NULL, &text, len);
	for (int i = 1; i <= MANY_VIPS; i++)
		is_there_once(text, i);
	assert_true(count(text, series) >= MANY_VIPS - 1);
	assert_int_equal(count(text, "vipherald_vip_advertised{app=\"many\""), MANY_VIPS + 1);
	stream_free(s);

	/* And one that goes with all its VIPs. */
	s = metrics_stream(&a->in, METRIC_PROMETHEUS);
	text[0] = '\0';
	len = read_to(s, series, &text, 0);
	registry_unregister(a->registry, "many", 3);
	read_to(s, NULL, &text, len);
	assert_true(count(text, series) < MANY_VIPS);
	stream_free(s);
	free(text);
}

/* While counting is interrupted, a counter that stands still would say that there is no traffic. */
static void test_traffic_that_is_not_counted(void **state)
{
	static const char series[] = "vipherald_vip_packets_total{";
	struct agent *a = *state;
	struct vip *vip = registry_find(a->registry, "config")->vips[0];
	mono_t now = loop_now(a->loop);
	ask(a, "/metrics");
	assert_int_equal(count(a->text, series), 0);
	vip->traffic = mem_new(1, sizeof(*vip->traffic));
	traffic_init(vip->traffic, TRAFFIC_ANNOUNCED, now - 2 * TRAFFIC_STALE_AFTER);
	ask(a, "/metrics");
	assert_int_equal(count(a->text, series), 0);
	traffic_sample(vip->traffic, 1, 100, TRAFFIC_ANNOUNCED, now);
	ask(a, "/metrics");
	assert_int_equal(count(a->text, series), 1);
}

/* Each family has one head, however many turns it takes. */
static void test_a_fleet_of_many_apps(void **state)
{
	static const char *const names[] = { "fleet_up", "fleet_min_up",
					     "fleet_seen_timestamp_seconds" };
	static const struct consul_config no_consul;
	struct agent *a = *state;
	struct fleet_spec spec = { .engine = FLEET_CONSUL,
				   .prefix = (char *)"f",
				   .window = 600 * USEC_PER_SEC };
	const struct fleet_agent_env env = {
		.loop = a->loop, .registry = a->registry, .spec = &spec, .consul = &no_consul
	};
	char *text = NULL, series[96];
	fleet_spec_add(&spec, NULL)->min_up = (struct fleet_min_up){ true, 50 };
	struct fleet_agent *fleet = fleet_agent_new(&env);
	a->in.fleet = fleet;
	register_apps(a);
	/* Nothing is known yet. */
	ask(a, "/metrics");
	assert_int_equal(count(a->text, "vipherald_fleet_up{"), 0);
	for (const struct fleet_app *f = fleet_agent_first(fleet); f; f = fleet_agent_next(f))
		f->seen[0] = (struct fleet_seen){ .tally = { .up = 7, .min_up = 5 },
						  .at = loop_now(a->loop) };
	struct stream *s = metrics_stream(&a->in, METRIC_PROMETHEUS);
	size_t len = read_to(s, "vipherald_fleet_up{", &text, 0);
	assert_int_equal(count(text, "vipherald_fleet_up{app=\"app399\"}"), 0);
	read_to(s, NULL, &text, len);
	stream_free(s);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(series, sizeof(series), "# HELP vipherald_%s ", names[i]);
		assert_int_equal(count(text, series), 1);
		snprintf(series, sizeof(series), "# TYPE vipherald_%s gauge\n", names[i]);
		assert_int_equal(count(text, series), 1);
		snprintf(series, sizeof(series), "\nvipherald_%s{app=\"app", names[i]);
		assert_int_equal(count(text, series), APPS);
	}
	/* And again when no view has come for too long. */
	for (const struct fleet_app *f = fleet_agent_first(fleet); f; f = fleet_agent_next(f))
		f->seen[0].at = USEC_NEVER;
	ask(a, "/metrics");
	assert_int_equal(count(a->text, "vipherald_fleet_min_up{"), 0);
	free(text);
	fleet_agent_free(fleet);
	a->in.fleet = NULL;
	free(spec.vips);
}

int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_another_per_app_in_between),
					    TEST(test_a_program_of_many_vips),
					    TEST(test_traffic_that_is_not_counted),
					    TEST(test_a_fleet_of_many_apps) };
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
