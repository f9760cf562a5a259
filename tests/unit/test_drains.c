/* SPDX-License-Identifier: MIT */
/*
 * Drains, states and groups, from the registry down to the operations on the host. A model of the
 * host watches every operation for the two invariants:
 *
 *	the route is announced only while the address and NAT are there
 *	the address and NAT go only when there is no route and the routers know it
 *
 * First fixed sequences, then random ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/health.h"
#include "agent/app/registry.h"
#include "agent/model/app_spec_parse.h"
#include "agent/vip/acks.h"
#include "agent/vip/trouble.h"
#include "lib/log.h"
#include "lib/str.h"

#define SEC     USEC_PER_SEC
#define CLEANUP (900 * SEC)
#define DRAIN   (30 * SEC)
#define WINDOW  (10 * SEC)
#define APPS    5

struct route {
	bool announced, shutdown, bound, mapped, told; /* told: of the last withdrawal */
	uint32_t med;
};

struct host {
	sd_event *loop;
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	struct registry *reg;
	struct route routes[APPS]; /* by the last octet */
	bool work_asked, acks_awaited, fail_add;
	mono_t now;
};

static struct route *route_of(struct host *h, const struct prefix *vip)
{
	return &h->routes[vip->addr.bytes[3] % APPS];
}

static int add(const struct prefix *vip, const struct app_spec *app, struct err *err,
	       void *userdata)
{
	struct host *h = userdata;
	(void)app;
	if (h->fail_add)
		return err_set(err, -ENODEV, "no lo");
	route_of(h, vip)->bound = true;
	return 0;
}

static int del(const struct prefix *vip, struct err *err, void *userdata)
{
	struct route *r = route_of(userdata, vip);
	(void)err;
	if (r->announced || !r->told)
		fail_msg("the address goes before the route");
	if (r->mapped)
		fail_msg("the address goes before NAT");
	r->bound = false;
	return 0;
}

static int nat(const struct prefix *vip, const struct nat_spec *nats, size_t n, struct err *err,
	       void *userdata)
{
	struct route *r = route_of(userdata, vip);
	(void)nats, (void)err;
	if (n > 0 && !r->bound)
		fail_msg("NAT comes before the address");
	if (n == 0 && (r->announced || (r->mapped && !r->told)))
		fail_msg("NAT goes before the route");
	r->mapped = n > 0;
	return 0;
}

static void announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
		     const struct bgp_peer_filter *peers, void *userdata)
{
	struct route *r = route_of(userdata, vip);
	(void)peers;
	if (!r->announced && (!r->bound || !r->mapped))
		fail_msg("the route comes before the address or NAT");
	r->announced = true;
	r->told = false;
	r->shutdown = false;
	for (size_t i = 0; i < attrs->communities.n; i++)
		if (attrs->communities.values[i] == BGP_COMMUNITY_GRACEFUL_SHUTDOWN)
			r->shutdown = true;
	r->med = attrs->has_med ? attrs->med : 0;
}

static void withdraw(const struct prefix *vip, void *userdata)
{
	struct route *r = route_of(userdata, vip);
	if (!r->announced)
		fail_msg("withdrawn twice");
	r->announced = r->shutdown = false;
}

static void await_acks(void *userdata)
{
	((struct host *)userdata)->acks_awaited = true;
}

static void work(void *userdata)
{
	((struct host *)userdata)->work_asked = true;
}

static void retry(mono_t when, void *userdata)
{
	(void)when, (void)userdata;
}

static void disown(const struct prefix *vip, void *userdata)
{
	(void)vip, (void)userdata;
}

static const struct reconcile_ops ops = {
	.address_add = add,
	.address_del = del,
	.nat_set = nat,
	.announce = announce,
	.withdraw = withdraw,
	.disown = disown,
	.await_acks = await_acks,
	.work = work,
	.retry = retry,
};

static int setup(void **state)
{
	static struct host h;
	const struct runner_config config = { .timing.interval = SEC };
	const struct registry_options options = { .drain_time = DRAIN, .keep_last_window = WINDOW };
	memset(&h, 0, sizeof(h));
	for (size_t i = 0; i < APPS; i++)
		h.routes[i].told = true;
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&h.loop) >= 0);
	assert_int_equal(monitor_runner_new(h.loop, &config, &h.runner, NULL), 0);
	h.reconcile = reconcile_new(&ops, &h);
	h.reg = registry_new(h.loop, h.runner, h.reconcile, CLEANUP);
	registry_set_options(h.reg, &options);
	h.now = 1000 * SEC;
	*state = &h;
	return 0;
}

