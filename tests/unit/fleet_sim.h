/* SPDX-License-Identifier: MIT */
/*
 * A fleet over a model of Consul (tests/unit/fleet_consul.h): its agents, the network between them,
 * and the invariants that are checked with every request and answer. Time goes from one event to
 * the next. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_FLEET_SIM_H
#define TESTS_UNIT_FLEET_SIM_H

#include "fleet/session.h"
#include "lib/deadlines.h"
#include "tests/unit/fleet_consul.h"

#define HOUR          (3600 * USEC_PER_SEC)
#define JOIN_TIME     (3 * USEC_PER_SEC)
#define WALL          (1000 * HOUR) /* wall-clock time when the simulation begins */
#define READS_ITS_LOG (USEC_PER_SEC / 5)
#define NODE_OF(e)    ((struct node *)((char *)(e)-offsetof(struct node, wake)))
#define MAIL_OF(e)    ((struct mail *)((char *)(e)-offsetof(struct mail, due)))

struct node {
	struct deadline wake;
	bool is_alive, has_left; /* on soft evidence */
	bool is_owed;            /* it was kept, and has not left on soft evidence since */
	bool has_app;            /* else the member is retired */
	bool joins;              /* by a definition that is not promoted */
	mono_t passes_since;     /* USEC_NEVER: its checks do not */
	unsigned life, app;
	struct fleet_session session;
	struct fleet_member member;
};

struct mail {
	struct deadline due;
	size_t node;
	unsigned life, app, epoch;
	bool is_answer, is_session, is_double;
	uint64_t id;
	char session[FLEET_SESSION_MAX];
	enum fleet_session_request session_kind;
	enum fleet_session_result session_result;
	enum fleet_request_kind kind;
	enum fleet_form form;
	bool has_leaves, was_announced;
	struct fleet_leave leaves[CONSUL_VIPS];
	enum fleet_result result;
	struct fleet_view views[CONSUL_VIPS];
	uint64_t reductions; /* when the views were true */
	unsigned view_epoch;
};

struct sim {
	uint64_t random, steps, n_requests, n_soft, n_returns, n_promoted;
	mono_t now, next_expiry, consul_back, split_until;
	size_t n;
	bool faults, releases;
	struct node *nodes;
	struct consul_model consul;
	struct fleet_config config;
	struct deadlines wakes, mails;
};

static uint64_t draw(struct sim *s, uint64_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (s->random >> 11) % below;
}

static void sim_init(struct sim *s, size_t n, uint64_t seed, struct fleet_min_up min_up)
{
	*s = (struct sim){ .random = seed * 2654435761U + 88172645463325252U, .n = n };
	s->nodes = mem_new(n, sizeof(*s->nodes));
	s->config = (struct fleet_config){ .n_vips = CONSUL_VIPS,
					   .timeout = USEC_PER_SEC / 2,
					   .poll = 2 * USEC_PER_SEC,
					   .poll_max = 30 * USEC_PER_SEC,
					   .refresh = 200 * USEC_PER_SEC };
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		s->config.rules[v] = (struct fleet_rule){ min_up, 600 * USEC_PER_SEC, 1 };
	consul_init(&s->consul, n);
	consul_snapshot(&s->consul);
}

static void mail_free(struct mail *m)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		free(m->leaves[v].claims);
	consul_free_views(m->views);
	free(m);
}

static void sim_done(struct sim *s)
{
	struct deadline *e;
	while ((e = deadlines_pop(&s->mails, USEC_NEVER)))
		mail_free(MAIL_OF(e));
	for (size_t i = 0; i < s->n; i++)
		fleet_member_done(&s->nodes[i].member);
	deadlines_done(&s->mails);
	deadlines_done(&s->wakes);
	consul_done(&s->consul);
	free(s->nodes);
}

/* ---- the invariant ---- */

/* By what Consul knows, less those that left on soft evidence. A host that died without a word
 * counts, and so does one whose hard withdrawal is not reported yet. */
