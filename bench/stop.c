/* SPDX-License-Identifier: MIT */
/* From SIGTERM to the agent, with everything announced, to the last withdrawal at the peer and to
 * the end of the process, by when the VIPs are gone from lo. */
#include "bench/scenarios.h"

#include <signal.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"

#define RUNS 10
#define APPS 10000

static void measure_once(struct peer *p, struct samples *withdrawn, struct samples *ended)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = APPS };
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, APPS);
	double begin = clock_ms();
	subject_signal(&s, SIGTERM);
	peer_wait(p, TAG_ABSENT, 0, APPS);
	samples_add(withdrawn, clock_ms() - begin);
	peer_wait_cease(p);
	peer_close(p);
	subject_wait(&s);
	samples_add(ended, clock_ms() - begin);
	if (agent_count_bound() != 0)
		fail("the agent has ended, but %zu VIPs are on lo", agent_count_bound());
}

void scenario_stop(struct report *r)
{
	struct samples withdrawn = { .n = 0 }, ended = { .n = 0 };
	struct peer *p = peer_new(1);
	for (int run = 0; run < RUNS; run++)
		measure_once(p, &withdrawn, &ended);
	peer_free(p);
	report_add(r, "SIGTERM -> 10000 routes withdrawn at the peer", "ms", REPORT_NO_TARGET,
		   &withdrawn);
	report_add(r, "SIGTERM -> VIPs removed, process ended", "ms", 2000, &ended);
}
