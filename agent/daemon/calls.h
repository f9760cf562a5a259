/* SPDX-License-Identifier: MIT */
/* The agent seen from outside: API calls, and the line for the service manager. */
#ifndef AGENT_DAEMON_CALLS_H
#define AGENT_DAEMON_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "agent/daemon/parts.h"
#include "agent/http/api.h"
#include "agent/status/status_line.h"

/* struct api_callbacks. */
void calls_answer(const struct api_call *call, struct api_reply *ret, void *agent);
bool calls_is_vip(const struct addr *addr, void *agent);
/* store_written_cb: replies to changes that are on the disk leave. */
void calls_on_written(uint64_t up_to, bool stored, void *agent);
/* service_summary_cb. */
json_t *calls_alarms(void *agent);
void calls_summarize(char buf[static STATUS_LINE_MAX], void *agent);

#endif
