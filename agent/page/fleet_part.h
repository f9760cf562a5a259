/* SPDX-License-Identifier: MIT */
/* This agent in its fleet, on the page: its apps that are not as they should be, and rolling work.
 * Nothing without a fleet. */
#ifndef AGENT_PAGE_FLEET_PART_H
#define AGENT_PAGE_FLEET_PART_H

#include "agent/page/html.h"
#include "agent/status/status_sources.h"

void fleet_part_add(struct html *h, const struct status_sources *in);

#endif
