/* SPDX-License-Identifier: MIT */
/*
 * The shell of NAT: when the kernel's rules are listed and changed.
 *
 *	nat_set ──> VIP ──> ledger of the active side ──┐            ┌─> told
 *	leftovers ────────> ledgers of both sides ──────┼─> work() ──┤
 *	others' changes ──> side is stale ──────────────┘            └─> conntrack
 *
 * A change only marks; work() runs once all addresses of this turn are done, and carries out
 * everything in one transaction a side: first in the active back end, then, if a previous instance
 * used the other one, there. If another process holds the lock or changes the rules at the same
 * time, work() is tried again in a few milliseconds, by timer: the loop never waits.
 *
 * When a transaction of several VIPs is refused, each VIP gets one of its own, so that one that the
 * kernel cannot have (no IPv6 NAT, say) does not hold up the others.
 */
#include "nat/nat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/backoff.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/conntrack.h"
#include "nat/losses.h"
#include "nat/sides.h"
#include "nat/vips.h"
#include "process/loop.h"

/* Waits for other processes: 5 ms, then longer; after PATIENCE the waiting VIPs are told. */
#define WAIT_FIRST (5 * USEC_PER_MSEC)
#define WAIT_MAX   (80 * USEC_PER_MSEC)
#define PATIENCE   (1 * USEC_PER_SEC)
/* Changes by other processes come in bursts, and listing a large table takes a millisecond. */
#define LIST_AGAIN (200 * USEC_PER_MSEC)
/* VIPs a turn when each has a transaction of its own. */
#define ALONE_PER_TURN 4
/* At the start, while other services start and change the ruleset. */
#define LEFTOVER_TRIES 20

struct nat {
	sd_event *loop;
	nat_told_cb *told;
	void *userdata;
	struct nat_side_events events;
	struct nat_sides sides;
	struct nat_vips vips;
	bool collecting;
	bool alone; /* one VIP a transaction */
	struct conntrack *conntrack;
	mono_t waiting_since; /* 0: not */
	mono_t changed_at;    /* rules were listed, as another process had changed some */
	mono_t resync_at;
	bool told_of_wait;
	unsigned waits_in_a_row;
	struct nat_losses losses;
	sd_event_source *work_source, *wait_source, *resync_source, *watch_sources[NAT_SIDES];
	struct err trouble;
	uint64_t failures, waits;
	span_t longest;
};

static void work_soon(struct nat *nat);

/* ---- The kernel. ---- */

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata);
static int on_resync(sd_event_source *source, uint64_t now, void *userdata);

/* A back end may have nothing to watch before it has made something. */
static void watch_sides(struct nat *nat)
{
	for (size_t i = 0; i < NAT_SIDES; i++) {
		const struct nat_side *s = &nat->sides.of[i];
		int fd = s->backend ? s->ops->watch_fd(s->backend) : -1;
		if (fd >= 0 && !nat->watch_sources[i])
			loop_io_add(nat->loop, &nat->watch_sources[i], fd, EPOLLIN, LOOP_NAT,
				    on_watch, nat);
	}
}

/* The kernel lacks something that the active back end needs: `auto` moves all VIPs to the other. */
static bool fall_back(struct nat *nat, const struct err *why)
{
	struct err err = { "" };
	if (!nat_sides_can_fall_back(&nat->sides))
		return false;
	log_warn("nat", "%s", why->text);
	nat_vips_want_all(&nat->vips, NAT_UNWANTED);
	bool ok = nat_sides_fall_back(&nat->sides, &err) == 0;
	nat_vips_want_all(&nat->vips, NAT_WANTED);
	return ok;
}

static int on_wait(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	work_soon(userdata);
	return 0;
}

static void wait_for_others(struct nat *nat, const struct err *err)
{
	mono_t now = loop_now(nat->loop);
	span_t span = usec_min(WAIT_FIRST << usec_min(nat->waits_in_a_row, 10), WAIT_MAX);
	if (!nat->waiting_since) {
		nat->waiting_since = now;
		nat->waits++;
	}
	nat->waits_in_a_row++;
	nat->trouble = *err;
	if (now - nat->waiting_since >= PATIENCE && !nat->told_of_wait) {
		nat->told_of_wait = true;
		log_warn("nat", "%s; retrying", err->text);
		nat_vips_tell_busy(&nat->vips, err, nat->told, nat->userdata);
	}
	loop_timer_set(nat->loop, &nat->wait_source, now + jitter(span, loop_random()), LOOP_NAT,
		       on_wait, nat);
}

