/* SPDX-License-Identifier: MIT */
/*
 * The reconciler.
 *
 * It is level-triggered: a VIP carries what is wanted and what is true, and whatever happened (a
 * verdict, a request, an address removed by somebody else, the end of a wait) only marks it dirty.
 * One step looks at both and does the next thing that is missing. So there is one way up and one
 * way down, whatever came before.
 *
 * Dirty VIPs queue up and are worked off a few hundred a turn of the loop, as 10,000 system calls
 * in a row would keep BGP waiting. Withdrawals do not queue, and neither do changes of what is
 * announced: they cost a mark in the rib, and while they wait a dead service gets traffic.
 *
 * On the way down the address must stay until every router has taken the withdrawal. The waits of
 * all VIPs are shared: those withdrawn while one is under way (`flushing`) join the next.
 *
 * NAT answers later, so that the rules of many VIPs can be one transaction. Until then a VIP is on
 * the list `mapping`, and the step that follows the answer asks NAT again and gets it at once.
 *
 * What somebody else takes away is put back in the next step, and the route stays meanwhile: that
 * is a moment, while a withdrawal is news to every router. Unless it happens again and again
 * (agent/tamper.h).
 *
 * What fails is kept with its text and tried again, all of them together, with one back-off that
 * starts anew when a new trouble comes up. A failure is logged when it appears or changes.
 */
#include "agent/vip/reconcile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "lib/backoff.h"
#include "lib/log.h"
#include "lib/mem.h"

#define RETRY_FIRST     (1 * USEC_PER_SEC)
#define RETRY_MAX       (60 * USEC_PER_SEC)
#define TROUBLES_LOGGED 20
#define LOSSES_LOGGED   20 /* within TAMPER_WINDOW */

_Static_assert(sizeof(struct prefix) == 18, "struct prefix is hashed as memory");

struct reconcile {
	const struct reconcile_ops *ops;
	void *userdata;
	struct vip *vips;     /* by prefix */
	struct list dirty;    /* to be looked at */
	struct list flushing; /* wait for the flush that is under way */
	struct list joining;  /* wait for the next */
	struct list mapping;  /* wait for NAT */
	struct list troubled; /* struct vip_trouble that are tried again */
	struct list cursors;
	struct backoff backoff;
	usec_t retry_at;
	usec_t losses_since; /* that the log counts */
	unsigned losses;
	struct vip_counts counts;
};

struct reconcile *reconcile_new(const struct reconcile_ops *ops, void *userdata)
{
	struct reconcile *r = mem_new(1, sizeof(*r));
	r->ops = ops;
	r->userdata = userdata;
	r->backoff = (struct backoff){ .first = RETRY_FIRST, .max = RETRY_MAX };
	r->retry_at = USEC_NEVER;
	list_init(&r->dirty);
	list_init(&r->flushing);
	list_init(&r->joining);
	list_init(&r->mapping);
	list_init(&r->troubled);
	list_init(&r->cursors);
	return r;
}

static void count_owned(struct reconcile *r, const struct vip *vip, int change)
{
	size_t *n = vip->prefix.addr.family == AF_INET ? &r->counts.owned4 : &r->counts.owned6;
	*n += (size_t)change;
}

static void vip_free(struct reconcile *r, struct vip *vip)
{
	list_for_each (it, &r->cursors) {
		struct vip_cursor *c = list_entry(it, struct vip_cursor, node);
		if (c->next == vip)
			c->next = vip->hh.next;
	}
	if (vip->trouble) {
		list_remove(&vip->trouble->node);
		free(vip->trouble);
	}
	list_remove(&vip->dirty);
	list_remove(&vip->flushing);
	list_remove(&vip->mapping);
	HASH_DELETE(hh, r->vips, vip);
	r->counts.vips--;
	free(vip);
}

void reconcile_free(struct reconcile *r)
{
	if (!r)
		return;
	struct vip *vip, *next;
	HASH_ITER (hh, r->vips, vip, next)
		vip_free(r, vip);
	free(r);
}

static void mark_dirty(struct reconcile *r, struct vip *vip)
{
	if (list_linked(&vip->dirty))
		return;
	if (list_empty(&r->dirty))
		r->ops->work(r->userdata);
	list_append(&r->dirty, &vip->dirty);
}

