/* SPDX-License-Identifier: MIT */
/* The parameters of requests about the fleet. Pure. */
#ifndef AGENT_HTTP_FLEET_ARGS_H
#define AGENT_HTTP_FLEET_ARGS_H

#include "agent/http/call.h"

/* 0, or -EINVAL with a text that names the parameter. */
int fleet_query_parse(const struct api_request *request, enum api_kind kind,
		      struct fleet_query *ret, struct err *err);

#endif
