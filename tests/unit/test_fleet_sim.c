/* SPDX-License-Identifier: MIT */
/*
 * Invariants of a fleet under any sequence of events: releases that are rolled out, requests and
 * answers that are lost, late or doubled, agents that die and come back, apps that go and come,
 * Consul that is away, emptied, cut in two. Seeded; a run is repeated by FLEET_SEED, lengthened by
 * FLEET_STEPS, and of FLEET_AGENTS (`make simulate`).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/fleet_sim.h"

static void set_all(struct sim *s, enum fleet_evidence evidence)
{
	for (size_t i = 0; i < s->n; i++)
		set_evidence(s, i, evidence);
}

static void start_all(struct sim *s)
{
	for (size_t i = 0; i < s->n; i++)
		start_node(s, i);
	set_all(s, FLEET_GOOD);
	run_for(s, 60 * USEC_PER_SEC);
}

static void restart_consul(struct sim *s, bool loses_sessions)
{
	s->consul_back = s->now + draw(s, 60 * USEC_PER_SEC);
	for (size_t i = 0; i < s->n; i++)
		if (loses_sessions)
			consul_end_session(&s->consul, i);
		else if (s->consul.sessions[i].id[0])
			s->consul.sessions[i].expires = s->consul_back + CONSUL_TTL;
}

/* Another definition. */
static void release(struct sim *s, size_t i)
{
	struct node *node = &s->nodes[i];
	if (!s->releases)
		return;
	node->joins = true;
	node->passes_since = USEC_NEVER;
	if (node->is_alive)
		run_node(s, i);
}

/* One that concerns all, or one agent. */
static void disturb_one(struct sim *s, uint64_t what)
{
	size_t i = draw(s, s->n);
	switch (what) {
	case 0:
		restart_consul(s, draw(s, 2));
		break;
	case 1:
		consul_empty(&s->consul);
		break;
	case 2:
		s->split_until = s->now + draw(s, 60 * USEC_PER_SEC);
		break;
	case 3 ... 6:
		consul_snapshot(&s->consul);
		break;
	case 7:
		set_all(s, FLEET_SOFT);
		break;
	case 8:
		set_all(s, FLEET_GOOD);
		break;
	case 116:
		for (i = draw(s, s->n); i < s->n; i++)
			release(s, i);
		break;
	case 117 ... 124:
		release(s, i);
		break;
	case 9 ... 18:
		if (s->nodes[i].is_alive)
			kill_node(s, i);
		break;
	case 19 ... 60:
		if (!s->nodes[i].is_alive)
			start_node(s, i);
		break;
	case 61 ... 75:
		set_evidence(s, i, FLEET_HARD);
		break;
	case 76 ... 80:
		set_evidence(s, i, draw(s, 2) ? FLEET_DRAIN : FLEET_KEPT);
		break;
	case 81 ... 95:
		if (s->nodes[i].is_alive && s->nodes[i].has_app)
			unregister(s, i);
		break;
	case 96 ... 115:
		if (s->nodes[i].is_alive && !s->nodes[i].has_app)
			register_again(s, i);
		break;
	default:
		set_evidence(s, i, draw(s, 2) ? FLEET_SOFT : FLEET_GOOD);
	}
}

#define FOR_ALL 9 /* below: of Consul, or of all agents */

/* As many agents of a large fleet as of a small one have something, by share; what concerns all
 * comes as often. */
static void disturb(struct sim *s)
{
	disturb_one(s, draw(s, 200));
	for (size_t k = 0; k < s->n / 50; k++)
		disturb_one(s, FOR_ALL + draw(s, 116 - FOR_ALL));
}

/* ---- what holds when all is quiet ---- */

static size_t count_claims_of(const struct sim *s, size_t v, size_t i)
{
	size_t n = 0;
	for (size_t k = 0; k < s->consul.leave[v].n; k++)
		n += strcmp(s->consul.leave[v].claims[k].session, s->consul.sessions[i].id) == 0;
	for (size_t k = 0; k < s->consul.join[v].n; k++)
		n += strcmp(s->consul.join[v].claims[k].session, s->consul.sessions[i].id) == 0;
	return n;
}

