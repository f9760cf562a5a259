/* SPDX-License-Identifier: MIT */
/* From before the send() of a request to the UPDATE that it causes, read by the peer. */
#include "bench/scenarios.h"

#include <unistd.h>

#include "bench/agent.h"
#include "bench/http.h"
#include "bench/peer.h"

#define RUNS 200

static double request(int api, struct peer *p, const char *target, size_t vip, uint16_t tag)
{
	double begin = clock_ms();
	http_send(api, target);
	peer_wait(p, tag, vip, 1);
	double took = clock_ms() - begin;
	http_receive(api);
	return took;
}

void scenario_latency(struct report *r)
{
	const struct agent_setup setup = { .peer_host = 1 };
	struct samples up = { .n = 0 }, down = { .n = 0 };
	struct peer *p = peer_new(1);
	struct subject s;
	char target[TARGET_MAX];
	peer_listen(p);
	agent_start(&s, &setup);
	peer_come_up(p);
	int api = http_connect(BENCH_API_PORT);
	for (size_t vip = 0; vip < RUNS; vip++) {
		agent_register_target(vip, TAG_FIRST, target);
		samples_add(&up, request(api, p, target, vip, TAG_FIRST));
		agent_unregister_target(vip, target);
		samples_add(&down, request(api, p, target, vip, TAG_ABSENT));
	}
	close(api);
	peer_free(p);
	subject_stop(&s);
	report_add(r, "/register -> UPDATE at the peer", "ms", 1, &up);
	report_add(r, "/unregister -> withdrawal at the peer", "ms", 1, &down);
}
