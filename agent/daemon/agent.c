/* SPDX-License-Identifier: MIT */
/*
 * Owns everything, and knows the order in which it is created and freed.
 *
 * Start: configuration, own addresses, API socket, lo, monitors, state file, BGP, sources of apps.
 * The API socket comes before anything is touched, because that is where a second agent on the host
 * fails. Changes over HTTP wait until the apps of the configuration and of the state file are
 * registered (sources.h). VIPs of the previous instance that no app wants are removed last
 * (recovery.h).
 *
 * Shutdown: shutdown_fsm.h has its states and its timeline, shutdown_ops.c what is done in each.
 */
#include "agent/daemon/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent/daemon/account.h"
#include "agent/daemon/alarm_log.h"
#include "agent/daemon/api_start.h"
#include "agent/daemon/calls.h"
#include "agent/daemon/check_now.h"
#include "agent/daemon/compare.h"
#include "agent/daemon/exec_env.h"
#include "agent/daemon/fleet_calls.h"
#include "agent/daemon/hooks.h"
#include "agent/daemon/host_shutdown.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_set.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/program_calls.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_confirm.h"
#include "agent/daemon/reload_trial.h"
#include "agent/daemon/restart.h"
#include "agent/daemon/rolling.h"
#include "agent/daemon/route_log.h"
#include "agent/daemon/settings.h"
#include "agent/daemon/shutdown_ops.h"
#include "agent/daemon/vip_rules.h"
#include "agent/daemon/start_config.h"
#include "agent/daemon/what_if.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/programs/programs.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/version.h"
#include "nat/counters.h"
#include "process/capability.h"
#include "process/fd_limit.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/nice_limit.h"

/* Kept for /v1/events, some 150 octets each. */
#define EVENTS_MAX 4096
/* How often disable_files are checked without an event. */
#define PRESENCE_RESYNC (5 * USEC_PER_SEC)

static void on_registered(void *userdata)
{
	struct agent *a = userdata;
	peer_log_update(a->peer_log);
	api_retry(a->api);
	service_ready(a->service);
	if (!a->alarm_log)
		a->alarm_log = alarm_log_new(a->loop, calls_alarms, a);
	if (!a->host_shutdown)
		a->host_shutdown = host_shutdown_new(a);
	reload_registered(a->reload);
	reload_keep_copy(a);
	peer_set_settle(a);
}

static void on_recovered(void *userdata)
{
	struct agent *a = userdata;
	actuator_collect_leftovers(a->actuator);
}

static void on_stop(const char *signal, void *userdata)
{
	const struct agent *a = userdata;
	shutdown_stop(a->shutdown, signal);
}

static void on_restart(const char *signal, pid_t sender, void *userdata)
{
	const struct agent *a = userdata;
	restart_ask(a->restart, signal, sender);
}

static void on_hangup(const char *signal, void *userdata)
{
	const struct agent *a = userdata;
	if (shutdown_state(a->shutdown) == SHUTDOWN_RUNNING)
		reload_ask(a->reload, &(struct reload_request){ .trigger = signal });
	else
		log_warn("agent", "%s: ignored, the agent is stopping", signal);
}

/* The start */

static void on_peer_changed(const struct bgp_peer_status *status, void *userdata)
{
	struct agent *a = userdata;
	programs_peer_changed(a->programs, status);
	enum shutdown_state state = shutdown_state(a->shutdown);
	peer_bfd_update(a->bfd);
	if (a->changing_peers) /* peer_log_change() follows */
		return;
	if (state != SHUTDOWN_CLOSING && state != SHUTDOWN_LEAVING) /* it is us who close them */
		peer_log_update(a->peer_log);
}

static void on_sent(const struct bgp_peer_config *peer, const struct bgp_sent *sent, void *userdata)
{
	(void)userdata;
	route_log_sent(peer, sent);
}

