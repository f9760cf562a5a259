/* SPDX-License-Identifier: MIT */
/* Effect of a shutdown on the parts of an agent. There is no router. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "tests/unit/agent_bed.h"
#include "tests/unit/captured_log.h"

#define APPS                                                                                       \
	"apps:\n  - { name: web, vip: 192.0.2.1/32 }\n"                                            \
	"  - { name: mail, vip: 192.0.2.2/32 }\n"

static int setup(void **state)
{
	static struct agent_bed b;
	agent_bed_init(&b);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	agent_bed_done(*state);
	return 0;
}

static void run(struct agent_bed *b, const char *agent, const char *peer)
{
	agent_bed_write(b, agent, peer, APPS);
	agent_bed_run(b);
	assert_true(agent_bed_has("192.0.2.1/32"));
}

static struct shutdown_facts facts_of(struct agent_bed *b)
{
	struct shutdown_facts facts = { 0 };
	agent_shutdown_ops.facts(&facts, &b->a);
	return facts;
}

static void test_facts(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "  shutdown_drain: true\n", ", graceful_restart: true", APPS);
	agent_bed_start(b);
	agent_bed_start_sources(b);
	assert_false(facts_of(b).drain); /* nothing is registered yet */
	assert_true(facts_of(b).graceful);
	loop_until(b->a.loop, agent_bed_is_registered, b);
	assert_true(facts_of(b).drain);
}

static void test_facts_without_drain_and_graceful_restart(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", "");
	assert_false(facts_of(b).drain);
	assert_false(facts_of(b).graceful);
}

static void test_drain_is_by_the_stop_and_of_all_apps(void **state)
{
	struct agent_bed *b = *state;
	run(b, "  drain_time: 20s\n", "");
	mono_t now = loop_now(b->a.loop);
	assert_true(agent_shutdown_ops.drain(&b->a) == now + 20 * USEC_PER_SEC);
	const struct drain *drain = registry_agent_drain(b->a.registry);
	assert_true(drain->requests[DRAIN_BY_STOP].on);
	assert_true(drain->requests[DRAIN_BY_STOP].until == USEC_NEVER);
}

/* Runs until the shutdown has ended the loop. */
static void run_to_the_end(struct agent_bed *b)
{
	int code = -1;
	assert_int_equal(sd_event_loop(b->a.loop), 0);
	assert_true(sd_event_get_exit_code(b->a.loop, &code) >= 0);
	assert_int_equal(code, 0);
	assert_int_equal(shutdown_state(b->a.shutdown), SHUTDOWN_ENDED);
}

static void test_a_stop_removes_all(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", "");
	shutdown_stop(b->a.shutdown, "SIGTERM");
	assert_int_equal(bgp_speaker_n_routes(b->a.speaker), 0); /* in one turn */
	assert_null(registry_find(b->a.registry, "web"));
	run_to_the_end(b);
	assert_false(agent_bed_has("192.0.2.1/32"));
	assert_false(agent_bed_has("192.0.2.2/32"));
}

/* Apps over HTTP come back with the next start. */
static void test_a_stop_is_no_change_of_the_state_file(void **state)
{
	struct agent_bed *b = *state;
	uint64_t number;
	run(b, "", "");
	agent_bed_register(b, "kept", "192.0.2.3/32");
	assert_int_equal(store_progress(b->a.store, &number), STORE_PENDING);
	shutdown_stop(b->a.shutdown, "SIGTERM");
	run_to_the_end(b);
	store_free(b->a.store);
	b->a.store = NULL;
	assert_int_equal(shell("grep -qF 192.0.2.3 %s/state.json", b->dir), 0);
}

/* While the start registers apps: those that are left are not registered any more. */
static void test_a_stop_ends_the_registration(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", "", APPS);
	agent_bed_start(b);
	agent_bed_start_sources(b);
	shutdown_stop(b->a.shutdown, "SIGTERM");
	run_to_the_end(b);
	assert_int_equal(b->registered, 0);
	assert_false(agent_bed_has("192.0.2.1/32"));
}

/* VIPs of the previous instance that no app has claimed go as well. */
static void test_a_stop_removes_leftovers(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", ", graceful_restart: true");
	assert_int_equal(b->recovered, 0);
	shutdown_stop(b->a.shutdown, "SIGTERM");
	assert_int_equal(b->recovered, 1);
	run_to_the_end(b);
}

