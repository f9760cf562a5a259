/* SPDX-License-Identifier: MIT */
#include "fleet/member.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "lib/xorshift.h"

void fleet_member_init(struct fleet_member *m, const struct fleet_config *config, const char *node,
		       uint32_t seed)
{
	assert(config->n_vips > 0 && config->n_vips <= FLEET_VIPS_MAX);
	*m = (struct fleet_member){ .config = config,
				    .evidence = FLEET_HARD,
				    .form = FLEET_WITHDRAWN,
				    .random = seed ? seed : 1 };
	m->backoff = (struct backoff){ .first = config->timeout, .max = config->poll_max };
	snprintf(m->claim.node, sizeof(m->claim.node), "%s", node);
	fleet_joiner_init(&m->joiner, node);
}

void fleet_member_done(struct fleet_member *m)
{
	fleet_decision_done(&m->decision);
	fleet_decision_done(&m->joiner.decision);
}

enum fleet_form fleet_member_shown(const struct fleet_member *m)
{
	bool announced = m->form == FLEET_NORMAL || m->form == FLEET_DEGRADED;
	return announced && fleet_joiner_stands(&m->joiner) ? FLEET_JOINING : m->form;
}

static bool wants_to_leave(const struct fleet_member *m)
{
	return m->evidence == FLEET_SOFT && m->form != FLEET_WITHDRAWN;
}

/* Away on soft evidence: it returns when too few are left. */
static bool is_away(const struct fleet_member *m)
{
	return m->evidence == FLEET_SOFT && m->form == FLEET_WITHDRAWN && m->was_announced &&
	       !m->is_retired;
}

/* Claims are given back unless they are waited for, or hold the place of an app that has left. */
static bool has_claims_to_give_back(const struct fleet_member *m)
{
	return m->may_have_claims && !wants_to_leave(m) && !m->has_left;
}

static void retry_later(struct fleet_member *m, mono_t now)
{
	m->retry_at = usec_add(now, backoff_next(&m->backoff, xorshift32(&m->random)));
}

/* A request that may yet take effect: own keys are written once more when it no longer can. */
static void give_up(struct fleet_member *m, mono_t now)
{
	m->is_unsettled |= m->request.kind == FLEET_CLAIM;
	m->joiner.is_unsettled |= m->request.kind == FLEET_JOIN;
	if (m->request.kind == FLEET_REPORT || m->request.kind == FLEET_CLAIM ||
	    m->request.kind == FLEET_JOIN) {
		m->late_until = usec_add(now, m->config->poll_max);
		m->report_at = usec_min(m->report_at, m->late_until);
	}
	m->request.id = 0;
	fleet_decision_done(&m->decision);
	fleet_joiner_forget(&m->joiner, now);
	m->read_at = now;
	retry_later(m, now);
}

/* ---- inputs ---- */

/* A decision in flight is judged when it is answered. */
static void decide_anew(struct fleet_member *m, mono_t now)
{
	if (!m->request.id)
		fleet_decision_done(&m->decision);
	m->read_at = now;
}

void fleet_member_join(struct fleet_member *m, enum fleet_join join, mono_t now)
{
	if (m->is_retired || !fleet_joiner_want(&m->joiner, join))
		return;
	if (!m->request.id)
		fleet_decision_done(&m->joiner.decision);
	m->joiner.read_at = now;
}

/* A withdrawn route stays withdrawn, as a failing check is no reason to announce; but an app that
 * was kept before has no slot that would let it go. */
static enum fleet_form soft_form(const struct fleet_member *m, bool announced)
{
	bool keeps = announced || m->was_kept || m->form == FLEET_NORMAL;
	return keeps ? FLEET_DEGRADED : FLEET_WITHDRAWN;
}

