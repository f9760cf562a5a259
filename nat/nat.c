/* SPDX-License-Identifier: MIT */
/*
 * The shell of NAT: which rules each VIP should have, and when the kernel is asked.
 *
 *	nat_set ──> VIP ──> ledger of the active side ──┐            ┌─> told
 *	leftovers ────────> ledgers of both sides ──────┼─> work() ──┤
 *	others' changes ──> side is stale ──────────────┘            └─> conntrack
 *
 * A change only marks; work() runs once all addresses of this turn are done, and makes everything
 * true in one transaction a side: first the active back end, then, if a former run used the other
 * one, that one is cleared. What cannot be done now because of others (lock, concurrent change) is
 * tried again in a few milliseconds, by timer: the loop never waits.
 *
 * When a transaction of several VIPs is refused, each VIP gets one of its own, so that one that
 * cannot be had (no IPv6 NAT in the kernel, say) does not hold up the others.
 */
#include "nat/nat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/backoff.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/conntrack.h"
#include "nat/side.h"
#include "process/loop.h"

/* Waits for others: 5 ms, then longer; after PATIENCE whoever asked is told. */
#define WAIT_FIRST (5 * USEC_PER_MSEC)
#define WAIT_MAX   (80 * USEC_PER_MSEC)
#define PATIENCE   (1 * USEC_PER_SEC)
/* Others' changes come in bursts; looking at a large table costs a millisecond. */
#define LOOK_AGAIN (200 * USEC_PER_MSEC)
/* What somebody does again and again is logged this often a minute. */
#define LOSSES_LOGGED 5
#define LOSSES_WINDOW (60 * USEC_PER_SEC)
/* VIPs a turn when each has a transaction of its own. */
#define ALONE_PER_TURN 4

enum { IPTABLES, NFTABLES, SIDES };

struct nat_vip {
	struct prefix prefix; /* the key; no padding in it */
	bool undecided;       /* of a former run; nat_set() was not called yet */
	struct nat_rules wanted, leaving;
	struct list_node pending; /* an answer is due */
	UT_hash_handle hh;
};

struct nat {
	sd_event *loop;
	enum nat_choice choice, lacks;
	nat_told_cb *told;
	void *userdata;
	struct nat_side sides[SIDES];
	struct nat_side *active; /* NULL: not needed yet */
	struct nat_side_events events;
	struct nat_vip *vips;
	struct list pending;
	bool held;
	bool alone; /* one VIP a transaction */
	struct conntrack *conntrack;
	usec_t waiting_since; /* 0: not */
	usec_t looked_at, resync_at;
	bool told_of_wait;
	unsigned waits_in_a_row;
	size_t lost; /* in this look */
	struct nat_rule lost_first;
	usec_t put_back_at, losing_since;
	unsigned losses; /* looks that found some, since then */
	sd_event_source *work_source, *wait_source, *resync_source, *watch_sources[SIDES];
	const char *why;
	struct err trouble;
	uint64_t failures, put_back, waits;
	usec_t longest;
};

static void work_soon(struct nat *nat);

/* ---- VIPs ---- */

static struct nat_vip *vip_find(const struct nat *nat, const struct prefix *p)
{
	struct nat_vip *v;
	HASH_FIND(hh, nat->vips, p, sizeof(*p), v);
	return v;
}

static struct nat_vip *vip_get(struct nat *nat, const struct prefix *p)
{
	struct nat_vip *v = vip_find(nat, p);
	if (v)
		return v;
	v = mem_new(1, sizeof(*v));
	v->prefix = *p;
	HASH_ADD(hh, nat->vips, prefix, sizeof(v->prefix), v);
	return v;
}

static void vip_free(struct nat *nat, struct nat_vip *v)
{
	list_remove(&v->pending);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, nat->vips, v);
	nat_rules_done(&v->wanted);
	nat_rules_done(&v->leaving);
	free(v);
}

static void vip_pend(struct nat *nat, struct nat_vip *v)
{
	if (!list_linked(&v->pending))
		list_append(&nat->pending, &v->pending);
	work_soon(nat);
}

/* Everything about it is as it should be, as far as we know. */
static bool vip_agrees(const struct nat *nat, const struct nat_vip *v)
{
	for (size_t i = 0; i < v->wanted.n; i++)
		if (!nat_ledger_agrees(&nat->active->ledger, &v->wanted.items[i]))
			return false;
	for (size_t i = 0; i < v->leaving.n; i++)
		for (size_t s = 0; s < SIDES; s++)
			if (!nat_ledger_agrees(&nat->sides[s].ledger, &v->leaving.items[i]))
				return false;
	return !v->undecided;
}

