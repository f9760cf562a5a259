/* SPDX-License-Identifier: MIT */
/* Graceful restart after the start. The peer never answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/app/health.h"
#include "agent/daemon/recovery.h"
#include "lib/log.h"
#include "tests/unit/fake_registry.h"
#include "tests/unit/loop_until.h"

#define RESTART_TIME (300 * USEC_PER_MSEC)

struct bed {
	sd_event *loop;
	struct fake_registry apps;
	struct bgp_speaker *speaker;
	struct recovery *recovery;
	unsigned recovered;
};

static void on_recovered(void *userdata)
{
	((struct bed *)userdata)->recovered++;
}

static void start(struct bed *b, bool graceful)
{
	struct err err = { "" };
	static const struct bgp_speaker_ops ops;
	struct bgp_peer_config peer = {
		.addr = addr_v4(INADDR_LOOPBACK),
		.peer_as = 65000,
		.port = 1, /* refused */
		.hold_time = 90 * USEC_PER_SEC,
		.connect_retry = USEC_PER_SEC,
		.connect_retry_max = USEC_PER_SEC,
		.connect_timeout = USEC_PER_SEC,
		.graceful_restart = graceful,
		.restart_time = RESTART_TIME,
	};
	const struct bgp_config config = {
		.local_as = 65001, .router_id = 1, .peers = &peer, .n_peers = 1
	};
	if (bgp_speaker_new(b->loop, &config, &ops, b, &b->speaker, &err) < 0)
		fail_msg("%s", err.text);
	bgp_speaker_start(b->speaker);
	b->recovery =
		recovery_new(b->loop, b->speaker, b->apps.reg, b->apps.reconcile, on_recovered, b);
	recovery_expect(b->recovery);
}

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ 0 };
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&b.loop) >= 0);
	fake_registry_init(&b.apps, b.loop);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	recovery_free(b->recovery);
	bgp_speaker_free(b->speaker);
	fake_registry_done(&b->apps);
	sd_event_unref(b->loop);
	return 0;
}

static bool recovered(void *userdata)
{
	return ((struct bed *)userdata)->recovered > 0;
}

/* Without a verdict: no Consul is configured. */
static void register_undecided(struct bed *b)
{
	fake_register(&b->apps, APP_FROM_CONFIG, "slow", "192.0.2.1/32", "consul", NULL);
	assert_int_equal(registry_n(b->apps.reg, HEALTH_UNKNOWN), 1);
}

static void test_without_graceful_restart_when_all_sources_have_arrived(void **state)
{
	struct bed *b = *state;
	start(b, false);
	register_undecided(b);
	recovery_expect(b->recovery);
	recovery_arrived(b->recovery);
	assert_int_equal(b->recovered, 0);
	assert_true(recovery_started_at(b->recovery) == USEC_NEVER);
	mono_t before = loop_now(b->loop);
	recovery_arrived(b->recovery);
	assert_int_equal(b->recovered, 1);
	assert_in_range(recovery_started_at(b->recovery), before, loop_now(b->loop));
}

static void test_the_deadline_is_the_longest_restart_time(void **state)
{
	struct bed *b = *state;
	mono_t before = loop_now(b->loop);
	start(b, true);
	assert_true(recovery_deadline(b->recovery) >= before + RESTART_TIME);
}

/* Verdicts there: only the acknowledgement of End-of-RIB is waited for. */
static void test_with_all_verdicts(void **state)
{
	struct bed *b = *state;
	start(b, true);
	fake_register(&b->apps, APP_FROM_CONFIG, "web", "192.0.2.1/32", NULL, NULL);
	recovery_arrived(b->recovery);
	assert_int_equal(b->recovered, 0);
	loop_until(b->loop, recovered, b);
	assert_int_equal(b->recovered, 1);
}

/* A check that never answers delays it until restart_time is over. */
static void test_without_a_verdict_until_restart_time_is_over(void **state)
{
	struct bed *b = *state;
	start(b, true);
	register_undecided(b);
	recovery_arrived(b->recovery);
	loop_until(b->loop, recovered, b);
	assert_true(loop_now(b->loop) >= recovery_deadline(b->recovery));
	assert_int_equal(registry_n(b->apps.reg, HEALTH_UNKNOWN), 1);
}

static void test_a_stop_does_not_wait(void **state)
{
	struct bed *b = *state;
	start(b, true);
	register_undecided(b);
	recovery_arrived(b->recovery);
	recovery_abandon(b->recovery);
	assert_int_equal(b->recovered, 1);
	recovery_abandon(b->recovery);
	assert_int_equal(b->recovered, 1);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	*(bool *)userdata = true;
	return 0;
}

/* The next instance sends End-of-RIB; and a stop may still end the restart. */
static void test_a_restart_leaves_it_to_the_next_instance(void **state)
{
	struct bed *b = *state;
	bool over = false;
	sd_event_source *timer = NULL;
	start(b, true);
	recovery_suspend(b->recovery);
	recovery_arrived(b->recovery);
	loop_timer_set(b->loop, &timer, recovery_deadline(b->recovery) + 1, LOOP_IDLE, on_time,
		       &over);
	loop_until(b->loop, loop_until_true, &over);
	sd_event_source_disable_unref(timer);
	assert_int_equal(b->recovered, 0);
	recovery_abandon(b->recovery);
	assert_int_equal(b->recovered, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_graceful_restart_when_all_sources_have_arrived),
		TEST(test_the_deadline_is_the_longest_restart_time),
		TEST(test_with_all_verdicts),
		TEST(test_without_a_verdict_until_restart_time_is_over),
		TEST(test_a_stop_does_not_wait),
		TEST(test_a_restart_leaves_it_to_the_next_instance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
