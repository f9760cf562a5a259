/* SPDX-License-Identifier: MIT */
#include "consul/plan.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"

#define RETRY_FIRST (100 * USEC_PER_MSEC)
#define RETRY_MAX   (10 * USEC_PER_SEC)
#define REFUSED_MIN USEC_PER_SEC
/* A token bucket of processing time: up to CREDIT_MAX at once, refilled with 1/CREDIT_PART of the
 * time that passes. Even an empty answer costs COST_MIN, as it also loads Consul. */
#define CREDIT_MAX  (200 * USEC_PER_MSEC)
#define CREDIT_PART 8
#define COST_MIN    USEC_PER_MSEC
#define PACE_MAX    (2 * USEC_PER_SEC)

void consul_stream_init(struct consul_stream *s)
{
	*s = (struct consul_stream){
		.failing_since = USEC_NEVER,
		.backoff = { RETRY_FIRST, RETRY_MAX, 0 },
		.credit = CREDIT_MAX,
	};
}

void consul_stream_refresh(struct consul_stream *s)
{
	s->asked_index = 0;
}

void consul_stream_rename(struct consul_stream *s)
{
	consul_stream_refresh(s);
	s->renamed = true;
}

/* ---- how an answer is used ---- */

static bool is_other_node(const struct consul_stream *s, const struct consul_answer *a)
{
	if (!a->node_id || !s->present || !a->present)
		return false;
	return !str_equal(s->node_id, a->node_id) || s->create_index != a->create_index;
}

/* A running agent of Consul registers its own node. So when the node is missing after the agent may
 * have been restarted, Consul has lost it, whatever the index: it was not deregistered. In Nomad,
 * the last service of a node may go meanwhile. */
static bool lost_node(const struct consul_stream *s, const struct consul_answer *a)
{
	return a->node_id && s->present && !a->present &&
	       (s->contradicted || (s->cut_off && !a->nomad));
}

static bool is_reset(const struct consul_stream *s, const struct consul_answer *a)
{
	return s->index > 0 &&
	       (a->index < s->index || s->renamed || is_other_node(s, a) || lost_node(s, a));
}

static bool contradicts(const struct consul_stream *s, const struct consul_answer *a)
{
	return !a->failed && a->index > 0 && !a->present && s->present && a->index <= s->index;
}

static const char *reason_of_contradiction(const struct consul_answer *a)
{
	if (a->nomad)
		return "no services left, but the index did not grow: Nomad state was reset";
	return a->node_id ? "Consul no longer knows this node, but its index did not grow: Consul "
			    "state was reset"
			  : "no checks left, but the index did not grow: Consul state was reset";
}

/* NULL: the answer is accepted. */
static const char *reason_to_reject(const struct consul_stream *s, const struct consul_answer *a)
{
	if (a->failed)
		return a->error;
	if (a->index == 0)
		return a->nomad ? "no X-Nomad-Index in the answer: is this Nomad?"
				: "no X-Consul-Index in the answer: is this Consul?";
	if (s->index == 0)
		return NULL; /* the first answer contradicts nothing */
	if (a->leaderless)
		return a->nomad ? "Nomad has no leader" : "Consul has no leader";
	if (a->filtered)
		return "the token hides part of the answer (X-Consul-Results-Filtered-By-ACLs)";
	return contradicts(s, a) ? reason_of_contradiction(a) : NULL;
}

static enum consul_use how_to_use(const struct consul_stream *s, const struct consul_answer *a,
				  bool reset)
{
	if (s->index == 0)
		return CONSUL_FOLLOW;
	return reset || a->index == s->index ? CONSUL_MERGE : CONSUL_FOLLOW;
}

/* ---- when to query again ---- */

static span_t wait_after_failure(struct consul_stream *s, const struct consul_answer *a,
				 uint32_t random)
{
	span_t wait = backoff_next(&s->backoff, random);
	return a->refused && wait < REFUSED_MIN ? jitter(REFUSED_MIN + wait, random) : wait;
}

/* 0 while the bucket pays for the answer: a few changes are followed at once, many at PACE_MAX. */
static span_t wait_after_success(struct consul_stream *s, mono_t now, span_t cost)
{
	span_t earned = usec_min(usec_sub(now, s->credit_at) / CREDIT_PART, CREDIT_MAX);
	s->credit = usec_min(usec_add(s->credit, earned), CREDIT_MAX);
	s->credit_at = now;
	if (cost < COST_MIN)
		cost = COST_MIN;
	if (cost <= s->credit) {
		s->credit -= cost;
		return 0;
	}
	span_t wait = usec_min((cost - s->credit) * CREDIT_PART, PACE_MAX);
	s->credit = 0;
	/* The credit earned during the wait pays for the rest. */
	s->credit_at = usec_add(now, wait);
	return wait;
}

/* ---- the step ---- */

static void store(struct consul_stream *s, const struct consul_answer *a, uint64_t index)
{
	s->index = index;
	s->present = a->present;
	s->failing_since = USEC_NEVER;
	s->cut_off = s->contradicted = s->renamed = false;
	backoff_reset(&s->backoff);
	if (!a->node_id || !a->present)
		return;
	if (str_copy(s->node_id, sizeof(s->node_id), a->node_id) < 0)
		s->node_id[0] = 0;
	s->create_index = a->create_index;
}

struct consul_step consul_stream_step(struct consul_stream *s, const struct consul_answer *a,
				      mono_t now, span_t cost, uint32_t random, struct err *err)
{
	struct consul_step step = { .use = CONSUL_REJECT };
	const char *why = reason_to_reject(s, a);
	if (why) {
		err_set(err, -EAGAIN, "%s", why);
		if (s->failing_since == USEC_NEVER)
			s->failing_since = now;
		s->cut_off |= a->cut_off;
		s->contradicted |= contradicts(s, a);
		s->asked_index = 0;
		step.wait = wait_after_failure(s, a, random);
		return step;
	}
	step.reset = is_reset(s, a);
	step.regained = s->cut_off;
	step.use = how_to_use(s, a, step.reset);
	/* Consul's rule for an index below the one that was asked with: start over at 0. */
	uint64_t from = a->from_index ? a->from_index : a->index;
	s->asked_index = from < s->asked_index ? 0 : from;
	store(s, a, from);
	step.wait = wait_after_success(s, now, cost);
	return step;
}
