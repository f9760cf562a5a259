/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/what-if: what would change if monitors failed, peers were down or Consul were away, as
 * JSON. Made in steps, over as many turns of the loop as it takes; nothing but the text is written.
 *
 *	agent/app/forecast   the apps        ──┐
 *	agent/vip/aggregates a copy of them  ──┼──> each VIP, each aggregate: before and after
 *	bgp/speaker          the sessions    ──┘
 */
#ifndef AGENT_STATUS_VIEW_FORECAST_H
#define AGENT_STATUS_VIEW_FORECAST_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/app/forecast.h"
#include "agent/model/peer_orders.h"
#include "agent/status/forecast_routes.h"
#include "agent/status/status_sources.h"

/* Another configuration, which is checked. All must outlive the view, but for `findings`. */
struct forecast_config {
	struct plan *plan; /* that the forecast has; NULL: none */
	const struct config *next;
	struct forecast_bgp bgp;
	json_t *findings; /* `errors` and `warnings` */
};

/* Assumptions besides those of the forecast. */
struct forecast_question {
	const struct peer_id *down; /* peers */
	size_t n_down;
	bool consul_away;
	bool fleet; /* count who is left in the fleet, too; there must be one */
	struct forecast_config config;
};

struct forecast_view;

/* Takes the forecast over; the question is copied. */
struct forecast_view *forecast_view_new(const struct status_sources *in, struct forecast *forecast,
					const struct forecast_question *question);
void forecast_view_free(struct forecast_view *v);
/* Between the two calls nothing else runs. The sources are those of the turn. */
void forecast_view_begin_turn(struct forecast_view *v, const struct status_sources *in);
void forecast_view_end_turn(struct forecast_view *v);
/* A VIP, an app, an aggregate; false: forecast_view_text() is whole, or it goes on when the fleet
 * is seen. */
bool forecast_view_step(struct forecast_view *v, mono_t now);
/* It waits for the keys of these VIPs: forecast_view_see() of each, by its number, and then
 * forecast_view_seen(). */
bool forecast_view_reads(const struct forecast_view *v, const struct prefix **ret, size_t *ret_n);
void forecast_view_see(struct forecast_view *v, size_t i, const struct fleet_view *view,
		       wall_t now);
void forecast_view_seen(struct forecast_view *v);
const char *forecast_view_text(const struct forecast_view *v);

#endif