static void vip_want_all(struct nat *nat, const struct nat_vip *v, enum nat_want want)
{
	for (size_t i = 0; i < v->wanted.n; i++)
		nat_ledger_want(&nat->active->ledger, &v->wanted.items[i], want);
}

/* Takes over `rules`. */
static void vip_set(struct nat *nat, struct nat_vip *v, struct nat_rules *rules)
{
	if (nat->active)
		vip_want_all(nat, v, NAT_UNWANTED);
	for (size_t i = 0; i < v->wanted.n; i++)
		nat_rules_add(&v->leaving, &v->wanted.items[i]);
	for (size_t i = 0; i < v->leaving.n && v->undecided; i++)
		for (size_t s = 0; s < SIDES; s++)
			nat_ledger_want(&nat->sides[s].ledger, &v->leaving.items[i], NAT_UNWANTED);
	nat_rules_done(&v->wanted);
	v->wanted = *rules;
	v->undecided = false;
	if (nat->active)
		vip_want_all(nat, v, NAT_WANTED);
}

/* ---- answers ---- */

static void tell(struct nat *nat, struct nat_vip *v, int result, const struct err *err)
{
	struct prefix p = v->prefix; /* the VIP may be freed, here or by the callback */
	list_remove(&v->pending);
	if (result == 0)
		nat_rules_done(&v->leaving);
	if (result == 0 && v->wanted.n == 0)
		vip_free(nat, v);
	nat->told(&p, result, err, nat->userdata);
}

static void tell_all(struct nat *nat, int result, const struct err *err)
{
	struct list round;
	struct nat_vip *v;
	list_init(&round); /* the callbacks may add to the list */
	while ((v = list_first(&nat->pending, struct nat_vip, pending))) {
		list_remove(&v->pending);
		list_append(&round, &v->pending);
	}
	while ((v = list_first(&round, struct nat_vip, pending)))
		tell(nat, v, result, err);
}

/* Says that it takes long, and stays at it. */
static void tell_of_wait(struct nat *nat, const struct err *err)
{
	struct prefix *waiting = NULL; /* a copy: the callbacks may add to the list */
	size_t n = 0, cap = 0;
	nat->told_of_wait = true;
	log_warn("nat", "%s; will go on trying", err->text);
	list_for_each (it, &nat->pending) {
		waiting = mem_grow(waiting, &cap, n + 1, sizeof(*waiting));
		waiting[n++] = list_entry(it, struct nat_vip, pending)->prefix;
	}
	for (size_t i = 0; i < n; i++)
		nat->told(&waiting[i], -EBUSY, err, nat->userdata);
	free(waiting);
}

/* ---- the kernel ---- */

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata);
static int on_resync(sd_event_source *source, uint64_t now, void *userdata);

/* A back end may have nothing to watch before it has made something. */
static void watch_sides(struct nat *nat)
{
	for (size_t i = 0; i < SIDES; i++) {
		const struct nat_side *s = &nat->sides[i];
		int fd = s->backend ? s->ops->watch_fd(s->backend) : -1;
		if (fd >= 0 && !nat->watch_sources[i])
			loop_io_add(nat->loop, &nat->watch_sources[i], fd, EPOLLIN, LOOP_NAT,
				    on_watch, nat);
	}
}

static void side_close(struct nat *nat, size_t i)
{
	nat->watch_sources[i] = sd_event_source_disable_unref(nat->watch_sources[i]);
	nat_side_done(&nat->sides[i]);
	nat->sides[i].stale = true;
}

static int choose(struct nat *nat, struct err *err)
{
	enum nat_choice c = nat_choose(nat->choice, nat_iptables_legacy(), nat->lacks, &nat->why);
	size_t i = c == NAT_IPTABLES ? IPTABLES : NFTABLES;
	int r = nat_side_open(&nat->sides[i], err);
	if (r == -EOPNOTSUPP && nat->choice == NAT_AUTO && nat->lacks == NAT_AUTO) {
		nat->lacks = c;
		return choose(nat, err);
	}
	if (r < 0)
		return r;
	nat->active = &nat->sides[i];
	log_info("nat", "using %s: %s", nat->active->ops->name, nat->why);
	return 0;
}

