/* SPDX-License-Identifier: MIT */
/* A real Consul agent in the scenario's network namespace: a server of its own, which keeps nothing
 * on disk. */
#ifndef BENCH_LOCAL_CONSUL_H
#define BENCH_LOCAL_CONSUL_H

#include "bench/subject.h"

#define CONSUL_PORT 8500

/* Returns when it has a leader. Agents that are started from now on use it, as their node
 * "bench". */
void local_consul_start(struct subject *s);
void local_consul_stop(struct subject *s);

#endif
