/* SPDX-License-Identifier: MIT */
/* The BGP sessions of the page, from the objects of /v1/peers (agent/status/view_peers.h). Pure. */
#ifndef AGENT_PAGE_SESSIONS_H
#define AGENT_PAGE_SESSIONS_H

#include <jansson.h>

#include "agent/page/html.h"

/* A row. */
void sessions_add(struct html *h, const json_t *peer);

#endif
