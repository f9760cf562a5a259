/* SPDX-License-Identifier: MIT */
/*
 * The fleet in a forecast: of each guarded VIP that is concerned, how many agents announce it, by
 * Consul, how many would be left, and whether the guard would let this agent go. The keys are read
 * by who asks for the forecast, VIP by VIP.
 */
#ifndef AGENT_STATUS_FORECAST_FLEET_H
#define AGENT_STATUS_FORECAST_FLEET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/app/forecast.h"
#include "agent/status/forecast_routes.h"
#include "agent/status/status_sources.h"
#include "fleet/guard.h"

struct forecast_fleet;

struct forecast_fleet *forecast_fleet_new(void);
/* NULL is fine, here and below. */
void forecast_fleet_free(struct forecast_fleet *f);

/* The VIPs of an app that are guarded and stay so, by the rules that are then in effect, each app
 * once; `asks`: it would be down, and asks the guard. Of a VIP that is not guarded yet Consul knows
 * nothing. */
void forecast_fleet_add(struct forecast_fleet *f, const struct status_sources *in,
			const struct fleet_spec *then, const struct app *app, bool asks);
/* Those that are to be read. */
const struct prefix *forecast_fleet_vips(const struct forecast_fleet *f, size_t *ret_n);
/* The view of the i-th VIP, as Consul has it. */
void forecast_fleet_see(struct forecast_fleet *f, size_t i, const struct fleet_view *view,
			wall_t now);
/* When all are seen: the guard does not let the app go, at once. */
bool forecast_fleet_keeps(const struct forecast_fleet *f, const char *app);

/* The VIP changes like this: what is left of it is counted, if it is one of these, and else whether
 * it is lost. */
void forecast_fleet_count(struct forecast_fleet *f, const struct prefix *vip,
			  const struct forecast_change *change);
/* `vips`, `below` and `unguarded_lost`; null for NULL. */
json_t *forecast_fleet_view(const struct forecast_fleet *f);

#endif
