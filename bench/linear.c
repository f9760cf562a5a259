/* SPDX-License-Identifier: MIT */
/*
 * Registers, changes (to other communities) and unregisters N apps, one request after the other,
 * and waits until the peer knows: microseconds per app for growing N.
 *
 * The kernel's part is not linear: it walks the addresses of lo whenever one comes or goes. So
 * whether ours is shows in the CPU time that the agent spends in user mode: if the cost of one app
 * does not depend on how many there are, the ratio of the last to the first stays near 1. Small N
 * go in several rounds, so that every N has as many requests and as much time to be measured.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"

#define RUNS        5
#define PHASES      3
#define SIZES       4
#define LARGEST     8000
#define RATIO_REACH 1.5

static const size_t sizes[SIZES] = { 1000, 2000, 4000, LARGEST };

struct phase {
	const char *what;
	uint16_t tag; /* after it */
	struct samples wall[SIZES], user[SIZES];
};

struct bed {
	struct subject agent;
	struct peer *peer;
	int api;
};

struct cost {
	double wall, user; /* milliseconds */
};

static void request_all(struct bed *b, size_t n, uint16_t tag)
{
	char target[TARGET_MAX];
	for (size_t vip = 0; vip < n; vip++) {
		if (tag == TAG_ABSENT)
			agent_unregister_target(vip, target);
		else
			agent_register_target(vip, tag, target);
		http_send(b->api, target);
		http_receive(b->api);
		peer_drain(b->peer);
	}
	peer_wait(b->peer, tag, 0, n);
}

static void run_phase(struct bed *b, size_t n, uint16_t tag, struct cost *sum)
{
	double user = subject_user_ms(&b->agent), begin = clock_ms();
	request_all(b, n, tag);
	sum->wall += clock_ms() - begin;
	if (tag == TAG_ABSENT)
		agent_wait_bound(0); /* VIPs leave lo after the withdrawal */
	sum->user += subject_user_ms(&b->agent) - user;
}

static void measure_size(struct bed *b, struct phase *phases, size_t size)
{
	size_t n = sizes[size];
	struct cost sums[PHASES] = { 0 };
	for (size_t done = 0; done < LARGEST; done += n) {
		for (size_t i = 0; i < PHASES; i++)
			run_phase(b, n, phases[i].tag, &sums[i]);
	}
	for (size_t i = 0; i < PHASES; i++) {
		samples_add(&phases[i].wall[size], sums[i].wall * 1000 / LARGEST);
		samples_add(&phases[i].user[size], sums[i].user * 1000 / LARGEST);
	}
}

static void run_all(struct phase *phases, size_t size)
{
	const struct agent_setup setup = { .peer_host = 1 };
	struct bed b = { .peer = peer_new(1) };
	peer_listen(b.peer);
	agent_start(&b.agent, &setup);
	peer_come_up(b.peer);
	b.api = http_connect(BENCH_API_PORT);
	measure_size(&b, phases, size);
	close(b.api);
	peer_free(b.peer);
	subject_stop(&b.agent);
}

static double sum(const struct samples *s)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++)
		sum += s->values[i];
	return sum;
}

/* Of all runs together: CPU time is counted in ticks, and one run has not many of them. */
static void report_ratio(struct report *r, const char *what, const char *of, double reach,
			 const struct samples *of_sizes)
{
	struct samples ratio = { .n = 0 };
	char text[72];
	samples_add(&ratio, sum(&of_sizes[SIZES - 1]) / sum(&of_sizes[0]));
	snprintf(text, sizeof(text), "%s: %s, the last / the first", what, of);
	report_add(r, text, "", reach, &ratio);
}

static void report_phase(struct report *r, const struct phase *phase)
{
	char text[72];
	for (size_t i = 0; i < SIZES; i++) {
		snprintf(text, sizeof(text), "%s %zu apps: each", phase->what, sizes[i]);
		report_add(r, text, "us", REPORT_NO_TARGET, &phase->wall[i]);
		report_add(r, "  CPU time of the agent in user mode", "us", REPORT_NO_TARGET,
			   &phase->user[i]);
	}
	report_ratio(r, phase->what, "time", REPORT_NO_TARGET, phase->wall);
	report_ratio(r, phase->what, "CPU", RATIO_REACH, phase->user);
}

void scenario_linear(struct report *r)
{
	static struct phase phases[PHASES] = { { .what = "register", .tag = TAG_FIRST },
					       { .what = "change", .tag = TAG_OTHER },
					       { .what = "unregister", .tag = TAG_ABSENT } };
	for (int run = 0; run < RUNS; run++) {
		for (size_t size = 0; size < SIZES; size++)
			run_all(phases, size);
	}
	for (size_t i = 0; i < PHASES; i++)
		report_phase(r, &phases[i]);
}
