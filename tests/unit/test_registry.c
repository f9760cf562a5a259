/* SPDX-License-Identifier: MIT */
/* The registry with the real runner, whose loop never turns: verdicts are given by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/app/drains.h"
#include "agent/app/health.h"
#include "agent/app/leases.h"
#include "agent/app/registry.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "agent/vip/acks.h"
#include "lib/array.h"
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

static int note(void *userdata, const char *what, const struct prefix *vip)
{
	struct bench *b = userdata;
	char text[PREFIX_TEXT_MAX];
	strbuf_add(&b->log, "%s %s\n", what, prefix_format(vip, text));
	return 0;
}

static int fake_add(const struct prefix *vip, const struct app_spec *app, struct err *err,
		    void *userdata)
{
	(void)app, (void)err;
	return note(userdata, "add", vip);
}

static int fake_del(const struct prefix *vip, struct err *err, void *userdata)
{
	(void)err;
	return note(userdata, "del", vip);
}

static int fake_nat(const struct prefix *vip, const struct nat_spec *nats, size_t n,
		    struct err *err, void *userdata)
{
	(void)vip, (void)nats, (void)n, (void)err, (void)userdata;
	return 0;
}

static void fake_announce(const struct prefix *vip, const struct bgp_route_attrs *attrs,
			  const struct bgp_peer_filter *peers, void *userdata)
{
	(void)attrs, (void)peers;
	note(userdata, "announce", vip);
}

static void fake_withdraw(const struct prefix *vip, void *userdata)
{
	note(userdata, "withdraw", vip);
}

static void fake_await_acks(void *userdata)
{
	struct bench *b = userdata;
	strbuf_add(&b->log, "await acks\n");
}

static void fake_work(void *userdata)
{
	((struct bench *)userdata)->work_asked = true;
}

static void fake_retry(mono_t when, void *userdata)
{
	(void)when, (void)userdata;
}

static void disown(const struct prefix *vip, void *userdata)
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

static int setup(void **state)
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

static int teardown(void **state)
{
	struct bench *b = *state;
	registry_free(b->reg);
	reconcile_free(b->reconcile);
	monitor_runner_free(b->runner);
	sd_event_unref(b->loop);
	return 0;
}

/* All that was done since the last call, waits of the reconciler included. */
static void expect(struct bench *b, const char *did)
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

static void spec_make(struct app_spec *s, const struct definition *d)
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

static int reg_at(struct bench *b, const struct definition *d, mono_t now,
		  enum register_result *ret, struct err *err)
{
	struct app_spec s;
	spec_make(&s, d);
	int rc = registry_register(b->reg, &s, now, ret, err);
	app_spec_done(&s);
	return rc;
}