/* A few VIPs, each in a transaction of its own. */
static int work_alone(struct nat *nat, struct err *err)
{
	for (int i = 0; i < ALONE_PER_TURN && !list_empty(&nat->vips.pending); i++) {
		struct nat_vip *v = list_first(&nat->vips.pending, struct nat_vip, pending);
		struct err own = { "" };
		int r = nat_sides_apply(&nat->sides, &v->prefix, &own);
		if (r == -EBUSY || r == -EAGAIN) {
			*err = own;
			return r;
		}
		if (r < 0) {
			nat->failures++;
			nat->trouble = own;
		}
		nat_vips_answer(&nat->vips, v, r, &own, nat->told, nat->userdata);
	}
	nat->alone = !list_empty(&nat->vips.pending);
	if (nat->alone)
		work_soon(nat);
	return 0;
}

static void fail(struct nat *nat, int r, const struct err *err)
{
	nat->trouble = *err;
	if (r == -EOPNOTSUPP && fall_back(nat, err)) {
		work_soon(nat);
		return;
	}
	if (r != -EPERM && nat_vips_several_pending(&nat->vips)) {
		nat->alone = true;
		work_soon(nat);
		return;
	}
	nat->failures++;
	if (list_empty(&nat->vips.pending)) /* leftovers, or a resync */
		log_event(LOG_WARNING, "nat", EVENT("nat.trouble"), "%s", err->text);
	nat_vips_answer_all(&nat->vips, r, err, nat->told, nat->userdata);
}

/* Everything in one transaction. */
static int work_together(struct nat *nat, struct err *err)
{
	int r = nat_sides_apply(&nat->sides, NULL, err);
	if (r == -EBUSY || r == -EAGAIN)
		return r;
	if (r < 0) {
		fail(nat, r, err);
		return 0;
	}
	nat->trouble.text[0] = '\0';
	nat_vips_answer_all(&nat->vips, 0, NULL, nat->told, nat->userdata);
	return 0;
}

static void log_losses(const struct nat *nat, size_t n, const struct nat_rule *first)
{
	char vip[PREFIX_TEXT_MAX], target[NAT_TARGET_TEXT_MAX];
	log_event(LOG_WARNING, "nat", EVENT("nat.lost", .vip = prefix_format(&first->vip, vip)),
		  "another process removed %zu %s rule%s, restoring: %s %s:%u to %s%s", n,
		  nat->sides.active->ops->name, n == 1 ? "" : "s", nat_proto_name(first->proto),
		  vip, first->listen, nat_rule_format_target(first, target), n > 1 ? ", …" : "");
}

static void report_losses(struct nat *nat)
{
	struct nat_rule first;
	size_t n;
	switch (nat_losses_report(&nat->losses, loop_now(nat->loop), &n, &first)) {
	case NAT_LOSSES_NONE:
	case NAT_LOSSES_QUIET:
		break;
	case NAT_LOSSES_LOG:
		log_losses(nat, n, &first);
		break;
	case NAT_LOSSES_LOG_LAST:
		log_losses(nat, n, &first);
		log_warn("nat", "another process keeps removing NAT rules; they are restored each "
				"time, which is not logged for the rest of the minute");
		break;
	}
}

static void arm_resync(struct nat *nat)
{
	const struct nat_side *active = nat->sides.active;
	bool any = active && active->ledger.n_wanted > 0;
	if (any && nat->resync_at != USEC_NEVER)
		return;
	nat->resync_at = any ? usec_add(loop_now(nat->loop), active->ops->resync) : USEC_NEVER;
	loop_timer_set(nat->loop, &nat->resync_source, nat->resync_at, LOOP_NAT, on_resync, nat);
}

static void work(struct nat *nat)
{
	struct err err = { "" };
	int r = nat->alone ? work_alone(nat, &err) : work_together(nat, &err);
	report_losses(nat);
	if (r < 0) {
		wait_for_others(nat, &err);
		return;
	}
	nat->waiting_since = 0;
	nat->waits_in_a_row = 0;
	nat->told_of_wait = false;
	watch_sides(nat);
	arm_resync(nat);
}

static int on_work(sd_event_source *source, void *userdata)
{
	(void)source;
	struct nat *nat = userdata;
	if (nat->collecting)
		return 0;
	mono_t began = loop_clock();
	work(nat);
	span_t took = loop_clock() - began;
	if (took > nat->longest)
		nat->longest = took;
	return 0;
}