/* Graceful restart: VIPs that need none of our addresses are served while no instance runs. */
static bool serves_without_us(const struct config *c, uint8_t family)
{
	bool any = !bind_is_ours(c->agent.bind);
	for (size_t i = 0; i < c->n_apps && !any; i++)
		any = !bind_is_ours(app_spec_bind(&c->apps[i])) &&
		      app_spec_has_family(&c->apps[i], family);
	return any;
}

static void find_forwarding(struct agent *a)
{
	bool *v4 = &a->identity.bgp.forwarding_ipv4, *v6 = &a->identity.bgp.forwarding_ipv6;
	actuator_find_leftovers(a->actuator, v4, v6);
	*v4 = *v4 || serves_without_us(a->config, AF_INET);
	*v6 = *v6 || serves_without_us(a->config, AF_INET6);
	program_calls_forwarding(a->config, v4, v6);
}

static int start_speaker(struct agent *a, struct err *err)
{
	static const struct bgp_speaker_ops ops = { .peer_changed = on_peer_changed,
						    .sent = on_sent };
	a->identity.bgp.listen_if_allowed = true;
	find_forwarding(a);
	peer_orders_mark(&a->peer_orders, a->identity.peers, a->identity.bgp.n_peers);
	int rc = bgp_speaker_new(a->loop, &a->identity.bgp, &ops, a, &a->speaker, err);
	if (rc < 0)
		return err_prefix(err, rc, "BGP: ");
	const char *no_listener = bgp_speaker_no_listener(a->speaker);
	if (no_listener)
		log_error("bgp", "%s; continuing without a listener", no_listener);
	a->peer_log = peer_log_new(a->speaker, actuator_reconcile(a->actuator));
	actuator_set_speaker(a->actuator, a->speaker);
	actuator_set_aggregates(a->actuator, &a->config->aggregates);
	rc = host_changes_new(a->loop, &a->identity, a->actuator, &a->host_changes, err);
	if (rc == 0)
		rc = peer_bfd_new(a->loop, a->speaker, &a->bfd, err);
	if (rc < 0)
		return rc;
	bgp_speaker_start(a->speaker);
	peer_bfd_update(a->bfd);
	return 0;
}

static void start_sources(struct agent *a)
{
	a->recovery = recovery_new(a->loop, a->speaker, a->registry,
				   actuator_reconcile(a->actuator), on_recovered, a);
	const struct sources_env env = {
		.loop = a->loop,
		.config = a->config,
		.registry = a->registry,
		.runner = a->runner,
		.store = a->store,
		.recovery = a->recovery,
		.start_programs = program_calls_start,
		.registered = on_registered,
		.userdata = a,
	};
	a->sources = sources_new(&env);
}

/* Before the first app, so that the guard knows all. */
static void start_fleet(struct agent *a)
{
	const struct fleet_agent_env env = {
		.loop = a->loop,
		.registry = a->registry,
		.spec = &a->config->fleet,
		.consul = &a->config->agent.consul,
		.config_sha256 = a->config_file.sha256,
	};
	if (a->config->fleet.engine != FLEET_OFF)
		a->fleet = fleet_agent_new(&env);
}

/* Before the first app, so that none is announced that should be drained. */
static int start_drains(struct agent *a, struct err *err)
{
	int rc = file_watcher_new(a->loop, PRESENCE_RESYNC, &a->presence, err);
	if (rc < 0)
		return rc;
	settings_apply_to_registry(a);
	settings_apply_disable_file(a);
	return 0;
}

static int start_health(struct agent *a, struct err *err)
{
	const struct config_agent *c = &a->config->agent;
	a->exec_env = exec_env_make(a->exec_user, c->exec_env);
	const struct runner_config runner = settings_of_runner(a);
	int rc = monitor_runner_new(a->loop, &runner, &a->runner, err);
	if (rc < 0)
		return rc;
	a->registry =
		registry_new(a->loop, a->runner, actuator_reconcile(a->actuator), c->cleanup_timer);
	registry_set_guard(a->registry, vip_rules_guard, a);
	registry_set_policy(a->registry, vip_rules_policy, a);
	settings_apply_to_facts(a);
	start_fleet(a);
	return 0;
}