/* The kernel lacks something for the one that `auto` chose: what is wanted moves to the other, if
 * that one was not given up before. */
static bool fall_back(struct nat *nat, const struct err *why)
{
	struct err err = { "" };
	struct nat_vip *v, *next;
	if (nat->choice != NAT_AUTO || nat->lacks != NAT_AUTO || nat->active->ledger.n_there > 0)
		return false;
	log_warn("nat", "%s", why->text);
	HASH_ITER (hh, nat->vips, v, next)
		vip_want_all(nat, v, NAT_UNWANTED);
	struct nat_side *before = nat->active;
	nat->lacks = before == &nat->sides[IPTABLES] ? NAT_IPTABLES : NAT_NFTABLES;
	nat->active = NULL;
	bool ok = choose(nat, &err) == 0;
	if (!ok)
		nat->active = before;
	HASH_ITER (hh, nat->vips, v, next)
		vip_want_all(nat, v, NAT_WANTED);
	return ok;
}

/* Both sides, of one VIP or of all. */
static int settle(struct nat *nat, const struct prefix *only, struct err *err)
{
	int r = 0;
	if (nat->active)
		r = nat_side_apply(nat->active, only, err);
	for (size_t i = 0; i < SIDES && r == 0; i++) {
		struct nat_side *s = &nat->sides[i];
		if (s != nat->active && s->backend)
			r = nat_side_apply(s, only, err);
	}
	return r;
}

static int on_wait(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	work_soon(userdata);
	return 0;
}

static void wait_for_others(struct nat *nat, const struct err *err)
{
	usec_t now = loop_now(nat->loop);
	usec_t span = usec_min(WAIT_FIRST << usec_min(nat->waits_in_a_row, 10), WAIT_MAX);
	if (!nat->waiting_since) {
		nat->waiting_since = now;
		nat->waits++;
	}
	nat->waits_in_a_row++;
	nat->trouble = *err;
	if (now - nat->waiting_since >= PATIENCE && !nat->told_of_wait)
		tell_of_wait(nat, err);
	loop_timer_set(nat->loop, &nat->wait_source, now + jitter(span, loop_random()), LOOP_NAT,
		       on_wait, nat);
}

/* A few VIPs, each by itself. */
static int work_alone(struct nat *nat, struct err *err)
{
	for (int i = 0; i < ALONE_PER_TURN && !list_empty(&nat->pending); i++) {
		struct nat_vip *v = list_first(&nat->pending, struct nat_vip, pending);
		struct err own = { "" };
		int r = settle(nat, &v->prefix, &own);
		if (r == -EBUSY || r == -EAGAIN) {
			*err = own;
			return r;
		}
		if (r < 0) {
			nat->failures++;
			nat->trouble = own;
		}
		tell(nat, v, r, &own);
	}
	nat->alone = !list_empty(&nat->pending);
	if (nat->alone)
		work_soon(nat);
	return 0;
}

static bool several_pending(const struct nat *nat)
{
	return !list_empty(&nat->pending) && nat->pending.head.next != nat->pending.head.prev;
}

static void fail(struct nat *nat, int r, const struct err *err)
{
	nat->trouble = *err;
	if (r == -EOPNOTSUPP && nat->active && fall_back(nat, err)) {
		work_soon(nat);
		return;
	}
	if (r != -EPERM && several_pending(nat)) {
		nat->alone = true;
		work_soon(nat);
		return;
	}
	nat->failures++;
	if (list_empty(&nat->pending)) /* what a former run left, or a routine look */
		log_warn("nat", "%s", err->text);
	tell_all(nat, r, err);
}

/* Everything in one transaction. */
static int work_together(struct nat *nat, struct err *err)
{
	int r = settle(nat, NULL, err);
	if (r == -EBUSY || r == -EAGAIN)
		return r;
	if (r < 0) {
		fail(nat, r, err);
		return 0;
	}
	nat->trouble.text[0] = '\0';
	tell_all(nat, 0, NULL);
	return 0;
}

static void log_lost(const struct nat *nat)
{
	char vip[PREFIX_TEXT_MAX], target[NAT_TARGET_TEXT_MAX];
	const struct nat_rule *r = &nat->lost_first;
	log_warn("nat", "somebody removed %zu of our %s rules, putting them back: %s %s:%u to %s%s",
		 nat->lost, nat->active->ops->name, nat_proto_name(r->proto),
		 prefix_format(&r->vip, vip), r->listen, nat_rule_format_target(r, target),
		 nat->lost > 1 ? " and more" : "");
	if (nat->losses == LOSSES_LOGGED)
		log_warn("nat",
			 "somebody removes our rules again and again; they are put back each "
			 "time, and that is not logged any more for a minute");
}

