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
 * Shutdown: shutdown_fsm.h has its states and its timeline, this file what is done in each.
 */
#include "agent/daemon/agent.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/daemon/disable_file.h"
#include "agent/daemon/exec_user.h"
#include "agent/daemon/load_log.h"
#include "agent/daemon/peer_log.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/recovery.h"
#include "agent/daemon/service.h"
#include "agent/daemon/shutdown.h"
#include "agent/daemon/signals.h"
#include "agent/daemon/sources.h"
#include "agent/http/answer.h"
#include "agent/http/api.h"
#include "agent/status/status_sources.h"
#include "agent/store/store.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_addresses.h"
#include "agent/vip/host_changes.h"
#include "bgp/speaker.h"
#include "lib/log.h"
#include "lib/str.h"
#include "lib/version.h"
#include "monitors/runner.h"
#include "process/capability.h"
#include "process/instance_lock.h"
#include "process/loop.h"
#include "process/stale_children.h"

#define STOP_TEXT    "vipherald: stopping"
#define RESTART_TEXT "vipherald: restarting"

/* Granted by the service manager beyond what a stop takes. */
#define STOP_SPARE (5 * USEC_PER_SEC)

/* How often disable_files are checked without an event. */
#define PRESENCE_RESYNC (5 * USEC_PER_SEC)

struct agent {
	sd_event *loop;
	struct config *config;
	struct host_addresses identity;
	struct capability_needs capabilities;
	struct service *service; /* NULL: no service manager */
	struct signals *signals;
	struct shutdown *shutdown;
	struct api *api;
	int instance_lock_fd;                  /* -1: not acquired */
	struct stale_children *stale_children; /* of the previous instance */
	struct actuator *actuator;
	struct child_user *exec_user;
	struct monitor_runner *runner;
	struct registry *registry;
	struct file_watcher *presence;
	struct disable_file *disable_file; /* NULL: none configured */
	struct store *store;
	struct bgp_speaker *speaker;
	struct peer_log *peer_log;
	struct host_changes *host_changes;
	struct recovery *recovery;
	struct sources *sources;
};

static void log_peers(struct agent *a)
{
	struct vip_counts counts = reconcile_counts(actuator_reconcile(a->actuator));
	peer_log_update(a->peer_log, counts.owned4, counts.owned6);
}

/* The API */

static const char *phase_of(const struct agent *a)
{
	switch (shutdown_state(a->shutdown)) {
	case SHUTDOWN_RUNNING:
		return sources_registered(a->sources) ? "running" : "starting";
	case SHUTDOWN_DRAINING:
		return "draining";
	case SHUTDOWN_WITHDRAWING:
	case SHUTDOWN_CLOSING:
	case SHUTDOWN_LEAVING:
	case SHUTDOWN_ENDED:
		return "stopping";
	}
	return "";
}

static bool is_stopping(const struct agent *a)
{
	return shutdown_state(a->shutdown) != SHUTDOWN_RUNNING;
}

static struct status_sources sources_of(struct agent *a)
{
	return (struct status_sources){
		.loop = a->loop,
		.registry = a->registry,
		.reconcile = actuator_reconcile(a->actuator),
		.runner = a->runner,
		.speaker = a->speaker,
		.nat = actuator_nat(a->actuator),
		.actuator = a->actuator,
		.host_changes = a->host_changes,
		.communities = &a->config->bgp.communities,
		.phase = phase_of(a),
		.config = &a->config->agent,
		.discovery = sources_discovery(a->sources),
		.store = a->store,
		.capabilities = &a->capabilities,
		.registered = sources_registered(a->sources) || is_stopping(a),
		.started_at = recovery_started_at(a->recovery),
	};
}

static void on_call(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct agent *a = userdata;
	struct status_sources in = sources_of(a);
	/* The apps of configuration and state file come first. */
	if (!in.registered && answer_is_change(call->kind)) {
		ret->defer = API_DEFER_RETRY;
		return;
	}
	answer_call(&in, is_stopping(a), call, ret);
	answer_defer(ret, a->store);
	log_peers(a);
}

static void on_stored(uint64_t up_to, bool stored, void *userdata)
{
	struct agent *a = userdata;
	api_send_stored(a->api, up_to, stored);
}

static void on_registered(void *userdata)
{
	struct agent *a = userdata;
	struct status_sources in = sources_of(a);
	log_peers(a);
	api_retry(a->api);
	service_ready(a->service, &in);
}

static void on_recovered(void *userdata)
{
	struct agent *a = userdata;
	actuator_collect_leftovers(a->actuator);
}

/* The shutdown */

static void get_shutdown_facts(struct shutdown_facts *ret, void *userdata)
{
	const struct agent *a = userdata;
	ret->drain = a->config->agent.shutdown_drain && sources_registered(a->sources);
	ret->graceful = bgp_speaker_is_graceful(a->speaker);
}

static mono_t drain_apps(void *userdata)
{
	struct agent *a = userdata;
	mono_t now = loop_now(a->loop);
	registry_drain(a->registry, NULL, DRAIN_BY_STOP, "vipherald is stopping", USEC_NEVER, now);
	return registry_drained_at(a->registry, now);
}

