/* SPDX-License-Identifier: MIT */
/* Why a VIP or an aggregate is announced, or is not: /v1/explain as a table, for the link that asks
 * for it. */
#ifndef AGENT_PAGE_WHY_H
#define AGENT_PAGE_WHY_H

#include "agent/page/html.h"
#include "agent/page/query.h"
#include "agent/status/status_sources.h"

/* Nothing when the query does not ask. */
void why_add(struct html *h, const struct status_sources *in, const struct page_query *query);

#endif