static int teardown(void **state)
{
	struct host *h = *state;
	registry_free(h->reg);
	reconcile_free(h->reconcile);
	monitor_runner_free(h->runner);
	sd_event_unref(h->loop);
	return 0;
}

static void turn(struct host *h)
{
	while (h->work_asked) {
		h->work_asked = false;
		if (reconcile_work(h->reconcile, 100, h->now))
			h->work_asked = true;
	}
}

/* The routers have taken all withdrawals so far. */
static void tell(struct host *h)
{
	while (h->acks_awaited) {
		h->acks_awaited = false;
		for (size_t i = 0; i < APPS; i++)
			h->routes[i].told = h->routes[i].told || !h->routes[i].announced;
		reconcile_acked(h->reconcile);
		turn(h);
	}
}

static void pass(struct host *h, span_t span)
{
	h->now += span;
	registry_tick(h->reg, h->now);
	turn(h);
	tell(h);
}

/* Flags of an app. */
enum { LAST_RESORT = 1, KEEP = 2, NO_DRAIN = 4, HTTP = 8, NO_MONITOR = 16 };

static const char *name_of(size_t i)
{
	static const char *const names[APPS] = { "a", "b", "c", "d", "e" };
	return names[i];
}

static void make_spec(struct app_spec *s, size_t i, unsigned kind)
{
	char vip[32];
	snprintf(vip, sizeof(vip), "192.0.2.%zu/32", 10 + i);
	*s = (struct app_spec){ .source = kind & HTTP ? APP_FROM_HTTP : APP_FROM_CONFIG };
	assert_int_equal(app_spec_set_name(s, name_of(i), NULL), 0);
	assert_int_equal(app_spec_add_vip(s, vip, NULL), 0);
	assert_int_equal(app_spec_add_nat(s, "tcp:53:8053", NULL), 0);
	if (!(kind & NO_MONITOR))
		assert_int_equal(app_spec_add_monitor(s, "exec:never run", NULL), 0);
	app_spec_announce(s)->of[ANNOUNCE_UP].med = (struct bgp_number){ true, 10 };
	s->announce->of[ANNOUNCE_DOWN].announce = kind & LAST_RESORT;
	if (kind & LAST_RESORT)
		s->announce->of[ANNOUNCE_DOWN].med = (struct bgp_number){ true, 1000 };
	s->announce->of[ANNOUNCE_DRAIN].announce = !(kind & NO_DRAIN);
	if (kind & KEEP) {
		assert_int_equal(app_spec_set_group(s, "g", NULL), 0);
		s->keep_last = true;
	}
}

static struct app *add_app(struct host *h, size_t i, unsigned kind)
{
	struct app_spec s;
	struct err err = { "" };
	enum register_result result;
	make_spec(&s, i, kind);
	int rc = registry_register(h->reg, &s, h->now, &result, &err);
	app_spec_done(&s);
	if (rc < 0 && rc != -EBUSY)
		fail_msg("%s", err.text);
	turn(h);
	return (struct app *)registry_find(h->reg, name_of(i));
}

static void verdict(struct host *h, struct app *app, enum health health)
{
	app_on_verdict(app, health, "test", h->now);
	turn(h);
}

static void expect(struct host *h, size_t i, bool announced, bool shutdown, uint32_t med)
{
	const struct route *r = route_of(h, &(struct prefix){ .addr = addr_v4(10 + (uint32_t)i) });
	if (r->announced != announced || r->shutdown != shutdown || (announced && r->med != med))
		fail_msg("app %zu: announced %d shutdown %d med %u, expected %d %d %u", i,
			 r->announced, r->shutdown, r->med, announced, shutdown, med);
}

static bool is_bound(struct host *h, size_t i)
{
	return route_of(h, &(struct prefix){ .addr = addr_v4(10 + (uint32_t)i) })->bound;
}

static void drain(struct host *h, const char *name)
{
	registry_drain(h->reg, name, DRAIN_BY_API, NULL, "", USEC_NEVER, h->now);
	turn(h);
}

static void undrain(struct host *h, const char *name)
{
	registry_undrain(h->reg, name, DRAIN_BY_API, NULL, h->now);
	turn(h);
}

