/* SPDX-License-Identifier: MIT */
/*
 * Owns everything, and knows the order in which it comes and goes.
 *
 * Start: configuration, who we are, API socket, lo, monitors, state file, BGP, apps. The API socket
 * comes before anything is touched, because that is where a second agent on the host fails. Apps,
 * those of the configuration and then those that the state file remembers, are registered a few
 * milliseconds a turn of the loop, so that the sessions with the routers come up meanwhile; changes
 * over HTTP wait for that. Then what a former run left on lo and nobody wants is removed.
 *
 * Stop (SIGTERM, SIGINT, SIGUSR2), in two seconds at most, whatever the routers do:
 *
 *	0 s      changes are refused, monitors end, every route is withdrawn, in this turn
 *	≤ 1 s    every router has taken the withdrawals, or had the time to; VIPs leave lo
 *	≤ 1.4 s  Cease, Administrative Shutdown to every router, once the VIPs are gone
 *	≤ 1.8 s  the routers have closed, or had the time to
 *
 * Only the removal of many thousands of VIPs may take longer than its 0.4 s: it then goes on
 * while the sessions close, and has STOP_MAX, because the kernel gets slower with their number
 * and a VIP that stays behind draws the host's own traffic.
 *
 * A second signal changes nothing: the stop is under way.
 *
 * With shutdown_drain a drain of all apps comes before it (docs/drain.md): changes are refused,
 * checks go on, and the stop begins when drain_time is over, or with a second signal.
 *
 * Stop for a restart (SIGUSR2, with bgp.graceful_restart): the sessions are closed such that the
 * routers keep the routes, VIPs and NAT rules stay, and the next start adopts them (restart.h).
 * Without graceful_restart it is an ordinary stop.
 */
#include "agent/daemon/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "agent/app/drains.h"
#include "agent/app/registry.h"
#include "agent/config/config.h"
#include "agent/daemon/exec_user.h"
#include "agent/daemon/peer_log.h"
#include "agent/daemon/privileges.h"
#include "agent/daemon/restart.h"
#include "agent/daemon/service.h"
#include "agent/discovery/discovery.h"
#include "agent/http/answer.h"
#include "agent/http/api.h"
#include "agent/status/inspect.h"
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
#include "process/subreaper.h"

/* How long apps are registered in one turn of the loop. */
#define APPS_TURN (5 * USEC_PER_MSEC)

/* How long VIPs of a former run wait for Consul to name their services; with graceful restart, for
 * as long as routers keep their routes, if that is longer. */
#define DISCOVERY_MAX (10 * USEC_PER_SEC)

#define N_SIGNALS 4

#define STOP_DRAIN  (1000 * USEC_PER_MSEC)
#define STOP_UNBIND (1400 * USEC_PER_MSEC)
#define STOP_CLOSE  (1800 * USEC_PER_MSEC)
#define STOP_MAX    (10 * USEC_PER_SEC)
#define STOP_SPARE  (5 * USEC_PER_SEC) /* that the service manager grants */
#define STOP_TEXT   "vipherald: stopping"

enum agent_phase {
	AGENT_STARTING,
	AGENT_RUNNING,
	AGENT_DRAINING, /* shutdown_drain */
	AGENT_WITHDRAWING,
	AGENT_CLOSING,
};

/* How often disable_files are looked at without an event. */
#define PRESENCE_RESYNC (5 * USEC_PER_SEC)

struct agent {
	sd_event *loop;
	struct config *config;
	struct host_addresses identity;
	struct capability_needs capabilities;
	struct api *api;
	struct actuator *actuator;
	struct host_changes *host_changes;
	struct monitor_runner *runner;
	struct bgp_speaker *speaker;
	struct registry *registry;
	struct discovery *discovery; /* NULL: no Consul */
	struct store *store;
	struct child_user *exec_user;
	struct peer_log *peer_log;
	struct service *service; /* NULL: no service manager */
	struct restart *restart;
	struct stale_children *orphans; /* of a former run */
	int instance_lock_fd;           /* held while we manage lo; -1: not yet */
	struct file_watcher *presence;
	struct file_watch *disable_file; /* of the agent; NULL: none */
	enum agent_phase phase;
	size_t next_app; /* of the configuration, to be registered */
	usec_t stop_began;
	bool discovered, leftovers_taken;
	usec_t started_at;    /* when the last source of apps had arrived; USEC_NEVER: not yet */
	bool settled, closed; /* VIPs; sessions */
	sd_event_source *signals[N_SIGNALS], *deaths, *start_apps, *discovery_limit;
	sd_event_source *drain_end, *unbind_limit, *give_up;
};