static size_t count_announced(const struct sim *s, size_t v)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += s->consul.nodes[v][i].is_up &&
		     consul_is_announced(s->consul.nodes[v][i].up.form) && !s->nodes[i].has_left;
	return n;
}

static size_t count_needed(const struct sim *s, size_t v)
{
	const struct fleet_rule *rule = &s->config.rules[v];
	size_t have = 0;
	if (!rule->min_up.is_share)
		return rule->min_up.value;
	for (size_t i = 0; i < s->n; i++) {
		const struct consul_node *node = &s->consul.nodes[v][i];
		have += node->is_up ||
			(node->has && node->seen.seen + rule->window >= WALL + s->now);
	}
	size_t share = have * rule->min_up.value;
	return share % 100 ? share / 100 + 1 : share / 100;
}

/* After a soft withdrawal. Hard events since the view was true are not its doing. */
static void check_announced(const struct sim *s, const struct mail *m)
{
	uint64_t since = s->consul.reductions - m->reductions;
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		size_t left = count_announced(s, v), needed = count_needed(s, v);
		if (left + since < needed)
			fail_msg("step %llu: n%05zu left: %zu of %zu announced, %llu hard events",
				 (unsigned long long)s->steps, m->node, left, needed,
				 (unsigned long long)since);
	}
}

/* Those that live, stand before it in line, and really join, by what Consul knows; not one that was
 * promoted, and has a claim for its next definition still to write. */
static size_t count_before(const struct sim *s, size_t v, size_t i)
{
	const struct fleet_leave *line = &s->consul.join[v];
	size_t n = 0;
	for (size_t k = 0; k < line->n; k++) {
		unsigned long other = strtoul(line->claims[k].node + 1, NULL, 10);
		const struct consul_node *node = &s->consul.nodes[v][other];
		if (other == i)
			return n;
		n += s->nodes[other].joins && s->nodes[other].has_app && s->nodes[other].is_alive &&
		     node->is_up && s->nodes[other].member.evidence != FLEET_DRAIN &&
		     s->nodes[other].member.joiner.claim.number == line->claims[k].number &&
		     strcmp(node->up.session, line->claims[k].session) == 0;
	}
	fail_msg("n%05zu is promoted, and stands in no line", i);
	return n;
}

/* Where Consul has forgotten the line since the view was true, those that stand in another one are
 * not its doing. */
static void check_promotion(const struct sim *s, const struct mail *m)
{
	const struct node *node = &s->nodes[m->node];
	assert_true(node->joins && node->has_app && node->member.evidence == FLEET_GOOD);
	assert_true(s->now >= usec_add(node->passes_since, JOIN_TIME));
	if (m->view_epoch != s->consul.epoch ||
	    strcmp(s->consul.sessions[m->node].id, node->session.id) != 0)
		return;
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		size_t before = count_before(s, v, m->node);
		if (before >= s->config.rules[v].max_joining)
			fail_msg("step %llu: n%05zu promoted, %zu are before it",
				 (unsigned long long)s->steps, m->node, before);
	}
}

/* ---- the network ---- */

static struct mail *mail_new(const struct sim *s, size_t i)
{
	struct mail *m = mem_new(1, sizeof(*m));
	m->node = i;
	m->life = s->nodes[i].life;
	m->app = s->nodes[i].app;
	m->epoch = s->consul.epoch;
	snprintf(m->session, sizeof(m->session), "%s", s->nodes[i].session.id);
	return m;
}

static span_t delay(struct sim *s)
{
	span_t usual = USEC_PER_MSEC + draw(s, 20 * USEC_PER_MSEC);
	return s->faults && draw(s, 50) == 0 ? draw(s, 60 * USEC_PER_SEC) : usual;
}

static struct mail *mail_double(const struct mail *m)
{
	struct mail *copy = mem_copy(m, sizeof(*m));
	copy->due = (struct deadline){ 0 };
	copy->is_double = true;
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		copy->leaves[v] = consul_copy_leave(&m->leaves[v]);
	return copy;
}

