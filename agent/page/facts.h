/* SPDX-License-Identifier: MIT */
/* The top of the page, from the object of /v1/status (agent/status/view_status.h). Pure. */
#ifndef AGENT_PAGE_FACTS_H
#define AGENT_PAGE_FACTS_H

#include <jansson.h>

#include "agent/page/html.h"

/* For a tab among many: "2 alarms, dns1". */
void facts_add_title(struct html *h, const json_t *status, const char *host);
/* Version, phase, drain, and the numbers. */
void facts_add(struct html *h, const json_t *status);
void facts_add_alarms(struct html *h, const json_t *status);

#endif
