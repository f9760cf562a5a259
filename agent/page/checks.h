/* SPDX-License-Identifier: MIT */
/* The checks of an app: how each is, what it said last, and how long the last ones took. Pure. */
#ifndef AGENT_PAGE_CHECKS_H
#define AGENT_PAGE_CHECKS_H

#include <jansson.h>

#include "agent/page/html.h"

/* `monitors` as of /v1/apps/NAME (agent/status/view_monitor.h). */
void checks_add(struct html *h, const char *app, const json_t *monitors);

#endif
