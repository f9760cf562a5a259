/* SPDX-License-Identifier: MIT */
/* The agent's memory once everything is announced. */
#include "bench/scenarios.h"

#include <stdio.h>

#include "bench/agent.h"
#include "bench/peer.h"

#define RUNS 5

struct usage {
	struct samples resident, anonymous, file;
};

static void measure_once(struct peer *p, size_t n, struct usage *u)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = n };
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, n);
	struct memory m = subject_memory(&s);
	samples_add(&u->resident, m.resident);
	samples_add(&u->anonymous, m.anonymous);
	samples_add(&u->file, m.file);
	peer_close(p);
	subject_stop(&s);
}

static void measure(struct report *r, struct peer *p, size_t n, double reach)
{
	struct usage u = { 0 };
	char what[64];
	for (int run = 0; run < RUNS; run++)
		measure_once(p, n, &u);
	snprintf(what, sizeof(what), "resident with %zu app%s", n, n == 1 ? "" : "s");
	report_add(r, what, "MB", reach, &u.resident);
	report_add(r, "  of it anonymous: heap and stack", "MB", REPORT_NO_TARGET, &u.anonymous);
	report_add(r, "  of it file: program and libraries", "MB", REPORT_NO_TARGET, &u.file);
}

void scenario_memory(struct report *r)
{
	struct peer *p = peer_new(1);
	measure(r, p, 1, 8);
	measure(r, p, 10000, 25);
	peer_free(p);
}