static void post(struct sim *s, struct mail *m)
{
	s->n_requests += !m->is_answer;
	if (s->faults && !m->is_answer && draw(s, 40) == 0) {
		struct mail *again = mail_double(m);
		deadlines_set(&s->mails, &again->due, s->now + delay(s));
	}
	if (s->faults && draw(s, 40) == 0)
		mail_free(m);
	else
		deadlines_set(&s->mails, &m->due, s->now + delay(s));
}

/* ---- Consul's end ---- */

static bool is_cut_off(const struct sim *s, size_t i)
{
	return s->now < s->split_until && i % 3 == 0;
}

/* Just after a restart Consul says of any session that it does not know it. */
static bool is_reading_its_log(const struct sim *s)
{
	return s->consul_back && s->now - s->consul_back < READS_ITS_LOG;
}

static void serve_session(struct sim *s, struct mail *m)
{
	bool stray = m->session_kind == FLEET_SESSION_CREATE &&
		     (m->is_double || m->life != s->nodes[m->node].life);
	m->session_result = FLEET_SESSION_OK;
	if (s->now < s->consul_back || is_cut_off(s, m->node) || stray)
		m->session_result = FLEET_SESSION_FAILED;
	else if (m->session_kind == FLEET_SESSION_CREATE)
		snprintf(m->session, sizeof(m->session), "%s",
			 consul_create_session(&s->consul, m->node, s->now));
	else if (m->session_kind == FLEET_SESSION_INFO)
		m->session_result = consul_has_session(&s->consul, m->node, m->session)
					    ? FLEET_SESSION_OK
					    : FLEET_SESSION_GONE;
	else if (is_reading_its_log(s) || !consul_renew(&s->consul, m->node, m->session, s->now))
		m->session_result = FLEET_SESSION_GONE;
}

static void serve_old_view(struct sim *s, struct mail *m)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		const struct fleet_view *from = &s->consul.old[v];
		m->views[v] = *from;
		m->views[v].up = mem_copy(from->up, s->n * sizeof(*from->up));
		m->views[v].has = mem_copy(from->has, s->n * sizeof(*from->has));
		m->views[v].leave = consul_copy_leave(&from->leave);
		m->views[v].join = consul_copy_leave(&from->join);
	}
	m->reductions = s->consul.old_reductions;
	m->view_epoch = s->consul.old_epoch;
}

/* check-index of the own key, which the shell sends: since this request left, a later one was
 * carried out or the keys were emptied. */
static bool is_overtaken(struct sim *s, const struct mail *m)
{
	return m->epoch != s->consul.epoch || m->id <= s->consul.sessions[m->node].last_write;
}

static bool commit(struct sim *s, const struct mail *m)
{
	const struct fleet_leave *leaves = m->has_leaves ? m->leaves : NULL;
	if (m->kind == FLEET_DROP)
		return consul_drop(&s->consul, m->node, leaves);
	return consul_commit(&s->consul, m->node, m->session, m->form,
			     m->kind == FLEET_JOIN ? s->consul.join : s->consul.leave, leaves,
			     m->kind == FLEET_REPORT ? WALL + s->now : 0, m->was_announced);
}

static void serve(struct sim *s, struct mail *m)
{
	m->is_answer = true;
	m->result = FLEET_OK;
	m->reductions = s->consul.reductions;
	m->view_epoch = s->consul.epoch;
	if (m->is_session)
		serve_session(s, m);
	else if (s->now < s->consul_back || (is_cut_off(s, m->node) && m->kind != FLEET_READ))
		m->result = FLEET_FAILED;
	else if (is_cut_off(s, m->node))
		serve_old_view(s, m);
	else if (m->kind == FLEET_READ)
		consul_read(&s->consul, m->views);
	else if (is_overtaken(s, m) || !commit(s, m))
		m->result = FLEET_CONFLICT;
	if (m->result == FLEET_OK && !m->is_session && m->kind != FLEET_READ)
		s->consul.sessions[m->node].last_write = m->id;
	if (m->result == FLEET_OK && !m->is_session &&
	    (m->kind == FLEET_CLAIM || m->kind == FLEET_JOIN)) {
		m->reductions = s->consul.reductions;
		consul_read(&s->consul, m->views);
	}
	post(s, m);
}