/* Troubles */

static void clear_trouble(struct reconcile *r, struct vip *vip)
{
	char text[PREFIX_TEXT_MAX];
	if (!vip->trouble)
		return;
	list_remove(&vip->trouble->node);
	mem_free(&vip->trouble);
	r->counts.troubled--;
	if (vip->spec)
		log_info("vip", "%s: the trouble is over", prefix_format(&vip->prefix, text));
}

static void schedule_retry(struct reconcile *r, usec_t now)
{
	r->retry_at = usec_add(now, backoff_next(&r->backoff, 0));
	r->ops->retry(r->retry_at, r->userdata);
}

/* One cause can hit 10,000 VIPs at once; the first few lines tell it. */
static void log_trouble(const struct reconcile *r, const struct vip *vip)
{
	char text[PREFIX_TEXT_MAX];
	if (r->counts.troubled > TROUBLES_LOGGED)
		return;
	if (r->counts.troubled == TROUBLES_LOGGED) {
		log_warn("vip", "more VIPs are in trouble, GET /v1/apps shows them all");
		return;
	}
	log_warn("vip", "%s: app %s: %s%s", prefix_format(&vip->prefix, text),
		 vip->spec ? vip->spec->name : "(gone)", vip->trouble->text,
		 vip->trouble->lasting ? "" : "; will be tried again");
}

static void set_trouble(struct reconcile *r, struct vip *vip, int code, const struct err *err,
			usec_t now)
{
	const char *text = err->text[0] ? err->text : strerror(-code);
	size_t size = strlen(text) + 1;
	if (vip->trouble && strcmp(vip->trouble->text, text) == 0) {
		if (r->retry_at == USEC_NEVER && !vip->trouble->lasting)
			schedule_retry(r, now);
		return;
	}
	if (vip->trouble) {
		list_remove(&vip->trouble->node);
		free(vip->trouble);
		r->counts.troubled--;
	}
	vip->trouble = mem_new(1, sizeof(*vip->trouble) + size);
	vip->trouble->vip = vip;
	vip->trouble->since = now;
	vip->trouble->lasting = code == -EOPNOTSUPP;
	memcpy(vip->trouble->text, text, size);
	r->counts.troubled++;
	log_trouble(r, vip);
	if (vip->trouble->lasting)
		return;
	list_append(&r->troubled, &vip->trouble->node);
	backoff_reset(&r->backoff);
	schedule_retry(r, now);
}

void reconcile_retry(struct reconcile *r)
{
	r->retry_at = USEC_NEVER;
	list_for_each (it, &r->troubled)
		mark_dirty(r, list_entry(it, struct vip_trouble, node)->vip);
}

/* The route */

static void withdraw(struct reconcile *r, struct vip *vip, usec_t now)
{
	if (!vip->announced)
		return;
	r->ops->withdraw(&vip->prefix, r->userdata);
	vip->announced = false;
	vip->form = ROUTE_NONE;
	vip->unflushed = true;
	vip->changed_at = now;
	r->counts.announced--;
	r->counts.withdrawals++;
}

/* The first word of this run about a VIP is that it has no route. */
static void disown(struct reconcile *r, struct vip *vip)
{
	if (!vip->decided)
		r->ops->disown(&vip->prefix, r->userdata);
	vip->decided = true;
}

static void announce(struct reconcile *r, struct vip *vip, usec_t now)
{
	struct state_room room;
	struct bgp_route_attrs attrs;
	if (vip->announced && !vip->stale && vip->form == vip->want.route)
		return;
	announce_specs_attrs(vip->spec->states, &vip->spec->communities, vip->want.route, &room,
			     &attrs);
	r->ops->announce(&vip->prefix, &attrs, r->userdata);
	if (!vip->announced || vip->form != vip->want.route)
		vip->changed_at = now;
	if (!vip->announced)
		r->counts.announced++;
	vip->announced = vip->decided = true;
	vip->form = vip->want.route;
	vip->stale = false;
	r->counts.announcements++;
}

/* Steps */

static void set_bound(struct reconcile *r, struct vip *vip, bool bound)
{
	if (vip->bound != bound)
		r->counts.bound += bound ? 1 : (size_t)-1;
	vip->bound = bound;
}

