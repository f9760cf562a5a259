/* SPDX-License-Identifier: MIT */
/* GET /v1/apps/NAME and /v1/explain of an app: one VIP after the other as the client reads. */
#ifndef AGENT_STATUS_VIEW_APP_VIPS_H
#define AGENT_STATUS_VIEW_APP_VIPS_H

#include <jansson.h>

#include "agent/app/registry.h"
#include "agent/status/status_sources.h"
#include "agent/status/stream.h"

/* The sources must outlive both. All but the VIPs is as it was when they were made; the VIPs end
 * when the app has gone. */
struct stream *view_app(const struct status_sources *in, const struct app *app);
/* As explain_app() has it. */
struct stream *view_app_explained(const struct status_sources *in, const struct app *app);
/* A VIP or an aggregate, likewise: "192.0.2.53" is the VIP of that address, as in /v1/events. NULL:
 * there is neither. */
json_t *view_explained(const struct status_sources *in, const char *prefix);

#endif
