/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/apps and /v1/apps/NAME: is the app announced, since when, what did its checks say last,
 * and if it is not announced, why not.
 */
#ifndef AGENT_STATUS_VIEW_APP_H
#define AGENT_STATUS_VIEW_APP_H

#include <jansson.h>

#include "agent/app/registry.h"
#include "agent/status/json_out.h"
#include "agent/status/status_sources.h"

json_t *view_app(const struct status_sources *in, const struct app *app);
/* With the first of its VIPs only: a program may have thousands. */
json_t *view_app_part(const struct status_sources *in, const struct app *app, size_t max_vips);
/* null for an app without a lease. */
json_t *view_app_lease(const struct app *app, const struct view_clock *clock);
/* As the list of apps has it. */
void view_app_add_summary(struct json_out *o, const struct status_sources *in,
			  const struct app *app);

#endif
