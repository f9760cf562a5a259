/* SPDX-License-Identifier: MIT */
/* The reconciler with recorded operations, some of which are made to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/vip/acks.h"
#include "agent/vip/reconcile.h"
#include "agent/vip/trouble.h"
#include "lib/log.h"
#include "lib/str.h"

#define SEC USEC_PER_SEC

struct world {
	char did[4096];
	struct strbuf log;
	int address_add, address_del, nat_set; /* their results */
	bool work_asked, acks_awaited;
	unsigned disowned;
	mono_t retry_at;
	struct reconcile *r;
	struct app_spec spec;
};

static const struct policy_want up = { ROUTE_UP, ADDRESS_BOUND, false, NULL, false };
static const struct policy_want retained = { ROUTE_NONE, ADDRESS_RETAINED, false, "down", false };
static const struct policy_want absent = { ROUTE_NONE, ADDRESS_ABSENT, false, "down", false };
static const struct policy_want undecided = { ROUTE_NONE, ADDRESS_RETAINED, true, "unknown",
					      false };

static void note(struct world *w, const char *what, const struct prefix *vip)
{
	char text[PREFIX_TEXT_MAX];
	strbuf_add(&w->log, "%s %s\n", what, prefix_format(vip, text));
}

static int fake_result(int rc, const char *what, struct err *err)
{
	return rc == 0 ? 0 : err_set(err, rc, "%s: no luck", what);
}

static int fake_address_add(const struct prefix *vip, const struct app_spec *app, struct err *err,
			    void *userdata)
{
	struct world *w = userdata;
	(void)app;
	note(w, "add", vip);
	return fake_result(w->address_add, "add", err);
}

static int fake_address_del(const struct prefix *vip, struct err *err, void *userdata)
{
	struct world *w = userdata;
	note(w, "del", vip);
	return fake_result(w->address_del, "del", err);
}