static bool wants_address(const struct vip *vip)
{
	switch (vip->want.address) {
	case ADDRESS_ABSENT:
		return false;
	case ADDRESS_KEPT:
		return vip->held;
	case ADDRESS_BOUND:
		return true;
	}
	return false;
}

static int set_nat(struct reconcile *r, struct vip *vip, const struct nat_spec *nats, size_t n,
		   struct err *err)
{
	int rc = r->ops->nat_set(&vip->prefix, nats, n, err, r->userdata);
	list_remove(&vip->mapping);
	if (rc == -EINPROGRESS)
		list_append(&r->mapping, &vip->mapping);
	vip->has_nat = n > 0 || rc < 0;
	return rc;
}

/* 0 when the address and NAT are there, so that traffic may come. */
static int make_ready(struct reconcile *r, struct vip *vip, struct err *err)
{
	int rc = 0;
	if (!vip->bound) {
		rc = r->ops->address_add(&vip->prefix, vip->spec->name, err, r->userdata);
		set_bound(r, vip, rc == 0);
		vip->held = vip->held || rc == 0;
		if (rc == 0 && vip->lost) {
			r->counts.put_back++;
			vip->lost = NULL;
		}
	}
	if (rc == 0 && !vip->mapped) {
		rc = set_nat(r, vip, vip->spec->nats, vip->spec->n_nats, err);
		vip->mapped = rc == 0;
	}
	return rc;
}

/* Fought over: neither announced nor put back before it is time. */
static void rest(struct reconcile *r, struct vip *vip, usec_t now)
{
	struct err err = { "" };
	withdraw(r, vip, now);
	err_set(&err, -EAGAIN,
		"%s again and again: it is put back every %u s, and announced once it stays",
		vip->contested, (unsigned)(TAMPER_REST / USEC_PER_SEC));
	set_trouble(r, vip, -EAGAIN, &err, now);
	if (r->retry_at > vip->tamper.rest_until) {
		r->retry_at = vip->tamper.rest_until;
		r->ops->retry(r->retry_at, r->userdata);
	}
}

static void go_up(struct reconcile *r, struct vip *vip, usec_t now)
{
	struct err err = { "" };
	bool was_bound = vip->bound;
	list_remove(&vip->flushing);
	if (!was_bound && vip->tamper.on && now < vip->tamper.rest_until) {
		rest(r, vip, now);
		return;
	}
	int rc = make_ready(r, vip, &err);
	if (rc == -EINPROGRESS)
		return;
	if (rc < 0) {
		/* Somebody took the address away and it cannot be had back: whoever follows the
		 * route would get no answer. */
		withdraw(r, vip, now);
		set_trouble(r, vip, rc, &err, now);
		return;
	}
	if (!tamper_present(&vip->tamper, !was_bound, now)) {
		rest(r, vip, now);
		return;
	}
	clear_trouble(r, vip);
	if (vip->want.route != ROUTE_NONE)
		announce(r, vip, now);
}

static int take_down(struct reconcile *r, struct vip *vip, struct err *err)
{
	int rc = 0;
	if (vip->has_nat || vip->bound)
		rc = set_nat(r, vip, NULL, 0, err);
	if (rc < 0)
		return rc;
	vip->mapped = false;
	/* Also when it was lost: a part of it may be there, or all of it while lo is down. */
	if (vip->bound || vip->held)
		rc = r->ops->address_del(&vip->prefix, err, r->userdata);
	/* Not ours any more: then it is not ours to remove. */
	return rc == -ENOENT ? 0 : rc;
}

static void go_down(struct reconcile *r, struct vip *vip, usec_t now)
{
	struct err err = { "" };
	bool is_there = vip->bound || vip->held || vip->has_nat;
	if (is_there && vip->unflushed) {
		if (!list_linked(&vip->flushing))
			list_append(&r->joining, &vip->flushing);
		return;
	}
	int rc = take_down(r, vip, &err);
	if (rc == -EINPROGRESS)
		return;
	if (rc < 0) {
		set_trouble(r, vip, rc, &err, now);
		return;
	}
	set_bound(r, vip, false);
	vip->held = false;
	vip->lost = NULL;
	vip->tamper = (struct tamper){ 0 };
	vip->unflushed = false;
	clear_trouble(r, vip);
	if (!vip->spec)
		vip_free(r, vip);
}

