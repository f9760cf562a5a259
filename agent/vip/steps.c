/* SPDX-License-Identifier: MIT */
#include "agent/vip/steps.h"

#include <errno.h>

#include "agent/vip/acks.h"
#include "agent/vip/trouble.h"

/* The route */

static void tell_route(struct reconcile *r, const struct vip *vip)
{
	if (r->ops->route_changed)
		r->ops->route_changed(&vip->prefix, vip->owner, vip->form, r->userdata);
}

void vip_withdraw(struct reconcile *r, struct vip *vip, const char *cause, mono_t now)
{
	if (!vip->announced)
		return;
	vip->cause = cause;
	r->ops->withdraw(&vip->prefix, r->userdata);
	vip->announced = false;
	vip->form = ROUTE_NONE;
	vip->unacked = true;
	vip->changed_at = now;
	r->counts.announced--;
	r->counts.withdrawals++;
	tell_route(r, vip);
	if (r->counts.announced == 0 && r->unannounced)
		r->unannounced(r->unannounced_userdata);
}

void vip_disown(struct reconcile *r, struct vip *vip)
{
	if (!vip->decided)
		r->ops->disown(&vip->prefix, r->userdata);
	vip->decided = true;
}

void vip_announce(struct reconcile *r, struct vip *vip, mono_t now)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	if (vip->announced && !vip->stale && vip->form == vip->want.route)
		return;
	bool redefined = vip->announced && vip->form == vip->want.route;
	vip->cause = redefined ? "definition" : route_form_name(vip->want.route);
	vip_attrs(vip, vip->want.route, &room, &attrs);
	r->ops->announce(&vip->prefix, &attrs, vip_peers(vip), r->userdata);
	if (!vip->announced || vip->form != vip->want.route)
		vip->changed_at = now;
	if (!vip->announced)
		r->counts.announced++;
	vip->announced = vip->decided = true;
	vip->form = vip->want.route;
	vip->stale = false;
	r->counts.announcements++;
	tell_route(r, vip);
}

void vip_announce_again(struct reconcile *r, struct vip *vip, mono_t now)
{
	vip->stale = true;
	if (vip->announced)
		vip_announce(r, vip, now);
}

void vip_set_owner(struct reconcile *r, struct vip *vip, void *owner)
{
	bool other = vip->owner != owner;
	vip->owner = owner;
	if (other && vip->announced)
		tell_route(r, vip);
}

/* The address and NAT */

bool vip_wants_address(const struct vip *vip)
{
	switch (vip->want.address) {
	case ADDRESS_ABSENT:
		return false;
	case ADDRESS_RETAINED:
		return vip->retained;
	case ADDRESS_BOUND:
		return true;
	}
	return false;
}

/* Until the answer to what returned -EINPROGRESS. */
static void set_pending(struct reconcile *r, struct vip *vip, int rc)
{
	list_remove(&vip->pending);
	if (rc == -EINPROGRESS)
		list_append(&r->pending, &vip->pending);
}

static int set_nat(struct reconcile *r, struct vip *vip, const struct nat_spec *nats, size_t n,
		   struct err *err)
{
	int rc = r->ops->nat_set(&vip->prefix, nats, n, err, r->userdata);
	set_pending(r, vip, rc);
	vip->has_nat = n > 0 || rc < 0;
	return rc;
}

/* 0 when the address and NAT are there, so that the VIP may be announced. */
static int make_ready(struct reconcile *r, struct vip *vip, struct err *err)
{
	int rc = 0;
	if (!vip->bound) {
		rc = r->ops->address_add(&vip->prefix, vip->spec, err, r->userdata);
		set_pending(r, vip, rc);
		vip_set_bound(r, vip, rc == 0);
		vip->retained = vip->retained || rc == 0;
		if (rc == 0 && vip->damage) {
			r->counts.put_back++;
			vip->damage = NULL;
		}
	}
	if (rc == 0 && !vip->mapped && r->ops->nat_check)
		rc = r->ops->nat_check(&vip->prefix, vip->spec, err);
	if (rc == 0 && !vip->mapped) {
		rc = set_nat(r, vip, vip->spec->nats, vip->spec->n_nats, err);
		vip->mapped = rc == 0;
	}
	return rc;
}