static void report_vips_left(void *userdata)
{
	struct agent *a = userdata;
	size_t left = reconcile_counts(actuator_reconcile(a->actuator)).bound;
	if (left > 0)
		log_error("agent", "%zu VIP%s could not be removed from lo and will stay there",
			  left, left == 1 ? "" : "s");
}

static void on_vips_removed(void *userdata)
{
	struct agent *a = userdata;
	report_vips_left(a);
	shutdown_vips_removed(a->shutdown);
}

static void withdraw(mono_t flush_limit, void *userdata)
{
	struct agent *a = userdata;
	sources_stop(a->sources);
	store_stop(a->store);
	api_retry(a->api); /* requests that waited for the start are refused */
	registry_unregister_all(a->registry, loop_now(a->loop));
	recovery_abandon(a->recovery);
	actuator_finish(a->actuator, flush_limit, on_vips_removed, a);
}

static void on_sessions_closed(bool complete, void *userdata)
{
	struct agent *a = userdata;
	shutdown_sessions_closed(a->shutdown, complete);
}

static void close_sessions(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	bgp_speaker_stop(a->speaker, STOP_TEXT, limit, on_sessions_closed, a);
}

static void leave_sessions(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	sources_suspend(a->sources);
	recovery_suspend(a->recovery);
	peer_log_restart(a->peer_log);
	bgp_speaker_leave(a->speaker, RESTART_TEXT, limit, on_sessions_closed, a);
}

static void reopen_sessions(void *userdata)
{
	struct agent *a = userdata;
	bgp_speaker_return(a->speaker);
}

static void report_shutdown(const char *status, span_t longest, void *userdata)
{
	const struct agent *a = userdata;
	service_stopping(a->service, longest + STOP_SPARE, status);
}

static const struct shutdown_ops shutdown_ops = {
	.facts = get_shutdown_facts,
	.drain = drain_apps,
	.withdraw = withdraw,
	.give_up = report_vips_left,
	.close = close_sessions,
	.leave = leave_sessions,
	.reopen = reopen_sessions,
	.report = report_shutdown,
};

static void on_stop(const char *signal, void *userdata)
{
	const struct agent *a = userdata;
	shutdown_stop(a->shutdown, signal);
}

static void on_restart(const char *signal, void *userdata)
{
	const struct agent *a = userdata;
	shutdown_restart(a->shutdown, signal);
}

static void on_hangup(const char *signal, void *userdata)
{
	(void)userdata;
	log_warn("agent", "%s: reload is not supported by this version, configuration unchanged",
		 signal);
}

/* The start */

static int load_config(struct agent *a, const char *file)
{
	char line[1024];
	struct config_findings findings = { 0 };
	int rc = config_load(file, &a->config, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		config_finding_format(&findings.items[i], file, line, sizeof(line));
		if (findings.items[i].severity == CONFIG_ERROR)
			log_error("config", "%s", line);
		else
			log_warn("config", "%s", line);
	}
	config_findings_done(&findings);
	return rc;
}

static int start_api(struct agent *a, struct err *err)
{
	char text[ENDPOINT_TEXT_MAX];
	const struct endpoint *at = &a->config->agent.listen_addr;
	int rc = api_new(a->loop, at, on_call, a, &a->api, err);
	if (rc == 0)
		log_info("api", "listening on %s", endpoint_format(at, text));
	if (rc == -EACCES && !at->unix_path[0]) {
		log_error("api", "%s; continuing without the HTTP API", err->text);
		return 0;
	}
	return rc;
}

static void on_peer_changed(const struct bgp_peer_status *status, void *userdata)
{
	(void)status;
	struct agent *a = userdata;
	enum shutdown_state state = shutdown_state(a->shutdown);
	if (state != SHUTDOWN_CLOSING && state != SHUTDOWN_LEAVING) /* it is us who close them */
		log_peers(a);
}

static int start_speaker(struct agent *a, struct err *err)
{
	static const struct bgp_speaker_ops ops = { .peer_changed = on_peer_changed };
	a->identity.bgp.listen_if_allowed = true;
	actuator_find_leftovers(a->actuator, &a->identity.bgp.forwarding_ipv4,
				&a->identity.bgp.forwarding_ipv6);
	int rc = bgp_speaker_new(a->loop, &a->identity.bgp, &ops, a, &a->speaker, err);
	if (rc < 0)
		return err_prefix(err, rc, "BGP: ");
	const char *no_listener = bgp_speaker_no_listener(a->speaker);
	if (no_listener)
		log_error("bgp", "%s; continuing without a listener", no_listener);
	a->peer_log = peer_log_new(a->speaker);
	actuator_set_speaker(a->actuator, a->speaker);
	rc = host_changes_new(a->loop, &a->identity, a->actuator, &a->host_changes, err);
	if (rc == 0)
		bgp_speaker_start(a->speaker);
	return rc;
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
		.registered = on_registered,
		.userdata = a,
	};
	a->sources = sources_new(&env);
}

