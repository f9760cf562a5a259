/* SPDX-License-Identifier: MIT */
#include "agent/daemon/shown.h"

#include "agent/daemon/hooks.h"
#include "agent/daemon/sandbox.h"

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

bool shown_is_stopping(const struct agent *a)
{
	return shutdown_state(a->shutdown) != SHUTDOWN_RUNNING;
}

struct status_sources shown_sources(struct agent *a)
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
		.fleet = a->fleet,
		.roll = a->roll,
		.programs = a->programs,
		.store = a->store,
		.events = a->events,
		.hooks = hooks_counts(a->hooks),
		.api = a->api ? api_counts(a->api) : NULL,
		.squatter = a->instance.squatter,
		.capabilities = &a->capabilities,
		.sandbox = sandbox_status(a->sandbox),
		.tls_keys = a->config->tls_keys,
		.registered = sources_registered(a->sources) || shown_is_stopping(a),
		.started_at = recovery_started_at(a->recovery),
	};
}
