/* SPDX-License-Identifier: MIT */
/*
 * The modules whose state the API, the metrics and the service manager are shown.
 *
 *	view_app view_vip view_nat view_peers view_consul view_status   JSON of the HTTP API
 *	metrics_collect      ──> metrics (P)       GET /metrics
 *	readiness_collect    ──> readiness (P)     GET /readyz
 *	status_line_collect  ──> status_line (P)   `systemctl status`
 *
 * A view reads the status struct of the domain (bgp/status.h, monitors/status.h, nat/status.h …)
 * and writes JSON from it; nothing lies between.
 */
#ifndef AGENT_STATUS_STATUS_SOURCES_H
#define AGENT_STATUS_STATUS_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/capabilities.h"
#include "agent/config/config.h"
#include "agent/discovery/discovery.h"
#include "agent/model/api_counts.h"
#include "agent/model/peer_orders.h"
#include "agent/status/config_file.h"
#include "agent/status/event_ring.h"
#include "agent/status/hook_counts.h"
#include "agent/status/sandbox_status.h"
#include "agent/status/view_json.h"
#include "agent/store/store.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_changes.h"
#include "agent/vip/reconcile.h"
#include "agent/vip/traffic_watch.h"
#include "bgp/speaker.h"
#include "bgp/status.h"
#include "nat/nat.h"
#include "net/tls_keys.h"

struct fleet_agent;
struct peer_bfd;
struct programs;
struct roll;

/* Not owned. */
struct status_sources {
	sd_event *loop;
	struct registry *registry;
	struct reconcile *reconcile;
	const struct monitor_runner *runner;
	const struct bgp_speaker *speaker;
	const struct peer_orders *peer_orders; /* NULL: not read yet */
	size_t n_file_peers; /* the first of the speaker's; the others were added over the API */
	const struct peer_bfd *bfd; /* NULL: not started yet */
	const struct nat *nat;
	const struct actuator *actuator;
	const struct host_changes *host_changes; /* NULL: not started yet */
	const struct traffic_watch *traffic;     /* NULL: not counted */
	const struct bgp_config *bgp;            /* for the attributes of all routes */
	const char *phase;                       /* of the agent: "starting", "running" … */
	const struct config_agent *config;
	const struct config *configuration;    /* all of it */
	const struct config_file *config_file; /* NULL: from memory */
	mono_t began_at;                       /* when the agent was started */
	struct discovery *discovery;           /* NULL: no Consul */
	struct discovery *nomad;               /* NULL: no Nomad */
	const struct fleet_agent *fleet;       /* NULL: no fleet */
	const struct roll *roll;               /* rolling work; NULL: none */
	const struct programs *programs;       /* NULL: not started yet */
	struct store *store;
	const struct event_ring *events;
	struct hook_counts hooks;
	const struct api_counts *api; /* NULL: not started yet */
	const char *squatter;         /* who has the name of the agent; NULL or "": the agent */
	const struct capability_needs *capabilities;
	struct sandbox_status sandbox;
	const struct tls_keys *tls_keys; /* NULL: no TLS */
	bool registered;                 /* all apps of the configuration are */
	mono_t started_at; /* when Consul had answered too, or had its time; USEC_NEVER: not yet */
};

/* Room for capability_list_missing(), all capabilities included. */
#define MISSING_TEXT_MAX 160

struct view_clock status_clock(void);

/* The status of every peer. The texts in it are valid until the loop runs again. */
struct peer_list {
	struct bgp_peer_status *items;
	size_t n;
};
void peer_list_init(struct peer_list *list, const struct bgp_speaker *speaker);
void peer_list_done(struct peer_list *list);
/* As peer_names_check(). */
int peer_list_check(const struct peer_list *list, const struct bgp_peer_filter *f, struct err *err);
size_t peer_list_established(const struct peer_list *list);
/* By the operator. */
size_t peer_list_disabled(const struct peer_list *list);

#endif