static void test_a_stop_ends_a_reload(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", "");
	agent_bed_write(b, "", "", "apps:\n  - { name: new, vip: 192.0.2.9/32 }\n");
	reload_ask(b->a.reload, &(struct reload_request){ .trigger = "SIGHUP" });
	shutdown_stop(b->a.shutdown, "SIGTERM");
	run_to_the_end(b);
	assert_int_equal(b->a.config->n_apps, 2);
	assert_false(agent_bed_has("192.0.2.9/32"));
}

/* A router for the agent's peer. */
struct router {
	struct bgp_speaker *speaker;
	bool up;
	char error[320];
};

static void on_router_peer(const struct bgp_peer_status *status, void *userdata)
{
	struct router *r = userdata;
	r->up = status->state == BGP_ESTABLISHED;
	str_copy(r->error, sizeof(r->error), status->last_error);
}

static bool router_is_up(void *userdata)
{
	return ((struct router *)userdata)->up;
}

static bool router_is_down(void *userdata)
{
	return !router_is_up(userdata);
}

/* The router may be Established while our side is in OpenConfirm: its KEEPALIVE is still on the
 * way. */
static bool agent_is_up(void *userdata)
{
	const struct agent_bed *b = userdata;
	struct bgp_peer_status status;
	bgp_speaker_peer_status(b->a.speaker, 0, &status);
	return status.state == BGP_ESTABLISHED;
}

static void start_router(struct agent_bed *b, struct router *r)
{
	static const struct bgp_speaker_ops ops = { .peer_changed = on_router_peer };
	struct err err = { "" };
	struct bgp_peer_config peer = {
		.addr = addr_v4(INADDR_LOOPBACK),
		.peer_as = 65001,
		.passive = true,
		.hold_time = 90 * USEC_PER_SEC,
		.graceful_restart = true,
		.restart_time = 60 * USEC_PER_SEC,
	};
	const struct addr here = addr_v4(INADDR_LOOPBACK + 8);
	const struct bgp_config config = { .local_as = 65000,
					   .router_id = 9,
					   .listen = true,
					   .listen_at = { .addr = here, .port = BGP_PORT },
					   .peers = &peer,
					   .n_peers = 1 };
	*r = (struct router){ 0 };
	if (bgp_speaker_new(b->a.loop, &config, &ops, r, &r->speaker, &err) < 0)
		fail_msg("%s", err.text);
	bgp_speaker_start(r->speaker);
}

static void expect_goodbye(struct agent_bed *b, void (*how)(struct shutdown *, const char *),
			   const char *code, const char *text)
{
	struct router r;
	agent_bed_write(b, "", ", graceful_restart: true", APPS);
	agent_bed_start(b);
	start_router(b, &r);
	agent_bed_start_sources(b);
	loop_until(b->a.loop, router_is_up, &r);
	loop_until(b->a.loop, agent_is_up, b);
	loop_until(b->a.loop, agent_bed_is_registered, b);
	how(b->a.shutdown, "a signal");
	loop_until(b->a.loop, router_is_down, &r);
	if (!strstr(r.error, code) || !strstr(r.error, text))
		fail_msg("%s", r.error);
	bgp_speaker_free(r.speaker);
}

static void test_routers_are_told_of_a_stop(void **state)
{
	expect_goodbye(*state, shutdown_stop, "Administrative Shutdown", "vipherald: stopping");
}

/* A router with RFC 8538 keeps the routes after this NOTIFICATION. */
static void test_a_restart_lets_routers_keep_the_routes(void **state)
{
	expect_goodbye(*state, shutdown_restart, "Administrative Reset", "vipherald: restarting");
}

static void test_a_restart_ends_the_registration(void **state)
{
	struct agent_bed *b = *state;
	agent_bed_write(b, "", ", graceful_restart: true", APPS);
	agent_bed_start(b);
	agent_bed_start_sources(b);
	shutdown_restart(b->a.shutdown, "SIGUSR2");
	run_to_the_end(b);
	assert_int_equal(b->registered, 0);
}

