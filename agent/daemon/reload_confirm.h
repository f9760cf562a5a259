/* SPDX-License-Identifier: MIT */
/* The end of a trial (agent/daemon/confirm.h): an operator confirms it, or its time is over. */
#ifndef AGENT_DAEMON_RELOAD_CONFIRM_H
#define AGENT_DAEMON_RELOAD_CONFIRM_H

#include "agent/daemon/reload.h"
#include "agent/http/call.h"
#include "agent/http/reply.h"

/* Confirms the configuration on trial. Fills in the reply. */
void reload_confirm(struct reload *r, const struct api_call *call, struct api_reply *ret);
/* The trial was not confirmed in time. */
void reload_expired(struct reload *r);
/* The copy of the configuration or the mark of a trial was written, or could not be. */
void reload_settled(struct reload *r);

#endif
