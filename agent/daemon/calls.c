/* SPDX-License-Identifier: MIT */
#include "agent/daemon/calls.h"

#include "agent/daemon/check_now.h"
#include "agent/daemon/compare.h"
#include "agent/daemon/hooks.h"
#include "agent/daemon/peer_calls.h"
#include "agent/daemon/reload.h"
#include "agent/daemon/reload_confirm.h"
#include "agent/daemon/sandbox.h"
#include "agent/http/answer.h"
#include "agent/status/alarms.h"
#include "agent/status/status_line_collect.h"
#include "agent/status/status_sources.h"

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
		.n_file_peers = a->config->n_file_peers,
		.peer_orders = &a->peer_orders,
		.bfd = a->bfd,
		.nat = actuator_nat(a->actuator),
		.actuator = a->actuator,
		.host_changes = a->host_changes,
		.traffic = a->traffic,
		.bgp = &a->config->bgp,
		.phase = phase_of(a),
		.config = &a->config->agent,
		.configuration = a->config,
		.config_file = &a->config_file,
		.began_at = a->began_at,
		.discovery = sources_discovery(a->sources, APP_FROM_CONSUL),
		.nomad = sources_discovery(a->sources, APP_FROM_NOMAD),
		.programs = a->programs,
		.store = a->store,
		.events = a->events,
		.hooks = hooks_counts(a->hooks),
		.api = a->api ? api_counts(a->api) : NULL,
		.squatter = a->instance.squatter,
		.capabilities = &a->capabilities,
		.sandbox = sandbox_status(a->sandbox),
		.tls_keys = a->config->tls_keys,
		.registered = sources_registered(a->sources) || is_stopping(a),
		.started_at = recovery_started_at(a->recovery),
	};
}

void calls_answer(const struct api_call *call, struct api_reply *ret, void *userdata)
{
	struct agent *a = userdata;
	struct status_sources in = sources_of(a);
	/* The apps of configuration and state file come first. */
	if (!in.registered && answer_is_change(call->kind)) {
		ret->defer = API_DEFER_RETRY;
		return;
	}
	if (call->kind == API_RELOAD && !is_stopping(a)) {
		ret->defer = API_DEFER_LATER;
		ret->number = reload_ask(
			a->reload, &(struct reload_request){ "POST /v1/reload", call->who,
							     call->principal.name, call->span });
		return;
	}
	if (call->kind == API_CONFIRM && !is_stopping(a)) {
		reload_confirm(a->reload, call, ret);
		return;
	}
	if (call->kind == API_DIFF) {
		compare_ask(a->compare, call, ret);
		return;
	}
	if (call->kind == API_CHECK && !is_stopping(a)) {
		check_now_ask(a->check_now, call, ret);
		return;
	}
	if (api_is_about_peer(call->kind) && (call->kind == API_PEER || !is_stopping(a)))
		peer_calls_answer(a, &in, call, ret);
	else
		answer_call(&in, is_stopping(a), call, ret);
	answer_defer(ret, a->store);
	peer_log_update(a->peer_log);
}

bool calls_is_vip(const struct addr *addr, void *userdata)
{
	const struct agent *a = userdata;
	return a->registry && registry_has_vip(a->registry, addr);
}

json_t *calls_alarms(void *userdata)
{
	struct status_sources in = sources_of(userdata);
	return alarms_collect(&in);
}

void calls_summarize(char buf[static STATUS_LINE_MAX], void *userdata)
{
	struct status_sources in = sources_of(userdata);
	status_line_collect(&in, buf);
}

void calls_on_written(uint64_t up_to, bool stored, void *userdata)
{
	struct agent *a = userdata;
	api_send_stored(a->api, up_to, stored);
}
