/* SPDX-License-Identifier: MIT */
/* Persistent state over two instances, with a real registry, file and lo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/leases.h"
#include "agent/store/clock.h"
#include "agent/store/place.h"
#include "agent/store/store.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/fake_registry.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define HOUR (3600 * USEC_PER_SEC)

struct bed {
	sd_event *loop;
	struct fake_registry apps;
	struct host_addresses addresses;
	struct actuator *actuator;
	struct config_agent config;
	struct store *store;
	char dir[64], path[96];
	uint64_t up_to;
	bool stored;
};

static void on_written(uint64_t up_to, bool stored, void *userdata)
{
	struct bed *b = userdata;
	b->up_to = up_to;
	b->stored = stored;
}

/* An instance up to the restored apps; `begin` is left to the test. */
static void start(struct bed *b)
{
	struct err err = { "" };
	fake_registry_init(&b->apps, b->loop);
	if (actuator_new(b->loop, &b->addresses, NAT_AUTO, &b->actuator, &err) < 0)
		fail_msg("%s", err.text);
	b->store = store_new(b->loop, &b->config, b->apps.reg, b->actuator, on_written, b);
}

static void restore(struct bed *b, bool more_to_come)
{
	while (store_restore(b->store, loop_clock() + USEC_PER_SEC))
		;
	store_begin(b->store, more_to_come);
}

static void stop(struct bed *b)
{
	store_free(b->store);
	fake_registry_done(&b->apps);
	actuator_free(b->actuator);
	b->store = NULL;
}

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	str_copy(b->dir, sizeof(b->dir), "/tmp/vipherald-store-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/state.json", b->dir);
	b->config.state_file = b->path;
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&b->loop) >= 0);
	start(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	char command[128];
	if (b->store)
		stop(b);
	sd_event_unref(b->loop);
	snprintf(command, sizeof(command), "rm -r %s", b->dir);
	free(b);
	return system(command);
}

/* The next instance, with `more` to come from Consul. */
static void restart(struct bed *b, bool more)
{
	stop(b);
	start(b);
	restore(b, more);
}

static void write_file(const struct bed *b, const char *lines)
{
	FILE *f = fopen(b->path, "w");
	int n = 0;
	assert_non_null(f);
	for (const char *p = lines; *p; p++)
		n += *p == '\n';
	fprintf(f, "{\"vipherald_state\": 1, \"boot\": \"b\", \"netns\": \"n\"}\n%s{\"end\": %d}\n",
		lines, n);
	fclose(f);
}

static mono_t now(const struct bed *b)
{
	return loop_now(b->loop);
}

static const struct app *app(const struct bed *b, const char *name)
{
	return registry_find(b->apps.reg, name);
}

static bool is_done(void *userdata)
{
	const struct bed *b = userdata;
	uint64_t number;
	return store_progress(b->store, &number) == STORE_DONE;
}

static void test_a_registration_is_written_and_restored(void **state)
{
	struct bed *b = *state;
	uint64_t number;
	restore(b, false);
	loop_until(b->loop, is_done, b);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	fake_register(&b->apps, APP_FROM_CONFIG, "file", "192.0.2.2/32", NULL, NULL);
	assert_int_equal(store_progress(b->store, &number), STORE_PENDING);
	loop_until(b->loop, is_done, b);
	assert_true(b->stored && b->up_to >= number);
	restart(b, false);
	assert_int_equal(store_n_restored(b->store), 1);
	assert_non_null(app(b, "web"));
	assert_null(app(b, "file"));
	registry_unregister(b->apps.reg, "web", now(b));
	restart(b, false);
	assert_null(app(b, "web"));
}

/* A whole file that is too large would be written no more; addresses on lo need some of it. */
static void test_the_file_has_room_for_so_much(void **state)
{
	struct bed *b = *state;
	struct err err = { "" };
	restore(b, false);
	assert_int_equal(store_check_room(b->store, 0, &err), 0);
	assert_int_equal(store_check_room(b->store, STATE_BYTES_MAX / 16, &err), 0);
	assert_int_equal(store_check_room(b->store, STATE_BYTES_MAX / 8, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "no more than 49152 are for apps and drains"));
	stop(b);
	b->path[0] = 0; /* off */
	start(b);
	assert_int_equal(store_check_room(b->store, STATE_BYTES_MAX, &err), 0);
}

