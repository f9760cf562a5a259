/* SPDX-License-Identifier: MIT */
/* Looks up what the views show: the state of the registry, the reconciler and the speaker. */
#ifndef AGENT_STATUS_INSPECT_H
#define AGENT_STATUS_INSPECT_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/config/capabilities.h"
#include "agent/config/config.h"
#include "agent/discovery/discovery.h"
#include "agent/model/drift.h"
#include "agent/status/stream.h"
#include "agent/status/view_json.h"
#include "agent/store/store.h"
#include "agent/vip/actuator.h"
#include "agent/vip/host_changes.h"
#include "agent/vip/reconcile.h"
#include "bgp/speaker.h"
#include "nat/nat.h"

/* What there is to look at. Not owned. */
struct inspect {
	sd_event *loop;
	struct registry *registry;
	struct reconcile *reconcile;
	const struct monitor_runner *runner;
	const struct bgp_speaker *speaker;
	const struct nat *nat;
	const struct actuator *actuator;
	const struct host_changes *host_changes;   /* NULL: not yet */
	const struct bgp_communities *communities; /* of every route */
	const char *phase;                         /* of the agent, in a word */
	const struct config_agent *config;
	struct discovery *discovery; /* NULL: no Consul */
	const struct store *store;
	const struct capability_needs *capabilities;
	bool registered;   /* the apps of the configuration are */
	usec_t started_at; /* when Consul was heard too, or had its time; USEC_NEVER: not yet */
};

struct view_clock inspect_clock(const struct inspect *in);

json_t *inspect_app(const struct inspect *in, const struct app *app);
json_t *inspect_lease(const struct inspect *in, const struct app *app); /* null: none */
json_t *inspect_status(const struct inspect *in);
json_t *inspect_peers(const struct inspect *in); /* {"peers": [ … ]} */
json_t *inspect_consul(const struct inspect *in);
json_t *inspect_info(const struct inspect *in);  /* GoCast's /info */
char *inspect_metrics(const struct inspect *in); /* free it */
/* agent/status/readiness.h; `buf` has READINESS_TEXT_MAX. */
bool inspect_readiness(const struct inspect *in, bool stopping, char *buf);
/* agent/status/status_line.h; `buf` has STATUS_LINE_MAX. */
const char *inspect_status_line(const struct inspect *in, char *buf);
void inspect_drift(const struct inspect *in, struct drift *ret);
struct metrics_consul;
void inspect_consul_metrics(const struct inspect *in, struct metrics_consul *ret);
/* {"apps": [ … ]} and {"routes": [ … ]}. What they look at must outlive them. */
struct stream *inspect_apps(const struct inspect *in);
struct stream *inspect_routes(const struct inspect *in);
/* The back end, what it did, and "rules": [ … ] as they are now. */
struct stream *inspect_nat(const struct inspect *in);

#endif