static void say_lost(struct nat *nat)
{
	if (nat->lost == 0)
		return;
	usec_t now = loop_now(nat->loop);
	if (nat->losses == 0 || now - nat->losing_since >= LOSSES_WINDOW) {
		nat->losing_since = now;
		nat->losses = 0;
	}
	if (++nat->losses <= LOSSES_LOGGED)
		log_lost(nat);
	nat->put_back += nat->lost;
	nat->put_back_at = now;
	nat->lost = 0;
}

static void arm_resync(struct nat *nat)
{
	bool any = nat->active && nat->active->ledger.n_wanted > 0;
	if (any && nat->resync_at != USEC_NEVER)
		return;
	nat->resync_at = any ? usec_add(loop_now(nat->loop), nat->active->ops->resync) : USEC_NEVER;
	loop_timer_set(nat->loop, &nat->resync_source, nat->resync_at, LOOP_NAT, on_resync, nat);
}

static void work(struct nat *nat)
{
	struct err err = { "" };
	int r = nat->alone ? work_alone(nat, &err) : work_together(nat, &err);
	say_lost(nat);
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
	if (nat->held)
		return 0;
	usec_t began = loop_clock();
	work(nat);
	usec_t took = loop_clock() - began;
	if (took > nat->longest)
		nat->longest = took;
	return 0;
}

static void work_soon(struct nat *nat)
{
	loop_defer(nat->loop, &nat->work_source, LOOP_NAT, on_work, nat);
}

/* ---- what others do ---- */

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)fd, (void)revents;
	struct nat *nat = userdata;
	usec_t now = loop_now(nat->loop), again = usec_add(nat->looked_at, LOOK_AGAIN);
	struct nat_side *s = &nat->sides[source == nat->watch_sources[NFTABLES]];
	if (!s->ops->take_events(s->backend))
		return 0;
	s->stale = true;
	if (now >= again) {
		nat->looked_at = now;
		work_soon(nat);
	} else if (!nat->waiting_since) { /* else we come back anyway */
		loop_timer_set(nat->loop, &nat->wait_source, again, LOOP_NAT, on_wait, nat);
	}
	return 0;
}

void nat_hold(struct nat *nat, bool hold)
{
	if (nat->held && !hold)
		work_soon(nat);
	nat->held = hold;
}

void nat_resync(struct nat *nat)
{
	for (size_t i = 0; i < SIDES; i++)
		nat->sides[i].stale = true;
	if (nat->active)
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
	struct nat_vip *v = vip_find(nat, &r->vip);
	if (nat->lost++ == 0)
		nat->lost_first = *r;
	if (v)
		vip_pend(nat, v);
}

/* A rule that goes from one back end may be in force in the other, or replaced by another. */
static void on_changed(const struct nat_rule *r, bool in_force, void *userdata)
{
	struct nat *nat = userdata;
	const struct nat_vip *v = vip_find(nat, &r->vip);
	for (size_t i = 0; v && i < v->wanted.n; i++)
		if (memcmp(&v->wanted.items[i], r, NAT_RULE_KEY_SIZE) == 0) {
			r = &v->wanted.items[i];
			in_force = true;
		}
	conntrack_follow(nat->conntrack, r, in_force);
}

/* ---- begin and end ---- */

/* Of a former run: stays until somebody says what is wanted of its VIP. */
static void adopt(struct nat *nat, size_t i)
{
	struct nat_side *s = &nat->sides[i];
	struct nat_entry *e, *next;
	HASH_ITER (hh, s->ledger.entries, e, next) {
		struct nat_vip *v = vip_get(nat, &e->rule.vip);
		v->undecided = true;
		nat_rules_add(&v->leaving, &e->rule);
		nat_ledger_want(&s->ledger, &e->rule, NAT_UNDECIDED);
	}
	if (s->ledger.n_there > 0)
		log_info("nat", "a former run left %zu %s rules", s->ledger.n_there, s->ops->name);
}

