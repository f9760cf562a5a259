/* SPDX-License-Identifier: MIT */
/*
 * From the peer's KEEPALIVE, which brings the session up, to the last prefix that it decoded, when
 * all routes were known before. The speaker alone, in a loop of its own, and the whole agent.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/agent.h"
#include "bench/peer.h"
#include "bench/scratch.h"
#include "bgp/speaker.h"
#include "lib/log.h"

#define RUNS 10

struct transfer {
	struct samples time, updates, largest;
};

static void announce_all(struct bgp_speaker *speaker, size_t n)
{
	uint32_t community = (uint32_t)BENCH_AGENT_AS << 16 | TAG_FIRST;
	struct bgp_route route = { .prefix.len = 32, .attrs.communities = { &community, 1 } };
	for (size_t i = 0; i < n; i++) {
		route.prefix.addr = addr_v4(BENCH_VIP + (uint32_t)i);
		bgp_speaker_announce(speaker, &route);
	}
}

/* Runs in a process of its own: a speaker with `*userdata` routes and one peer, 127.0.0.1. */
static void speak(void *userdata)
{
	static const struct bgp_speaker_ops nothing;
	const struct bgp_peer_config peer = { .addr = addr_v4(0x7f000001u),
					      .port = BGP_PORT,
					      .peer_as = BENCH_PEER_AS,
					      .hold_time = 90 * USEC_PER_SEC,
					      .connect_retry = 50 * USEC_PER_MSEC,
					      .connect_retry_max = 50 * USEC_PER_MSEC };
	const struct bgp_config config = {
		.local_as = BENCH_AGENT_AS, .router_id = 0xc0000201u, .peers = &peer, .n_peers = 1
	};
	struct bgp_speaker *speaker;
	sd_event *loop;
	struct err err = { "" };
	log_setup(LOG_ERROR, LOG_TEXT);
	if (sd_event_new(&loop) < 0 ||
	    bgp_speaker_new(loop, &config, &nothing, NULL, &speaker, &err) < 0)
		fail("speaker: %s", err.text);
	announce_all(speaker, *(const size_t *)userdata);
	bgp_speaker_start(speaker);
	sd_event_loop(loop);
}

static void measure_session(struct peer *p, size_t n, struct transfer *t)
{
	double up = peer_come_up(p);
	peer_wait(p, TAG_FIRST, 0, n);
	samples_add(&t->time, clock_ms() - up);
	samples_add(&t->updates, (double)p->n_updates);
	samples_add(&t->largest, (double)p->largest);
}

static void report_transfer(struct report *r, const char *who, size_t n, double reach_ms,
			    double reach_updates, const struct transfer *t)
{
	char what[64];
	snprintf(what, sizeof(what), "%s: established -> %zu routes", who, n);
	report_add(r, what, "ms", reach_ms, &t->time);
	snprintf(what, sizeof(what), "%s: UPDATEs for %zu", who, n);
	report_add(r, what, "messages", reach_updates, &t->updates);
	snprintf(what, sizeof(what), "%s: the largest of them", who);
	report_add(r, what, "bytes", BGP_MESSAGE_MAX, &t->largest);
}

static void measure_speaker(struct report *r, size_t n, double reach_ms, double reach_updates)
{
	struct transfer t = { 0 };
	struct peer *p = peer_new(1);
	for (int run = 0; run < RUNS; run++) {
		struct subject s;
		peer_listen(p);
		subject_fork(&s, speak, &n);
		measure_session(p, n, &t);
		peer_close(p);
		subject_stop(&s);
	}
	peer_free(p);
	report_transfer(r, "speaker", n, reach_ms, reach_updates, &t);
}

static void measure_agent(struct report *r, size_t n, double reach_ms, double reach_updates)
{
	const struct agent_setup setup = { .peer_host = 1, .n_apps = n };
	struct transfer t = { 0 };
	struct peer *p = peer_new(1);
	for (int run = 0; run < RUNS; run++) {
		struct subject s;
		agent_start(&s, &setup);
		agent_wait_bound(n);
		peer_listen(p);
		measure_session(p, n, &t);
		peer_close(p);
		subject_stop(&s);
	}
	peer_free(p);
	report_transfer(r, "agent", n, reach_ms, reach_updates, &t);
}

void scenario_transfer(struct report *r)
{
	measure_speaker(r, 10000, 30, 13);
	measure_speaker(r, 100000, 100, REPORT_NO_TARGET);
	measure_agent(r, 10000, 30, 13);
}
