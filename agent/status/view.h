/* SPDX-License-Identifier: MIT */
/*
 * Apps, VIPs and their routes as JSON: "why is it not announced, to which peer, what did the check
 * say last, since when". Pure; agent/status/inspect.h gathers what is shown.
 */
#ifndef AGENT_STATUS_VIEW_H
#define AGENT_STATUS_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "agent/status/view_json.h"
#include "agent/status/view_store.h"
#include "bgp/status.h"
#include "monitors/verdict.h"
#include "nat/rules.h"
#include "nat/status.h"

/* What NAT says; the strings are views. */
struct view_nat {
	struct nat_status status;
	const struct nat_rule *rules;
	const bool *present; /* one a rule */
	size_t n_rules;
};

struct view_monitor {
	const char *text, *said, *output; /* output NULL: none */
	enum health health;
	usec_t since, last_check, took; /* last_check USEC_NEVER: not yet */
	uint64_t checks, failures;
	bool running;
	usec_t interval, fast_interval, timeout;
	uint16_t rise, fall, streak;
};

/* One route at one peer. */
struct view_route {
	const struct bgp_peer_status *peer;
	enum bgp_route_state state;
};

struct view_vip {
	const struct prefix *prefix;
	const struct app_spec *spec; /* NULL: the app is gone and the VIP is going down */
	enum health health;          /* of the app */
	bool drained;                /* the app is */
	enum route_form form;        /* in which it is announced */
	bool bound, announced;
	usec_t changed_at; /* of `announced`; USEC_NEVER: not yet */
	const char *error; /* NULL: none */
	usec_t error_since, retry_at;
	const struct bgp_communities *global; /* bgp.communities */
	const struct view_route *routes;      /* one a peer */
	size_t n_routes;
};

struct view_app {
	const struct app_spec *spec;
	enum health health;
	enum route_form form;
	bool kept;
	struct view_drain drain;
	usec_t health_since, registered_at, cleanup_at;
	const char *reason; /* of the health, in words */
	const char *rival;  /* the service in Consul that wants its name or VIP; NULL: none */
	uint64_t went_up, went_down;
	usec_t held_until; /* USEC_NEVER: it is not held down */
	usec_t lease_end;  /* USEC_NEVER: it has none */
	unsigned flaps;
	const struct view_vip *vips;
	size_t n_vips;
	const struct view_monitor *monitors;
	size_t n_monitors;
	struct view_nat nat;
};

json_t *view_app(const struct view_app *app, const struct view_clock *clock);
/* A line of the list: routes are counted, not listed. */
json_t *view_app_summary(const struct view_app *app, const struct view_clock *clock);
/* As /v1/routes shows it. */
json_t *view_vip(const struct view_vip *vip, const struct view_clock *clock);

/* {"vip", "protocol", "listen", "to", "present"} */
json_t *view_nat_rule(const struct nat_rule *r, bool present);
/* All but the rules. */
json_t *view_nat_status(const struct nat_status *s);

/* Why a route does not reach a peer for a reason that lasts; NULL when there is no such reason. */
const char *view_route_error(enum bgp_route_state state, uint8_t family);
/* "announcement errors: [peer 10.10.10.1: …, peer 10.10.10.2: …]", or "" when there are none. */
const char *view_announcement_errors(const struct view_vip *vips, size_t n, char *buf, size_t size);

/* {"error": text}; with `endpoints` the list of what there is. */
json_t *view_error(const char *text, bool endpoints);

#endif
