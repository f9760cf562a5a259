/* SPDX-License-Identifier: MIT */
#include "consul/plan.h"

#include <errno.h>
#include <string.h>

#include "lib/str.h"

#define RETRY_FIRST (100 * USEC_PER_MSEC)
#define RETRY_MAX   (10 * USEC_PER_SEC)
#define REFUSED_MIN USEC_PER_SEC
/* Work that may be done at once, and how much of our time goes into a storm of changes. An answer
 * costs us and Consul something even when there is next to nothing in it. */
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

/* ---- what it is worth ---- */

static bool is_other_node(const struct consul_stream *s, const struct consul_answer *a)
{
	if (!a->node_id || !s->present || !a->present)
		return false;
	return !str_equal(s->node_id, a->node_id) || s->create_index != a->create_index;
}

/* NULL when the answer is good enough to look at. */
static const char *reason_to_keep(const struct consul_stream *s, const struct consul_answer *a)
{
	if (a->failed)
		return a->error;
	if (a->index == 0)
		return "the answer has no X-Consul-Index: is this Consul?";
	if (s->index == 0)
		return NULL; /* nothing is known yet that it could contradict */
	if (a->leaderless)
		return "Consul has no leader";
	if (a->filtered)
		return "the token does not show everything (X-Consul-Results-Filtered-By-ACLs)";
	if (!a->present && s->present && a->index <= s->index)
		return a->node_id ? "Consul does not know this node any more, yet its index did "
				    "not grow: it lost its memory"
				  : "the checks are gone, yet the index did not grow: Consul lost "
				    "its memory";
	return NULL;
}

static enum consul_take take_of(const struct consul_stream *s, const struct consul_answer *a,
				bool restarted)
{
	if (s->index == 0)
		return CONSUL_FOLLOW;
	return restarted || a->index == s->index ? CONSUL_MERGE : CONSUL_FOLLOW;
}

/* ---- when to ask again ---- */

static usec_t wait_after_failure(struct consul_stream *s, const struct consul_answer *a,
				 uint32_t random)
{
	usec_t wait = backoff_next(&s->backoff, random);
	return a->refused && wait < REFUSED_MIN ? jitter(REFUSED_MIN + wait, random) : wait;
}

/* The first changes of a burst are followed at once, a storm of them at our pace. */
static usec_t wait_after_success(struct consul_stream *s, usec_t now, usec_t cost)
{
	usec_t earned = usec_min(usec_sub(now, s->credit_at) / CREDIT_PART, CREDIT_MAX);
	s->credit = usec_min(usec_add(s->credit, earned), CREDIT_MAX);
	s->credit_at = now;
	if (cost < COST_MIN)
		cost = COST_MIN;
	if (cost <= s->credit) {
		s->credit -= cost;
		return 0;
	}
	usec_t wait = usec_min((cost - s->credit) * CREDIT_PART, PACE_MAX);
	s->credit = 0;
	/* What is earned while we wait pays for the rest. */
	s->credit_at = usec_add(now, wait);
	return wait;
}

/* ---- the step ---- */

static void store(struct consul_stream *s, const struct consul_answer *a)
{
	s->index = a->index;
	s->present = a->present;
	s->failing_since = USEC_NEVER;
	s->cut_off = false;
	backoff_reset(&s->backoff);
	if (!a->node_id || !a->present)
		return;
	if (str_copy(s->node_id, sizeof(s->node_id), a->node_id) < 0)
		s->node_id[0] = 0;
	s->create_index = a->create_index;
}

struct consul_step consul_stream_step(struct consul_stream *s, const struct consul_answer *a,
				      usec_t now, usec_t cost, uint32_t random, struct err *err)
{
	struct consul_step step = { .take = CONSUL_KEEP };
	const char *why = reason_to_keep(s, a);
	if (why) {
		err_set(err, -EAGAIN, "%s", why);
		if (s->failing_since == USEC_NEVER)
			s->failing_since = now;
		s->cut_off |= a->cut_off;
		s->asked_index = 0;
		step.wait = wait_after_failure(s, a, random);
		return step;
	}
	step.restarted = s->index > 0 && (a->index < s->index || is_other_node(s, a));
	step.regained = s->cut_off;
	step.take = take_of(s, a, step.restarted);
	/* Consul's rule for an index that fell below the one that we asked with: start over. */
	s->asked_index = a->index < s->asked_index ? 0 : a->index;
	store(s, a);
	step.wait = wait_after_success(s, now, cost);
	return step;
}
