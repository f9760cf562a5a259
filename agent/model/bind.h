/* SPDX-License-Identifier: MIT */
/*
 * Whose the address of a VIP is on this host (`bind`). Pure.
 *
 *	address   ours: added and removed by the agent
 *	route     ours, too: a local route instead of an address (AnyIP), for thousands of VIPs
 *	present   another process's: never added, changed or removed, and the VIP is announced only
 *	          while the host has it
 *	none      the host needs none: a proxy, IPVS or a router behind it serves the VIP
 */
#ifndef AGENT_MODEL_BIND_H
#define AGENT_MODEL_BIND_H

#include <stdbool.h>

#include "lib/err.h"

enum bind {
	BIND_UNSET, /* the agent's */
	BIND_ADDRESS,
	BIND_ROUTE,
	BIND_PRESENT,
	BIND_NONE,
};

/* The agent binds it: an address or a local route. */
bool bind_is_ours(enum bind b);
/* "" when it is not set. */
const char *bind_name(enum bind b);
/* -EINVAL with a text that names the word. */
int bind_parse(const char *text, enum bind *ret, struct err *err);

#endif
