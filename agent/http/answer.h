/* SPDX-License-Identifier: MIT */
/* Carries out what an HTTP request asked for, and writes the answer. */
#ifndef AGENT_HTTP_ANSWER_H
#define AGENT_HTTP_ANSWER_H

#include <stdbool.h>

#include "agent/http/api.h"
#include "agent/status/sources.h"
#include "agent/store/store.h"

/* Whether it asks for more than to be told something. */
bool answer_is_change(enum api_kind kind);
/* `stopping`: changes are refused with 503, reading goes on. */
void answer_call(const struct status_sources *in, bool stopping, const struct api_call *call,
		 struct api_reply *ret);
/* Decides when the reply to a change leaves, and which of its two bodies: with "stored" true once
 * the change is on the disk. */
void answer_defer(struct api_reply *reply, const struct store *store);

#endif
