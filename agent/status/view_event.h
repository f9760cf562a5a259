/* SPDX-License-Identifier: MIT */
/* Events as JSON: GET /v1/events. Pure. */
#ifndef AGENT_STATUS_VIEW_EVENT_H
#define AGENT_STATUS_VIEW_EVENT_H

#include "agent/status/event_ring.h"
#include "agent/status/stream.h"

json_t *view_event(const struct event *event);

/* {"epoch": E, "newest": N, "oldest": N}: what is there. */
json_t *view_event_range(const struct event_ring *ring);
/* How many of those after the mark are gone. */
uint64_t view_events_missed(const struct event_ring *ring, const struct event_mark *mark);
/* The same with "missed": N, "events": […]. The query is copied. The ring has to outlive the
 * stream. */
struct stream *view_events(const struct event_ring *ring, const struct event_query *query);

#endif
