/* SPDX-License-Identifier: MIT */
/*
 * A router that was away for 20 s and refused connections is back: from its listen() to the last
 * route. Three agents with a router each do this at once, with the default back-off; how long it
 * takes is a matter of where in its back-off an agent is. Each agent has a network namespace, as
 * only one may manage a lo; its router listens there too.
 */
#include "bench/scenarios.h"

#include <poll.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "tests/unit/own_netns.h"

#define AGENTS    3
#define APPS      100
#define REFUSED_S 20

/* Leaves us in the namespace of the last one; `ret_netns` are to come back to each. */
static void start_agents(struct subject *agents, int *ret_netns)
{
	for (uint8_t i = 0; i < AGENTS; i++) {
		own_netns_enter();
		ret_netns[i] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		if (ret_netns[i] < 0)
			fail("/proc/self/ns/net: %m");
		const struct agent_setup setup = { .peer_host = (uint8_t)(i + 2),
						   .first = (size_t)i * APPS,
						   .n_apps = APPS,
						   .slow_retry = true };
		agent_start(&agents[i], &setup);
	}
}

/* The agent that connects first is served first; a transfer takes a few milliseconds. */
static void serve_next(struct peer **peers, struct pollfd *waiting, struct samples *time,
		       double back)
{
	if (poll(waiting, AGENTS, 60000) <= 0)
		fail("an agent did not connect within 60 s");
	for (size_t i = 0; i < AGENTS; i++) {
		if (!waiting[i].revents)
			continue;
		peer_come_up(peers[i]);
		peer_wait(peers[i], TAG_FIRST, i * APPS, APPS);
		samples_add(time, clock_ms() - back);
		waiting[i].fd = -1;
	}
}

static struct peer *come_back(uint8_t host, int netns)
{
	if (setns(netns, CLONE_NEWNET) < 0)
		fail("setns: %m");
	close(netns);
	struct peer *p = peer_new(host);
	peer_listen(p);
	return p;
}

void scenario_reconnect(struct report *r)
{
	struct subject agents[AGENTS];
	struct peer *peers[AGENTS];
	struct pollfd waiting[AGENTS];
	struct samples time = { .n = 0 };
	int netns[AGENTS];
	start_agents(agents, netns);
	sleep(REFUSED_S);
	double back = clock_ms();
	for (uint8_t i = 0; i < AGENTS; i++) {
		peers[i] = come_back((uint8_t)(i + 2), netns[i]);
		waiting[i] = (struct pollfd){ .fd = peers[i]->listener, .events = POLLIN };
	}
	while (time.n < AGENTS)
		serve_next(peers, waiting, &time, back);
	for (size_t i = 0; i < AGENTS; i++) {
		peer_free(peers[i]);
		subject_stop(&agents[i]);
	}
	report_add(r, "peer back after 20 s of refusal -> all routes", "ms", 10000, &time);
}
