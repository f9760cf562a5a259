/* SPDX-License-Identifier: MIT */
#include "fleet/joiner.h"

#include <assert.h>
#include <stdio.h>

#include "lib/str.h"

void fleet_joiner_init(struct fleet_joiner *j, const char *node)
{
	*j = (struct fleet_joiner){ .join = FLEET_JOIN_NONE };
	snprintf(j->claim.node, sizeof(j->claim.node), "%s", node);
}

bool fleet_joiner_want(struct fleet_joiner *j, enum fleet_join join)
{
	if (j->join == join)
		return false;
	/* Those that stand keep their place by another definition, unless one was promoted
	 * between. */
	if (j->join == FLEET_JOIN_NONE)
		j->claim.number++;
	j->join = join;
	j->is_promoted = false;
	return true;
}

void fleet_joiner_session(struct fleet_joiner *j, const char *session, mono_t now)
{
	snprintf(j->claim.session, sizeof(j->claim.session), "%s", session);
	j->may_stand = j->is_unsettled = false;
	fleet_joiner_forget(j, now);
}

void fleet_joiner_forget(struct fleet_joiner *j, mono_t now)
{
	fleet_decision_done(&j->decision);
	j->read_at = now;
}

bool fleet_joiner_stands(const struct fleet_joiner *j)
{
	return j->join != FLEET_JOIN_NONE && !j->is_promoted;
}

mono_t fleet_joiner_deadline(const struct fleet_joiner *j)
{
	if (!fleet_joiner_stands(j) && !j->may_stand)
		return USEC_NEVER;
	return j->decision.step == FLEET_STEP_WRITE ? 0 : j->read_at;
}

span_t fleet_joiner_wait(const struct fleet_joiner *j, span_t poll, span_t poll_max)
{
	return j->join == FLEET_JOIN_PASSED ? usec_min(poll * (1 + j->decision.ahead), poll_max)
					    : poll_max;
}

/* ---- decisions ---- */

static bool counts(const struct fleet_view *v, const struct fleet_claim *c)
{
	if (!fleet_view_is_live(v, c))
		return false;
	enum fleet_form form = fleet_view_find(v, c->node)->form;
	return form != FLEET_NORMAL && form != FLEET_DEGRADED;
}

/* False: it is not in line. */
static bool find_place(const struct fleet_view *v, const struct fleet_claim *me, size_t *ret_ahead,
		       const struct fleet_claim **ret_first)
{
	*ret_ahead = 0;
	*ret_first = NULL;
	for (size_t i = 0; i < v->join.n; i++) {
		const struct fleet_claim *c = &v->join.claims[i];
		if (fleet_claim_equal(c, me))
			return true;
		if (str_equal(c->node, me->node) || !counts(v, c))
			continue;
		if ((*ret_ahead)++ == 0)
			*ret_first = c;
	}
	return false;
}

static void write_line(const struct fleet_view *views, size_t n, const struct fleet_claim *me,
		       bool stands, struct fleet_decision *ret)
{
	ret->step = FLEET_STEP_WRITE;
	for (size_t i = 0; i < n; i++) {
		struct fleet_leave *l = &ret->leaves[i];
		*l = fleet_leave_without(&views[i], &views[i].join, me->node);
		if (stands)
			l->claims[l->n++] = *me;
	}
}

static void decide_stand(const struct fleet_joiner *j, const struct fleet_view *views,
			 const struct fleet_rule *rules, size_t n, bool may,
			 struct fleet_decision *ret)
{
	bool is_known = true, stands = true, has_turn = true;
	for (size_t i = 0; i < n; i++) {
		const struct fleet_claim *first;
		size_t ahead;
		is_known &= fleet_view_is_live(&views[i], &j->claim);
		stands &= find_place(&views[i], &j->claim, &ahead, &first);
		has_turn &= ahead < rules[i].max_joining;
		if (ahead <= ret->ahead)
			continue;
		ret->ahead = ahead;
		snprintf(ret->first, sizeof(ret->first), "%s", first->node);
	}
	if (!is_known)
		ret->step = FLEET_STEP_REGISTER;
	else if (!stands)
		write_line(views, n, &j->claim, true, ret);
	else if (may && has_turn && j->join == FLEET_JOIN_PASSED)
		ret->step = FLEET_STEP_PROMOTE;
	else
		ret->step = FLEET_STEP_WAIT;
}

/* It does not stand there any more: its claims go. A write whose answer was lost is overtaken by
 * one that changes nothing. */
static void decide_go(const struct fleet_joiner *j, const struct fleet_view *views, size_t n,
		      struct fleet_decision *ret)
{
	bool found = j->is_unsettled;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < views[i].join.n; k++)
			found |= str_equal(views[i].join.claims[k].node, j->claim.node);
	if (found)
		write_line(views, n, &j->claim, false, ret);
}

void fleet_joiner_judge(struct fleet_joiner *j, const struct fleet_view *views,
			const struct fleet_rule *rules, size_t n, bool may)
{
	assert(n > 0 && n <= FLEET_VIPS_MAX);
	fleet_decision_done(&j->decision);
	if (fleet_joiner_stands(j)) {
		decide_stand(j, views, rules, n, may, &j->decision);
		j->is_promoted = j->decision.step == FLEET_STEP_PROMOTE;
	} else if (j->may_stand) {
		decide_go(j, views, n, &j->decision);
		j->may_stand = j->decision.step == FLEET_STEP_WRITE;
	}
}