/* Of an app that was unregistered nothing is left. */
static void check_gone(const struct sim *s, size_t i)
{
	assert_true(s->nodes[i].member.is_gone);
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		assert_false(s->consul.nodes[v][i].is_up);
		assert_int_equal(count_claims_of(s, v, i), 0);
	}
}

/* Claims of sessions that ended are void, and go with the next write. */
static size_t count_claims(const struct sim *s, size_t v)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n; i++)
		n += count_claims_of(s, v, i);
	return n;
}

/* One after the other: a thousand take longer than the rest. */
static void finish_joining(struct sim *s)
{
	mono_t end = s->now + s->n * 10 * USEC_PER_SEC;
	while (s->now < end && count_claims(s, 0) + count_claims(s, 1) > 0)
		run_for(s, 10 * USEC_PER_SEC);
}

static void calm(struct sim *s)
{
	s->faults = false;
	s->consul_back = s->split_until = 0;
	run_for(s, 300 * USEC_PER_SEC);
	for (size_t i = 0; i < s->n; i++) {
		if (s->nodes[i].is_alive && !s->nodes[i].has_app)
			check_gone(s, i);
		if (!s->nodes[i].is_alive)
			start_node(s, i);
		else if (!s->nodes[i].has_app)
			register_again(s, i);
	}
	set_all(s, FLEET_GOOD);
	run_for(s, 900 * USEC_PER_SEC);
	finish_joining(s);
}

static void check_all_normal(const struct sim *s)
{
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		assert_int_equal(count_claims(s, v), 0);
		for (size_t i = 0; i < s->n; i++) {
			assert_true(s->consul.nodes[v][i].is_up);
			assert_int_equal(s->consul.nodes[v][i].up.form, FLEET_NORMAL);
			assert_false(s->nodes[i].joins);
		}
	}
}

/* Those that may leave have left: no slot stays unused while there is a line. */
static void check_all_slots_used(struct sim *s)
{
	set_all(s, FLEET_SOFT);
	run_for(s, 1800 * USEC_PER_SEC);
	size_t least = SIZE_MAX;
	for (size_t v = 0; v < CONSUL_VIPS; v++) {
		size_t announced = count_announced(s, v), needed = count_needed(s, v);
		assert_true(announced >= needed);
		if (announced - needed < least)
			least = announced - needed;
	}
	assert_int_equal(least, 0);
}

/* Those that have left come back when hard failures take the others, as far as there are some. */
static void check_return(struct sim *s)
{
	size_t n_left = 0;
	for (size_t i = 0; i < s->n; i++) {
		n_left += s->nodes[i].has_left;
		if (!s->nodes[i].has_left)
			set_evidence(s, i, FLEET_HARD);
	}
	run_for(s, 60 * USEC_PER_SEC);
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		assert_true(count_announced(s, v) >= usec_min(n_left, count_needed(s, v)));
}

/* A rollout of a broken check that restarts every agent. */
static void check_restart(struct sim *s)
{
	for (size_t i = 0; i < s->n; i++) {
		kill_node(s, i);
		start_node(s, i);
		set_evidence(s, i, FLEET_SOFT);
	}
	run_for(s, 60 * USEC_PER_SEC);
	for (size_t v = 0; v < CONSUL_VIPS; v++)
		assert_true(count_announced(s, v) >= count_needed(s, v));
}

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static void disturb_until(struct sim *s, uint64_t steps)
{
	s->faults = true;
	while (s->steps < steps) {
		run_for(s, draw(s, 2 * USEC_PER_SEC) + 1);
		disturb(s);
	}
}

static void run_seed(size_t n, uint64_t seed, uint64_t steps)
{
	struct sim s;
	struct fleet_min_up share = { true, 50 }, count = { false, (uint32_t)n / 3 };
	sim_init(&s, n, seed, seed % 2 ? share : count);
	s.config.rules[1].min_up = share;
	s.config.rules[1].max_joining = 1 + seed % 2;
	s.releases = seed % 3;
	start_all(&s);
	disturb_until(&s, steps);
	calm(&s);
	check_all_normal(&s);
	check_restart(&s);
	calm(&s);
	check_all_slots_used(&s);
	check_return(&s);
	set_all(&s, FLEET_GOOD);
	run_for(&s, 900 * USEC_PER_SEC);
	check_all_normal(&s);
	print_message("%zu agents, seed %llu: %llu steps, %llu requests, %llu soft withdrawals, "
		      "%llu returns, %llu promotions\n",
		      n, (unsigned long long)seed, (unsigned long long)s.steps,
		      (unsigned long long)s.n_requests, (unsigned long long)s.n_soft,
		      (unsigned long long)s.n_returns, (unsigned long long)s.n_promoted);
	sim_done(&s);
}