static void a_drain_waits_withdraws_cleans_up_and_returns(void **state)
{
	struct host *h = *state;
	verdict(h, add_app(h, 0, HTTP), HEALTH_UP);
	expect(h, 0, true, false, 10);
	drain(h, "a");
	expect(h, 0, true, true, 10);
	pass(h, DRAIN - 1);
	expect(h, 0, true, true, 10);
	pass(h, 1);
	expect(h, 0, false, false, 0);
	assert_true(is_bound(h, 0));
	pass(h, CLEANUP - 1);
	assert_true(is_bound(h, 0));
	pass(h, 1);
	assert_false(is_bound(h, 0));
	pass(h, 10 * CLEANUP);
	assert_non_null(registry_find(h->reg, "a"));
	undrain(h, "a");
	expect(h, 0, true, false, 10);
	assert_true(is_bound(h, 0));
}

/* A host that shuts down has no time for it. */
static void drain_time_can_be_cut_short(void **state)
{
	struct host *h = *state;
	verdict(h, add_app(h, 0, 0), HEALTH_UP);
	verdict(h, add_app(h, 1, 0), HEALTH_UP);
	drain(h, "a");
	expect(h, 0, true, true, 10);
	registry_end_drains(h->reg, h->now);
	turn(h);
	expect(h, 0, false, false, 0);
	assert_true(is_bound(h, 0));
	expect(h, 1, true, false, 10); /* it is not drained */
	registry_drain(h->reg, NULL, DRAIN_BY_HOST, NULL, "", USEC_NEVER, h->now);
	registry_end_drains(h->reg, h->now);
	turn(h);
	expect(h, 1, false, false, 0);
	assert_true(registry_drained_at(h->reg, h->now) == h->now);
	registry_undrain(h->reg, NULL, DRAIN_BY_HOST, NULL, h->now);
	turn(h);
	expect(h, 0, false, false, 0); /* by the API, still */
	expect(h, 1, true, false, 10);
	undrain(h, "a");
	expect(h, 0, true, false, 10);
}

static void an_app_that_went_down_in_its_drain_gets_its_time_afterwards(void **state)
{
	struct host *h = *state;
	struct app *app = add_app(h, 0, HTTP);
	verdict(h, app, HEALTH_UP);
	drain(h, "a");
	verdict(h, app, HEALTH_DOWN);
	expect(h, 0, false, false, 0);
	verdict(h, app, HEALTH_UP); /* within drain_time, but it had gone already */
	expect(h, 0, false, false, 0);
	verdict(h, app, HEALTH_DOWN);
	pass(h, 5 * CLEANUP);
	undrain(h, "a");
	pass(h, CLEANUP - 1);
	assert_non_null(registry_find(h->reg, "a"));
	pass(h, 1);
	assert_null(registry_find(h->reg, "a"));
}

static void agent_and_app_drains_are_independent(void **state)
{
	struct host *h = *state;
	verdict(h, add_app(h, 0, 0), HEALTH_UP);
	drain(h, NULL);
	pass(h, DRAIN / 2);
	drain(h, "a");
	undrain(h, NULL);
	expect(h, 0, true, true, 10);
	pass(h, DRAIN / 2); /* counts from the first */
	expect(h, 0, false, false, 0);
	drain(h, NULL);
	undrain(h, "a");
	expect(h, 0, false, false, 0);
	undrain(h, NULL);
	expect(h, 0, true, false, 10);
}

static void apps_that_come_during_the_agents_drain_are_not_announced(void **state)
{
	struct host *h = *state;
	drain(h, NULL);
	add_app(h, 0, NO_MONITOR);
	verdict(h, add_app(h, 1, 0), HEALTH_UP);
	expect(h, 0, false, false, 0);
	expect(h, 1, false, false, 0);
	assert_int_equal(registry_drained_at(h->reg, h->now), h->now);
	undrain(h, NULL);
	expect(h, 0, true, false, 10);
	expect(h, 1, true, false, 10);
}

static void a_roll_drains_what_it_names_also_when_it_comes_later(void **state)
{
	struct host *h = *state;
	char *names[] = { (char *)"a", (char *)"b" };
	verdict(h, add_app(h, 0, 0), HEALTH_UP);
	registry_set_rolled(h->reg, names, 2, "work", NULL, h->now);
	verdict(h, add_app(h, 1, 0), HEALTH_UP);
	verdict(h, add_app(h, 2, 0), HEALTH_UP);
	turn(h);
	expect(h, 0, true, true, 10);
	expect(h, 1, false, false, 0);
	expect(h, 2, true, false, 10);
	/* The operator's drain is another one. */
	drain(h, "b");
	undrain(h, "a");
	pass(h, DRAIN);
	expect(h, 0, false, false, 0);
	registry_set_rolled(h->reg, names, 1, "work", NULL, h->now);
	undrain(h, "b");
	expect(h, 0, false, false, 0);
	expect(h, 1, true, false, 10);
	registry_set_rolled(h->reg, NULL, 0, "", NULL, h->now);
	turn(h);
	expect(h, 0, true, false, 10);
}