static struct app *registered(struct bench *b, const struct definition *d,
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

static void test_without_monitors_it_is_up_at_once(void **state)
{
	struct bench *b = *state;
	const struct app *app = registered(b, &dns, REGISTER_NEW);
	assert_string_equal(b->did, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	assert_int_equal(app->health, HEALTH_UP);
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 1);
}

static void test_the_same_again_changes_nothing(void **state)
{
	struct bench *b = *state;
	registered(b, &dns, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registered(b, &dns, REGISTER_SAME);
	expect(b, "");
}

/* Before anything else is asked, also of the same definition again. */
static void test_monitors_are_accepted_by_source(void **state)
{
	struct bench *b = *state;
	const struct monitor_admission admission = { 0 };
	const struct registry_options options = { .admission = &admission };
	struct definition local = checked;
	enum register_result result;
	struct err err = { "" };
	registry_set_options(b->reg, &options);
	assert_int_equal(reg_at(b, &checked, SEC, &result, &err), -EACCES);
	assert_non_null(strstr(err.text, "agent.exec.allow_from"));
	assert_null(registry_find(b->reg, "dns"));
	local.local = true;
	assert_int_equal(reg_at(b, &local, SEC, &result, &err), -EACCES);
	local.admin = true;
	registered(b, &local, REGISTER_NEW);
	assert_int_equal(reg_at(b, &checked, SEC, &result, &err), -EACCES);
	registered(b, &local, REGISTER_SAME);
}

static void test_health_decides(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, &checked, REGISTER_NEW);
	expect(b, "");
	app_on_verdict(app, HEALTH_UP, "passes", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	app_on_verdict(app, HEALTH_DOWN, "exit status 1", 2 * SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
	assert_string_equal(app->reason, "exit status 1");
	assert_int_equal(app_cleanup_at(app), 2 * SEC + CLEANUP);
	/* A check that cannot run says nothing. */
	app_on_verdict(app, HEALTH_UNKNOWN, "no bash", 3 * SEC);
	assert_int_equal(app->health, HEALTH_DOWN);
	app_on_verdict(app, HEALTH_UP, "passes", 4 * SEC);
	expect(b, "announce 192.0.2.1/32\n");
	assert_int_equal(app->went_down, 1);
	assert_int_equal(app->went_up, 2);
	assert_int_equal(app_cleanup_at(app), USEC_NEVER);
}

/* The last notification to the store. */
struct told {
	unsigned n;
	char name[APP_NAME_MAX + 1];
	bool gone, renewed;
};

static void on_changed(const char *name, const struct app *app, bool renewed, void *userdata)
{
	struct told *t = userdata;
	*t = (struct told){ .n = t->n + 1, .gone = !app, .renewed = renewed };
	snprintf(t->name, sizeof(t->name), "%s", name ? name : "(agent)");
}

static const struct definition leased = {
	.name = "dns", .vip = VIP1, .source = APP_FROM_HTTP, .lease = 10 * SEC
};

static void test_lease_ends_and_is_renewed(void **state)
{
	struct bench *b = *state;
	enum register_result result;
	struct told told = { 0 };
	registry_on_changed(b->reg, on_changed, &told);
	const struct app *app = registered(b, &leased, REGISTER_NEW);
	assert_int_equal(app_lease_end(app), 11 * SEC);
	assert_false(told.renewed);
	assert_int_equal(reg_at(b, &leased, 5 * SEC, &result, NULL), 0);
	assert_int_equal(result, REGISTER_RENEWED);
	assert_true(told.renewed);
	assert_int_equal(app_lease_end(app), 15 * SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registry_tick(b->reg, 15 * SEC - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, 15 * SEC);
	assert_null(registry_find(b->reg, "dns"));
	assert_true(told.gone);
	assert_int_equal(registry_count(b->reg).leases, 0);
	assert_int_equal(registry_count(b->reg).leases_expired, 1);
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
}

static void test_pauses_do_not_count_for_a_lease(void **state)
{
	struct bench *b = *state;
	const mono_t began = loop_clock();
	enum register_result result;
	assert_int_equal(reg_at(b, &leased, began, &result, NULL), 0);
	struct app *app = (struct app *)registry_find(b->reg, "dns");
	gap_expect(&b->reg->pauses.gap, began + 4 * SEC);
	registry_tick(b->reg, began + 19 * SEC); /* paused from 4 to 19 */
	assert_non_null(registry_find(b->reg, "dns"));
	assert_int_equal(app_lease_end(app), began + 25 * SEC);
	gap_expect(&b->reg->pauses.gap, began + 30 * SEC);
	registry_tick(b->reg, began + 25 * SEC - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, began + 25 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

static void test_a_pause_before_a_lease_was_renewed(void **state)
{
	struct bench *b = *state;
	const mono_t began = loop_clock();
	enum register_result result;
	assert_int_equal(reg_at(b, &leased, began, &result, NULL), 0);
	gap_expect(&b->reg->pauses.gap, began + 4 * SEC);
	assert_int_equal(reg_at(b, &leased, began + 9 * SEC, &result, NULL), 0);
	gap_expect(&b->reg->pauses.gap, began + 30 * SEC);
	registry_tick(b->reg, began + 19 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

static void test_lease_is_lifted_by_who_wants_none(void **state)
{
	struct bench *b = *state;
	struct told told = { 0 };
	const struct definition config = { .name = "dns", .vip = VIP1, .source = APP_FROM_CONFIG };
	const struct app *app = registered(b, &leased, REGISTER_NEW);
	registered(b, &dns, REGISTER_RENEWED);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	registered(b, &dns, REGISTER_SAME);
	registry_on_changed(b->reg, on_changed, &told);
	registered(b, &leased, REGISTER_RENEWED);
	assert_false(told.renewed); /* this one cannot wait */
	registered(b, &config, REGISTER_RENEWED);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	registered(b, &leased, REGISTER_SAME);
	assert_int_equal(app_lease_end(app), USEC_NEVER);
	assert_int_equal(app->spec->source, APP_FROM_CONFIG);
}

static void test_every_change_of_http_is_told(void **state)
{
	struct bench *b = *state;
	struct told told = { 0 };
	const struct definition other = { .name = "dns", .vip = VIP2, .source = APP_FROM_HTTP };
	registry_on_changed(b->reg, on_changed, &told);
	registered(b, &dns, REGISTER_NEW);
	assert_int_equal(told.n, 1);
	registered(b, &dns, REGISTER_SAME);
	assert_int_equal(told.n, 1);
	registered(b, &other, REGISTER_REPLACED);
	assert_int_equal(told.n, 2);
	registry_drain(b->reg, "dns", DRAIN_BY_FILE, NULL, "", USEC_NEVER, SEC);
	assert_int_equal(told.n, 2);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, SEC);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "new reason", USEC_NEVER, SEC);
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, SEC);
	assert_int_equal(told.n, 5);
	registry_drain(b->reg, NULL, DRAIN_BY_API, NULL, "", USEC_NEVER, SEC);
	assert_string_equal(told.name, "(agent)");
	registry_unregister(b->reg, "dns", SEC);
	assert_int_equal(told.n, 7);
	assert_true(told.gone);
	assert_string_equal(told.name, "dns");
	registered(b, &dns, REGISTER_NEW);
	told.n = 0;
	registry_unregister_all(b->reg, SEC); /* the stop of the agent */
	assert_int_equal(told.n, 0);
}

static void test_drains_of_a_former_run_wait_for_their_apps(void **state)
{
	struct bench *b = *state;
	registry_restore_drain(b->reg, "dns", "why", USEC_NEVER, 100 * SEC, SEC);
	registry_restore_drain(b->reg, "ended", "", SEC, SEC, SEC);
	const struct app *app = registered(b, &dns, REGISTER_NEW);
	expect(b, ""); /* not announced for a moment */
	assert_string_equal(app->drain->requests[DRAIN_BY_API].reason, "why");
	assert_int_equal(app->drain->requests[DRAIN_BY_API].earlier, 100 * SEC);
	const struct definition ended = { .name = "ended", .vip = VIP2, .source = APP_FROM_HTTP };
	registered(b, &ended, REGISTER_NEW);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "again", USEC_NEVER, 2 * SEC);
	assert_int_equal(app->drain->requests[DRAIN_BY_API].earlier, 0);
}

static void test_cleanup_forgets_what_http_registered(void **state)
{
	struct bench *b = *state;
	const struct definition other = {
		.name = "ntp", .vip = VIP2, .monitor = CHECK, .source = APP_FROM_CONFIG
	};
	struct app *http = registered(b, &checked, REGISTER_NEW);
	struct app *config = registered(b, &other, REGISTER_NEW);
	app_on_verdict(http, HEALTH_UP, "", SEC);
	app_on_verdict(config, HEALTH_UP, "", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	app_on_verdict(http, HEALTH_DOWN, "dead", 2 * SEC);
	app_on_verdict(config, HEALTH_DOWN, "dead", 3 * SEC);
	expect(b, b->did);
	registry_tick(b->reg, 2 * SEC + CLEANUP - 1);
	assert_non_null(registry_find(b->reg, "dns"));
	registry_tick(b->reg, 2 * SEC + CLEANUP);
	assert_null(registry_find(b->reg, "dns"));
	expect(b, "await acks\n");
	registry_tick(b->reg, 3 * SEC + CLEANUP);
	assert_non_null(registry_find(b->reg, "ntp"));
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.2/32\n");
	app_on_verdict(config, HEALTH_UP, "", 2 * CLEANUP);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
}

static void test_conflict_names_the_owner_and_changes_nothing(void **state)
{
	struct bench *b = *state;
	const struct definition thief = {
		.name = "thief", .vip = VIP2, .vip2 = VIP1, .source = APP_FROM_HTTP
	};
	enum register_result result;
	struct err err;
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_int_equal(reg_at(b, &thief, SEC, &result, &err), -EEXIST);
	assert_non_null(strstr(err.text, "dns"));
	assert_non_null(strstr(err.text, VIP1));
	assert_null(registry_find(b->reg, "thief"));
	expect(b, "");
	assert_int_equal(reconcile_counts(b->reconcile).vips, 1);
}

static void test_the_file_owns_its_names(void **state)
{
	struct bench *b = *state;
	const struct definition file = { .name = "dns", .vip = VIP1, .source = APP_FROM_CONFIG };
	const struct definition other = { .name = "dns", .vip = VIP2, .source = APP_FROM_HTTP };
	enum register_result result;
	struct err err;
	registered(b, &file, REGISTER_NEW);
	assert_int_equal(reg_at(b, &other, SEC, &result, &err), -EBUSY);
	registered(b, &dns, REGISTER_SAME);
}

static void count_freed(void *userdata)
{
	++*(int *)userdata;
}

static void test_consul_comes_before_nomad(void **state)
{
	struct bench *b = *state;
	const struct definition consul = { .name = "a", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition late = { .name = "a", .vip = VIP2, .source = APP_FROM_NOMAD };
	const struct definition nomad = { .name = "b", .vip = VIP2, .source = APP_FROM_NOMAD };
	const struct definition both = { .name = "c", .vip = VIP2, .source = APP_FROM_CONSUL };
	enum register_result result;
	struct err err;
	registered(b, &consul, REGISTER_NEW);
	assert_int_equal(reg_at(b, &late, SEC, &result, &err), -EBUSY);
	assert_string_equal(err.text, "app 'a' is from consul, which comes before nomad");
	registered(b, &nomad, REGISTER_NEW);
	registered(b, &both, REGISTER_NEW);
	assert_null(registry_find(b->reg, "b"));
}

/* The configuration file comes before HTTP, and HTTP before Consul. */
static void test_who_comes_first_takes_names_and_vips(void **state)
{
	struct bench *b = *state;
	const struct definition consul = { .name = "a", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition same = { .name = "a", .vip = VIP1, .source = APP_FROM_HTTP };
	const struct definition late = { .name = "a", .vip = VIP2, .source = APP_FROM_CONSUL };
	const struct definition vip = { .name = "b", .vip = VIP1, .source = APP_FROM_CONSUL };
	const struct definition file = { .name = "c", .vip = VIP1, .source = APP_FROM_CONFIG };
	enum register_result result;
	struct err err;
	int freed = 0;
	registry_on_freed(b->reg, count_freed, &freed);
	registered(b, &consul, REGISTER_NEW);
	registered(b, &same, REGISTER_SAME);
	assert_int_equal(registry_find(b->reg, "a")->spec->source, APP_FROM_HTTP);
	assert_int_equal(freed, 1); /* Consul's watcher has to compare again */
	assert_int_equal(reg_at(b, &late, SEC, &result, &err), -EBUSY);
	assert_string_equal(err.text, "app 'a' is from http, which comes before consul");
	assert_int_equal(reg_at(b, &vip, SEC, &result, &err), -EEXIST);
	registered(b, &file, REGISTER_NEW);
	assert_null(registry_find(b->reg, "a"));
	assert_int_equal(freed, 2);
	struct prefix prefix;
	assert_int_equal(prefix_parse(VIP1, &prefix, NULL), 0);
	assert_ptr_equal(registry_owner(b->reg, &prefix), registry_find(b->reg, "c"));
	assert_int_equal(reg_at(b, &same, SEC, &result, &err), -EEXIST);
}

static void test_replacing_keeps_the_vips_that_stay(void **state)
{
	struct bench *b = *state;
	const struct definition more = { .name = "dns", .vip = VIP2, .vip2 = VIP1 };
	const struct definition less = { .name = "dns", .vip = VIP2, .communities = "1:1" };
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	registered(b, &more, REGISTER_REPLACED);
	expect(b, "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	registered(b, &less, REGISTER_REPLACED);
	expect(b, "withdraw 192.0.2.1/32\nannounce 192.0.2.2/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\n");
}

static void test_new_monitors_start_from_the_health_that_was(void **state)
{
	struct bench *b = *state;
	struct app *app = registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_ptr_equal(registered(b, &checked, REGISTER_REPLACED), app);
	assert_int_equal(app->health, HEALTH_UP);
	expect(b, "");
	app_on_verdict(app, HEALTH_DOWN, "dead", 2 * SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
	/* Without monitors it is up, whatever was before. */
	registered(b, &dns, REGISTER_REPLACED);
	expect(b, "announce 192.0.2.1/32\n");
}

static void set_monitors(struct app_spec *s, const char *first, const char *second)
{
	spec_make(s, &checked);
	monitor_spec_done(&s->monitors[--s->n_monitors]);
	assert_int_equal(app_spec_add_monitor(s, first, NULL), 0);
	if (second)
		assert_int_equal(app_spec_add_monitor(s, second, NULL), 0);
}

/* The results so far count for the new definition, at once. */
static void test_monitors_that_did_not_change_go_on(void **state)
{
	struct bench *b = *state;
	struct app_spec s;
	enum register_result result;
	struct monitor_runner_status status;
	set_monitors(&s, "file:/", "file:/nowhere");
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	const struct app *app = registry_find(b->reg, "dns");
	assert_int_equal(app->health, HEALTH_DOWN);
	s.quorum = 1;
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	app_spec_done(&s);
	assert_int_equal(result, REGISTER_REPLACED);
	assert_int_equal(app->health, HEALTH_UP);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	set_monitors(&s, CHECK, "file:/nowhere");
	assert_int_equal(registry_register(b->reg, &s, SEC, &result, NULL), 0);
	app_spec_done(&s);
	monitor_runner_status(b->runner, &status);
	assert_int_equal(status.checks, 2); /* each at the first registration, and never again */
	/* The failure is known; CHECK has no result yet, but two have to pass. */
	assert_int_equal(app->health, HEALTH_DOWN);
	assert_non_null(strstr(app->reason, "file:/nowhere"));
	expect(b, "withdraw 192.0.2.1/32\n");
}

static void test_a_vip_can_move_while_it_goes_down(void **state)
{
	struct bench *b = *state;
	const struct definition heir = { .name = "heir", .vip = VIP1 };
	registered(b, &dns, REGISTER_NEW);
	expect(b, b->did);
	assert_true(registry_unregister(b->reg, "dns", SEC));
	assert_false(registry_unregister(b->reg, "dns", SEC));
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
	registered(b, &heir, REGISTER_NEW);
	reconcile_acked(b->reconcile);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

static void test_stop_withdraws_all(void **state)
{
	struct bench *b = *state;
	const struct definition ntp = { .name = "ntp", .vip = VIP2 };
	registered(b, &dns, REGISTER_NEW);
	registered(b, &ntp, REGISTER_NEW);
	expect(b, b->did);
	registry_unregister_all(b->reg, SEC);
	assert_string_equal(b->did, "withdraw 192.0.2.1/32\nwithdraw 192.0.2.2/32\n");
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 0);
	expect(b, "withdraw 192.0.2.1/32\nwithdraw 192.0.2.2/32\nawait acks\n");
	reconcile_acked(b->reconcile);
	expect(b, "del 192.0.2.1/32\ndel 192.0.2.2/32\n");
	assert_true(reconcile_settled(b->reconcile));
}

/* An app that flaps: falls at once, returns when the hold is over, each time twice as long. */
static void test_a_flapping_app_is_held_down(void **state)
{
	static const struct definition passes = {
		.name = "dns", .vip = VIP1, .monitor = "file:/", .source = APP_FROM_HTTP
	};
	const struct damping_config config = { .first = 10 * SEC, .max = 25 * SEC };
	const span_t holds[] = { 0, 10 * SEC, 20 * SEC, 25 * SEC, 25 * SEC };
	struct bench *b = *state;
	registry_set_damping(b->reg, &config);
	struct app *app = registered(b, &passes, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	mono_t now = SEC;
	for (size_t i = 0; i < ARRAY_SIZE(holds); i++) {
		mono_t fell = now += SEC;
		app_on_verdict(app, HEALTH_DOWN, "refused", now);
		expect(b, "withdraw 192.0.2.1/32\n");
		assert_int_equal(app->damping.flaps, i);
		assert_int_equal(app->damping.until, holds[i] ? fell + holds[i] : 0);
		if (holds[i] > 0) {
			app_on_verdict(app, HEALTH_UP, "", fell + SEC);
			registry_tick(b->reg, fell + holds[i] - 1);
			expect(b, "");
			assert_int_equal(app->health, HEALTH_DOWN);
			now = fell + holds[i];
			registry_tick(b->reg, now);
		} else {
			app_on_verdict(app, HEALTH_UP, "", now += SEC);
		}
		expect(b, "announce 192.0.2.1/32\n");
		assert_int_equal(app->health, HEALTH_UP);
	}
	/* It was up for long enough. */
	app_on_verdict(app, HEALTH_DOWN, "refused", now += config.max);
	assert_int_equal(app->damping.flaps, 0);
	app_on_verdict(app, HEALTH_UP, "", now + SEC);
	expect(b, "withdraw 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

/* It goes while it is held, or is down itself when the hold is over. */
static void test_a_hold_ends_with_its_app(void **state)
{
	const struct damping_config config = { .first = 10 * SEC, .max = 25 * SEC };
	struct bench *b = *state;
	registry_set_damping(b->reg, &config);
	struct app *app = registered(b, &checked, REGISTER_NEW);
	for (mono_t now = SEC; now <= 3 * SEC; now += SEC) {
		app_on_verdict(app, HEALTH_UP, "", now);
		expect(b, b->did);
		app_on_verdict(app, HEALTH_DOWN, "refused", now);
	}
	app_on_verdict(app, HEALTH_UP, "", 4 * SEC);
	expect(b, b->did);
	/* The monitors know nothing yet: the next verdict decides. */
	registry_tick(b->reg, 100 * SEC);
	expect(b, "");
	app_on_verdict(app, HEALTH_UP, "", 101 * SEC);
	expect(b, "announce 192.0.2.1/32\n");
	app_on_verdict(app, HEALTH_DOWN, "refused", 102 * SEC);
	assert_true(damping_is_on(&app->damping, 103 * SEC));
	registry_unregister(b->reg, "dns", 103 * SEC);
	registry_tick(b->reg, 200 * SEC);
	assert_null(registry_find(b->reg, "dns"));
}

static void test_cursor_survives_removal(void **state)
{
	struct bench *b = *state;
	const struct definition ntp = { .name = "ntp", .vip = VIP2 };
	struct app_cursor c;
	registered(b, &dns, REGISTER_NEW);
	registered(b, &ntp, REGISTER_NEW);
	app_cursor_init(b->reg, &c);
	registry_unregister(b->reg, "dns", SEC);
	const struct app *app = app_cursor_next(&c);
	assert_non_null(app);
	assert_string_equal(app->spec->name, "ntp");
	assert_null(app_cursor_next(&c));
	app_cursor_done(&c);
}

/* Of a reload. */
static const char *heir_of_vip1, *heir_of_vip2;

static const char *heir(const struct prefix *vip, void *userdata)
{
	char text[PREFIX_TEXT_MAX];
	(void)userdata;
	return str_equal(prefix_format(vip, text), VIP1) ? heir_of_vip1 : heir_of_vip2;
}

static void test_a_vip_moves_without_a_gap(void **state)
{
	struct bench *b = *state;
	const struct definition both = { .name = "both", .vip = VIP1, .vip2 = VIP2 };
	const struct definition first = { .name = "both", .vip = VIP1 };
	const struct definition second = { .name = "second", .vip = VIP2 };
	heir_of_vip1 = "both";
	heir_of_vip2 = "second";
	enum register_result result;
	registered(b, &both, REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	assert_int_equal(reg_at(b, &second, SEC, &result, NULL), -EEXIST);
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &second, REGISTER_NEW);
	registered(b, &first, REGISTER_SAME);
	expect(b, "");
	registry_set_heirs(b->reg, NULL, NULL);
	assert_int_equal(reg_at(b, &both, SEC, &result, NULL), -EEXIST);
	registry_unregister(b->reg, "both", SEC);
	expect(b, "withdraw 192.0.2.1/32\nawait acks\n");
}

static const char *community_of(const struct bench *b, const struct prefix *vip,
				char buf[static COMMUNITY_TEXT_MAX])
{
	const struct app_spec *spec = vip_find(b->reconcile, vip)->spec;
	assert_int_equal(spec->communities.n, 1);
	return community_format(spec->communities.values[0], buf);
}

/* Each kept VIP by the definition that had it, however often the app is replaced meanwhile. */
static void test_a_kept_vip_has_its_own_definition(void **state)
{
	struct bench *b = *state;
	char text[COMMUNITY_TEXT_MAX];
	const struct prefix vip2 = PREFIX4(32, 192, 0, 2, 2);
	const struct definition both = {
		.name = "both", .vip = VIP1, .vip2 = VIP2, .communities = "1:1"
	};
	struct definition first = { .name = "both", .vip = VIP1, .communities = "2:2" };
	const struct definition second = { .name = "second", .vip = VIP2, .communities = "4:4" };
	heir_of_vip1 = "both";
	heir_of_vip2 = "second";
	registered(b, &both, REGISTER_NEW);
	registry_set_heirs(b->reg, heir, NULL);
	const struct app *app = registered(b, &first, REGISTER_REPLACED);
	assert_string_equal(community_of(b, &vip2, text), "1:1");
	first.communities = "3:3";
	registered(b, &first, REGISTER_REPLACED);
	assert_string_equal(community_of(b, &vip2, text), "1:1");
	assert_int_equal(app->n_formers, 1);
	registered(b, &second, REGISTER_NEW);
	assert_string_equal(community_of(b, &vip2, text), "4:4");
	registry_set_heirs(b->reg, NULL, NULL);
	assert_int_equal(app->n_formers, 0);
}

static void test_changes_are_counted(void **state)
{
	struct bench *b = *state;
	const struct definition first = { .name = "a", .vip = VIP1, .vip2 = VIP2 };
	const struct definition second = { .name = "b", .vip = VIP2 };
	uint64_t before = registry_changes(b->reg);
	registered(b, &first, REGISTER_NEW);
	uint64_t added = registry_changes(b->reg);
	assert_true(added > before);
	registered(b, &first, REGISTER_SAME);
	assert_int_equal(registry_changes(b->reg), added);
	heir_of_vip1 = "a";
	heir_of_vip2 = "b";
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &second, REGISTER_NEW); /* takes a VIP of the other */
	uint64_t taken = registry_changes(b->reg);
	assert_true(taken >= added + 2);
	registered(b, &(struct definition){ .name = "b", .vip = VIP2, .monitor = CHECK },
		   REGISTER_REPLACED);
	uint64_t replaced = registry_changes(b->reg);
	assert_true(replaced > taken);
	registry_unregister(b->reg, "b", SEC);
	assert_true(registry_changes(b->reg) > replaced);
	registry_set_heirs(b->reg, NULL, NULL);
}

/* In whichever order they are registered. */
static void test_two_apps_exchange_their_vips(void **state)
{
	struct bench *b = *state;
	static const struct definition before[] = { { .name = "a", .vip = VIP1 },
						    { .name = "b", .vip = VIP2 } };
	static const struct definition after[] = { { .name = "a", .vip = VIP2 },
						   { .name = "b", .vip = VIP1 } };
	for (size_t i = 0; i < 2; i++)
		registered(b, &before[i], REGISTER_NEW);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n"
		  "add 192.0.2.2/32\nannounce 192.0.2.2/32\n");
	heir_of_vip1 = "b";
	heir_of_vip2 = "a";
	registry_set_heirs(b->reg, heir, NULL);
	registered(b, &after[0], REGISTER_REPLACED);
	registered(b, &after[1], REGISTER_REPLACED);
	registry_set_heirs(b->reg, NULL, NULL);
	expect(b, "");
	registry_unregister(b->reg, "a", SEC);
	expect(b, "withdraw 192.0.2.2/32\nawait acks\n");
	registry_unregister(b->reg, "b", SEC);
	expect(b, "withdraw 192.0.2.1/32\n");
}

static void test_an_app_with_another_name_has_its_health(void **state)
{
	struct bench *b = *state;
	struct definition first = checked;
	first.source = APP_FROM_CONFIG;
	struct definition renamed = first, otherwise = first;
	renamed.name = "renamed";
	otherwise.name = "otherwise";
	otherwise.monitor = "exec:another one";
	app_on_verdict(registered(b, &first, REGISTER_NEW), HEALTH_UP, "passes", SEC);
	expect(b, "add 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	heir_of_vip1 = "renamed";
	registry_set_heirs(b->reg, heir, NULL);
	assert_int_equal(registered(b, &renamed, REGISTER_NEW)->health, HEALTH_UP);
	registry_unregister(b->reg, "dns", SEC);
	expect(b, "");
	assert_int_equal(registry_n(b->reg, HEALTH_UP), 1);
	heir_of_vip1 = "otherwise";
	assert_int_equal(registered(b, &otherwise, REGISTER_NEW)->health, HEALTH_UNKNOWN);
	expect(b, "withdraw 192.0.2.1/32\n");
}

/* Of health, of a drain, and of what a drain makes of the route. */
static void test_since_when_it_is_in_its_state(void **state)
{
	struct bench *b = *state;
	const struct registry_options options = { .drain_time = 5 * SEC };
	struct app *app = registered(b, &checked, REGISTER_NEW);
	registry_set_options(b->reg, &options);
	assert_true(app->state == APP_UNKNOWN && app->state_since == SEC);
	app_on_verdict(app, HEALTH_UP, "passes", 2 * SEC);
	assert_true(app->state == APP_UP && app->state_since == 2 * SEC);
	registry_drain(b->reg, "dns", DRAIN_BY_API, NULL, "", USEC_NEVER, 3 * SEC);
	assert_true(app->state == APP_DRAINING && app->state_since == 3 * SEC);
	registry_tick(b->reg, 8 * SEC);
	assert_true(app->state == APP_DRAINED && app->state_since == 8 * SEC);
	app_on_verdict(app, HEALTH_DOWN, "fails", 9 * SEC);
	assert_true(app->state == APP_DRAINED && app->state_since == 8 * SEC);
	registry_undrain(b->reg, "dns", DRAIN_BY_API, NULL, 10 * SEC);
	assert_true(app->state == APP_DOWN && app->state_since == 10 * SEC);
	assert_int_equal(app->health_since, 9 * SEC);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_monitors_it_is_up_at_once),
		TEST(test_the_same_again_changes_nothing),
		TEST(test_monitors_are_accepted_by_source),
		TEST(test_health_decides),
		TEST(test_lease_ends_and_is_renewed),
		TEST(test_pauses_do_not_count_for_a_lease),
		TEST(test_a_pause_before_a_lease_was_renewed),
		TEST(test_lease_is_lifted_by_who_wants_none),
		TEST(test_every_change_of_http_is_told),
		TEST(test_drains_of_a_former_run_wait_for_their_apps),
		TEST(test_cleanup_forgets_what_http_registered),
		TEST(test_conflict_names_the_owner_and_changes_nothing),
		TEST(test_the_file_owns_its_names),
		TEST(test_who_comes_first_takes_names_and_vips),
		TEST(test_consul_comes_before_nomad),
		TEST(test_replacing_keeps_the_vips_that_stay),
		TEST(test_new_monitors_start_from_the_health_that_was),
		TEST(test_monitors_that_did_not_change_go_on),
		TEST(test_a_vip_can_move_while_it_goes_down),
		TEST(test_a_vip_moves_without_a_gap),
		TEST(test_a_kept_vip_has_its_own_definition),
		TEST(test_changes_are_counted),
		TEST(test_two_apps_exchange_their_vips),
		TEST(test_an_app_with_another_name_has_its_health),
		TEST(test_since_when_it_is_in_its_state),
		TEST(test_stop_withdraws_all),
		TEST(test_a_flapping_app_is_held_down),
		TEST(test_a_hold_ends_with_its_app),
		TEST(test_cursor_survives_removal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
