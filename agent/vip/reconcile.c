/* SPDX-License-Identifier: MIT */
/*
 * The reconciler.
 *
 * It is level-triggered: a VIP carries what is wanted and what is true, and every event (a verdict,
 * a request, an address that another process removed, acknowledged withdrawals) only marks it
 * dirty. One step (steps.h) compares both and does the next thing that is missing. So there is one
 * way up and one way down, whatever came before.
 *
 * Dirty VIPs queue up and are worked off a few hundred a turn of the loop, as 10,000 system calls
 * in a row would keep BGP waiting. Withdrawals do not queue, and neither do changes of what is
 * announced: they cost a mark in the RIB, and while they wait a dead service gets traffic.
 *
 * An address that another process removes is restored in the next step, and the route stays
 * meanwhile: that takes a moment, while a withdrawal goes to every router. Unless it happens again
 * and again (agent/model/tamper.h).
 */
#include "agent/vip/reconcile.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/model/community.h"
#include "agent/vip/acks.h"
#include "agent/vip/steps.h"
#include "agent/vip/trouble.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"

#define LOSSES_LOGGED 20 /* within TAMPER_WINDOW */

struct reconcile *reconcile_new(const struct reconcile_ops *ops, void *userdata)
{
	struct reconcile *r = mem_new(1, sizeof(*r));
	r->ops = ops;
	r->userdata = userdata;
	r->retry_at = USEC_NEVER;
	list_init(&r->dirty);
	list_init(&r->awaiting);
	list_init(&r->next_wait);
	list_init(&r->pending);
	list_init(&r->troubled);
	list_init(&r->cursors);
	return r;
}

void reconcile_on_unannounced(struct reconcile *r, void (*unannounced)(void *userdata),
			      void *userdata)
{
	r->unannounced = unannounced;
	r->unannounced_userdata = userdata;
}