static void step(struct reconcile *r, struct vip *vip, usec_t now)
{
	list_remove(&vip->dirty);
	if (vip->want.route == ROUTE_NONE)
		withdraw(r, vip, now);
	if (wants_address(vip))
		go_up(r, vip, now);
	else
		go_down(r, vip, now);
}

bool reconcile_work(struct reconcile *r, size_t max, usec_t now)
{
	struct vip *vip;
	while (max > 0 && (vip = list_first(&r->dirty, struct vip, dirty))) {
		step(r, vip, now);
		max--;
	}
	bool more = !list_empty(&r->dirty);
	/* One wait for all that came together. */
	if (!more && list_empty(&r->flushing) && !list_empty(&r->joining)) {
		while ((vip = list_first(&r->joining, struct vip, flushing))) {
			list_remove(&vip->flushing);
			list_append(&r->flushing, &vip->flushing);
		}
		r->ops->flush(r->userdata);
	}
	return more;
}

void reconcile_acked(struct reconcile *r)
{
	struct vip *vip;
	while ((vip = list_first(&r->flushing, struct vip, flushing))) {
		list_remove(&vip->flushing);
		vip->unflushed = false;
		mark_dirty(r, vip);
	}
	/* Nobody may be dirty while others wait for their turn to flush. */
	if (!list_empty(&r->joining))
		r->ops->work(r->userdata);
}

void reconcile_hurry(struct reconcile *r)
{
	struct vip *vip;
	while ((vip = list_first(&r->flushing, struct vip, flushing))) {
		list_remove(&vip->flushing);
		list_append(&r->joining, &vip->flushing);
	}
	r->ops->work(r->userdata);
}

bool reconcile_settled(const struct reconcile *r)
{
	return list_empty(&r->dirty) && list_empty(&r->flushing) && list_empty(&r->joining) &&
	       list_empty(&r->mapping);
}

/* What the registry says */

struct vip *reconcile_find(const struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip;
	HASH_FIND(hh, r->vips, prefix, sizeof(*prefix), vip);
	return vip;
}

static struct vip *vip_get(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = reconcile_find(r, prefix);
	if (vip)
		return vip;
	vip = mem_new(1, sizeof(*vip));
	vip->prefix = *prefix;
	HASH_ADD(hh, r->vips, prefix, sizeof(vip->prefix), vip);
	r->counts.vips++;
	return vip;
}

static bool announced_alike(const struct app_spec *a, const struct app_spec *b)
{
	return communities_equal(&a->communities, &b->communities) &&
	       announce_specs_equal(a->states, b->states);
}

struct vip *reconcile_claim(struct reconcile *r, const struct prefix *prefix,
			    const struct app_spec *spec, void *owner)
{
	struct vip *vip = vip_get(r, prefix);
	if (!vip->spec)
		count_owned(r, vip, 1);
	/* An orphan is not announced, and its mappings are unknown: made anew. */
	if (!vip->spec || !app_spec_nats_equal(vip->spec, spec))
		vip->mapped = false;
	if (vip->spec && !announced_alike(vip->spec, spec))
		vip->stale = true;
	vip->spec = spec;
	vip->owner = owner;
	mark_dirty(r, vip);
	return vip;
}

void reconcile_release(struct reconcile *r, struct vip *vip, usec_t now)
{
	count_owned(r, vip, -1);
	vip->spec = NULL;
	vip->owner = NULL;
	reconcile_want(r, vip, (struct policy_want){ .address = ADDRESS_ABSENT }, now);
	mark_dirty(r, vip);
}

void reconcile_want(struct reconcile *r, struct vip *vip, struct policy_want want, usec_t now)
{
	if (want.route == ROUTE_NONE)
		withdraw(r, vip, now);
	if (want.route == ROUTE_NONE && !want.undecided)
		disown(r, vip);
	if (vip->want.route == want.route && vip->want.address == want.address)
		return;
	vip->want = want;
	/* The address and NAT are there, or it would not be announced. */
	if (vip->announced)
		announce(r, vip, now);
	mark_dirty(r, vip);
}

void reconcile_vip_now(struct reconcile *r, struct vip *vip, usec_t now)
{
	if (list_linked(&vip->dirty))
		step(r, vip, now);
}