static void a_drain_ends_by_itself_when_it_was_asked_to(void **state)
{
	struct host *h = *state;
	verdict(h, add_app(h, 0, 0), HEALTH_UP);
	verdict(h, add_app(h, 1, 0), HEALTH_UP);
	registry_drain(h->reg, "a", DRAIN_BY_API, NULL, "", h->now + 100 * SEC, h->now);
	registry_drain(h->reg, "b", DRAIN_BY_API, NULL, "", h->now + 50 * SEC, h->now);
	turn(h);
	pass(h, 50 * SEC);
	expect(h, 0, false, false, 0);
	expect(h, 1, true, false, 10);
	pass(h, 50 * SEC);
	expect(h, 0, true, false, 10);
	registry_drain(h->reg, NULL, DRAIN_BY_API, NULL, "", h->now + SEC, h->now);
	turn(h);
	expect(h, 1, true, true, 10);
	pass(h, SEC);
	expect(h, 1, true, false, 10);
}

static void a_drain_that_announces_nothing_withdraws(void **state)
{
	struct host *h = *state;
	verdict(h, add_app(h, 0, NO_DRAIN), HEALTH_UP);
	drain(h, "a");
	expect(h, 0, false, false, 0);
}

static void a_last_resort_stays(void **state)
{
	struct host *h = *state;
	struct app *app = add_app(h, 0, LAST_RESORT | HTTP);
	verdict(h, app, HEALTH_DOWN);
	expect(h, 0, true, false, 1000);
	verdict(h, app, HEALTH_UP);
	expect(h, 0, true, false, 10);
	verdict(h, app, HEALTH_DOWN);
	expect(h, 0, true, false, 1000);
	pass(h, 3 * CLEANUP);
	expect(h, 0, true, false, 1000);
	/* The definition changes: withdrawn, and there are fifteen minutes from now. */
	add_app(h, 0, HTTP);
	expect(h, 0, false, false, 0);
	pass(h, CLEANUP - 1);
	assert_true(is_bound(h, 0));
}

static void check_group(struct host *h)
{
	size_t n_up = 0, n_kept = 0;
	for (size_t i = 0; i < APPS; i++) {
		const struct app *app = registry_find(h->reg, name_of(i));
		if (!app || !app->group)
			continue;
		n_up += app->health == HEALTH_UP;
		n_kept += app->kept;
	}
	assert_true(n_up == 0 || n_kept == 0);
	assert_int_equal(registry_count(h->reg).groups_kept, n_kept > 0);
}

static void a_group_is_kept_until_one_returns(void **state)
{
	struct host *h = *state;
	struct app *apps[3];
	for (size_t i = 0; i < 3; i++)
		verdict(h, apps[i] = add_app(h, i, KEEP), HEALTH_UP);
	verdict(h, apps[0], HEALTH_DOWN);
	expect(h, 0, false, false, 0); /* the others are up still */
	h->now += WINDOW / 2;
	verdict(h, apps[1], HEALTH_DOWN);
	h->now += WINDOW / 2;
	verdict(h, apps[2], HEALTH_DOWN);
	for (size_t i = 0; i < 3; i++)
		expect(h, i, true, true, 10);
	assert_int_equal(registry_count(h->reg).groups_kept, 1);
	pass(h, 3 * CLEANUP);
	expect(h, 1, true, true, 10);
	verdict(h, apps[1], HEALTH_UP);
	expect(h, 0, false, false, 0);
	expect(h, 1, true, false, 10);
	expect(h, 2, false, false, 0);
	assert_int_equal(registry_count(h->reg).groups_kept, 0);
	assert_true(is_bound(h, 0)); /* cleanup_timer counts from here */
	/* The check was not mended after all. */
	verdict(h, apps[1], HEALTH_DOWN);
	for (size_t i = 0; i < 3; i++)
		expect(h, i, true, true, 10);
	/* A drained app is withdrawn, although keep_last retains it. */
	drain(h, "c");
	pass(h, DRAIN);
	expect(h, 2, false, false, 0);
	expect(h, 0, true, true, 10);
	/* The members leave one by one. */
	registry_unregister(h->reg, "a", h->now);
	turn(h);
	expect(h, 1, true, true, 10);
	registry_unregister(h->reg, "b", h->now);
	registry_unregister(h->reg, "c", h->now);
	turn(h);
	tell(h);
	assert_int_equal(registry_count(h->reg).groups_kept, 0);
}

