/* SPDX-License-Identifier: MIT */
/* Carries out HTTP requests and fills in the replies. */
#ifndef AGENT_HTTP_ANSWER_H
#define AGENT_HTTP_ANSWER_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/http/api.h"
#include "agent/status/status_sources.h"
#include "agent/store/store.h"

/* Whether the request changes something. */
bool answer_is_change(enum api_kind kind);
/* `stopping`: changes are refused with 503. API_RELOAD, _CONFIRM, _DIFF and orders for peers are
 * left to the caller otherwise. */
void answer_call(const struct status_sources *in, bool stopping, const struct api_call *call,
		 struct api_reply *ret);
/* Decides when the reply to a change is sent, and with which body: "stored" is true when the change
 * is on the disk. */
void answer_defer(struct api_reply *reply, const struct store *store);

#endif