/* Missing capabilities are logged; what needs them fails on its own. */
static int drop_privileges(struct agent *a, struct err *err)
{
	const char *root = privileges_root_commands(a->config);
	if (root)
		log_warn("exec", "%s", root);
	api_prepare(a->config);
	uint64_t before = capability_effective();
	int rc = privileges_drop(a->config, &a->capabilities, err);
	a->given_up = before & ~capability_effective();
	const char *exec_user = a->config->agent.exec_user;
	if (rc == 0 && exec_user)
		rc = account_find("agent.exec.user", exec_user, &a->exec_user, err);
	if (rc == 0)
		rc = program_users_find(&a->config->programs, &a->program_users, err);
	if (rc == 0)
		rc = sandbox_start_launcher(a->config, a->exec_user, &a->program_users, err);
	if (rc < 0)
		return rc;
	privileges_report(&a->capabilities);
	privileges_check_files(a->config, a->config_file.path);
	return 0;
}

static void on_stale_children(size_t killed, void *userdata)
{
	(void)userdata;
	if (killed > 0)
		log_info("exec", "killed %zu process%s of checks of the previous instance", killed,
			 killed == 1 ? "" : "es");
}

static void on_copy_settled(bool stored, void *userdata)
{
	struct agent *a = userdata;
	if (stored) /* the configuration may be another one by now */
		reload_keep_copy(a);
	reload_settled(a->reload);
}

static void on_expired(void *userdata)
{
	const struct agent *a = userdata;
	reload_expired(a->reload);
}

static void on_mark_settled(void *userdata)
{
	const struct agent *a = userdata;
	reload_settled(a->reload);
}

/* Copies of the configuration and the mark of a trial, for the next start. */
static void start_copies(struct agent *a)
{
	static const struct confirm_ops ops = { on_expired, on_mark_settled };
	a->last_good = last_good_new(a->loop, on_copy_settled, a);
	a->confirm = confirm_new(a->loop, &a->config_file, &a->mark, &ops, a);
}

static int start_loop(struct agent *a, struct err *err)
{
	static const struct signals_handlers handlers = { on_stop, on_restart, on_hangup };
	int rc = sd_event_new(&a->loop);
	if (rc >= 0)
		rc = signals_new(a->loop, &handlers, a, &a->signals);
	if (rc < 0)
		return err_set(err, rc, "cannot create the event loop: %s", strerror(-rc));
	a->shutdown = shutdown_new(a->loop, &agent_shutdown_ops, a);
	a->service = service_new(a->loop, calls_summarize, a);
	a->reload = reload_new(a);
	a->compare = compare_new(a);
	a->check_now = check_now_new(a);
	a->what_if = what_if_new(a);
	a->fleet_calls = fleet_calls_new(a);
	a->restart = restart_new(a);
	/* `off`: nothing is kept on the disk. */
	if (!a->config->agent.state_file || *a->config->agent.state_file)
		start_copies(a);
	return 0;
}

static int start(struct agent *a, struct err *err)
{
	int rc = start_loop(a, err);
	if (rc == 0)
		rc = host_addresses_find(a->config, &a->identity, err);
	if (rc == 0)
		rc = api_start(a, err);
	if (rc == 0)
		a->stale_children = stale_children_new(a->loop, on_stale_children, a);
	if (rc == 0)
		rc = actuator_new(a->loop, &a->identity, a->config->nat.backend, &a->actuator, err);
	if (rc == 0)
		rc = start_health(a, err);
	if (rc == 0)
		rc = start_drains(a, err);
	if (rc == 0)
		a->store = store_new(a->loop, &a->config->agent, a->registry, a->actuator,
				     calls_on_written, a);
	if (rc == 0) {
		a->rolling = rolling_new(a, fleet_calls_roll_changed, a->fleet_calls);
		peer_set_restore(a);
		rc = start_speaker(a, err);
	}
	if (rc < 0)
		return rc;
	/* Before the first lookup of a name. */
	a->sandbox = sandbox_enter(a->loop, a->config);
	counters_remove_leftover();
	settings_apply_traffic(a);
	start_sources(a);
	return 0;
}

