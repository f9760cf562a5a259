/* SPDX-License-Identifier: MIT */
/* Carries out what an HTTP request asked for, and writes the answer. */
#ifndef AGENT_ANSWER_H
#define AGENT_ANSWER_H

#include <stdbool.h>

#include "agent/api.h"
#include "agent/inspect.h"

/* Whether it asks for more than to be told something. */
bool answer_is_change(enum api_kind kind);
/* `stopping`: changes are refused with 503, reading goes on. */
void answer_call(const struct inspect *in, bool stopping, const struct api_call *call,
		 struct api_reply *ret);

#endif
