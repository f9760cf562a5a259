/* SPDX-License-Identifier: MIT */
/*
 * An app as the API shows it: whether it is announced, since when, the last results of its checks,
 * and if it is not announced, why not.
 */
#ifndef AGENT_STATUS_VIEW_APP_H
#define AGENT_STATUS_VIEW_APP_H

#include <jansson.h>

#include "agent/app/registry.h"
#include "agent/status/json_out.h"
#include "agent/status/status_sources.h"

/* All but `vips`. */
json_t *view_app_without_vips(const struct status_sources *in, const struct app *app);
/* With at most `max` of its VIPs, from this one on: a program may have thousands. */
json_t *view_app_part(const struct status_sources *in, const struct app *app, size_t from,
		      size_t max);
/* null for an app without a lease. */
json_t *view_app_lease(const struct app *app, const struct view_clock *clock);
/* As the list of apps has it. */
void view_app_add_summary(struct json_out *o, const struct status_sources *in,
			  const struct app *app);

#endif