void vip_suspend(struct reconcile *r, struct vip *vip, mono_t now)
{
	struct err err = { "" };
	vip_withdraw(r, vip, "address", now);
	err_set(&err, -EAGAIN,
		"%s repeatedly: restored every %u s, announced once it stays that long",
		vip->last_damage, (unsigned)(TAMPER_REST / USEC_PER_SEC));
	trouble_set(r, vip, -EAGAIN, &err, now);
	trouble_retry_by(r, vip->tamper.rest_until);
}

/* Another process's address is missing. Ours, of before the app was bound by presence, goes now
 * that no route leads to it; and an app that is not to be announced waits for nothing. */
static void go_absent(struct reconcile *r, struct vip *vip, bool was_announced, int rc,
		      const struct err *err, mono_t now)
{
	struct err ignored;
	if (!was_announced && vip->retained) {
		int deleted = r->ops->address_del(&vip->prefix, &ignored, r->userdata);
		vip->retained = deleted < 0 && deleted != -ENOENT;
	}
	if (vip->want.address == ADDRESS_BOUND)
		trouble_set(r, vip, rc, err, now);
	else
		trouble_clear(r, vip);
}

static void go_up(struct reconcile *r, struct vip *vip, mono_t now)
{
	struct err err = { "" };
	bool was_bound = vip->bound;
	list_remove(&vip->awaiting);
	if (!was_bound && vip->tamper.on && now < vip->tamper.rest_until) {
		vip_suspend(r, vip, now);
		return;
	}
	int rc = make_ready(r, vip, &err);
	if (rc == -EINPROGRESS)
		return;
	if (rc < 0) {
		/* The address may be gone for good: clients that follow the route would get no
		 * answer. */
		bool was_announced = vip->announced;
		vip_withdraw(r, vip, vip->bound ? "nat" : "address", now);
		if (app_spec_bind(vip->spec) == BIND_PRESENT && rc == -EADDRNOTAVAIL)
			go_absent(r, vip, was_announced, rc, &err, now);
		else
			trouble_set(r, vip, rc, &err, now);
		return;
	}
	if (!tamper_present(&vip->tamper, !was_bound, now)) {
		vip_suspend(r, vip, now);
		return;
	}
	trouble_clear(r, vip);
	if (vip->want.route != ROUTE_NONE)
		vip_announce(r, vip, now);
}

static int remove_from_host(struct reconcile *r, struct vip *vip, struct err *err)
{
	int rc = 0;
	if (vip->has_nat || vip->bound)
		rc = set_nat(r, vip, NULL, 0, err);
	if (rc < 0)
		return rc;
	vip->mapped = false;
	/* Also when it was lost: a part of it may be there, or all of it while lo is down. */
	if (vip->bound || vip->retained)
		rc = r->ops->address_del(&vip->prefix, err, r->userdata);
	/* An address that is not ours any more is not ours to remove. */
	return rc == -ENOENT ? 0 : rc;
}

static void go_down(struct reconcile *r, struct vip *vip, mono_t now)
{
	struct err err = { "" };
	bool is_there = vip->bound || vip->retained || vip->has_nat;
	if (is_there && vip->unacked) {
		acks_join(r, vip);
		return;
	}
	int rc = remove_from_host(r, vip, &err);
	if (rc == -EINPROGRESS)
		return;
	if (rc < 0) {
		trouble_set(r, vip, rc, &err, now);
		return;
	}
	set_pending(r, vip, 0);
	vip_set_bound(r, vip, false);
	vip->retained = false;
	vip->damage = NULL;
	vip->tamper = (struct tamper){ 0 };
	vip->unacked = false;
	trouble_clear(r, vip);
	if (!vip->spec)
		vip_free(r, vip);
}

void vip_step(struct reconcile *r, struct vip *vip, mono_t now)
{
	list_remove(&vip->dirty);
	if (vip->want.route == ROUTE_NONE)
		vip_withdraw(r, vip, vip->want.cause, now);
	if (vip_wants_address(vip))
		go_up(r, vip, now);
	else
		go_down(r, vip, now);
}