static int guard_vip(const struct prefix *vip, struct err *err, void *userdata)
{
	const struct agent *a = userdata;
	host_changes_catch_up(a->host_changes);
	return host_addresses_check_vip(&a->identity, vip, err);
}

static bool is_vip(const struct addr *addr, void *userdata)
{
	const struct agent *a = userdata;
	return registry_has_vip(a->registry, addr);
}

/* Before the first app, so that none is announced that should be drained. */
static int start_drains(struct agent *a, struct err *err)
{
	const struct config_agent *c = &a->config->agent;
	int rc = file_watcher_new(a->loop, PRESENCE_RESYNC, &a->presence, err);
	if (rc < 0)
		return rc;
	const struct registry_options options = {
		.drain_time = c->drain_time,
		.keep_last_window =
			c->keep_last_window ? c->keep_last_window : c->monitor_timing.interval,
		.keep_last_stretches = c->keep_last_window == 0,
		.presence = a->presence,
		.admission = &c->admission,
	};
	registry_set_options(a->registry, &options);
	if (c->disable_file)
		a->disable_file =
			disable_file_new(a->loop, a->presence, a->registry, c->disable_file);
	return 0;
}

static int start_health(struct agent *a, struct err *err)
{
	const struct config_agent *c = &a->config->agent;
	int rc = c->exec_user ? exec_user_find(c->exec_user, &a->exec_user, err) : 0;
	if (rc < 0)
		return rc;
	const struct runner_config runner = {
		.timing = c->monitor_timing,
		.exec_max = c->exec_max,
		.exec_user = a->exec_user,
		.tls_ca = c->tls_ca,
		.is_vip = is_vip,
		.load_changed = load_log,
		.port_filter_changed = load_log_port_filter,
		.userdata = a,
	};
	const struct damping_config hold = { .first = c->hold_down, .max = c->hold_down_max };
	rc = monitor_runner_new(a->loop, &runner, &a->runner, err);
	if (rc < 0)
		return rc;
	a->registry =
		registry_new(a->loop, a->runner, actuator_reconcile(a->actuator), c->cleanup_timer);
	registry_set_guard(a->registry, guard_vip, a);
	registry_set_damping(a->registry, &hold);
	return 0;
}

/* Missing capabilities are logged; what needs them fails on its own. */
static void check_capabilities(struct agent *a)
{
	privileges_find(a->config, NULL, &a->capabilities);
	privileges_report(&a->capabilities);
	capability_clear_ambient();
}

static void on_stale_children(size_t killed, void *userdata)
{
	(void)userdata;
	if (killed > 0)
		log_info("exec", "killed %zu process%s of checks of the previous instance", killed,
			 killed == 1 ? "" : "es");
}

static int start_loop(struct agent *a, struct err *err)
{
	static const struct signals_handlers handlers = { on_stop, on_restart, on_hangup };
	int rc = sd_event_new(&a->loop);
	if (rc >= 0)
		rc = signals_new(a->loop, &handlers, a, &a->signals);
	if (rc < 0)
		return err_set(err, rc, "cannot create the event loop: %s", strerror(-rc));
	a->shutdown = shutdown_new(a->loop, &shutdown_ops, a);
	a->service = service_new(a->loop);
	return 0;
}

static int start(struct agent *a, struct err *err)
{
	int rc = start_loop(a, err);
	if (rc == 0)
		rc = host_addresses_find(a->config, &a->identity, err);
	if (rc == 0)
		rc = start_api(a, err);
	if (rc == 0)
		rc = instance_lock_acquire(&a->instance_lock_fd, err);
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
				     on_stored, a);
	if (rc == 0)
		rc = start_speaker(a, err);
	if (rc == 0)
		start_sources(a);
	return rc;
}

static void agent_done(struct agent *a)
{
	api_free(a->api); /* its streams walk the registry */
	sources_free(a->sources);
	store_free(a->store);
	registry_free(a->registry);
	disable_file_free(a->disable_file);
	file_watcher_free(a->presence);
	monitor_runner_free(a->runner);
	exec_user_free(a->exec_user);
	host_changes_free(a->host_changes);
	actuator_free(a->actuator); /* it may wait for the speaker */
	peer_log_free(a->peer_log);
	service_free(a->service);
	recovery_free(a->recovery);
	bgp_speaker_free(a->speaker);
	shutdown_free(a->shutdown);
	signals_free(a->signals);
	host_addresses_done(&a->identity);
	config_free(a->config);
	stale_children_free(a->stale_children);
	if (a->instance_lock_fd >= 0)
		close(a->instance_lock_fd);
	sd_event_unref(a->loop);
}

int agent_run(const char *config_file)
{
	struct agent a = { .instance_lock_fd = -1 };
	struct err err = { "" };
	signals_block();
	if (load_config(&a, config_file) < 0)
		return 1;
	log_info("agent", "vipherald %s", VIPHERALD_VERSION);
	check_capabilities(&a);
	int rc = start(&a, &err);
	if (rc < 0)
		log_error("agent", "%s", err.text);
	else
		rc = sd_event_loop(a.loop);
	agent_done(&a);
	return rc < 0 ? 1 : rc;
}
