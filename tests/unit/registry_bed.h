/* SPDX-License-Identifier: MIT */
/* The registry with the real runner, whose loop never turns: verdicts are given by hand. Include
 * after cmocka.h. */
#ifndef TESTS_UNIT_REGISTRY_BED_H
#define TESTS_UNIT_REGISTRY_BED_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/app/registry.h"
#include "agent/model/app_spec_parse.h"
#include "lib/log.h"
#include "lib/str.h"
#include "process/loop.h"

#define SEC     USEC_PER_SEC
#define CLEANUP (900 * SEC)
#define VIP1    "192.0.2.1/32"
#define VIP2    "192.0.2.2/32"
#define CHECK   "exec:never run"

struct bench {
	sd_event *loop;
	struct monitor_runner *runner;
	struct reconcile *reconcile;
	struct registry *reg;
	char did[2048];
	struct strbuf log;
	bool work_asked;
};

static inline int note(void *userdata, const char *what, const struct prefix *vip)
{
	struct bench *b = userdata;
	char text[PREFIX_TEXT_MAX];
	strbuf_add(&b->log, "%s %s\n", what, prefix_format(vip, text));
	return 0;
}

static inline int fake_add(const struct prefix *vip, const struct app_spec *app, struct err *err,
			   void *userdata)
{
	(void)app, (void)err;
	return note(userdata, "add", vip);
}

static inline int fake_del(const struct prefix *vip, struct err *err, void *userdata)
{
	(void)err;
	return note(userdata, "del", vip);
}

static inline int fake_nat(const struct prefix *vip, const struct nat_spec *nats, size_t n,
			   struct err *err, void *userdata)
{
	(void)vip, (void)nats, (void)n, (void)err, (void)userdata;
	return 0;
}

static inline void fake_announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
				 const struct bgp_peer_filter *peers, void *userdata)
{
	(void)attrs, (void)peers;
	note(userdata, "announce", vip);
}

static inline void fake_withdraw(const struct prefix *vip, void *userdata)
{
	note(userdata, "withdraw", vip);
}

static inline void fake_await_acks(void *userdata)
{
	struct bench *b = userdata;
	strbuf_add(&b->log, "await acks\n");
}

static inline void fake_work(void *userdata)
{
	((struct bench *)userdata)->work_asked = true;
}

static inline void fake_retry(mono_t when, void *userdata)
{
	(void)when, (void)userdata;
}

static inline void disown(const struct prefix *vip, void *userdata)
{
	(void)vip, (void)userdata;
}

static const struct reconcile_ops fake_ops = {
	.address_add = fake_add,
	.address_del = fake_del,
	.nat_set = fake_nat,
	.announce = fake_announce,
	.withdraw = fake_withdraw,
	.disown = disown,
	.await_acks = fake_await_acks,
	.work = fake_work,
	.retry = fake_retry,
};

static inline int setup(void **state)
{
	static struct bench b;
	const struct runner_config config = { .timing.interval = SEC };
	memset(&b, 0, sizeof(b));
	b.log = strbuf_over(b.did, sizeof(b.did));
	log_setup(LOG_ERROR, LOG_TEXT);
	assert_true(sd_event_new(&b.loop) >= 0);
	assert_int_equal(monitor_runner_new(b.loop, &config, &b.runner, NULL), 0);
	b.reconcile = reconcile_new(&fake_ops, &b);
	b.reg = registry_new(b.loop, b.runner, b.reconcile, CLEANUP);
	*state = &b;
	return 0;
}

static inline int teardown(void **state)
{
	struct bench *b = *state;
	registry_free(b->reg);
	reconcile_free(b->reconcile);
	monitor_runner_free(b->runner);
	sd_event_unref(b->loop);
	return 0;
}

/* All that was done since the last call, waits of the reconciler included. */
static inline void expect(struct bench *b, const char *did)
{
	while (b->work_asked) {
		b->work_asked = false;
		reconcile_work(b->reconcile, 100, SEC);
	}
	assert_string_equal(b->did, did);
	b->log = strbuf_over(b->did, sizeof(b->did));
}

struct definition {
	const char *name, *vip, *vip2, *monitor, *communities;
	enum app_source source;
	bool local, admin;
	span_t lease;
};

static inline void spec_make(struct app_spec *s, const struct definition *d)
{
	memset(s, 0, sizeof(*s));
	s->source = d->source;
	s->local = d->local;
	s->admin = d->admin;
	s->lease = d->lease;
	assert_int_equal(app_spec_set_name(s, d->name, NULL), 0);
	assert_int_equal(app_spec_add_vip(s, d->vip, NULL), 0);
	if (d->vip2)
		assert_int_equal(app_spec_add_vip(s, d->vip2, NULL), 0);
	if (d->monitor)
		assert_int_equal(app_spec_add_monitor(s, d->monitor, NULL), 0);
	if (d->communities)
		assert_int_equal(app_spec_add_communities(s, d->communities, NULL), 0);
}

static inline int reg_at(struct bench *b, const struct definition *d, mono_t now,
			 enum register_result *ret, struct err *err)
{
	struct app_spec s;
	spec_make(&s, d);
	int rc = registry_register(b->reg, &s, now, ret, err);
	app_spec_done(&s);
	return rc;
}

static inline struct app *registered(struct bench *b, const struct definition *d,
				     enum register_result want)
{
	struct err err = { "" };
	enum register_result got = REGISTER_NEW;
	if (reg_at(b, d, SEC, &got, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(got, want);
	return (struct app *)registry_find(b->reg, d->name);
}

static const struct definition dns = { .name = "dns", .vip = VIP1, .source = APP_FROM_HTTP };
static const struct definition checked = {
	.name = "dns", .vip = VIP1, .monitor = CHECK, .source = APP_FROM_HTTP
};

/* The last notification to the store. */
struct told {
	unsigned n;
	char name[APP_NAME_MAX + 1];
	bool gone, renewed;
};

static inline void on_changed(const char *name, const struct app *app, bool renewed, void *userdata)
{
	struct told *t = userdata;
	*t = (struct told){ .n = t->n + 1, .gone = !app, .renewed = renewed };
	snprintf(t->name, sizeof(t->name), "%s", name ? name : "(agent)");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