static void agent_done(struct agent *a)
{
	check_now_stop(a->check_now);
	what_if_stop(a->what_if);
	fleet_calls_stop(a->fleet_calls);
	rolling_stop(a->rolling);
	api_free(a->api); /* its streams walk the registry */
	a->api = NULL;    /* parts freed below may still log events */
	hooks_free(a->hooks);
	a->hooks = NULL;
	host_shutdown_free(a->host_shutdown);
	alarm_log_free(a->alarm_log);
	compare_free(a->compare);
	what_if_free(a->what_if);
	fleet_calls_free(a->fleet_calls);
	rolling_free(a->rolling);
	a->rolling = NULL;
	check_now_free(a->check_now);
	a->check_now = NULL; /* checks that end are told to it */
	reload_free(a->reload);
	last_good_free(a->last_good);
	confirm_free(a->confirm);
	restart_free(a->restart);
	programs_free(a->programs);
	a->programs = NULL;
	sources_free(a->sources);
	store_free(a->store);
	traffic_watch_free(a->traffic);
	a->traffic = NULL;
	fleet_agent_free(a->fleet);
	a->fleet = NULL;
	registry_free(a->registry);
	disable_file_free(a->disable_file);
	file_watcher_free(a->presence);
	monitor_runner_free(a->runner);
	exec_env_free(a->exec_env);
	account_free(a->exec_user);
	program_users_done(&a->program_users);
	host_changes_free(a->host_changes);
	host_facts_free(a->facts);
	actuator_free(a->actuator); /* it may wait for the speaker */
	peer_log_free(a->peer_log);
	service_free(a->service);
	recovery_free(a->recovery);
	peer_bfd_free(a->bfd);
	bgp_speaker_free(a->speaker);
	peer_orders_done(&a->peer_orders);
	shutdown_free(a->shutdown);
	signals_free(a->signals);
	host_addresses_done(&a->identity);
	config_free(a->config);
	config_file_done(&a->config_file);
	stale_children_free(a->stale_children);
	launcher_stop();
	sandbox_free(a->sandbox);
	instance_done(&a->instance);
	log_set_sink(NULL, NULL);
	event_ring_free(a->events);
	sd_event_unref(a->loop);
}

static void on_event(const struct log_event *e, wall_t at, enum log_level level, const char *text,
		     void *userdata)
{
	struct event event = { .at = at, .level = level, .about = *e, .text = text };
	struct agent *a = userdata;
	event_ring_add(a->events, &event);
	event.id = event_ring_newest(a->events);
	api_wake_followers(a->api);
	hooks_on_event(a->hooks, &event);
}

int agent_run(const char *config_file)
{
	struct agent a = { .began_at = loop_clock() };
	struct err err = { "" };
	instance_init(&a.instance);
	signals_block();
	fd_limit_raise();
	nice_limit_raise();
	int rc = start_config_load(&a, config_file);
	if (rc < 0)
		return rc == -EINVAL ? EX_CONFIG : 1;
	a.events = event_ring_new(EVENTS_MAX, wall_now());
	a.hooks = hooks_new(&a);
	log_set_sink(on_event, &a);
	log_event(LOG_INFO, "agent", EVENT("agent.started"), "vipherald %s", VIPHERALD_VERSION);
	rc = instance_claim(&a.instance, a.config, &err);
	if (rc == 0)
		rc = drop_privileges(&a, &err);
	if (rc == 0)
		rc = start(&a, &err);
	if (rc < 0)
		log_error("agent", "%s", err.text);
	else
		rc = sd_event_loop(a.loop);
	agent_done(&a);
	return rc < 0 ? 1 : rc;
}