static void look_at_peers(struct agent *a)
{
	struct vip_counts counts = reconcile_counts(actuator_reconcile(a->actuator));
	peer_log_look(a->peer_log, counts.owned4, counts.owned6);
}

/* The API */

static const char *phase_name(enum agent_phase phase)
{
	switch (phase) {
	case AGENT_STARTING:
		return "starting";
	case AGENT_RUNNING:
		return "running";
	case AGENT_DRAINING:
		return "draining";
	case AGENT_WITHDRAWING:
	case AGENT_CLOSING:
		return "stopping";
	}
	return "";
}

static struct inspect inspect_of(struct agent *a)
{
	return (struct inspect){
		.loop = a->loop,
		.registry = a->registry,
		.reconcile = actuator_reconcile(a->actuator),
		.runner = a->runner,
		.speaker = a->speaker,
		.nat = actuator_nat(a->actuator),
		.actuator = a->actuator,
		.host_changes = a->host_changes,
		.communities = &a->config->bgp.communities,
		.phase = phase_name(a->phase),
		.config = &a->config->agent,
		.discovery = a->discovery,
		.store = a->store,
		.capabilities = &a->capabilities,
		.registered = a->phase > AGENT_STARTING,
		.started_at = a->started_at,
	};
}

static void on_call(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct agent *a = userdata;
	struct inspect in = inspect_of(a);
	/* What comes from the configuration, and what was there before, comes first. */
	if (a->phase == AGENT_STARTING && answer_is_change(call->kind)) {
		ret->defer = API_DEFER_RETRY;
		return;
	}
	answer_call(&in, a->phase >= AGENT_DRAINING, call, ret);
	answer_defer(ret, a->store);
	look_at_peers(a);
}

static void on_stored(uint64_t up_to, bool stored, void *userdata)
{
	struct agent *a = userdata;
	api_release(a->api, up_to, stored);
}

/* What a former run left on lo */

static void take_leftovers(struct agent *a)
{
	if (!a->leftovers_taken)
		actuator_collect_leftovers(a->actuator);
	a->leftovers_taken = true;
}

static void on_restored(void *userdata)
{
	take_leftovers(userdata);
}

static void source_arrived(struct agent *a)
{
	restart_arrived(a->restart);
	if (!restart_is_waiting(a->restart))
		a->started_at = loop_now(a->loop);
}

/* Consul has named its services, or had the time to. */
static void discovered(struct agent *a)
{
	if (!a->discovered)
		source_arrived(a);
	a->discovered = true;
}

static int on_discovery_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	discovered(userdata);
	return 0;
}

static void on_discovered(void *userdata)
{
	discovered(userdata);
}

/* The stop */

static void exit_when_done(struct agent *a)
{
	if (!a->settled || !a->closed)
		return;
	log_info("agent", "stopped");
	sd_event_exit(a->loop, 0);
}

static void on_closed(bool complete, void *userdata)
{
	struct agent *a = userdata;
	if (!complete)
		log_warn("agent", "a peer did not close its session in time");
	a->closed = true;
	exit_when_done(a);
}

static void close_sessions(struct agent *a)
{
	if (a->phase == AGENT_CLOSING)
		return;
	a->phase = AGENT_CLOSING;
	bgp_speaker_stop(a->speaker, STOP_TEXT, usec_add(a->stop_began, STOP_CLOSE), on_closed, a);
}

static void on_settled(void *userdata)
{
	struct agent *a = userdata;
	size_t left = reconcile_counts(actuator_reconcile(a->actuator)).bound;
	if (left > 0)
		log_error("agent", "%zu VIPs could not be removed from lo and stay there", left);
	a->settled = true;
	close_sessions(a);
	exit_when_done(a);
}

static int on_give_up(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct agent *a = userdata;
	on_settled(a);
	return 0;
}

static int on_unbind_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	close_sessions(userdata);
	return 0;
}