/* ---- the agents' end ---- */

static void pass_session(struct sim *s, struct node *node)
{
	const char *id = node->session.id;
	fleet_member_session(&node->member, id[0] ? id : NULL, node->session.until, s->now);
}

static void send_request(struct sim *s, size_t i, const struct fleet_request *r)
{
	struct mail *m = mail_new(s, i);
	m->id = r->id;
	m->kind = r->kind;
	m->form = r->form;
	m->has_leaves = r->leaves;
	m->was_announced = s->nodes[i].member.was_announced;
	for (size_t v = 0; r->leaves && v < CONSUL_VIPS; v++)
		m->leaves[v] = consul_copy_leave(&r->leaves[v]);
	post(s, m);
}

/* As the registry does. */
static void update_join(struct sim *s, struct node *node)
{
	bool passes = node->joins && node->member.evidence == FLEET_GOOD;
	if (!passes)
		node->passes_since = USEC_NEVER;
	else if (node->passes_since == USEC_NEVER)
		node->passes_since = s->now;
	if (!node->joins || !node->has_app || node->member.evidence == FLEET_DRAIN)
		fleet_member_join(&node->member, FLEET_JOIN_NONE, s->now);
	else
		fleet_member_join(&node->member,
				  s->now >= usec_add(node->passes_since, JOIN_TIME)
					  ? FLEET_JOIN_PASSED
					  : FLEET_JOIN_STANDS,
				  s->now);
}

static mono_t join_due(const struct sim *s, const struct node *node)
{
	mono_t due = usec_add(node->passes_since, JOIN_TIME);
	return s->now < due ? due : USEC_NEVER;
}

static void run_node(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	update_join(s, node);
	struct fleet_request r;
	uint64_t id = fleet_session_next(&node->session, s->now);
	if (id) {
		struct mail *m = mail_new(s, i);
		m->is_session = true;
		m->session_kind = node->session.kind;
		m->id = id;
		post(s, m);
	}
	pass_session(s, node);
	if (fleet_member_next(&node->member, s->now, &r))
		send_request(s, i, &r);
	mono_t wake = node->member.is_gone ? USEC_NEVER : fleet_member_deadline(&node->member);
	wake = usec_min(wake, join_due(s, node));
	deadlines_set(&s->wakes, &node->wake,
		      usec_min(fleet_session_deadline(&node->session), wake));
}

static void hear(struct sim *s, struct mail *m)
{
	struct node *node = &s->nodes[m->node];
	enum fleet_form before = node->member.form;
	if (!node->is_alive || node->life != m->life)
		return;
	if (m->is_session)
		fleet_session_answer(&node->session, m->id, m->session_result, m->session, s->now);
	else if (node->app == m->app)
		fleet_member_answer(&node->member, m->id, m->result, m->views, WALL + s->now,
				    s->now);
	if (before != node->member.form) {
		bool leaves = node->member.form == FLEET_WITHDRAWN;
		assert_int_equal(node->member.evidence, FLEET_SOFT);
		assert_int_equal(before, leaves ? FLEET_DEGRADED : FLEET_WITHDRAWN);
		assert_true(leaves || node->member.form == FLEET_DEGRADED);
		s->n_soft += leaves;
		s->n_returns += !leaves;
		node->has_left = leaves;
		node->is_owed = !leaves;
		if (leaves)
			check_announced(s, m);
	}
	if (node->member.joiner.is_promoted) {
		check_promotion(s, m);
		node->joins = false;
		s->n_promoted++;
	}
	run_node(s, m->node);
}

static void start_app(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	char name[FLEET_NODE_MAX];
	snprintf(name, sizeof(name), "n%05zu", i);
	fleet_member_init(&node->member, &s->config, name, (uint32_t)draw(s, UINT32_MAX));
	node->has_app = true;
	node->passes_since = USEC_NEVER;
	node->is_owed = node->has_left = false;
	node->app++;
}