void fleet_member_evidence(struct fleet_member *m, enum fleet_evidence evidence, bool announced,
			   mono_t now)
{
	if (m->evidence == evidence || m->is_retired)
		return;
	m->was_kept |= wants_to_leave(m);
	m->was_announced |= announced;
	m->evidence = evidence;
	m->has_left = false;
	decide_anew(m, now);
	switch (evidence) {
	case FLEET_GOOD:
		m->form = FLEET_NORMAL;
		m->was_kept = false;
		break;
	case FLEET_KEPT:
		m->form = FLEET_DEGRADED;
		break;
	case FLEET_DRAIN:
		if (m->form != FLEET_WITHDRAWN)
			m->form = FLEET_DRAINED;
		break;
	case FLEET_HARD:
		m->form = FLEET_WITHDRAWN;
		break;
	case FLEET_SOFT:
		m->form = soft_form(m, announced);
		m->claim.number++;
		break;
	}
	m->was_announced |= m->form != FLEET_WITHDRAWN;
}

void fleet_member_rules(struct fleet_member *m, mono_t now)
{
	decide_anew(m, now);
	m->joiner.read_at = now;
}

void fleet_member_session(struct fleet_member *m, const char *session, mono_t until, mono_t now)
{
	m->session_until = session ? until : 0;
	if (session && str_equal(m->claim.session, session))
		return;
	/* Claims of another session are void. */
	snprintf(m->claim.session, sizeof(m->claim.session), "%s", session ? session : "");
	m->is_reported = m->may_have_claims = m->is_unsettled = m->has_left = false;
	fleet_joiner_session(&m->joiner, m->claim.session, now);
	m->is_gone = m->is_retired;
	m->late_until = 0;
	m->request.id = 0;
	fleet_decision_done(&m->decision);
	m->read_at = m->retry_at = now;
	backoff_reset(&m->backoff);
	if (!session)
		return;
	if (m->had_session)
		m->settled_at = usec_add(now, m->config->settle_session);
	m->had_session = true;
}

void fleet_member_keys_lost(struct fleet_member *m, mono_t now)
{
	m->settled_at = usec_add(now, m->config->settle_keys);
	m->joiner.claim.number++;
	if (m->request.id)
		return;
	fleet_decision_done(&m->decision);
	fleet_joiner_forget(&m->joiner, now);
}

/* ---- the end, and who comes after ---- */

void fleet_member_retire(struct fleet_member *m, mono_t now)
{
	fleet_member_evidence(m, FLEET_HARD, false, now);
	fleet_member_join(m, FLEET_JOIN_NONE, now);
	m->is_retired = true;
	m->is_gone = m->session_until == 0;
}

void fleet_member_narrow(struct fleet_member *m)
{
	assert(!m->request.id);
	fleet_decision_done(&m->decision);
	fleet_decision_done(&m->joiner.decision);
}

void fleet_member_succeed(struct fleet_member *m, const struct fleet_member *from)
{
	if (from->last_id > m->last_id)
		m->last_id = from->last_id;
	if (from->claim.number > m->claim.number)
		m->claim.number = from->claim.number;
	m->was_kept |= from->was_kept;
	m->was_announced |= from->was_announced;
	m->settled_at = usec_max(m->settled_at, from->settled_at);
	if (from->joiner.claim.number >= m->joiner.claim.number)
		m->joiner.claim.number = from->joiner.claim.number + 1;
	if (!from->claim.session[0] || !str_equal(m->claim.session, from->claim.session))
		return;
	m->may_have_claims |= from->may_have_claims;
	m->is_unsettled |= from->is_unsettled;
	m->joiner.may_stand |= from->joiner.may_stand;
	m->joiner.is_unsettled |= from->joiner.is_unsettled;
	m->late_until = usec_max(m->late_until, from->late_until);
	if (m->late_until)
		m->report_at = usec_min(m->report_at, m->late_until);
}

void fleet_member_tell(struct fleet_member *m, mono_t now)
{
	if (m->is_reported)
		m->report_at = now;
}

/* ---- requests ---- */

static bool is_report_due(const struct fleet_member *m, mono_t now)
{
	return !m->is_reported || m->reported != fleet_member_shown(m) || now >= m->report_at;
}

/* Claims are given back at any time. */
static mono_t next_read(const struct fleet_member *m)
{
	return !has_claims_to_give_back(m) && m->settled_at > m->read_at ? m->settled_at
									 : m->read_at;
}

static bool has_to_read(const struct fleet_member *m)
{
	return wants_to_leave(m) || has_claims_to_give_back(m) || is_away(m);
}