static void stop(struct agent *a)
{
	a->phase = AGENT_WITHDRAWING;
	a->stop_began = loop_now(a->loop);
	service_stopping(a->service, STOP_MAX + STOP_SPARE, "withdrawing all routes");
	a->drain_end = sd_event_source_disable_unref(a->drain_end);
	a->start_apps = sd_event_source_disable_unref(a->start_apps);
	a->discovery_limit = sd_event_source_disable_unref(a->discovery_limit);
	discovery_stop(a->discovery);
	store_stop(a->store);
	api_retry(a->api); /* should it still be to be started */
	registry_unregister_all(a->registry, a->stop_began);
	restart_abandon(a->restart);
	take_leftovers(a); /* should it still be to be done */
	actuator_finish(a->actuator, usec_add(a->stop_began, STOP_DRAIN), on_settled, a);
	loop_timer_set(a->loop, &a->unbind_limit, usec_add(a->stop_began, STOP_UNBIND), LOOP_APPLY,
		       on_unbind_limit, a);
	loop_timer_set(a->loop, &a->give_up, usec_add(a->stop_began, STOP_MAX), LOOP_APPLY,
		       on_give_up, a);
}

/* shutdown_drain */

static int on_drain_end(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	log_info("agent", "drained, withdrawing all routes");
	stop(userdata);
	return 0;
}

/* False when nothing is announced that could be drained. */
static bool drain_first(struct agent *a)
{
	usec_t now = loop_now(a->loop);
	if (!a->config->agent.shutdown_drain || a->phase != AGENT_RUNNING)
		return false;
	registry_drain(a->registry, NULL, DRAIN_BY_STOP, "vipherald is stopping", USEC_NEVER, now);
	usec_t end = registry_drained_at(a->registry, now);
	if (end == now)
		return false;
	a->phase = AGENT_DRAINING;
	service_stopping(a->service, end - now + STOP_MAX + STOP_SPARE, "draining all apps");
	loop_timer_set(a->loop, &a->drain_end, end, LOOP_APPLY, on_drain_end, a);
	return true;
}

/* Signals */

static const char *name_of(const struct signalfd_siginfo *info)
{
	return info->ssi_signo == SIGINT    ? "SIGINT"
	       : info->ssi_signo == SIGUSR2 ? "SIGUSR2"
					    : "SIGTERM";
}

static int on_stop_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			  void *userdata)
{
	(void)source;
	struct agent *a = userdata;
	const char *name = name_of(info);
	if (a->phase >= AGENT_WITHDRAWING) {
		log_info("agent", "%s: already stopping", name);
		return 0;
	}
	if (a->phase == AGENT_DRAINING) {
		log_info("agent", "%s: not waiting for the end of the drain", name);
	} else if (drain_first(a)) {
		log_info("agent", "%s: stopping, draining all apps first", name);
		return 0;
	} else {
		log_info("agent", "%s: stopping, withdrawing all routes first", name);
	}
	stop(a);
	return 0;
}

static void on_left(void *userdata)
{
	struct agent *a = userdata;
	log_info("agent", "stopped for a restart, VIPs and NAT rules stay");
	sd_event_exit(a->loop, 0);
}

static int on_restart_signal(sd_event_source *source, const struct signalfd_siginfo *info,
			     void *userdata)
{
	struct agent *a = userdata;
	if (!bgp_speaker_is_graceful(a->speaker)) {
		log_info("agent", "SIGUSR2: a stop like any other without bgp.graceful_restart");
		return on_stop_signal(source, info, userdata);
	}
	if (a->phase >= AGENT_DRAINING) {
		log_info("agent", "SIGUSR2: already stopping");
		return 0;
	}
	log_info("agent", "SIGUSR2: stopping for a restart, routers are to keep the routes");
	service_stopping(a->service, STOP_MAX + STOP_SPARE, "leaving for a restart");
	a->phase = AGENT_CLOSING;
	a->start_apps = sd_event_source_disable_unref(a->start_apps);
	restart_leave(a->restart, on_left, a);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info, (void)userdata;
	log_warn("agent", "SIGHUP: reload is not supported by this version, still running with the "
			  "configuration of start");
	return 0;
}

static const struct {
	int number;
	sd_event_signal_handler_t handler;
} watched[N_SIGNALS] = { { SIGTERM, on_stop_signal },
			 { SIGINT, on_stop_signal },
			 { SIGUSR2, on_restart_signal },
			 { SIGHUP, on_hangup } };

/* Before anything else: process 1 does not get a signal that it neither handles nor blocks, and a
 * container that is stopped while it starts would be killed instead. */