static int fake_nat_set(const struct prefix *vip, const struct nat_spec *nats, size_t n,
			struct err *err, void *userdata)
{
	struct world *w = userdata;
	(void)nats;
	note(w, n > 0 ? "nat" : "nonat", vip);
	if (w->nat_set == -EINPROGRESS)
		return w->nat_set;
	return n > 0 ? fake_result(w->nat_set, "nat", err) : 0;
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

static void fake_disown(const struct prefix *vip, void *userdata)
{
	struct world *w = userdata;
	(void)vip;
	w->disowned++;
}

static void fake_await_acks(void *userdata)
{
	struct world *w = userdata;
	strbuf_add(&w->log, "await acks\n");
	w->acks_awaited = true;
}

static void fake_work(void *userdata)
{
	((struct world *)userdata)->work_asked = true;
}

static void fake_retry(mono_t when, void *userdata)
{
	((struct world *)userdata)->retry_at = when;
}

static const struct reconcile_ops fake_ops = {
	.address_add = fake_address_add,
	.address_del = fake_address_del,
	.nat_set = fake_nat_set,
	.announce = fake_announce,
	.withdraw = fake_withdraw,
	.disown = fake_disown,
	.await_acks = fake_await_acks,
	.work = fake_work,
	.retry = fake_retry,
};

static struct world *world_of(void **state)
{
	return *state;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix p;
	struct err err;
	assert_int_equal(prefix_parse(text, &p, &err), 0);
	return p;
}

/* All that was done since the last call. */
static void expect(struct world *w, const char *did)
{
	assert_string_equal(w->did, did);
	w->log = strbuf_over(w->did, sizeof(w->did));
}

/* As the loop would: works while it is asked to. */
static void work(struct world *w, mono_t now)
{
	while (w->work_asked) {
		w->work_asked = false;
		if (reconcile_work(w->r, 100, now))
			w->work_asked = true;
	}
}

static struct vip *claim(struct world *w, const char *text)
{
	struct prefix p = prefix_of(text);
	return reconcile_claim(w->r, &p, &w->spec, w);
}

static struct vip *bring_up(struct world *w, const char *text)
{
	struct vip *vip = claim(w, text);
	reconcile_want(w->r, vip, up, SEC);
	work(w, SEC);
	return vip;
}

static int setup(void **state)
{
	static struct world w;
	static struct nat_spec nat = { .proto = 6, .listen = 53, .dest = 8053 };
	memset(&w, 0, sizeof(w));
	w.log = strbuf_over(w.did, sizeof(w.did));
	w.retry_at = USEC_NEVER;
	w.spec = (struct app_spec){ .name = (char *)"dns", .nats = &nat, .n_nats = 1 };
	w.r = reconcile_new(&fake_ops, &w);
	log_setup(LOG_ERROR, LOG_TEXT);
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	reconcile_free(world_of(state)->r);
	return 0;
}

static void test_up_ends_with_the_route(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	assert_true(vip->bound && vip->announced);
	assert_string_equal(vip->cause, "up");
	assert_int_equal(vip->changed_at, SEC);
	/* The same request again changes nothing. */
	reconcile_want(w->r, vip, up, 2 * SEC);
	work(w, 2 * SEC);
	expect(w, "");
}

/* The route stays while the address is there the other way. */
static void test_another_bind_sends_nothing(void **state)
{
	struct world *w = world_of(state);
	struct app_spec other = w->spec;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	other.bind = BIND_NONE;
	assert_ptr_equal(reconcile_claim(w->r, &vip->prefix, &other, w), vip);
	work(w, 2 * SEC);
	expect(w, "add 192.0.2.1/32\n");
	assert_true(vip->bound && vip->announced);
	/* The agent's counts where the app has none. */
	other.bind = BIND_UNSET;
	other.agent_bind = BIND_NONE;
	assert_int_equal(app_spec_bind(&other), BIND_NONE);
	reconcile_bind_changed(w->r, vip);
	work(w, 3 * SEC);
	expect(w, "add 192.0.2.1/32\n");
	reconcile_claim(w->r, &vip->prefix, &other, w);
	work(w, 4 * SEC);
	expect(w, "");
}

static void test_disowned_once_when_the_first_word_is_no_route(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = claim(w, "192.0.2.1/32");
	reconcile_want(w->r, vip, undecided, SEC);
	assert_int_equal(w->disowned, 0);
	reconcile_want(w->r, vip, retained, SEC);
	assert_int_equal(w->disowned, 1);
	reconcile_want(w->r, vip, absent, SEC);
	assert_int_equal(w->disowned, 1);
	/* An announced route is withdrawn, and none of a previous instance is left. */
	vip = claim(w, "192.0.2.2/32");
	reconcile_want(w->r, vip, up, SEC);
	work(w, SEC);
	reconcile_want(w->r, vip, retained, SEC);
	assert_int_equal(w->disowned, 1);
	/* Unregistered before the first verdict. */
	vip = claim(w, "192.0.2.3/32");
	reconcile_want(w->r, vip, undecided, SEC);
	reconcile_release(w->r, vip, SEC);
	assert_int_equal(w->disowned, 2);
}

static void test_up_now_needs_no_turn(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = claim(w, "192.0.2.1/32");
	reconcile_want(w->r, vip, up, SEC);
	reconcile_vip_now(w->r, vip, SEC);
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	work(w, SEC);
	expect(w, "");
}

static void test_down_withdraws_at_once_and_keeps_the_address(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	reconcile_want(w->r, vip, retained, 2 * SEC);
	expect(w, "withdraw 192.0.2.1/32\n");
	assert_string_equal(vip->cause, "down");
	work(w, 2 * SEC);
	expect(w, "");
	assert_true(vip->bound);
	/* cleanup_timer has passed. */
	reconcile_want(w->r, vip, absent, 900 * SEC);
	work(w, 900 * SEC);
	expect(w, "await acks\n");
	reconcile_acked(w->r);
	work(w, 900 * SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_false(vip->bound);
	/* The service returns. */
	reconcile_want(w->r, vip, up, 1000 * SEC);
	work(w, 1000 * SEC);
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

static void test_retained_does_not_add(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = claim(w, "192.0.2.1/32");
	reconcile_want(w->r, vip, retained, SEC);
	work(w, SEC);
	expect(w, "");
	assert_false(vip->bound);
}

static void test_release_waits_then_unbinds_then_forgets(void **state)
{
	struct world *w = world_of(state);
	struct prefix p = prefix_of("192.0.2.1/32");
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	reconcile_release(w->r, vip, 2 * SEC);
	expect(w, "withdraw 192.0.2.1/32\n");
	work(w, 2 * SEC);
	expect(w, "await acks\n");
	assert_false(reconcile_settled(w->r));
	assert_non_null(vip_find(w->r, &p));
	reconcile_acked(w->r);
	work(w, 2 * SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_null(vip_find(w->r, &p));
	assert_true(reconcile_settled(w->r));
	assert_int_equal(reconcile_counts(w->r).vips, 0);
	assert_int_equal(reconcile_counts(w->r).owned4, 0);
}

static void test_waits_are_shared(void **state)
{
	struct world *w = world_of(state);
	struct vip *a = bring_up(w, "192.0.2.1/32"), *b = bring_up(w, "192.0.2.2/32");
	struct vip *c = bring_up(w, "192.0.2.3/32");
	expect(w, w->did);
	reconcile_release(w->r, a, SEC);
	reconcile_release(w->r, b, SEC);
	work(w, SEC);
	expect(w, "withdraw 192.0.2.1/32\nwithdraw 192.0.2.2/32\nawait acks\n");
	/* This one was withdrawn too late for the wait that is under way. */
	reconcile_release(w->r, c, SEC);
	work(w, SEC);
	expect(w, "withdraw 192.0.2.3/32\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n"
		  "nonat 192.0.2.2/32\ndel 192.0.2.2/32\nawait acks\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.3/32\ndel 192.0.2.3/32\n");
}

static void test_merged_waits_are_one(void **state)
{
	struct world *w = world_of(state);
	struct vip *a = bring_up(w, "192.0.2.1/32"), *b = bring_up(w, "192.0.2.2/32");
	expect(w, w->did);
	reconcile_release(w->r, a, SEC);
	work(w, SEC);
	reconcile_release(w->r, b, SEC);
	reconcile_merge_waits(w->r);
	work(w, SEC);
	expect(w, "withdraw 192.0.2.1/32\nawait acks\nwithdraw 192.0.2.2/32\nawait acks\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n"
		  "nonat 192.0.2.2/32\ndel 192.0.2.2/32\n");
	assert_true(reconcile_settled(w->r));
}

static void test_takeover_while_going_down_keeps_the_address(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	reconcile_release(w->r, vip, SEC);
	work(w, SEC);
	expect(w, w->did);
	/* Bound the way of the new app, which may be another one. */
	assert_ptr_equal(bring_up(w, "192.0.2.1/32"), vip);
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "");
	assert_true(vip->bound && vip->announced);
}

static void test_old_wait_does_not_count_for_a_new_withdrawal(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32"), *other = bring_up(w, "192.0.2.2/32");
	reconcile_release(w->r, vip, SEC);
	reconcile_release(w->r, other, SEC);
	work(w, SEC);
	bring_up(w, "192.0.2.1/32");
	reconcile_release(w->r, vip, SEC);
	work(w, SEC);
	expect(w, w->did);
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.2/32\ndel 192.0.2.2/32\nawait acks\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
}

static void test_address_error_stops_before_the_route(void **state)
{
	struct world *w = world_of(state);
	w->address_add = -EEXIST;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, "add 192.0.2.1/32\n");
	assert_false(vip->announced);
	assert_string_equal(vip->trouble->text, "add: no luck");
	assert_int_equal(vip->trouble->since, SEC);
	/* Retried with growing delays; the trouble and its time stay. */
	mono_t first = w->retry_at;
	assert_in_range(first, SEC + 1, 2 * SEC);
	reconcile_retry(w->r);
	work(w, first);
	expect(w, "add 192.0.2.1/32\n");
	assert_true(w->retry_at - first > first - SEC);
	assert_int_equal(vip->trouble->since, SEC);
	w->address_add = 0;
	reconcile_retry(w->r);
	work(w, 10 * SEC);
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	assert_null(vip->trouble);
	assert_int_equal(reconcile_counts(w->r).troubled, 0);
}

static void test_nat_error_stops_before_the_route(void **state)
{
	struct world *w = world_of(state);
	w->nat_set = -EOPNOTSUPP;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\n");
	assert_false(vip->announced);
	assert_true(vip->trouble->lasting);
	assert_int_equal(w->retry_at, USEC_NEVER);
}

/* NAT answers. */
static void nat_told(struct world *w, const char *vip, int result, mono_t now)
{
	struct prefix p = prefix_of(vip);
	struct err err = { "" };
	fake_result(result, "nat", &err);
	w->nat_set = result == -EBUSY ? -EINPROGRESS : 0;
	reconcile_nat_result(w->r, &p, result, &err, now);
	work(w, now);
}

static void test_route_waits_for_the_address_and_for_the_answer_of_nat(void **state)
{
	struct world *w = world_of(state);
	w->address_add = w->nat_set = -EINPROGRESS;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, "add 192.0.2.1/32\n");
	assert_false(reconcile_settled(w->r));
	w->address_add = 0;
	reconcile_resume(w->r, &vip->prefix);
	work(w, SEC);
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\n");
	assert_false(vip->announced);
	assert_null(vip->trouble);
	assert_false(reconcile_settled(w->r));
	nat_told(w, "192.0.2.1/32", 0, 2 * SEC);
	expect(w, "nat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
	assert_true(reconcile_settled(w->r));
	nat_told(w, "192.0.2.1/32", 0, 3 * SEC); /* rules that were lost are back */
	expect(w, "");
}

static void test_nat_that_takes_long_is_a_trouble_that_ends(void **state)
{
	struct world *w = world_of(state);
	w->nat_set = -EINPROGRESS;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	nat_told(w, "192.0.2.1/32", -EBUSY, 2 * SEC);
	assert_string_equal(vip->trouble->text, "nat: no luck");
	assert_false(reconcile_settled(w->r));
	nat_told(w, "192.0.2.1/32", 0, 3 * SEC);
	assert_null(vip->trouble);
	assert_true(vip->announced);
}

static void test_nat_that_fails_later_is_tried_again(void **state)
{
	struct world *w = world_of(state);
	w->nat_set = -EINPROGRESS;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	nat_told(w, "192.0.2.1/32", -EPERM, 2 * SEC);
	assert_false(vip->announced);
	assert_string_equal(vip->trouble->text, "nat: no luck");
	assert_true(w->retry_at != USEC_NEVER);
	expect(w, w->did);
	reconcile_retry(w->r);
	work(w, 4 * SEC);
	expect(w, "nat 192.0.2.1/32\nannounce 192.0.2.1/32\n");
}

static void test_route_goes_when_lost_rules_cannot_be_had_back(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	nat_told(w, "192.0.2.1/32", -EPERM, 2 * SEC);
	expect(w, "withdraw 192.0.2.1/32\n");
	assert_non_null(vip->trouble);
	assert_true(vip->bound);
}

static void test_address_stays_until_nat_is_gone(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	reconcile_release(w->r, vip, SEC);
	work(w, SEC);
	expect(w, w->did);
	w->nat_set = -EINPROGRESS;
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\n");
	assert_false(reconcile_settled(w->r));
	nat_told(w, "192.0.2.1/32", 0, 2 * SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_int_equal(reconcile_counts(w->r).vips, 0);
	nat_told(w, "192.0.2.1/32", 0, 3 * SEC); /* of no VIP */
	assert_true(reconcile_settled(w->r));
}

static void test_nat_of_the_previous_instance(void **state)
{
	struct world *w = world_of(state);
	struct prefix mine = prefix_of("192.0.2.1/32"), unowned = prefix_of("192.0.2.2/32");
	bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	reconcile_leftover_nat(w->r, &mine);
	reconcile_leftover_nat(w->r, &unowned);
	w->address_del = -ENOENT; /* it was never on lo */
	work(w, SEC);
	expect(w, "nonat 192.0.2.2/32\n");
	assert_null(vip_find(w->r, &unowned));
}

static void test_lost_address_is_added_again(void **state)
{
	struct world *w = world_of(state);
	struct prefix p = prefix_of("192.0.2.1/32");
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	reconcile_address_lost(w->r, "lo", &p, "damage", SEC);
	work(w, SEC);
	expect(w, "add 192.0.2.1/32\n");
	/* Also while it is only kept for flows that still run. */
	reconcile_want(w->r, vip, retained, SEC);
	reconcile_address_lost(w->r, "lo", NULL, NULL, SEC);
	work(w, SEC);
	expect(w, "withdraw 192.0.2.1/32\nadd 192.0.2.1/32\n");
	assert_true(vip->bound);
}

static void test_route_goes_when_a_lost_address_cannot_be_had_back(void **state)
{
	struct world *w = world_of(state);
	struct prefix p = prefix_of("192.0.2.1/32");
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	w->address_add = -EPERM;
	reconcile_address_lost(w->r, "lo", &p, "damage", SEC);
	work(w, SEC);
	expect(w, "add 192.0.2.1/32\nwithdraw 192.0.2.1/32\n");
	assert_non_null(vip->trouble);
}

/* Another process removes it in a loop: the first few are repaired at once, then with a rest. */
static void test_address_that_is_fought_over(void **state)
{
	struct world *w = world_of(state);
	struct prefix p = prefix_of("192.0.2.1/32");
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	mono_t now = SEC;
	expect(w, w->did);
	for (unsigned i = 0; i < TAMPER_BURST; i++) {
		reconcile_address_lost(w->r, "lo", &p, "damage", now);
		work(w, now);
		expect(w, "add 192.0.2.1/32\n");
	}
	reconcile_address_lost(w->r, "lo", &p, "damage", now);
	work(w, now);
	expect(w, "withdraw 192.0.2.1/32\n");
	assert_non_null(strstr(vip->trouble->text, "damage repeatedly"));
	assert_false(vip->bound);
	/* A retry before it is time, for the trouble of another VIP. */
	reconcile_retry(w->r);
	work(w, now + SEC);
	expect(w, "");
	/* Put back, and removed again: that does not announce it. */
	now += TAMPER_REST;
	reconcile_retry(w->r);
	work(w, now);
	expect(w, "add 192.0.2.1/32\n");
	reconcile_address_lost(w->r, "lo", &p, "damage", now);
	work(w, now);
	expect(w, "");
	assert_true(w->retry_at <= now + TAMPER_REST);
	/* Put back, and it stays. */
	now += TAMPER_REST;
	reconcile_retry(w->r);
	work(w, now);
	expect(w, "add 192.0.2.1/32\n");
	assert_true(w->retry_at <= now + TAMPER_REST);
	reconcile_retry(w->r);
	work(w, now + TAMPER_REST - 1);
	expect(w, "");
	reconcile_retry(w->r);
	work(w, now + TAMPER_REST);
	expect(w, "announce 192.0.2.1/32\n");
	assert_null(vip->trouble);
	assert_int_equal(reconcile_counts(w->r).put_back, TAMPER_BURST + 2);
	assert_int_equal(reconcile_counts(w->r).losses, TAMPER_BURST + 2);
}

/* A rare removal is repaired without a pause. */
static void test_address_that_is_lost_now_and_then(void **state)
{
	struct world *w = world_of(state);
	struct prefix p = prefix_of("192.0.2.1/32");
	bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	for (mono_t i = 1; i <= 20; i++) {
		reconcile_address_lost(w->r, "lo", &p, "damage", i * TAMPER_WINDOW / TAMPER_BURST);
		work(w, i * TAMPER_WINDOW / TAMPER_BURST);
		expect(w, "add 192.0.2.1/32\n");
	}
}

/* Not known to be bound, but leftovers of it must go with the app. */
static void test_remains_of_a_lost_address_are_removed(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	w->address_add = -ENETDOWN;
	reconcile_address_lost(w->r, "lo", NULL, NULL, SEC);
	work(w, SEC);
	expect(w, "add 192.0.2.1/32\nwithdraw 192.0.2.1/32\n");
	reconcile_release(w->r, vip, SEC);
	work(w, SEC);
	expect(w, "await acks\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_int_equal(reconcile_counts(w->r).vips, 0);
}

/* The host's own address is another one now: NAT is asked again, the route stays. */
static void test_remap(void **state)
{
	struct world *w = world_of(state);
	bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	reconcile_remap(w->r);
	work(w, SEC);
	expect(w, "nat 192.0.2.1/32\n");
}

static void test_removal_that_fails_is_tried_again(void **state)
{
	struct world *w = world_of(state);
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	reconcile_release(w->r, vip, SEC);
	work(w, SEC);
	expect(w, w->did);
	w->address_del = -EPERM;
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_string_equal(vip->trouble->text, "del: no luck");
	w->address_del = -ENOENT; /* not ours any more */
	reconcile_retry(w->r);
	work(w, 2 * SEC);
	expect(w, "nonat 192.0.2.1/32\ndel 192.0.2.1/32\n");
	assert_int_equal(reconcile_counts(w->r).vips, 0);
}

static void test_leftovers_of_the_previous_instance(void **state)
{
	struct world *w = world_of(state);
	struct prefix mine = prefix_of("192.0.2.1/32"), unowned = prefix_of("192.0.2.2/32");
	struct vip *vip = claim(w, "192.0.2.1/32");
	reconcile_want(w->r, vip, retained, SEC);
	work(w, SEC);
	reconcile_leftover_address(w->r, &mine);
	reconcile_leftover_address(w->r, &unowned);
	work(w, SEC);
	/* A router may still have the route of the previous instance. */
	expect(w, "add 192.0.2.1/32\nnat 192.0.2.1/32\nawait acks\n");
	reconcile_acked(w->r);
	work(w, SEC);
	expect(w, "nonat 192.0.2.2/32\ndel 192.0.2.2/32\n");
	assert_true(vip->bound);
	assert_null(vip_find(w->r, &unowned));
}

static void count_call(void *userdata)
{
	++*(size_t *)userdata;
}

static void test_the_last_withdrawal_is_told(void **state)
{
	struct world *w = *state;
	size_t n = 0;
	reconcile_on_unannounced(w->r, count_call, &n);
	struct vip *first = bring_up(w, "192.0.2.1/32");
	struct vip *second = bring_up(w, "192.0.2.2/32");
	reconcile_want(w->r, first, retained, 2 * SEC);
	assert_int_equal(n, 0);
	reconcile_want(w->r, second, retained, 2 * SEC);
	assert_int_equal(n, 1);
	reconcile_want(w->r, second, absent, 2 * SEC); /* it is withdrawn already */
	assert_int_equal(n, 1);
}

static void test_new_communities_are_announced_again(void **state)
{
	struct world *w = world_of(state);
	uint32_t value = 1;
	struct app_spec other = w->spec;
	struct vip *vip = bring_up(w, "192.0.2.1/32");
	expect(w, w->did);
	other.communities = (struct bgp_communities){ &value, 1 };
	assert_ptr_equal(reconcile_claim(w->r, &vip->prefix, &other, w), vip);
	reconcile_want(w->r, vip, up, SEC);
	expect(w, "announce 192.0.2.1/32\n"); /* at once: it does not queue */
	work(w, SEC);
	expect(w, "");
	reconcile_claim(w->r, &vip->prefix, &other, w);
	work(w, SEC);
	expect(w, "");
}

static void test_work_is_capped(void **state)
{
	struct world *w = world_of(state);
	char text[32];
	for (int i = 0; i < 10; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d/32", i);
		reconcile_want(w->r, claim(w, text), up, SEC);
	}
	assert_true(reconcile_work(w->r, 4, SEC));
	assert_int_equal(reconcile_counts(w->r).announced, 4);
	assert_true(reconcile_work(w->r, 4, SEC));
	assert_false(reconcile_work(w->r, 4, SEC));
	assert_int_equal(reconcile_counts(w->r).announced, 10);
}

static void test_cursor_survives_removal(void **state)
{
	struct world *w = world_of(state);
	struct vip_cursor c;
	struct vip *a = claim(w, "192.0.2.1/32"), *b = claim(w, "192.0.2.2/32");
	struct vip *last = claim(w, "192.0.2.3/32");
	vip_cursor_init(w->r, &c);
	assert_ptr_equal(vip_cursor_next(&c), a);
	reconcile_release(w->r, b, SEC);
	work(w, SEC);
	assert_ptr_equal(vip_cursor_next(&c), last);
	assert_null(vip_cursor_next(&c));
	vip_cursor_done(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_up_ends_with_the_route),
		TEST(test_another_bind_sends_nothing),
		TEST(test_disowned_once_when_the_first_word_is_no_route),
		TEST(test_up_now_needs_no_turn),
		TEST(test_down_withdraws_at_once_and_keeps_the_address),
		TEST(test_retained_does_not_add),
		TEST(test_release_waits_then_unbinds_then_forgets),
		TEST(test_waits_are_shared),
		TEST(test_merged_waits_are_one),
		TEST(test_takeover_while_going_down_keeps_the_address),
		TEST(test_old_wait_does_not_count_for_a_new_withdrawal),
		TEST(test_address_error_stops_before_the_route),
		TEST(test_nat_error_stops_before_the_route),
		TEST(test_route_waits_for_the_address_and_for_the_answer_of_nat),
		TEST(test_nat_that_takes_long_is_a_trouble_that_ends),
		TEST(test_nat_that_fails_later_is_tried_again),
		TEST(test_route_goes_when_lost_rules_cannot_be_had_back),
		TEST(test_address_stays_until_nat_is_gone),
		TEST(test_nat_of_the_previous_instance),
		TEST(test_lost_address_is_added_again),
		TEST(test_route_goes_when_a_lost_address_cannot_be_had_back),
		TEST(test_address_that_is_fought_over),
		TEST(test_address_that_is_lost_now_and_then),
		TEST(test_remains_of_a_lost_address_are_removed),
		TEST(test_remap),
		TEST(test_removal_that_fails_is_tried_again),
		TEST(test_leftovers_of_the_previous_instance),
		TEST(test_the_last_withdrawal_is_told),
		TEST(test_new_communities_are_announced_again),
		TEST(test_work_is_capped),
		TEST(test_cursor_survives_removal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
