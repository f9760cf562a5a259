/* SPDX-License-Identifier: MIT */
/* Looks up what the views show: the state of the registry, the reconciler and the speaker. */
#ifndef AGENT_INSPECT_H
#define AGENT_INSPECT_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "agent/app.h"
#include "agent/capabilities.h"
#include "agent/config.h"
#include "agent/discovery.h"
#include "agent/drift.h"
#include "agent/effects.h"
#include "agent/reconcile.h"
#include "agent/remember.h"
#include "agent/stream.h"
#include "agent/surroundings.h"
#include "agent/view_json.h"
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
	const struct effects *effects;
	const struct surroundings *surroundings;   /* NULL: not yet */
	const struct bgp_communities *communities; /* of every route */
	const char *phase;                         /* of the agent, in a word */
	const struct config_agent *config;
	struct discovery *discovery; /* NULL: no Consul */
	const struct remember *remember;
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
/* agent/readiness.h; `buf` has READINESS_TEXT_MAX. */
bool inspect_readiness(const struct inspect *in, bool stopping, char *buf);
/* agent/status_line.h; `buf` has STATUS_LINE_MAX. */
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