static void invariants_hold_for_a_few_agents(void **state)
{
	uint64_t seed = number("FLEET_SEED", 1);
	size_t n = number("FLEET_AGENTS", 0);
	(void)state;
	for (uint64_t k = 0; k < 6; k++)
		run_seed(n ? n : 3 + 5 * k, seed + k, number("FLEET_STEPS", 20000));
}

static void a_broken_check_on_1000_agents_never_takes_more_than_half(void **state)
{
	struct sim s;
	(void)state;
	sim_init(&s, 1000, number("FLEET_SEED", 1), (struct fleet_min_up){ true, 50 });
	start_all(&s);
	set_all(&s, FLEET_SOFT);
	run_for(&s, 5 * USEC_PER_SEC);
	assert_true(s.n_soft > 0);
	set_all(&s, FLEET_GOOD);
	for (size_t i = 0; i < s.n; i++)
		assert_int_equal(s.nodes[i].member.form, FLEET_NORMAL);
	sim_done(&s);
}

/* For some seconds; `make simulate AGENTS=1000` goes on until all is quiet. */
static void invariants_hold_for_1000_agents(void **state)
{
	struct sim s;
	(void)state;
	/* Few may leave: the last of them does within the run. */
	sim_init(&s, 1000, number("FLEET_SEED", 1), (struct fleet_min_up){ true, 90 });
	s.releases = true;
	start_all(&s);
	set_all(&s, FLEET_SOFT);
	disturb_until(&s, s.steps + 25000);
	assert_true(s.n_soft > 0);
	sim_done(&s);
}

/* ---- load ---- */

static uint64_t requests_an_hour(size_t n)
{
	struct sim s;
	sim_init(&s, n, 1, (struct fleet_min_up){ true, 50 });
	start_all(&s);
	uint64_t before = s.n_requests;
	run_for(&s, HOUR);
	before = s.n_requests - before;
	sim_done(&s);
	return before / n;
}

/* A session is renewed every 3.75 to 5 seconds, `has` set every 150 to 200. */
static void an_idle_agent_asks_as_often_in_a_large_fleet_as_in_a_small_one(void **state)
{
	uint64_t small = requests_an_hour(10), large = requests_an_hour(200);
	(void)state;
	print_message("idle: %llu and %llu requests an hour and agent\n", (unsigned long long)small,
		      (unsigned long long)large);
	assert_true(small < 960 + 24 && large < 960 + 24);
}

static void a_restart_of_consul_is_followed_by_no_herd(void **state)
{
	struct sim s;
	uint64_t most = 0;
	(void)state;
	sim_init(&s, 1000, 1, (struct fleet_min_up){ true, 50 });
	start_all(&s);
	for (size_t i = 0; i < s.n; i++)
		consul_end_session(&s.consul, i);
	for (int k = 0; k < 200; k++) {
		uint64_t before = s.n_requests;
		run_for(&s, USEC_PER_SEC / 10);
		if (s.n_requests - before > most)
			most = s.n_requests - before;
	}
	print_message("after a restart: %llu requests in the worst 100 ms of 1,000 agents\n",
		      (unsigned long long)most);
	assert_true(most < 150);
	sim_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(invariants_hold_for_a_few_agents),
		cmocka_unit_test(invariants_hold_for_1000_agents),
		cmocka_unit_test(a_broken_check_on_1000_agents_never_takes_more_than_half),
		cmocka_unit_test(an_idle_agent_asks_as_often_in_a_large_fleet_as_in_a_small_one),
		cmocka_unit_test(a_restart_of_consul_is_followed_by_no_herd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