/* An app of the configuration that takes the VIPs of the first `n`. */
static struct app *add_app_over(struct host *h, size_t i, size_t n)
{
	struct app_spec s;
	struct err err = { "" };
	enum register_result result;
	char vip[32];
	make_spec(&s, i, KEEP);
	for (size_t taken = 0; taken < n; taken++) {
		snprintf(vip, sizeof(vip), "192.0.2.%zu/32", 10 + taken);
		assert_int_equal(app_spec_add_vip(&s, vip, NULL), 0);
	}
	if (registry_register(h->reg, &s, h->now, &result, &err) < 0)
		fail_msg("%s", err.text);
	app_spec_done(&s);
	turn(h);
	return (struct app *)registry_find(h->reg, name_of(i));
}

/* By an app that comes before it, and that joins the group it leaves. */
static void a_displaced_member_leaves_its_group(void **state)
{
	struct host *h = *state;
	struct app *apps[3];
	for (size_t i = 0; i < 3; i++)
		verdict(h, apps[i] = add_app(h, i, KEEP | HTTP), HEALTH_UP);
	for (size_t i = 0; i < 3; i++)
		verdict(h, apps[i], HEALTH_DOWN);
	expect(h, 0, true, true, 10);
	struct app *first = add_app_over(h, 3, 1);
	assert_null(registry_find(h->reg, "a"));
	expect(h, 0, false, false, 0); /* nothing is known of the new one */
	for (size_t i = 1; i < 3; i++)
		expect(h, i, true, true, 10);
	check_group(h);
	verdict(h, first, HEALTH_UP);
	expect(h, 0, true, false, 10);
	for (size_t i = 1; i < 3; i++)
		expect(h, i, false, false, 0);
	verdict(h, first, HEALTH_DOWN);
	for (size_t i = 0; i < 3; i++)
		expect(h, i, true, true, 10);
	check_group(h);
	/* All that is left of it at once. */
	registry_unregister(h->reg, "d", h->now);
	turn(h);
	struct app *second = add_app_over(h, 4, 3);
	assert_int_equal(registry_count(h->reg).groups_kept, 0);
	check_group(h);
	verdict(h, second, HEALTH_UP);
	for (size_t i = 0; i < 3; i++)
		expect(h, i, true, false, 10);
	tell(h);
}

static void apps_that_fail_one_by_one_go_one_by_one(void **state)
{
	struct host *h = *state;
	struct app *apps[3];
	for (size_t i = 0; i < 3; i++)
		verdict(h, apps[i] = add_app(h, i, KEEP), HEALTH_UP);
	for (size_t i = 0; i < 3; i++) {
		verdict(h, apps[i], HEALTH_DOWN);
		expect(h, i, false, false, 0);
		pass(h, WINDOW + 1);
	}
	assert_int_equal(registry_count(h->reg).apps_kept, 0);
}

/* At random */

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

struct model {
	bool there[APPS], held[APPS], agent_held;
	unsigned kind[APPS];
	mono_t drained_at[APPS];
};

/* The invariants, once the work is done. */
static void check_all(struct host *h, const struct model *m)
{
	for (size_t i = 0; i < APPS; i++) {
		const struct app *app = registry_find(h->reg, name_of(i));
		const struct route *r =
			route_of(h, &(struct prefix){ .addr = addr_v4(10 + (uint32_t)i) });
		bool drained = m->held[i] || m->agent_held;
		if (!app) {
			assert_false(r->announced);
			continue;
		}
		assert_int_equal(drained, app->drained_since != USEC_NEVER);
		bool announces =
			app->health == HEALTH_UP ||
			(app->health == HEALTH_DOWN && (app->kept || m->kind[i] & LAST_RESORT));
		if (h->fail_add && !r->bound)
			continue; /* it cannot be, and the retry is another test's */
		if (!announces)
			assert_false(r->announced);
		if (announces && !drained && !app->vips[0]->trouble)
			assert_true(r->announced);
		if (drained && h->now >= m->drained_at[i] + DRAIN)
			assert_false(r->announced);
		if (r->announced && drained)
			assert_true(r->shutdown);
		if (r->announced)
			assert_true(r->bound && r->mapped);
	}
}