/* Its place in the line of those that join goes before its keys. */
static bool choose_last(const struct fleet_member *m, enum fleet_request_kind *ret)
{
	bool decided = m->decision.step == FLEET_STEP_WRITE;
	if (m->joiner.may_stand)
		*ret = m->joiner.decision.step == FLEET_STEP_WRITE ? FLEET_JOIN : FLEET_READ;
	else
		*ret = m->may_have_claims && !decided ? FLEET_READ : FLEET_DROP;
	return !m->is_gone;
}

/* The report comes before the claim is given back, so that an app that left is never counted. */
static bool choose(const struct fleet_member *m, mono_t now, enum fleet_request_kind *ret)
{
	bool claims = wants_to_leave(m) || has_claims_to_give_back(m);
	if (m->is_retired)
		return choose_last(m, ret);
	if (claims && m->decision.step == FLEET_STEP_WRITE)
		*ret = FLEET_CLAIM;
	else if (is_report_due(m, now))
		*ret = FLEET_REPORT;
	else if (m->joiner.decision.step == FLEET_STEP_WRITE)
		*ret = FLEET_JOIN;
	else if ((has_to_read(m) && now >= next_read(m)) ||
		 now >= fleet_joiner_deadline(&m->joiner))
		*ret = FLEET_READ;
	else
		return false;
	return true;
}

static const struct fleet_leave *leaves_of(const struct fleet_member *m,
					   enum fleet_request_kind kind)
{
	if (kind == FLEET_JOIN)
		return m->joiner.decision.leaves;
	if (kind == FLEET_CLAIM || (kind == FLEET_DROP && m->decision.step == FLEET_STEP_WRITE))
		return m->decision.leaves;
	return NULL;
}

bool fleet_member_next(struct fleet_member *m, mono_t now, struct fleet_request *ret)
{
	enum fleet_request_kind kind;
	if (m->request.id && now >= m->deadline)
		give_up(m, now);
	if (m->request.id || now >= m->session_until || now < m->retry_at || !choose(m, now, &kind))
		return false;
	m->request = (struct fleet_request){
		.id = ++m->last_id,
		.kind = kind,
		.form = fleet_member_shown(m),
		.leaves = leaves_of(m, kind),
	};
	m->may_have_claims |= kind == FLEET_CLAIM;
	m->joiner.may_stand |= kind == FLEET_JOIN;
	m->deadline = usec_add(now, m->config->timeout);
	*ret = m->request;
	return true;
}

mono_t fleet_member_deadline(const struct fleet_member *m)
{
	mono_t at = m->report_at;
	if (m->is_gone) /* there is nothing to wait for */
		return 0;
	if (m->request.id)
		return m->deadline;
	if (m->session_until == 0)
		return USEC_NEVER;
	if (m->is_retired || !m->is_reported || m->reported != fleet_member_shown(m))
		at = 0;
	else if (has_to_read(m))
		at = m->decision.step == FLEET_STEP_WRITE ? 0 : usec_min(at, next_read(m));
	at = usec_min(at, fleet_joiner_deadline(&m->joiner));
	return at > m->retry_at ? at : m->retry_at;
}

/* ---- answers ---- */

static span_t time_to_next_read(struct fleet_member *m)
{
	span_t wait = is_away(m) ? m->config->poll_max : m->config->poll * (1 + m->decision.ahead);
	return jitter(usec_min(wait, m->config->poll_max), xorshift32(&m->random));
}

/* Consul has none of the own keys, although it was told. */
static void register_anew(struct fleet_member *m, mono_t now)
{
	m->is_reported = false;
	fleet_member_keys_lost(m, now);
}

static void judge_joiner(struct fleet_member *m, const struct fleet_view *views, mono_t now)
{
	const struct fleet_config *c = m->config;
	bool may = m->evidence == FLEET_GOOD && now >= m->settled_at && now < m->session_until;
	fleet_joiner_judge(&m->joiner, views, c->rules, c->n_vips, may);
	switch (m->joiner.decision.step) {
	case FLEET_STEP_PROMOTE:
		m->joiner.read_at = now;
		break;
	case FLEET_STEP_REGISTER:
		register_anew(m, now);
		break;
	case FLEET_STEP_WAIT:
		m->joiner.read_at =
			usec_add(now, jitter(fleet_joiner_wait(&m->joiner, c->poll, c->poll_max),
					     xorshift32(&m->random)));
		break;
	case FLEET_STEP_NONE:
	case FLEET_STEP_WRITE:
	case FLEET_STEP_LEAVE:
	case FLEET_STEP_RETURN:
		break;
	}
}

