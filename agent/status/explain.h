/* SPDX-License-Identifier: MIT */
/*
 * GET /v1/explain: the conditions of an announcement in their order, for each VIP of an app and
 * each peer, which of them holds, which is the first that does not, and what to do. Pure: from the
 * app as view_app_part() has it. The family comes before the next hop, which depends on what was
 * negotiated.
 */
#ifndef AGENT_STATUS_EXPLAIN_H
#define AGENT_STATUS_EXPLAIN_H

#include <jansson.h>

/* `ages`: {NAME: {CONDITION: seconds}}, since when each peer has been disabled or enabled
 * ("enabled"), its session up or down ("session"), its families negotiated ("family"), its next
 * hops as they are ("next-hop", "next-hop6") and its description, too ("named"); null: not known.
 * {"app", "vips": [{"prefix", "announced_to", "first", "conditions": […], "peers": [{"peer",
 * "state", "first", "conditions": […]}]}]}. A condition has "condition", "holds", "text",
 * "since_seconds" and "do", the last two null where there is nothing to say; after the first that
 * does not hold, "holds" is null. */
json_t *explain_app(const json_t *app, const json_t *ages);
/* An element of "vips"; those that the app has itself are not looked at. */
json_t *explain_vip(const json_t *app, const json_t *vip, const json_t *ages);
/* The same of an aggregate, as view_aggregates() has it: {"aggregate", "vips": […]} with itself as
 * the only one. */
json_t *explain_aggregate(const json_t *aggregate, const json_t *ages);

#endif