/* The shell finds that out before its first report. */
static bool was_announced(const struct sim *s, size_t i)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		const struct consul_node *node = &s->consul.nodes[v][i];
		if (node->has && node->seen.announced &&
		    node->seen.seen + s->config.rules[v].window >= WALL + s->now)
			return true;
	}
	return false;
}

static void start_node(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	node->is_alive = true;
	node->life++;
	fleet_session_init(&node->session, CONSUL_TTL, s->config.timeout, 5 * USEC_PER_SEC,
			   (uint32_t)draw(s, UINT32_MAX), s->now);
	start_app(s, i);
	node->member.was_announced = was_announced(s, i);
	run_node(s, i);
}

static void unregister(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	node->has_app = node->has_left = false;
	fleet_member_retire(&node->member, s->now);
	run_node(s, i);
}

/* Within the same session, whether the keys are gone or not. Numbers go on. */
static void register_again(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	struct fleet_member from = node->member;
	start_app(s, i);
	pass_session(s, node);
	node->member.last_id = from.last_id;
	node->member.claim.number = from.claim.number;
	if (!from.is_gone)
		fleet_member_succeed(&node->member, &from);
	node->is_owed = node->member.was_kept;
	node->joins = s->releases && draw(s, 2);
	fleet_member_done(&from);
	run_node(s, i);
}

static void kill_node(struct sim *s, size_t i)
{
	s->nodes[i].is_alive = false;
	fleet_member_done(&s->nodes[i].member);
	deadlines_remove(&s->wakes, &s->nodes[i].wake);
}

/* Hard evidence, a drain and recovery take effect in this very call. */
static void set_evidence(struct sim *s, size_t i, enum fleet_evidence evidence)
{
	struct node *node = &s->nodes[i];
	enum fleet_form before = node->member.form, *form = &node->member.form;
	if (!node->is_alive || !node->has_app)
		return;
	fleet_member_evidence(&node->member, evidence, before != FLEET_WITHDRAWN, s->now);
	if (evidence == FLEET_HARD)
		assert_int_equal(*form, FLEET_WITHDRAWN);
	if (evidence == FLEET_DRAIN)
		assert_true(!consul_is_announced(*form));
	if (evidence == FLEET_GOOD)
		assert_int_equal(*form, FLEET_NORMAL);
	if (evidence == FLEET_SOFT)
		assert_true(*form == FLEET_DEGRADED ||
			    (before == FLEET_WITHDRAWN && !node->is_owed));
	if (evidence == FLEET_KEPT)
		assert_int_equal(*form, FLEET_DEGRADED);
	if (evidence == FLEET_GOOD || evidence == FLEET_KEPT)
		node->has_left = false;
	if (evidence == FLEET_SOFT)
		node->is_owed |= *form == FLEET_DEGRADED;
	node->is_owed &= evidence != FLEET_GOOD;
	run_node(s, i);
}

/* ---- the course of events ---- */

static void step(struct sim *s)
{
	mono_t wake = deadlines_next_due(&s->wakes), mail = deadlines_next_due(&s->mails);
	s->now = usec_min(usec_min(wake, mail), s->next_expiry);
	s->steps++;
	if (s->now == s->next_expiry) {
		if (s->now >= s->consul_back)
			consul_expire(&s->consul, s->now);
		s->next_expiry += USEC_PER_SEC;
	} else if (mail <= wake) {
		struct mail *m = MAIL_OF(deadlines_pop(&s->mails, s->now));
		if (m->is_answer) {
			hear(s, m);
			mail_free(m);
		} else {
			serve(s, m);
		}
	} else {
		run_node(s, (size_t)(NODE_OF(deadlines_pop(&s->wakes, s->now)) - s->nodes));
	}
}

static void run_for(struct sim *s, span_t span)
{
	for (mono_t end = s->now + span; s->now < end;)
		step(s);
}

#endif
