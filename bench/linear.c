/* SPDX-License-Identifier: MIT */
/*
 * Registers, changes (to other communities) and unregisters N apps, one request after the other,
 * and waits until the peer knows: microseconds per app for growing N. If the cost of one app does
 * not depend on how many there are, the ratio of the last to the first stays near 1.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"

#define RUNS        3
#define SIZES       4
#define RATIO_REACH 1.5

static const size_t sizes[SIZES] = { 1000, 2000, 4000, 8000 };

struct phase {
	const char *what;
	uint16_t tag; /* after it */
	struct samples per_app[SIZES];
	struct samples ratio;
};

/* Microseconds per app. */
static double run_phase(int api, struct peer *p, size_t n, uint16_t tag)
{
	char target[TARGET_MAX];
	double begin = clock_ms();
	for (size_t vip = 0; vip < n; vip++) {
		if (tag == TAG_ABSENT)
			agent_unregister_target(vip, target);
		else
			agent_register_target(vip, tag, target);
		http_send(api, target);
		http_receive(api);
		peer_drain(p);
	}
	peer_wait(p, tag, 0, n);
	return (clock_ms() - begin) * 1000 / (double)n;
}

static void measure_size(struct phase *phases, size_t n_phases, size_t size)
{
	const struct agent_setup setup = { .peer_host = 1 };
	struct peer *p = peer_new(1);
	struct subject s;
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	int api = http_connect(BENCH_API_PORT);
	for (size_t i = 0; i < n_phases; i++)
		samples_add(&phases[i].per_app[size],
			    run_phase(api, p, sizes[size], phases[i].tag));
	close(api);
	peer_free(p);
	subject_stop(&s);
}

static void report_phase(struct report *r, struct phase *phase)
{
	char what[64];
	for (size_t i = 0; i < SIZES; i++) {
		snprintf(what, sizeof(what), "%s, %zu apps: each", phase->what, sizes[i]);
		report_add(r, what, "us", REPORT_NO_TARGET, &phase->per_app[i]);
	}
	for (int run = 0; run < RUNS; run++)
		samples_add(&phase->ratio,
			    phase->per_app[SIZES - 1].values[run] / phase->per_app[0].values[run]);
	snprintf(what, sizeof(what), "%s: the last / the first", phase->what);
	report_add(r, what, "", RATIO_REACH, &phase->ratio);
}

void scenario_linear(struct report *r)
{
	static struct phase phases[] = { { .what = "register", .tag = TAG_FIRST },
					 { .what = "change", .tag = TAG_OTHER },
					 { .what = "unregister", .tag = TAG_ABSENT } };
	size_t n = sizeof(phases) / sizeof(phases[0]);
	for (int run = 0; run < RUNS; run++) {
		for (size_t size = 0; size < SIZES; size++)
			measure_size(phases, n, size);
	}
	for (size_t i = 0; i < n; i++)
		report_phase(r, &phases[i]);
}
