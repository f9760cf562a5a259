/* SPDX-License-Identifier: MIT */
/* The agent's memory once everything is announced. */
#include "bench/scenarios.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"

#define RUNS 5

struct usage {
	struct samples resident, anonymous, file;
};

/* One after the other, as clients do. */
static void register_all(struct peer *p, size_t n)
{
	char target[TARGET_MAX];
	int api = http_connect(BENCH_API_PORT);
	for (size_t vip = 0; vip < n; vip++) {
		http_send(api, agent_register_target(vip, TAG_FIRST, target));
		http_receive(api);
		peer_drain(p);
	}
	close(api);
}

static void measure_once(struct peer *p, size_t n, bool by_http, struct usage *u)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = by_http ? 0 : n };
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	if (by_http)
		register_all(p, n);
	peer_wait(p, TAG_FIRST, 0, n);
	struct memory m = subject_memory(&s);
	samples_add(&u->resident, m.resident);
	samples_add(&u->anonymous, m.anonymous);
	samples_add(&u->file, m.file);
	peer_close(p);
	subject_stop(&s);
}

static void measure(struct report *r, struct peer *p, size_t n, bool by_http, double reach)
{
	struct usage u = { 0 };
	char what[64];
	for (int run = 0; run < RUNS; run++)
		measure_once(p, n, by_http, &u);
	snprintf(what, sizeof(what), "resident with %zu app%s%s", n, n == 1 ? "" : "s",
		 by_http ? " of HTTP" : "");
	report_add(r, what, "MB", reach, &u.resident);
	report_add(r, "  of it anonymous: heap and stack", "MB", REPORT_NO_TARGET, &u.anonymous);
	report_add(r, "  of it file: program and libraries", "MB", REPORT_NO_TARGET, &u.file);
}

void scenario_memory(struct report *r)
{
	struct peer *p = peer_new(1);
	measure(r, p, 1, false, 8);
	measure(r, p, 10000, false, 25);
	/* As with one app, and 4 kB of each. */
	measure(r, p, 10000, true, 8 + 10000 * 4.096 / 1000);
	peer_free(p);
}
