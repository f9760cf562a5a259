/* SPDX-License-Identifier: MIT */
/* The parameters of a request, by its kind. Pure. */
#ifndef AGENT_HTTP_REQUEST_ARGS_H
#define AGENT_HTTP_REQUEST_ARGS_H

#include "agent/http/call.h"

/* Into the call. -EINVAL with a text: an unknown one, or a value that is wrong. */
int request_parse_args(const struct api_request *request, struct api_call *call);

#endif
