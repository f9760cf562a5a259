/* SPDX-License-Identifier: MIT */
/* Requests that add a peer over the API, or delete it again. */
#ifndef AGENT_DAEMON_PEER_EDIT_H
#define AGENT_DAEMON_PEER_EDIT_H

#include "agent/http/reply.h"
#include "agent/http/request.h"

struct agent;

/* API_PEER_ADD and API_PEER_DELETE; fills in the reply. */
void peer_edit_answer(struct agent *a, const struct api_call *call, struct api_reply *ret);

#endif