static void judge(struct fleet_member *m, const struct fleet_view *views, wall_t wall, mono_t now)
{
	const struct fleet_config *c = m->config;
	fleet_decision_done(&m->decision);
	if (wants_to_leave(m))
		fleet_decide_leave(views, c->rules, c->n_vips, &m->claim, wall, &m->decision);
	else if (has_claims_to_give_back(m))
		fleet_decide_stay(views, c->n_vips, m->claim.node, m->is_unsettled, &m->decision);
	else if (is_away(m) && now >= m->settled_at)
		fleet_decide_return(views, c->rules, c->n_vips, &m->claim, wall, &m->decision);
	switch (m->decision.step) {
	case FLEET_STEP_NONE:
		if (!has_claims_to_give_back(m))
			m->read_at = usec_add(now, time_to_next_read(m));
		m->may_have_claims &= !has_claims_to_give_back(m);
		break;
	case FLEET_STEP_REGISTER:
		register_anew(m, now);
		break;
	case FLEET_STEP_WAIT:
		m->read_at = usec_add(now, time_to_next_read(m));
		break;
	case FLEET_STEP_WRITE:
	case FLEET_STEP_PROMOTE: /* of the joiner */
		break;
	case FLEET_STEP_LEAVE:
		if (now >= m->session_until)
			break;
		m->form = FLEET_WITHDRAWN;
		m->has_left = true;
		m->was_kept = false;
		m->read_at = usec_add(now, time_to_next_read(m));
		break;
	case FLEET_STEP_RETURN:
		m->form = FLEET_DEGRADED;
		m->has_left = false;
		m->claim.number++;
		m->read_at = now;
		break;
	}
}

/* Once more when nothing can come late any more. */
static void accept_drop(struct fleet_member *m, mono_t now)
{
	m->is_reported = m->is_unsettled = false;
	m->is_gone = now >= m->late_until;
	m->may_have_claims = m->joiner.may_stand = !m->is_gone;
	m->retry_at = m->late_until;
	fleet_decision_done(&m->decision);
	fleet_joiner_forget(&m->joiner, now);
}

static void accept(struct fleet_member *m, const struct fleet_request *r, mono_t now)
{
	/* Reads that succeed between conflicts do not shorten the wait. */
	if (r->kind != FLEET_READ)
		backoff_reset(&m->backoff);
	if (r->kind == FLEET_CLAIM)
		m->is_unsettled = false; /* an earlier one fails by its index from here on */
	if (r->kind == FLEET_JOIN)
		m->joiner.is_unsettled = false;
	if (r->kind == FLEET_DROP)
		accept_drop(m, now);
	if (r->kind == FLEET_READ || r->kind == FLEET_DROP)
		return;
	m->is_reported = true;
	m->reported = r->form;
	if (r->kind == FLEET_REPORT)
		m->report_at = usec_add(now, jitter(m->config->refresh, xorshift32(&m->random)));
}

void fleet_member_answer(struct fleet_member *m, uint64_t id, enum fleet_result result,
			 const struct fleet_view *views, wall_t wall, mono_t now)
{
	struct fleet_request r = m->request;
	if (id == 0 || id != r.id)
		return;
	switch (result) {
	case FLEET_OK:
		m->request.id = 0;
		accept(m, &r, now);
		if (r.kind == FLEET_REPORT || r.kind == FLEET_DROP)
			break;
		judge(m, views, wall, now);
		judge_joiner(m, views, now);
		break;
	case FLEET_CONFLICT:
		m->request.id = 0;
		if (r.kind == FLEET_CLAIM || r.kind == FLEET_DROP)
			fleet_decision_done(&m->decision);
		if (r.kind == FLEET_JOIN)
			fleet_joiner_forget(&m->joiner, now);
		m->read_at = now;
		retry_later(m, now);
		break;
	case FLEET_FAILED:
		give_up(m, now);
		break;
	}
}
