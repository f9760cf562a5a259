/* SPDX-License-Identifier: MIT */
/* Events as JSON: GET /v1/events. Pure. */
#ifndef AGENT_STATUS_VIEW_EVENT_H
#define AGENT_STATUS_VIEW_EVENT_H

#include "agent/status/event_ring.h"
#include "agent/status/stream.h"

json_t *view_event(const struct event *event);

/* {"newest": N, "oldest": N, "missed": N, "events": […]}. Texts of the query are copied. The ring has
 * to outlive the stream. */
struct stream *view_events(const struct event_ring *ring, const struct event_query *query);

#endif