/* Changes are not written before that: a crash during the start loses nothing. */
static void test_nothing_is_written_before_all_is_restored(void **state)
{
	struct bed *b = *state;
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	stop(b);
	start(b);
	stop(b);
	start(b);
	restore(b, false);
	assert_non_null(app(b, "web"));
}

static void test_a_stop_is_not_written(void **state)
{
	struct bed *b = *state;
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	store_stop(b->store);
	registry_unregister_all(b->apps.reg, now(b));
	restart(b, false);
	assert_non_null(app(b, "web"));
}

static void test_a_lease_goes_on(void **state)
{
	struct bed *b = *state;
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, "2h");
	registry_set_lease_end(b->apps.reg, "web", now(b) + HOUR);
	restart(b, false);
	assert_true(app_lease_end(app(b, "web")) <= now(b) + HOUR + USEC_PER_SEC);
	assert_true(app_lease_end(app(b, "web")) > now(b) + HOUR / 2);
}

/* The clock may be anything: no lease has more left than its span. */
static void test_leases_by_a_wrong_clock(void **state)
{
	struct bed *b = *state;
	stop(b);
	write_file(b,
		   "{\"register\": [[\"name\", \"ended\"], [\"vip\", \"192.0.2.1/32\"], "
		   "[\"ttl\", \"60s\"]], \"local\": true, \"lease_until_ms\": 1000}\n"
		   "{\"register\": [[\"name\", \"late\"], [\"vip\", \"192.0.2.2/32\"], "
		   "[\"ttl\", \"60s\"]], \"local\": true, \"lease_until_ms\": 99999999999999}\n");
	start(b);
	restore(b, false);
	assert_int_equal(store_n_restored(b->store), 1);
	assert_null(app(b, "ended"));
	assert_true(app_lease_end(app(b, "late")) <= now(b) + 60 * USEC_PER_SEC);
}

static void test_the_configuration_comes_first(void **state)
{
	struct bed *b = *state;
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	stop(b);
	start(b);
	fake_register(&b->apps, APP_FROM_CONFIG, "web", "192.0.2.9/32", NULL, NULL);
	restore(b, false);
	assert_int_equal(store_n_restored(b->store), 0);
	assert_int_equal(app(b, "web")->spec->source, APP_FROM_CONFIG);
}

static const struct drain_request *api_request(const struct drain *d)
{
	return d && d->requests[DRAIN_BY_API].on ? &d->requests[DRAIN_BY_API] : NULL;
}

static void test_drains_are_restored(void **state)
{
	struct bed *b = *state;
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	registry_drain(b->apps.reg, "web", DRAIN_BY_API, NULL, "upgrade", now(b) + HOUR, now(b));
	registry_drain(b->apps.reg, NULL, DRAIN_BY_API, NULL, "move", USEC_NEVER, now(b));
	registry_drain(b->apps.reg, NULL, DRAIN_BY_FILE, NULL, "file", USEC_NEVER, now(b));
	restart(b, false);
	const struct drain_request *of_app = api_request(app(b, "web")->drain);
	const struct drain_request *of_agent = api_request(registry_agent_drain(b->apps.reg));
	assert_non_null(of_app);
	assert_string_equal(of_app->reason, "upgrade");
	assert_true(of_app->until > now(b) && of_app->until <= now(b) + HOUR + USEC_PER_SEC);
	assert_non_null(of_agent);
	assert_int_equal(of_agent->until, USEC_NEVER);
	assert_false(registry_agent_drain(b->apps.reg)->requests[DRAIN_BY_FILE].on);
	registry_undrain(b->apps.reg, NULL, DRAIN_BY_API, NULL, now(b));
	restart(b, false);
	assert_null(api_request(registry_agent_drain(b->apps.reg)));
}

static void test_a_drain_that_has_ended_is_not_restored(void **state)
{
	struct bed *b = *state;
	stop(b);
	write_file(b, "{\"drain\": null, \"since_ms\": 1000, \"until_ms\": 2000, "
		      "\"reason\": \"old\"}\n");
	start(b);
	restore(b, false);
	assert_null(api_request(registry_agent_drain(b->apps.reg)));
}