/* What the world says */

void reconcile_again(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = reconcile_find(r, prefix);
	if (vip)
		mark_dirty(r, vip);
}

static void lose(struct reconcile *r, struct vip *vip)
{
	if (!vip->bound)
		return;
	set_bound(r, vip, false);
	mark_dirty(r, vip);
}

/* One script can remove 10,000 VIPs; the first few lines tell it. */
static void log_loss(struct reconcile *r, const struct vip *vip, const char *what, usec_t now)
{
	char text[PREFIX_TEXT_MAX];
	if (r->losses == 0 || usec_sub(now, r->losses_since) >= TAMPER_WINDOW) {
		r->losses_since = now;
		r->losses = 0;
	}
	r->losses++;
	if (r->losses <= LOSSES_LOGGED)
		log_warn("vip", "%s: %s, putting it back", prefix_format(&vip->prefix, text), what);
	else if (r->losses == LOSSES_LOGGED + 1)
		log_warn("vip", "more VIPs are removed or changed by somebody, putting all back");
}

static void lose_one(struct reconcile *r, struct vip *vip, const char *what, usec_t now)
{
	bool at_once = tamper_lost(&vip->tamper, now);
	r->counts.losses++;
	r->counts.lost_at = now;
	vip->lost = vip->contested = what;
	if (!at_once) {
		set_bound(r, vip, false);
		rest(r, vip, now);
		return;
	}
	log_loss(r, vip, what, now);
	lose(r, vip);
}

void reconcile_lost(struct reconcile *r, const struct prefix *prefix, const char *what, usec_t now)
{
	struct vip *vip, *next;
	if (prefix) {
		vip = reconcile_find(r, prefix);
		if (vip && vip->bound && wants_address(vip))
			lose_one(r, vip, what, now);
		else if (vip)
			lose(r, vip);
		return;
	}
	/* What is on its way down is left to its removal, which takes "gone already" for an answer.
	 */
	HASH_ITER (hh, r->vips, vip, next)
		if (wants_address(vip)) {
			lose(r, vip);
			mark_dirty(r, vip);
		}
}

void reconcile_remap(struct reconcile *r)
{
	struct vip *vip, *next;
	HASH_ITER (hh, r->vips, vip, next)
		if (vip->spec && vip->spec->n_nats > 0 && wants_address(vip)) {
			vip->mapped = false;
			mark_dirty(r, vip);
		}
}

void reconcile_found(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_get(r, prefix);
	if (vip->bound)
		return;
	vip->held = true;
	/* With an owner the next step claims it; without one it can only go, and a router may still
	 * have it from the former run (graceful restart). */
	if (!vip->spec) {
		set_bound(r, vip, true);
		vip->unflushed = true;
	}
	mark_dirty(r, vip);
}

void reconcile_found_nat(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_get(r, prefix);
	vip->has_nat = true;
	mark_dirty(r, vip);
}

void reconcile_nat_told(struct reconcile *r, const struct prefix *prefix, int result,
			const struct err *err, usec_t now)
{
	struct vip *vip = reconcile_find(r, prefix);
	if (!vip)
		return;
	if (result != -EBUSY) /* else somebody else is in the way, and another answer comes */
		list_remove(&vip->mapping);
	if (result == 0) {
		mark_dirty(r, vip);
		return;
	}
	/* Traffic that comes all the same would not be translated, or wrongly. */
	withdraw(r, vip, now);
	vip->mapped = false;
	set_trouble(r, vip, result, err, now);
}

/* What is asked of it */

struct vip_counts reconcile_counts(const struct reconcile *r)
{
	return r->counts;
}

usec_t reconcile_retry_at(const struct reconcile *r)
{
	return list_empty(&r->troubled) ? USEC_NEVER : r->retry_at;
}

void vip_cursor_init(struct reconcile *r, struct vip_cursor *c)
{
	c->next = r->vips;
	list_append(&r->cursors, &c->node);
}

struct vip *vip_cursor_next(struct vip_cursor *c)
{
	struct vip *vip = c->next;
	if (vip)
		c->next = vip->hh.next;
	return vip;
}

void vip_cursor_done(struct vip_cursor *c)
{
	list_remove(&c->node);
}
