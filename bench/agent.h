/* SPDX-License-Identifier: MIT */
/* The agent as users run it: the binary, with a configuration that is made here. */
#ifndef BENCH_AGENT_H
#define BENCH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/subject.h"

#define BENCH_API_PORT 8080

struct agent_setup {
	uint8_t peer_host;    /* the peer is 127.0.0.`peer_host`, see peer_new() */
	size_t first, n_apps; /* configured apps are VIPs first … first + n_apps - 1 */
	uint16_t port;        /* each app has the monitor port:tcp:PORT; 0: no monitors */
	bool own_ports;       /* the next app has the next port */
	const char *interval; /* monitor_interval; NULL: the default */
	const char *monitor;  /* of every app, instead of `port` */
	bool slow_retry;      /* the default connect_retry instead of a quick one */
	const char *bind;     /* of all apps; NULL: address */
	bool traffic;         /* counted: agent.traffic */
	size_t n_named; /* so many more apps, whose monitors name hosts, as consul_addr does then */
	size_t n_programs; /* program i announces VIP i, and agent_program() is its process */
	bool fleet;        /* guarded with 50 %; kept with the community of TAG_OTHER */
	size_t changed;    /* this app, counted from 1, has another community; 0: none */
};

void agent_start(struct subject *s, const struct agent_setup *setup);
/* Its configuration becomes this one, for a reload. */
void agent_configure(const struct agent_setup *setup);
/* Runs the program with these arguments, up to 6 and a NULL, as a client of the agent; until it has
 * ended. Its output is discarded; an exit status other than 0 is a failure. */
void agent_ask(const char *const args[]);
/* The target of a request about VIP `vip`, whose definition carries the community of `tag`. */
#define TARGET_MAX 256
const char *agent_register_target(size_t vip, uint16_t tag, char buf[static TARGET_MAX]);
const char *agent_unregister_target(size_t vip, char buf[static TARGET_MAX]);
/* The process of program i, once its route is announced. */
struct subject agent_program(size_t i);
/* How many VIPs of the bench are on lo; and until there are `n`. */
size_t agent_count_bound(void);
size_t agent_count_routed(void); /* the same of those that are local routes */
void agent_wait_bound(size_t n);

#endif
