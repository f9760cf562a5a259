/* SPDX-License-Identifier: MIT */
/*
 * A registry on a host where every operation succeeds at once: for tests of what registers apps.
 * Include after cmocka.h.
 */
#ifndef TESTS_UNIT_FAKE_REGISTRY_H
#define TESTS_UNIT_FAKE_REGISTRY_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "agent/app/registry.h"
#include "agent/model/app_spec_parse.h"
#include "agent/vip/reconcile.h"
#include "monitors/runner.h"
#include "process/loop.h"

struct fake_registry {
	sd_event *loop;
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	struct registry *reg;
};

static inline int fake_address_add(const struct prefix *vip, const struct app_spec *app,
				   struct err *err, void *userdata)
{
	(void)vip, (void)app, (void)err, (void)userdata;
	return 0;
}

static inline int fake_address_del(const struct prefix *vip, struct err *err, void *userdata)
{
	(void)vip, (void)err, (void)userdata;
	return 0;
}

static inline int fake_nat_set(const struct prefix *vip, const struct nat_spec *nats, size_t n,
			       struct err *err, void *userdata)
{
	(void)vip, (void)nats, (void)n, (void)err, (void)userdata;
	return 0;
}

static inline void fake_announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
				 const struct bgp_peer_filter *peers, void *userdata)
{
	(void)vip, (void)attrs, (void)peers, (void)userdata;
}

static inline void fake_withdraw(const struct prefix *vip, void *userdata)
{
	(void)vip, (void)userdata;
}

static inline void fake_nothing(void *userdata)
{
	(void)userdata;
}

static inline void fake_retry(mono_t when, void *userdata)
{
	(void)when, (void)userdata;
}

static inline void fake_registry_init(struct fake_registry *f, sd_event *loop)
{
	static const struct reconcile_ops ops = {
		.address_add = fake_address_add,
		.address_del = fake_address_del,
		.nat_set = fake_nat_set,
		.announce = fake_announce,
		.withdraw = fake_withdraw,
		.disown = fake_withdraw,
		.await_acks = fake_nothing,
		.work = fake_nothing,
		.retry = fake_retry,
	};
	const struct runner_config config = { .timing.interval = USEC_PER_SEC };
	f->loop = loop;
	assert_int_equal(monitor_runner_new(loop, &config, &f->runner, NULL), 0);
	f->reconcile = reconcile_new(&ops, f);
	f->reg = registry_new(loop, f->runner, f->reconcile, 900 * USEC_PER_SEC);
}

static inline void fake_registry_done(struct fake_registry *f)
{
	registry_free(f->reg);
	reconcile_free(f->reconcile);
	monitor_runner_free(f->runner);
}

/* With one VIP; `monitor` NULL: none, so that it is up at once. `lease` NULL: none. */
static inline struct app_spec fake_spec(enum app_source source, const char *name, const char *vip,
					const char *monitor, const char *lease)
{
	struct app_spec spec = { .source = source };
	struct err err = { "" };
	if (app_spec_set_name(&spec, name, &err) < 0 || app_spec_add_vip(&spec, vip, &err) < 0 ||
	    (monitor && app_spec_add_monitor(&spec, monitor, &err) < 0) ||
	    (lease && app_spec_set_lease(&spec, lease, &err) < 0))
		fail_msg("%s", err.text);
	return spec;
}

static inline void fake_register(struct fake_registry *f, enum app_source source, const char *name,
				 const char *vip, const char *monitor, const char *lease)
{
	struct err err = { "" };
	enum register_result result;
	struct app_spec spec = fake_spec(source, name, vip, monitor, lease);
	if (registry_register(f->reg, &spec, loop_now(f->loop), &result, &err) < 0)
		fail_msg("%s", err.text);
	app_spec_done(&spec);
}

#endif