static void work_soon(struct nat *nat)
{
	loop_defer(nat->loop, &nat->work_source, LOOP_NAT, on_work, nat);
}

/* ---- Changes by other processes. ---- */

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)fd, (void)revents;
	struct nat *nat = userdata;
	mono_t now = loop_now(nat->loop), again = usec_add(nat->changed_at, LIST_AGAIN);
	struct nat_side *s = &nat->sides.of[source == nat->watch_sources[NAT_SIDE_NFTABLES]];
	if (!s->ops->read_events(s->backend))
		return 0;
	s->stale = true;
	if (now >= again) {
		nat->changed_at = now;
		work_soon(nat);
	} else if (!nat->waiting_since) { /* else it is tried again anyway */
		loop_timer_set(nat->loop, &nat->wait_source, again, LOOP_NAT, on_wait, nat);
	}
	return 0;
}

void nat_collect(struct nat *nat, bool on)
{
	if (nat->collecting && !on)
		work_soon(nat);
	nat->collecting = on;
}

void nat_resync(struct nat *nat)
{
	nat_sides_set_stale(&nat->sides);
	if (nat->sides.active)
		work_soon(nat);
}

static int on_resync(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	struct nat *nat = userdata;
	nat->resync_at = USEC_NEVER;
	nat_resync(nat);
	return 0;
}

static void on_lost(const struct nat_rule *r, void *userdata)
{
	struct nat *nat = userdata;
	struct nat_vip *v = nat_vips_find(&nat->vips, &r->vip);
	nat_losses_add(&nat->losses, r);
	if (!v)
		return;
	nat_vips_pend(&nat->vips, v);
	work_soon(nat);
}

/* A rule that goes from one back end may be in force in the other, or replaced by another. */
static void on_changed(const struct nat_rule *r, bool in_force, void *userdata)
{
	struct nat *nat = userdata;
	const struct nat_vip *v = nat_vips_find(&nat->vips, &r->vip);
	for (size_t i = 0; v && i < v->wanted.n; i++)
		if (memcmp(&v->wanted.items[i], r, NAT_RULE_KEY_SIZE) == 0) {
			r = &v->wanted.items[i];
			in_force = true;
		}
	conntrack_follow(nat->conntrack, r, in_force);
}

/* ---- Start and end. ---- */

/* Rules of a previous instance stay until nat_set() decides about their VIP. */
static void adopt(struct nat *nat, struct nat_side *s)
{
	struct nat_entry *e, *next;
	size_t n = s->ledger.n_there;
	HASH_ITER (hh, s->ledger.entries, e, next) {
		struct nat_vip *v = nat_vips_get(&nat->vips, &e->rule.vip);
		v->undecided = true;
		nat_rules_add(&v->leaving, &e->rule);
		nat_ledger_want(&s->ledger, &e->rule, NAT_UNDECIDED);
	}
	if (n > 0)
		log_info("nat", "found %zu %s rule%s of a previous instance", n, s->ops->name,
			 n == 1 ? "" : "s");
}

/* Stays open only if there are any, but then also when none is left: the kernel may take 10 ms to
 * close it. */
static int find_leftovers(struct nat *nat, struct nat_side *s)
{
	struct err err = { "" };
	int r = -EAGAIN;
	for (int i = 0; i < LEFTOVER_TRIES && r == -EAGAIN; i++)
		r = nat_side_list(s, &err);
	if (r < 0)
		log_debug("nat", "looking for rules of a previous instance: %s", err.text);
	else
		adopt(nat, s);
	if (r == 0 && s->debris)
		work_soon(nat);
	else if (r < 0 || s->ledger.n_there == 0)
		nat_side_close(s);
	return r;
}

/* Where the tables of legacy iptables cannot be seen, looking into them makes them, and a host that
 * did not use them does from then on: so only if they are, or have to be, the back end. */
static void find_all_leftovers(struct nat *nat, enum nat_choice choice)
{
	int r = find_leftovers(nat, &nat->sides.of[NAT_SIDE_NFTABLES]);
	if (choice == NAT_IPTABLES || r == -EOPNOTSUPP ||
	    nat_iptables_legacy() != NAT_LEGACY_UNSEEN)
		find_leftovers(nat, &nat->sides.of[NAT_SIDE_IPTABLES]);
}

