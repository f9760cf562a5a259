/* SPDX-License-Identifier: MIT */
/* Hints to the operator why BFD with a router is not up, from the evidence at hand. Pure. */
#ifndef AGENT_BFD_HINT_H
#define AGENT_BFD_HINT_H

#include "bfd/config.h"
#include "bfd/status.h"
#include "bgp/status.h"
#include "lib/mono.h"

/* So long a session may take to come up: packets are a second apart then (RFC 5880 6.8.3). */
#define BFD_HINT_AFTER (5 * USEC_PER_SEC)

/* A constant; "" is none. `made_at`: the session, by the agent. */
const char *bfd_hint(const struct bgp_peer_status *peer, const struct bfd_key *key,
		     const struct bfd_status *s, mono_t made_at, mono_t now);

#endif