static void set_held(struct host *h, struct model *m, size_t i, bool held)
{
	bool was = m->held[i] || m->agent_held;
	if (held)
		drain(h, name_of(i));
	else
		undrain(h, name_of(i));
	m->held[i] = held && registry_find(h->reg, name_of(i));
	if (!was)
		m->drained_at[i] = h->now;
}

static void set_agent_held(struct host *h, struct model *m, bool held)
{
	for (size_t i = 0; i < APPS; i++)
		if (!m->held[i] && !m->agent_held)
			m->drained_at[i] = h->now;
	if (held)
		drain(h, NULL);
	else
		undrain(h, NULL);
	m->agent_held = held;
}

static void one_step(struct host *h, struct model *m, uint32_t *seed)
{
	size_t i = random_next(seed) % APPS;
	struct app *app = (struct app *)registry_find(h->reg, name_of(i));
	struct prefix vip = { .addr = addr_v4(0xc000020a + (uint32_t)i), .len = 32 };
	switch (random_next(seed) % 16) {
	case 0: /* GoCast's source stays what it was */
		if (!app)
			m->held[i] = false;
		m->kind[i] = (random_next(seed) % 32 & ~(unsigned)HTTP) | HTTP;
		if (!app && !m->agent_held)
			m->drained_at[i] = 0;
		add_app(h, i, m->kind[i]);
		break;
	case 1:
		registry_unregister(h->reg, name_of(i), h->now);
		m->held[i] = false;
		break;
	case 2:
	case 3:
		set_held(h, m, i, random_next(seed) % 2);
		break;
	case 4:
		set_agent_held(h, m, random_next(seed) % 2);
		break;
	case 5:
		pass(h, DRAIN / 2);
		break;
	case 6:
		pass(h, random_next(seed) % 4 == 0 ? CLEANUP : SEC);
		break;
	case 7:
		tell(h);
		break;
	case 8:
		h->fail_add = random_next(seed) % 4 == 0;
		break;
	case 9:
		if (!app || !route_of(h, &vip)->bound)
			break;
		route_of(h, &vip)->bound = false; /* another process removed it */
		reconcile_address_lost(h->reconcile, "lo", &vip, "lost", h->now);
		break;
	case 10:
		reconcile_retry(h->reconcile);
		break;
	default:
		if (app && app->spec->n_monitors > 0)
			app_on_verdict(app, random_next(seed) % 2 ? HEALTH_UP : HEALTH_DOWN, "test",
				       h->now);
		break;
	}
}

static void whatever_happens_the_invariants_hold(void **state)
{
	for (uint32_t seed = 1; seed <= 300; seed++) {
		struct host *h = *state;
		struct model m = { 0 };
		uint32_t s = seed;
		for (unsigned i = 0; i < 300; i++) {
			one_step(h, &m, &s);
			turn(h);
			check_all(h, &m);
			check_group(h);
		}
		/* And in the end everything goes. */
		h->fail_add = false;
		registry_unregister_all(h->reg, h->now);
		turn(h);
		tell(h);
		reconcile_retry(h->reconcile);
		turn(h);
		tell(h);
		assert_true(reconcile_settled(h->reconcile));
		assert_int_equal(reconcile_counts(h->reconcile).vips, 0);
		for (size_t i = 0; i < APPS; i++)
			assert_false(h->routes[i].announced || h->routes[i].bound);
		teardown(state);
		setup(state);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_drain_waits_withdraws_cleans_up_and_returns),
		TEST(drain_time_can_be_cut_short),
		TEST(an_app_that_went_down_in_its_drain_gets_its_time_afterwards),
		TEST(agent_and_app_drains_are_independent),
		TEST(apps_that_come_during_the_agents_drain_are_not_announced),
		TEST(a_roll_drains_what_it_names_also_when_it_comes_later),
		TEST(a_drain_ends_by_itself_when_it_was_asked_to),
		TEST(a_drain_that_announces_nothing_withdraws),
		TEST(a_last_resort_stays),
		TEST(a_group_is_kept_until_one_returns),
		TEST(a_displaced_member_leaves_its_group),
		TEST(apps_that_fail_one_by_one_go_one_by_one),
		TEST(whatever_happens_the_invariants_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