struct nat *nat_new(sd_event *loop, enum nat_choice choice, nat_told_cb *told, void *userdata)
{
	struct nat *nat = mem_new(1, sizeof(*nat));
	nat->loop = sd_event_ref(loop);
	nat->told = told;
	nat->userdata = userdata;
	nat->resync_at = USEC_NEVER;
	nat->conntrack = conntrack_new(loop);
	nat->events = (struct nat_side_events){ on_lost, on_changed, nat };
	nat_sides_init(&nat->sides, choice, &nat->events);
	nat_vips_init(&nat->vips, &nat->sides);
	find_all_leftovers(nat, choice);
	return nat;
}

void nat_free(struct nat *nat)
{
	if (!nat)
		return;
	nat_vips_done(&nat->vips);
	for (size_t i = 0; i < NAT_SIDES; i++)
		sd_event_source_disable_unref(nat->watch_sources[i]);
	nat_sides_done(&nat->sides);
	sd_event_source_disable_unref(nat->work_source);
	sd_event_source_disable_unref(nat->wait_source);
	sd_event_source_disable_unref(nat->resync_source);
	conntrack_free(nat->conntrack);
	sd_event_unref(nat->loop);
	free(nat);
}

void nat_walk_leftovers(struct nat *nat, nat_walk_cb *cb, void *userdata)
{
	struct nat_vip *v, *next;
	size_t n = 0;
	/* The callback changes the table: walk a copy. */
	struct prefix *found = mem_new(HASH_COUNT(nat->vips.all) + 1, sizeof(*found));
	HASH_ITER (hh, nat->vips.all, v, next)
		if (v->undecided)
			found[n++] = v->prefix;
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}

/* ---- Requests. ---- */

int nat_set(struct nat *nat, const struct prefix *vip, const struct nat_spec *specs, size_t n,
	    const struct addr *dest, struct err *err)
{
	static const struct addr none;
	struct nat_rules rules = { 0 };
	int r = nat_rules_make(vip, specs, n, dest ? dest : &none, &rules, err);
	if (r == 0 && n > 0 && !nat->sides.active)
		r = nat_sides_choose(&nat->sides, err);
	struct nat_vip *v = nat_vips_find(&nat->vips, vip);
	if (r < 0 || (n == 0 && !v)) {
		nat_rules_done(&rules);
		return r;
	}
	v = nat_vips_get(&nat->vips, vip);
	if (v->undecided || !nat_rules_equal(&v->wanted, &rules))
		nat_vip_set(&nat->vips, v, &rules);
	else
		nat_rules_done(&rules);
	if (!list_linked(&v->pending) && nat_vip_agrees(&nat->vips, v)) {
		if (n == 0)
			nat_vips_remove(&nat->vips, v);
		return 0;
	}
	nat_vips_pend(&nat->vips, v);
	work_soon(nat);
	return -EINPROGRESS;
}

/* ---- Status. ---- */

struct nat_status nat_status(const struct nat *nat)
{
	const struct nat_side *active = nat->sides.active;
	struct nat_status s = {
		.backend = active ? active->ops->name : NULL,
		.why = nat->sides.why,
		.trouble = nat->trouble.text[0] ? nat->trouble.text : NULL,
		.failures = nat->failures,
		.put_back = nat->losses.total,
		.put_back_at = nat->losses.last_at,
		.waits = nat->waits,
		.flows_forgotten = conntrack_count(nat->conntrack),
		.longest = nat->longest,
	};
	for (size_t i = 0; i < NAT_SIDES; i++) {
		s.wanted += nat->sides.of[i].ledger.n_wanted;
		s.present += nat->sides.of[i].ledger.n_there;
		s.transactions += nat->sides.of[i].applied;
	}
	return s;
}

static void walk_vip(const struct nat *nat, const struct nat_vip *v, nat_rule_cb *cb,
		     void *userdata)
{
	for (size_t i = 0; i < v->wanted.n; i++)
		cb(&v->wanted.items[i],
		   nat_ledger_agrees(&nat->sides.active->ledger, &v->wanted.items[i]), userdata);
}

void nat_walk_rules(const struct nat *nat, const struct prefix *vip, nat_rule_cb *cb,
		    void *userdata)
{
	const struct nat_vip *v, *next;
	if (vip) {
		v = nat_vips_find(&nat->vips, vip);
		if (v)
			walk_vip(nat, v, cb, userdata);
		return;
	}
	HASH_ITER (hh, nat->vips.all, v, next)
		walk_vip(nat, v, cb, userdata);
}
