/* SPDX-License-Identifier: MIT */
/* Answers of Consul to transactions of a fleet, and the decisions of the guard that follow. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fleet/txn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct prefix vips[] = {
	{ .addr = { .family = AF_INET, .bytes = { 192, 0, 2, 53 } }, .len = 32 },
};
static const struct fleet_keys keys = { .prefix = "v", .vips = vips, .n_vips = 1, .node = "a" };

/* Decided by whatever a view says, and written without a claim that it did not have. */
static void decide(const struct fleet_view *v)
{
	const struct fleet_rule rule = { .min_up = { .is_share = true, .value = 50 }, .window = 1 };
	const struct fleet_claim me = { "a", "s", 1 };
	struct fleet_decision d;
	for (size_t i = 1; i < v->n_up; i++)
		if (strcmp(v->up[i - 1].node, v->up[i].node) >= 0)
			abort();
	fleet_decide_leave(v, &rule, 1, &me, 1, &d);
	if (d.step == FLEET_STEP_WRITE && d.leaves[0].n > v->leave.n + 1)
		abort();
	fleet_decision_done(&d);
	size_t others, min_up;
	fleet_may_drain(v, &rule, "a", 1, &others, &min_up);
	if (others > v->n_up)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint64_t own[FLEET_VIPS_MAX] = { 4 };
	struct fleet_answer answer;
	for (unsigned kind = FLEET_TXN_FIND; kind <= FLEET_TXN_ROLL; kind++) {
		struct err err = { "" };
		int r = fleet_txn_parse((enum fleet_txn)kind, &keys, own, (const char *)data, len,
					&answer, &err);
		if (r < 0 && !err.text[0])
			abort();
		if (r < 0)
			continue;
		decide(&answer.views[0]);
		fleet_answer_done(&answer);
	}
	return 0;
}