static void block_signals(void)
{
	sigset_t blocked;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD); /* of the monitors' commands, process/child.h */
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaddset(&blocked, watched[i].number);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static int watch_signals(struct agent *a)
{
	int rc = subreaper_watch(a->loop, &a->deaths);
	for (size_t i = 0; i < N_SIGNALS && rc >= 0; i++) {
		rc = sd_event_add_signal(a->loop, &a->signals[i], watched[i].number,
					 watched[i].handler, a);
		/* No burst of anything may keep us from stopping. */
		if (rc >= 0)
			rc = sd_event_source_set_priority(a->signals[i], LOOP_FLUSH);
	}
	return rc < 0 ? rc : 0;
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

static void register_app(struct agent *a, const struct app_spec *spec)
{
	struct err err = { "" };
	enum register_result result;
	if (registry_register(a->registry, spec, loop_now(a->loop), &result, &err) < 0)
		log_error("app", "%s: %s", spec->name, err.text);
}

/* Last, so that the configuration has what it names. What a former run left on lo may belong to
 * services of Consul, which is given a moment to say so. */
static void start_discovery(struct agent *a)
{
	struct err err = { "" };
	if (discovery_new(a->loop, &a->config->agent, a->registry, a->runner, on_discovered, a,
			  &a->discovery, &err) < 0)
		log_error("agent", "%s; going on without Consul", err.text);
	if (!a->discovery)
		return;
	restart_expect(a->restart);
	usec_t limit = usec_add(loop_now(a->loop), DISCOVERY_MAX);
	if (limit < restart_deadline(a->restart))
		limit = restart_deadline(a->restart); /* so long they keep the routes */
	loop_timer_set(a->loop, &a->discovery_limit, limit, LOOP_APPLY, on_discovery_limit, a);
}

static int on_start_apps(sd_event_source *source, void *userdata)
{
	(void)source;
	struct agent *a = userdata;
	usec_t end = usec_add(loop_clock(), APPS_TURN);
	while (a->next_app < a->config->n_apps && loop_clock() < end)
		register_app(a, &a->config->apps[a->next_app++]);
	if (a->next_app < a->config->n_apps || store_restore(a->store, end))
		return loop_defer(a->loop, &a->start_apps, LOOP_APPLY, on_start_apps, a);
	a->phase = AGENT_RUNNING;
	log_info("agent", "%zu apps registered from the configuration", a->config->n_apps);
	if (store_n_restored(a->store) > 0)
		log_info("agent", "%zu apps registered again that came over HTTP",
			 store_n_restored(a->store));
	look_at_peers(a);
	start_discovery(a);
	store_begin(a->store, a->discovery);
	api_retry(a->api);
	source_arrived(a);
	struct inspect in = inspect_of(a);
	service_ready(a->service, &in);
	return 0;
}

static int start_api(struct agent *a, struct err *err)
{
	char text[ENDPOINT_TEXT_MAX];
	const struct endpoint *at = &a->config->agent.listen_addr;
	int rc = api_new(a->loop, at, on_call, a, &a->api, err);
	if (rc == 0)
		log_info("api", "listening on %s", endpoint_format(at, text));
	if (rc == -EACCES && !at->unix_path[0]) {
		log_error("api", "%s; going on without the HTTP API", err->text);
		return 0;
	}
	return rc;
}

static void on_peer_changed(const struct bgp_peer_status *status, void *userdata)
{
	(void)status;
	struct agent *a = userdata;
	if (a->phase != AGENT_CLOSING) /* then sessions end because we end them */
		look_at_peers(a);
}

static int start_speaker(struct agent *a, struct err *err)
{
	static const struct bgp_speaker_ops ops = { .peer_changed = on_peer_changed };
	a->identity.bgp.listen_if_allowed = true;
	actuator_find_leftovers(a->actuator, &a->identity.bgp.kept_ipv4,
				&a->identity.bgp.kept_ipv6);
	int rc = bgp_speaker_new(a->loop, &a->identity.bgp, &ops, a, &a->speaker, err);
	if (rc < 0)
		return err_prefix(err, rc, "BGP: ");
	const char *no_listener = bgp_speaker_no_listener(a->speaker);
	if (no_listener)
		log_error("bgp", "%s; going on without", no_listener);
	a->peer_log = peer_log_new(a->speaker);
	actuator_set_speaker(a->actuator, a->speaker);
	rc = host_changes_new(a->loop, &a->identity, a->actuator, &a->host_changes, err);
	if (rc < 0)
		return rc;
	bgp_speaker_start(a->speaker);
	a->restart = restart_new(a->loop, a->speaker, a->registry, actuator_reconcile(a->actuator),
				 on_restored, a);
	restart_expect(a->restart); /* apps of the configuration */
	return 0;
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

static void on_load_changed(enum monitor_lane lane, const struct load *load, void *userdata)
{
	(void)userdata;
	char late[DURATION_TEXT_MAX];
	bool commands = lane == LANE_COMMAND;
	const char *topic = commands ? "exec" : "monitor";
	duration_format(load->late / USEC_PER_MSEC * USEC_PER_MSEC, late);
	if (!load->behind)
		log_info(topic, "the checks run as often as asked for again");
	else if (commands)
		log_warn(topic,
			 "this host cannot run the checks as often as asked for: they begin "
			 "%s late on average, %u%% of their interval; raise their interval, or "
			 "exec_max if it has cores to spare",
			 late, load->percent);
	else
		log_warn(topic,
			 "the checks over the network cannot be made as often as asked for: they "
			 "begin %s late on average, %u%% of their interval, because too many wait "
			 "for an answer; shorten their timeout or raise their interval",
			 late, load->percent);
}

static void on_disable_file(bool exists, void *userdata)
{
	struct agent *a = userdata;
	usec_t now = loop_now(a->loop);
	if (exists)
		registry_drain(a->registry, NULL, DRAIN_BY_FILE, a->config->agent.disable_file,
			       USEC_NEVER, now);
	else
		registry_undrain(a->registry, NULL, DRAIN_BY_FILE, now);
}

/* Before the first app, so that none is announced that should be drained. */
static int start_drains(struct agent *a, struct err *err)
{
	const struct config_agent *c = &a->config->agent;
	bool exists = false;
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
			file_watch_new(a->presence, c->disable_file, on_disable_file, a, &exists);
	if (exists)
		on_disable_file(true, a);
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
		.load_changed = on_load_changed,
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

/* What is missing is said, and then done without. */
static void look_at_capabilities(struct agent *a)
{
	privileges_find(a->config, NULL, &a->capabilities);
	privileges_report(&a->capabilities);
	capability_keep_to_ourselves();
}

static void on_orphans(size_t killed, void *userdata)
{
	(void)userdata;
	if (killed > 0)
		log_info("exec", "a former run left %zu processes of its checks, killed", killed);
}

static int start_loop(struct agent *a, struct err *err)
{
	int rc = sd_event_new(&a->loop);
	if (rc >= 0)
		rc = watch_signals(a);
	if (rc < 0)
		return err_set(err, rc, "cannot make the event loop: %s", strerror(-rc));
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
		a->orphans = stale_children_new(a->loop, on_orphans, a);
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
		rc = loop_defer(a->loop, &a->start_apps, LOOP_APPLY, on_start_apps, a);
	return rc;
}

static void agent_done(struct agent *a)
{
	api_free(a->api); /* its streams walk the registry */
	discovery_free(a->discovery);
	store_free(a->store);
	registry_free(a->registry);
	file_watch_free(a->disable_file);
	file_watcher_free(a->presence);
	monitor_runner_free(a->runner);
	exec_user_free(a->exec_user);
	host_changes_free(a->host_changes);
	actuator_free(a->actuator); /* its wait is one of the speaker's */
	peer_log_free(a->peer_log);
	service_free(a->service);
	restart_free(a->restart);
	bgp_speaker_free(a->speaker);
	for (size_t i = 0; i < N_SIGNALS; i++)
		sd_event_source_disable_unref(a->signals[i]);
	sd_event_source_disable_unref(a->deaths);
	sd_event_source_disable_unref(a->start_apps);
	sd_event_source_disable_unref(a->drain_end);
	sd_event_source_disable_unref(a->discovery_limit);
	sd_event_source_disable_unref(a->unbind_limit);
	sd_event_source_disable_unref(a->give_up);
	host_addresses_done(&a->identity);
	config_free(a->config);
	stale_children_free(a->orphans);
	if (a->instance_lock_fd >= 0)
		close(a->instance_lock_fd);
	sd_event_unref(a->loop);
}

int agent_run(const char *config_file)
{
	struct agent a = { .phase = AGENT_STARTING,
			   .instance_lock_fd = -1,
			   .started_at = USEC_NEVER };
	struct err err = { "" };
	block_signals();
	if (load_config(&a, config_file) < 0)
		return 1;
	log_info("agent", "vipherald %s", VIPHERALD_VERSION);
	look_at_capabilities(&a);
	int rc = start(&a, &err);
	if (rc < 0)
		log_error("agent", "%s", err.text);
	else
		rc = sd_event_loop(a.loop);
	agent_done(&a);
	return rc < 0 ? 1 : rc;
}
