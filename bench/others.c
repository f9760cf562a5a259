/* SPDX-License-Identifier: MIT */
/*
 * Another speaker at the same peer: BIRD with 10,000 static routes, from the package that
 * scripts/deps.sh unpacks for the tests. Left out, with a message, when it is not there.
 */
#include "bench/scenarios.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/bird.h"
#include "bench/peer.h"
#include "bench/subject.h"

#define ROUTES 10000
#define RUNS   5

static void start_bird(struct subject *s)
{
	char *text = NULL, vip[ADDR_TEXT_MAX];
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	fprintf(out,
		"log stderr all;\n"
		"router id 192.0.2.1;\n"
		"protocol device { }\n"
		"protocol bgp peer {\n"
		"  local 127.0.0.2 as %d;\n"
		"  neighbor 127.0.0.1 as %d;\n"
		"  strict bind;\n"
		"  multihop;\n"
		"  connect delay time 1;\n"
		"  ipv4 { import none; next hop self; export filter {\n"
		"    bgp_community.add((%d,%d)); accept; }; };\n"
		"}\n"
		"protocol static {\n"
		"  ipv4;\n",
		BENCH_AGENT_AS, BENCH_PEER_AS, BENCH_AGENT_AS, TAG_FIRST);
	for (uint32_t i = 0; i < ROUTES; i++) {
		struct addr a = addr_v4(BENCH_VIP + i);
		fprintf(out, "  route %s/32 blackhole;\n", addr_format(&a, vip));
	}
	fputs("}\n", out);
	fclose(out);
	bird_start(s, text, len);
	free(text);
}

void scenario_others(struct report *r)
{
	struct samples time = { .n = 0 }, updates = { .n = 0 }, resident = { .n = 0 };
	if (!bird_is_there("others"))
		return;
	struct peer *p = peer_new(1);
	for (int run = 0; run < RUNS; run++) {
		struct subject s;
		peer_listen(p);
		start_bird(&s);
		double up = peer_come_up(p);
		peer_wait(p, TAG_FIRST, 0, ROUTES);
		samples_add(&time, clock_ms() - up);
		samples_add(&updates, (double)p->n_updates);
		samples_add(&resident, subject_memory(&s).resident);
		peer_close(p);
		subject_stop(&s);
	}
	peer_free(p);
	report_add(r, "BIRD: established -> 10000 routes", "ms", REPORT_NO_TARGET, &time);
	report_add(r, "BIRD: UPDATEs for 10000", "messages", REPORT_NO_TARGET, &updates);
	report_add(r, "BIRD: resident with 10000 routes", "MB", REPORT_NO_TARGET, &resident);
}