/* Routers drop at End-of-RIB what was not announced again: the next instance sends it. */
static void test_a_restart_sends_no_end_of_rib(void **state)
{
	struct agent_bed *b = *state;
	static struct captured_log lines;
	run(b, "", ", graceful_restart: true");
	agent_shutdown_ops.leave(usec_add(loop_now(b->a.loop), USEC_PER_SEC), &b->a);
	captured_log_begin(&lines);
	log_setup(LOG_INFO, LOG_TEXT);
	loop_drain(b->a.loop);
	log_setup(LOG_ERROR, LOG_TEXT);
	captured_log_expect(&lines, "");
	captured_log_end(&lines);
}

static void test_a_restart_leaves_the_host_as_it_is(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", ", graceful_restart: true");
	shutdown_restart(b->a.shutdown, "SIGUSR2");
	assert_int_equal(shutdown_state(b->a.shutdown), SHUTDOWN_LEAVING);
	assert_int_equal(bgp_speaker_n_routes(b->a.speaker), 2);
	run_to_the_end(b);
	assert_int_equal(b->recovered, 0); /* addresses left on lo are the next instance's */
	assert_true(agent_bed_has("192.0.2.1/32"));
	assert_true(agent_bed_has("192.0.2.2/32"));
}

static void test_a_stop_ends_a_restart(void **state)
{
	struct agent_bed *b = *state;
	run(b, "", ", graceful_restart: true");
	shutdown_restart(b->a.shutdown, "SIGUSR2");
	shutdown_stop(b->a.shutdown, "SIGTERM");
	run_to_the_end(b);
	assert_false(agent_bed_has("192.0.2.1/32"));
}

static bool has_one_vip(void *userdata)
{
	const struct agent_bed *b = userdata;
	return reconcile_counts(actuator_reconcile(b->a.actuator)).bound == 1;
}

static void test_vips_that_are_left_are_named(void **state)
{
	struct agent_bed *b = *state;
	static struct captured_log lines;
	run(b, "", "");
	captured_log_begin(&lines);
	log_setup(LOG_ERROR, LOG_TEXT);
	agent_shutdown_ops.give_up(&b->a);
	captured_log_expect(&lines, "ERROR agent: 2 VIPs could not be removed from lo and will "
				    "stay there\n");
	registry_unregister(b->a.registry, "web", loop_now(b->a.loop));
	loop_until(b->a.loop, has_one_vip, b);
	agent_shutdown_ops.give_up(&b->a);
	captured_log_expect(&lines, "ERROR agent: 1 VIP could not be removed from lo and will "
				    "stay there\n");
	captured_log_end(&lines);
}

static void set_effective(int number, bool on)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	if (on)
		data[0].effective |= 1U << number;
	else
		data[0].effective &= ~(1U << number);
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void test_a_stop_that_cannot_remove_a_vip_says_so(void **state)
{
	struct agent_bed *b = *state;
	static struct captured_log lines;
	run(b, "", "");
	captured_log_begin(&lines);
	set_effective(CAP_NET_ADMIN, false);
	shutdown_stop(b->a.shutdown, "SIGTERM");
	run_to_the_end(b);
	set_effective(CAP_NET_ADMIN, true);
	const char *text = captured_log_read(&lines);
	captured_log_end(&lines);
	if (!strstr(text, "agent: 2 VIPs could not be removed from lo"))
		fail_msg("%s", text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_facts),
		TEST(test_facts_without_drain_and_graceful_restart),
		TEST(test_drain_is_by_the_stop_and_of_all_apps),
		TEST(test_a_stop_removes_all),
		TEST(test_a_stop_is_no_change_of_the_state_file),
		TEST(test_a_stop_ends_the_registration),
		TEST(test_a_stop_removes_leftovers),
		TEST(test_a_stop_ends_a_reload),
		TEST(test_routers_are_told_of_a_stop),
		TEST(test_a_restart_lets_routers_keep_the_routes),
		TEST(test_a_restart_ends_the_registration),
		TEST(test_a_restart_sends_no_end_of_rib),
		TEST(test_a_restart_leaves_the_host_as_it_is),
		TEST(test_a_stop_ends_a_restart),
		TEST(test_vips_that_are_left_are_named),
		TEST(test_a_stop_that_cannot_remove_a_vip_says_so),
	};
	log_setup(LOG_ERROR, LOG_TEXT);
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
