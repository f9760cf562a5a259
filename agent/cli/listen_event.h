/* SPDX-License-Identifier: MIT */
/* An event of `vipherald listen`, as a line of text or of JSON. */
#ifndef AGENT_CLI_LISTEN_EVENT_H
#define AGENT_CLI_LISTEN_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bgp/msg.h"
#include "lib/addr.h"
#include "lib/wallclock.h"

enum listen_kind { LISTEN_UP, LISTEN_DOWN, LISTEN_ANNOUNCE, LISTEN_WITHDRAW, LISTEN_END_OF_RIB };

struct listen_event {
	enum listen_kind kind;
	wall_t at;
	struct addr peer;
	uint32_t peer_as;
	const char *reason;            /* of DOWN */
	struct bgp_graceful graceful;  /* of UP: what the peer offers */
	uint8_t family;                /* of END_OF_RIB */
	struct prefix prefix;          /* of ANNOUNCE and WITHDRAW */
	struct addr next_hop;          /* of ANNOUNCE */
	const struct bgp_attrs *attrs; /* of ANNOUNCE */
};

void listen_event_print(const struct listen_event *event, bool json, FILE *out);

#endif
