/* SPDX-License-Identifier: MIT */
/* Common start of most scenarios: apps whose service listens and whose routes the peer has. */
#ifndef BENCH_SERVICE_H
#define BENCH_SERVICE_H

#include "bench/agent.h"
#include "bench/listeners.h"
#include "bench/peer.h"

struct service {
	struct listeners listeners;
	struct subject agent;
};

/* A listener on the port of all apps of the setup, then the agent; until the peer has all
 * routes. */
void service_announce(struct service *s, struct peer *p, const struct agent_setup *setup);
/* SIGKILL to the listener, until it has ended. */
void service_end(struct service *s);

#endif