static void count_owned(struct reconcile *r, const struct vip *vip, int change)
{
	size_t *n = vip->prefix.addr.family == AF_INET ? &r->counts.owned4 : &r->counts.owned6;
	*n += (size_t)change;
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

bool reconcile_work(struct reconcile *r, size_t max, mono_t now)
{
	struct vip *vip;
	while (max > 0 && (vip = list_first(&r->dirty, struct vip, dirty))) {
		vip_step(r, vip, now);
		max--;
	}
	bool more = !list_empty(&r->dirty);
	if (!more)
		acks_await(r); /* one wait for all that were withdrawn together */
	return more;
}

bool reconcile_settled(const struct reconcile *r)
{
	return list_empty(&r->dirty) && list_empty(&r->awaiting) && list_empty(&r->next_wait) &&
	       list_empty(&r->pending);
}

/* Requests of the registry */

static bool announced_alike(const struct app_spec *a, const struct app_spec *b)
{
	bool moved = announce_specs_increases(a->announce) && !app_spec_vips_alike(a, b);
	return !moved && bgp_peer_filter_equal(a->peers, b->peers) &&
	       communities_equal(&a->communities, &b->communities) &&
	       announce_specs_equal(a->announce, b->announce);
}

/* The next step binds it the other way, and undoes this one after that. */
void reconcile_bind_changed(struct reconcile *r, struct vip *vip)
{
	vip_set_bound(r, vip, false);
	vip_mark_dirty(r, vip);
}

static void drop_route(struct vip *vip)
{
	if (!vip->route)
		return;
	route_spec_unref(vip->route);
	vip->route = NULL;
	vip->stale = true;
}

void reconcile_set_route(struct reconcile *r, struct vip *vip, struct route_spec *route, mono_t now)
{
	if (vip->route && route_spec_equal(vip->route, route))
		return;
	route_spec_ref(route);
	route_spec_unref(vip->route);
	vip->route = route;
	vip->stale = true;
	if (vip->announced)
		vip_announce(r, vip, now);
}

struct vip *reconcile_claim(struct reconcile *r, const struct prefix *prefix,
			    const struct app_spec *spec, void *owner)
{
	struct vip *vip = vip_get(r, prefix);
	if (vip->owner != owner)
		drop_route(vip);
	if (!vip->spec)
		count_owned(r, vip, 1);
	/* Without an owner it is not announced, and its mappings are unknown: they are set anew. */
	if (!vip->spec || !app_spec_nats_equal(vip->spec, spec))
		vip->mapped = false;
	if (vip->spec && !announced_alike(vip->spec, spec))
		vip->stale = true;
	/* Without an owner it may be bound in the way of the last one: that costs nothing if
	 * alike. */
	if (!vip->spec || !app_spec_bound_alike(vip->spec, spec))
		reconcile_bind_changed(r, vip);
	vip->spec = spec;
	vip_set_owner(r, vip, owner);
	vip_mark_dirty(r, vip);
	return vip;
}

void reconcile_release(struct reconcile *r, struct vip *vip, mono_t now)
{
	static const struct policy_want gone = { .address = ADDRESS_ABSENT,
						 .cause = "unregistered" };
	count_owned(r, vip, -1);
	vip_withdraw(r, vip, gone.cause, now); /* while it has the owner's name */
	vip->spec = NULL;
	vip->owner = NULL;
	drop_route(vip);
	reconcile_want(r, vip, gone, now);
	vip_mark_dirty(r, vip);
}

void reconcile_want(struct reconcile *r, struct vip *vip, struct policy_want want, mono_t now)
{
	if (want.route == ROUTE_NONE)
		vip_withdraw(r, vip, want.cause, now);
	if (want.route == ROUTE_NONE && !want.undecided)
		vip_disown(r, vip);
	bool alike = vip->want.route == want.route && vip->want.address == want.address &&
		     vip->want.joins == want.joins;
	if (alike && !(vip->announced && vip->stale))
		return;
	vip->stale |= vip->announced && vip->want.joins != want.joins;
	vip->want = want;
	/* The address and NAT are there, or it would not be announced. */
	if (vip->announced)
		vip_announce(r, vip, now);
	vip_mark_dirty(r, vip);
}

void reconcile_vip_now(struct reconcile *r, struct vip *vip, mono_t now)
{
	if (list_linked(&vip->dirty))
		vip_step(r, vip, now);
}

/* Events of the host */

void reconcile_resume(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_find(r, prefix);
	if (vip)
		vip_mark_dirty(r, vip);
}

static void mark_unbound(struct reconcile *r, struct vip *vip)
{
	if (!vip->bound)
		return;
	vip_set_bound(r, vip, false);
	vip_mark_dirty(r, vip);
}

/* One script can remove 10,000 VIPs: the first few lines are enough. */
static void log_loss(struct reconcile *r, const struct vip *vip, const char *what, mono_t now)
{
	char text[PREFIX_TEXT_MAX];
	if (r->losses == 0 || usec_sub(now, r->losses_since) >= TAMPER_WINDOW) {
		r->losses_since = now;
		r->losses = 0;
	}
	r->losses++;
	if (r->losses <= LOSSES_LOGGED)
		log_event(LOG_WARNING, "vip",
			  EVENT("vip.lost", .vip = prefix_format(&vip->prefix, text)),
			  "%s: %s, restoring it", text, what);
	else if (r->losses == LOSSES_LOGGED + 1)
		log_warn("vip",
			 "more VIPs were removed or changed by other processes, restoring all");
}

static void address_lost(struct reconcile *r, struct vip *vip, const char *what, mono_t now)
{
	bool at_once = tamper_lost(&vip->tamper, now);
	r->counts.losses++;
	r->counts.lost_at = now;
	vip->damage = vip->last_damage = what;
	if (!at_once) {
		vip_set_bound(r, vip, false);
		vip_suspend(r, vip, now);
		return;
	}
	log_loss(r, vip, what, now);
	mark_unbound(r, vip);
}

/* One that is going down may be on any. */
static bool is_on(const struct vip *vip, const char *ifname)
{
	return !vip->spec || str_same(app_spec_place(vip->spec), ifname);
}

void reconcile_address_lost(struct reconcile *r, const char *ifname, const struct prefix *prefix,
			    const char *what, mono_t now)
{
	struct vip *vip, *next;
	if (prefix) {
		vip = vip_find(r, prefix);
		if (vip && !is_on(vip, ifname))
			return;
		if (vip && vip->bound && vip_wants_address(vip))
			address_lost(r, vip, what, now);
		else if (vip)
			mark_unbound(r, vip);
		return;
	}
	/* A VIP that is going down is left to its removal, for which "gone already" is a success.
	 */
	HASH_ITER (hh, r->vips, vip, next)
		if (vip_wants_address(vip) && is_on(vip, ifname)) {
			mark_unbound(r, vip);
			vip_mark_dirty(r, vip);
		}
}

/* In this turn: packets that still come find no address. */
static void check_presence(struct reconcile *r, struct vip *vip, mono_t now)
{
	if (!vip->spec || app_spec_bind(vip->spec) != BIND_PRESENT || !vip_wants_address(vip))
		return;
	vip_set_bound(r, vip, false);
	vip_step(r, vip, now);
}

void reconcile_presence_changed(struct reconcile *r, const struct prefix *prefix, mono_t now)
{
	struct vip *vip, *next;
	if (!prefix) {
		HASH_ITER (hh, r->vips, vip, next)
			check_presence(r, vip, now);
		return;
	}
	vip = vip_find(r, prefix);
	if (vip)
		check_presence(r, vip, now);
}

void reconcile_remap(struct reconcile *r)
{
	struct vip *vip, *next;
	HASH_ITER (hh, r->vips, vip, next)
		if (vip->spec && vip->spec->n_nats > 0 && vip_wants_address(vip)) {
			vip->mapped = false;
			vip_mark_dirty(r, vip);
		}
}

void reconcile_leftover_address(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_get(r, prefix);
	if (vip->bound)
		return;
	vip->retained = true;
	/* With an owner the next step claims it; without one it can only go, and a router may still
	 * have the route of the previous instance (graceful restart). */
	if (!vip->spec) {
		vip_set_bound(r, vip, true);
		vip->unacked = true;
	}
	vip_mark_dirty(r, vip);
}

void reconcile_leftover_nat(struct reconcile *r, const struct prefix *prefix)
{
	struct vip *vip = vip_get(r, prefix);
	vip->has_nat = true;
	vip_mark_dirty(r, vip);
}

void reconcile_nat_result(struct reconcile *r, const struct prefix *prefix, int result,
			  const struct err *err, mono_t now)
{
	struct vip *vip = vip_find(r, prefix);
	if (!vip)
		return;
	if (result != -EBUSY) /* else another process is in the way, and another answer follows */
		list_remove(&vip->pending);
	if (result == 0) {
		vip_mark_dirty(r, vip);
		return;
	}
	/* Traffic that comes all the same would not be translated, or wrongly. */
	vip_withdraw(r, vip, "nat", now);
	vip->mapped = false;
	trouble_set(r, vip, result, err, now);
}

struct vip_counts reconcile_counts(const struct reconcile *r)
{
	return r->counts;
}
