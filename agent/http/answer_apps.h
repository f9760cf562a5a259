/* SPDX-License-Identifier: MIT */
/* Requests that register and unregister apps. */
#ifndef AGENT_HTTP_ANSWER_APPS_H
#define AGENT_HTTP_ANSWER_APPS_H

#include "agent/http/reply.h"
#include "agent/http/request.h"
#include "agent/status/status_sources.h"

void answer_register(const struct status_sources *in, const struct api_call *call,
		     struct api_reply *ret);
/* PUT /v1/apps/NAME. */
void answer_define(const struct status_sources *in, const struct api_call *call,
		   struct api_reply *ret);
void answer_unregister(const struct status_sources *in, const struct api_call *call,
		       struct api_reply *ret);

#endif