static void look_for_leftovers(struct nat *nat, size_t i)
{
	struct err err = { "" };
	struct nat_side *s = &nat->sides[i];
	if (nat_side_look(s, &err) < 0) {
		log_debug("nat", "looking for what a former run left: %s", err.text);
		side_close(nat, i);
		return;
	}
	adopt(nat, i);
	if (s->debris)
		work_soon(nat);
	/* Else it stays open, also when nothing is left there: closing may take the kernel 10 ms.
	 */
	if (s->ledger.n_there == 0 && !s->debris)
		side_close(nat, i);
}

struct nat *nat_new(sd_event *loop, enum nat_choice choice, nat_told_cb *told, void *userdata)
{
	struct nat *nat = mem_new(1, sizeof(*nat));
	nat->loop = sd_event_ref(loop);
	nat->choice = choice;
	nat->told = told;
	nat->userdata = userdata;
	nat->resync_at = USEC_NEVER;
	nat->conntrack = conntrack_new(loop);
	nat->events = (struct nat_side_events){ on_lost, on_changed, nat };
	list_init(&nat->pending);
	nat_side_init(&nat->sides[IPTABLES], &nat_iptables, &nat->events);
	nat_side_init(&nat->sides[NFTABLES], &nat_nftables, &nat->events);
	for (size_t i = 0; i < SIDES; i++)
		look_for_leftovers(nat, i);
	return nat;
}

void nat_free(struct nat *nat)
{
	struct nat_vip *v, *next;
	if (!nat)
		return;
	HASH_ITER (hh, nat->vips, v, next)
		vip_free(nat, v);
	for (size_t i = 0; i < SIDES; i++)
		side_close(nat, i);
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
	struct prefix *found = mem_new(HASH_COUNT(nat->vips) + 1, sizeof(*found));
	HASH_ITER (hh, nat->vips, v, next)
		if (v->undecided)
			found[n++] = v->prefix;
	for (size_t i = 0; i < n; i++)
		cb(&found[i], userdata);
	free(found);
}

/* ---- what is asked for ---- */

int nat_set(struct nat *nat, const struct prefix *vip, const struct nat_spec *specs, size_t n,
	    const struct addr *dest, struct err *err)
{
	static const struct addr none;
	struct nat_rules rules = { 0 };
	int r = nat_rules_make(vip, specs, n, dest ? dest : &none, &rules, err);
	if (r == 0 && n > 0 && !nat->active)
		r = choose(nat, err);
	struct nat_vip *v = vip_find(nat, vip);
	if (r < 0 || (n == 0 && !v)) {
		nat_rules_done(&rules);
		return r;
	}
	v = vip_get(nat, vip);
	if (v->undecided || !nat_rules_equal(&v->wanted, &rules))
		vip_set(nat, v, &rules);
	else
		nat_rules_done(&rules);
	if (!list_linked(&v->pending) && vip_agrees(nat, v)) {
		if (n == 0)
			vip_free(nat, v);
		return 0;
	}
	vip_pend(nat, v);
	return -EINPROGRESS;
}

struct nat_status nat_status(const struct nat *nat)
{
	struct nat_status s = {
		.backend = nat->active ? nat->active->ops->name : NULL,
		.why = nat->why,
		.trouble = nat->trouble.text[0] ? nat->trouble.text : NULL,
		.failures = nat->failures,
		.put_back = nat->put_back,
		.put_back_at = nat->put_back_at,
		.waits = nat->waits,
		.flows_forgotten = conntrack_count(nat->conntrack),
		.longest = nat->longest,
	};
	for (size_t i = 0; i < SIDES; i++) {
		s.wanted += nat->sides[i].ledger.n_wanted;
		s.present += nat->sides[i].ledger.n_there;
		s.transactions += nat->sides[i].applied;
	}
	return s;
}

static void walk_vip(const struct nat *nat, const struct nat_vip *v, nat_rule_cb *cb,
		     void *userdata)
{
	for (size_t i = 0; i < v->wanted.n; i++)
		cb(&v->wanted.items[i],
		   nat_ledger_agrees(&nat->active->ledger, &v->wanted.items[i]), userdata);
}

void nat_walk_rules(const struct nat *nat, const struct prefix *vip, nat_rule_cb *cb,
		    void *userdata)
{
	const struct nat_vip *v, *next;
	if (vip) {
		v = vip_find(nat, vip);
		if (v)
			walk_vip(nat, v, cb, userdata);
		return;
	}
	HASH_ITER (hh, nat->vips, v, next)
		walk_vip(nat, v, cb, userdata);
}