/* Consul may yet bring its app. */
static void test_a_drain_without_its_app(void **state)
{
	static const char line[] = "{\"drain\": \"web\", \"since_ms\": 1000, \"until_ms\": null, "
				   "\"reason\": \"why\"}\n";
	struct bed *b = *state;
	stop(b);
	write_file(b, line);
	start(b);
	restore(b, true);
	restart(b, true);
	fake_register(&b->apps, APP_FROM_CONSUL, "web", "192.0.2.1/32", NULL, NULL);
	assert_non_null(api_request(app(b, "web")->drain));
	stop(b);
	write_file(b, line);
	start(b);
	restore(b, false);
	restart(b, false);
	fake_register(&b->apps, APP_FROM_CONSUL, "web", "192.0.2.1/32", NULL, NULL);
	assert_null(api_request(app(b, "web")->drain));
}

static void test_without_a_file_nothing_is_stored(void **state)
{
	struct bed *b = *state;
	struct state_file_status status;
	uint64_t number;
	stop(b);
	char off[] = "";
	b->config.state_file = off;
	start(b);
	restore(b, false);
	fake_register(&b->apps, APP_FROM_HTTP, "web", "192.0.2.1/32", NULL, NULL);
	assert_int_equal(store_progress(b->store, &number), STORE_FAILED);
	assert_false(store_status(b->store, &status));
	stop(b);
}

static void test_a_file_that_cannot_be_had(void **state)
{
	struct bed *b = *state;
	uint64_t number;
	char path[] = "/proc/no/state.json";
	stop(b);
	b->config.state_file = path;
	start(b);
	restore(b, false);
	assert_int_equal(store_progress(b->store, &number), STORE_FAILED);
	stop(b);
}

static void test_the_directory_of_systemd(void **state)
{
	struct bed *b = *state;
	struct state_file_status status;
	char directories[160];
	stop(b);
	b->config.state_file = NULL;
	snprintf(directories, sizeof(directories), "%s:/nowhere", b->dir);
	setenv("STATE_DIRECTORY", directories, 1);
	start(b);
	unsetenv("STATE_DIRECTORY");
	assert_true(store_status(b->store, &status));
	assert_string_equal(status.path, b->path);
}

static void test_clocks(void **state)
{
	(void)state;
	const struct store_clock c = { .mono = 100 * USEC_PER_SEC, .wall = 5000 * USEC_PER_SEC };
	assert_int_equal(store_clock_to_wall(c, 101 * USEC_PER_SEC), 5001 * USEC_PER_SEC);
	assert_int_equal(store_clock_to_wall(c, 99 * USEC_PER_SEC), 4999 * USEC_PER_SEC);
	assert_int_equal(store_clock_to_wall(c, USEC_NEVER), USEC_NEVER);
	assert_int_equal(store_clock_to_mono(c, 5001 * USEC_PER_SEC), 101 * USEC_PER_SEC);
	assert_int_equal(store_clock_to_mono(c, 4999 * USEC_PER_SEC), 100 * USEC_PER_SEC);
	assert_int_equal(store_clock_to_mono(c, USEC_NEVER), USEC_NEVER);
	/* A clock that is younger than the instant. */
	const struct store_clock young = { .mono = 100 * USEC_PER_SEC, .wall = USEC_PER_SEC };
	assert_int_equal(store_clock_to_wall(young, 0), 0);
}

static void test_places(void **state)
{
	struct state_place here, there;
	(void)state;
	state_place_find(&here);
	there = here;
	assert_true(here.boot[0] && here.netns[0]);
	assert_true(state_place_equal(&here, &there));
	there.netns[0] = 0;
	assert_false(state_place_equal(&here, &there));
	assert_false(state_place_equal(&there, &there));
	there = here;
	there.boot[0] ^= 1;
	assert_false(state_place_equal(&here, &there));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_registration_is_written_and_restored),
		TEST(test_the_file_has_room_for_so_much),
		TEST(test_nothing_is_written_before_all_is_restored),
		TEST(test_a_stop_is_not_written),
		TEST(test_a_lease_goes_on),
		TEST(test_leases_by_a_wrong_clock),
		TEST(test_the_configuration_comes_first),
		TEST(test_drains_are_restored),
		TEST(test_a_drain_that_has_ended_is_not_restored),
		TEST(test_a_drain_without_its_app),
		TEST(test_without_a_file_nothing_is_stored),
		TEST(test_a_file_that_cannot_be_had),
		TEST(test_the_directory_of_systemd),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_places),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
