/* SPDX-License-Identifier: MIT */
/*
 * Makes true what the policy wants, VIP by VIP, in the order that loses no packet:
 *
 *	up:     address on lo, NAT, route
 *	down:   route, wait until the peers have acknowledged it, NAT, address
 *	other:  the route with other attributes; nothing else is touched
 *
 * A VIP outlives its app: when the app goes, it stays without an owner until it is down; an app
 * that claims it meanwhile gets it as it stands.
 *
 * The host is a table of operations and the clock a value, so that a test can drive every order and
 * failure.
 */
#ifndef AGENT_VIP_RECONCILE_H
#define AGENT_VIP_RECONCILE_H

#include "agent/vip/vip.h"

/* `ops` must outlive it. */
struct reconcile *reconcile_new(const struct reconcile_ops *ops, void *userdata);
/* Called when the last route has been withdrawn; may not call back into the reconciler. */
void reconcile_on_unannounced(struct reconcile *r, void (*unannounced)(void *userdata),
			      void *userdata);
/* Undoes nothing on the host. */
void reconcile_free(struct reconcile *r);

/* Makes `owner` the owner, or tells that its spec is another one now. The caller has made sure
 * that it has no other owner. `spec` is a view that lives until the next claim or release. */
struct vip *reconcile_claim(struct reconcile *r, const struct prefix *prefix,
			    const struct app_spec *spec, void *owner);
/* The route has attributes and peers of its own; they are gone with the owner. Takes a reference.
 * An announced route that they change is announced so at once. */
void reconcile_set_route(struct reconcile *r, struct vip *vip, struct route_spec *route,
			 mono_t now);
/* The VIP goes down and is freed when it is; do not use it afterwards. */
void reconcile_release(struct reconcile *r, struct vip *vip, mono_t now);

/* The result of app_spec_bind() for its spec has changed. */
void reconcile_bind_changed(struct reconcile *r, struct vip *vip);

/* A withdrawal is carried out at once, and so is the change from one form of the route to another;
 * everything else in reconcile_work(). */
void reconcile_want(struct reconcile *r, struct vip *vip, struct policy_want want, mono_t now);
/* Does now what can be done for this VIP without waiting. */
void reconcile_vip_now(struct reconcile *r, struct vip *vip, mono_t now);
/* Works on at most `max` VIPs; true when some are left. */
bool reconcile_work(struct reconcile *r, size_t max, mono_t now);

/* An operation that was in progress, or failed, may succeed now. */
void reconcile_resume(struct reconcile *r, const struct prefix *prefix);
/* Another process removed or changed the address on that interface: it is restored. `what` is a
 * literal that says so ("removed from lo by another process"). `prefix` NULL: the interface went
 * down or up, which concerns all VIPs that are to be there. */
void reconcile_address_lost(struct reconcile *r, const char *ifname, const struct prefix *prefix,
			    const char *what, mono_t now);
/* Another process added, removed or changed this address somewhere, or all may have changed (NULL):
 * where a VIP is bound by its presence, its route follows at once. */
void reconcile_presence_changed(struct reconcile *r, const struct prefix *prefix, mono_t now);
/* The host's own address, to which NAT translates, may be another one now. */
void reconcile_remap(struct reconcile *r);
/* An address of the previous instance is on lo: its owner gets it, without one it is removed. */
void reconcile_leftover_address(struct reconcile *r, const struct prefix *prefix);
/* NAT rules of the previous instance are there: their owner gets them, without one they are
 * removed. */
void reconcile_leftover_nat(struct reconcile *r, const struct prefix *prefix);
/* The result of a nat_set that was in progress, 0 or -errno and a text, where -EBUSY is not the
 * last one; or, at any time, whether rules that another process removed are restored. */
void reconcile_nat_result(struct reconcile *r, const struct prefix *prefix, int result,
			  const struct err *err, mono_t now);
/* No VIP is left that work, NAT or a wait could still take down. */
bool reconcile_settled(const struct reconcile *r);

struct vip_counts reconcile_counts(const struct reconcile *r);

#endif
