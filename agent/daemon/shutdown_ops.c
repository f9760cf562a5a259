/* SPDX-License-Identifier: MIT */
#include "agent/daemon/shutdown_ops.h"

#include <stdio.h>

#include "agent/app/drains.h"
#include "agent/daemon/alarm_log.h"
#include "agent/daemon/check_now.h"
#include "agent/daemon/compare.h"
#include "agent/daemon/fleet_calls.h"
#include "agent/daemon/hooks.h"
#include "agent/daemon/host_shutdown.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/rolling.h"
#include "agent/daemon/what_if.h"
#include "agent/fleet/fleet_agent.h"
#include "agent/programs/programs.h"
#include "lib/log.h"
#include "process/loop.h"

#define STOP_TEXT    "vipherald: stopping"
#define RESTART_TEXT "vipherald: restarting"

/* Granted by the service manager beyond what a stop takes. */
#define STOP_SPARE (5 * USEC_PER_SEC)

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
	registry_drain(a->registry, NULL, DRAIN_BY_STOP, NULL, "vipherald is stopping", USEC_NEVER,
		       now);
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

/* The alarms of a stop are its own doing. */
static void stop_watching(struct agent *a)
{
	host_shutdown_leave(a->host_shutdown);
	alarm_log_free(a->alarm_log);
	a->alarm_log = NULL;
}

static void withdraw(mono_t flush_limit, void *userdata)
{
	struct agent *a = userdata;
	stop_watching(a);
	reload_stop(a->reload);
	compare_stop(a->compare);
	check_now_stop(a->check_now);
	what_if_stop(a->what_if);
	fleet_calls_stop(a->fleet_calls);
	rolling_stop(a->rolling);
	programs_mute(a->programs);
	sources_stop(a->sources);
	fleet_agent_stop(a->fleet);
	store_stop(a->store);
	api_retry(a->api); /* requests that waited for the start are refused */
	registry_unregister_all(a->registry, loop_now(a->loop));
	recovery_abandon(a->recovery);
	actuator_finish(a->actuator, flush_limit, on_vips_removed, a);
}

/* For BFD, of the time that the end of the sessions may take. */
#define BFD_TIME (100 * USEC_PER_MSEC)

/* It may be that of a restart which a stop has overtaken: BGP is open again. */
static void on_bfd_told(void *userdata)
{
	struct agent *a = userdata;
	if (a->bgp_closed)
		shutdown_sessions_closed(a->shutdown, a->sessions_closed);
}

/* FRR 8.4 and BIRD 2.0 take BFD's AdminDown for a failure of a session that is up, and drop the
 * routes that they would keep over a restart: they have to have read the end of BGP before. */
static void on_sessions_closed(bool complete, void *userdata)
{
	struct agent *a = userdata;
	a->bgp_closed = true;
	a->sessions_closed = complete;
	peer_bfd_stop(a->bfd, a->close_limit, on_bfd_told, a);
}

static void close_sessions(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	a->bgp_closed = false;
	a->close_limit = limit;
	programs_stop(a->programs); /* it may take down addresses that it has set up itself */
	bgp_speaker_stop(a->speaker, STOP_TEXT, usec_sub(limit, BFD_TIME), on_sessions_closed, a);
}

static void leave_sessions(mono_t limit, void *userdata)
{
	struct agent *a = userdata;
	stop_watching(a);
	reload_stop(a->reload);
	compare_stop(a->compare);
	check_now_stop(a->check_now);
	what_if_stop(a->what_if);
	fleet_calls_stop(a->fleet_calls);
	rolling_stop(a->rolling);
	programs_stop(a->programs);
	sources_suspend(a->sources);
	fleet_agent_stop(a->fleet);
	recovery_suspend(a->recovery);
	peer_log_restart(a->peer_log);
	a->close_limit = limit;
	bgp_speaker_leave(a->speaker, RESTART_TEXT, usec_sub(limit, BFD_TIME), on_sessions_closed,
			  a);
}

static void reopen_sessions(void *userdata)
{
	struct agent *a = userdata;
	a->bgp_closed = false;
	bgp_speaker_return(a->speaker);
}

static void end_loop(void *userdata)
{
	struct agent *a = userdata;
	sd_event_exit(a->loop, 0);
}

static void on_hooks_done(void *userdata)
{
	struct agent *a = userdata;
	programs_finish(a->programs, a->children_limit, end_loop, a);
}

static void report_left(const struct agent *a, size_t left, const char *what, const char *more)
{
	char text[64];
	if (left == 0)
		return;
	log_info("agent", "waiting for %zu %s%s", left, what, left == 1 ? "" : more);
	snprintf(text, sizeof(text), "waiting for %s%s", what, more);
	service_stopping(a->service, PROGRAMS_STOP_MAX + HOOKS_STOP_MAX + STOP_SPARE, text);
}

/* A restart waits for nothing: routers keep the routes for a limited time only. */
static void end(bool leaving, void *userdata)
{
	struct agent *a = userdata;
	if (leaving) {
		end_loop(a);
		return;
	}
	report_left(a, programs_left(a->programs), "process", "es");
	report_left(a, hooks_left(a->hooks), "hook", "s");
	a->children_limit = usec_add(loop_now(a->loop), PROGRAMS_STOP_MAX);
	hooks_finish(a->hooks, on_hooks_done, a);
}

static void report_shutdown(const char *status, span_t longest, void *userdata)
{
	const struct agent *a = userdata;
	service_stopping(a->service, longest + STOP_SPARE, status);
}

const struct shutdown_ops agent_shutdown_ops = {
	.facts = get_shutdown_facts,
	.drain = drain_apps,
	.withdraw = withdraw,
	.give_up = report_vips_left,
	.close = close_sessions,
	.leave = leave_sessions,
	.reopen = reopen_sessions,
	.exit = end,
	.report = report_shutdown,
};
