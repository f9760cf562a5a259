/* SPDX-License-Identifier: MIT */
/*
 * The VIPs of the reconciler, the table of them and the queue of those that need a step. Written by
 * the modules of this directory, each of which knows those below it:
 *
 *	actuator, host_changes     the operations, and what happens on this host
 *	reconcile                  what is wanted, what has changed; the work
 *	binding                    the ways to bind a VIP
 *	presence                   addresses that another process adds
 *	places                     the interfaces that VIPs are bound to
 *	steps                      the way up and the way down of one VIP
 *	traffic_watch              counters of the traffic of VIPs
 *	acks trouble               acknowledgements of withdrawals; failures and their retries
 *	vip                        this
 */
#ifndef AGENT_VIP_VIP_H
#define AGENT_VIP_VIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "agent/model/policy.h"
#include "agent/model/route_spec.h"
#include "agent/model/tamper.h"
#include "agent/model/traffic.h"
#include "agent/model/vip_counts.h"
#include "lib/addr.h"
#include "lib/backoff.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"

/* None may call back into the reconciler. */
struct reconcile_ops {
	/* Binds it as app_spec_bind() says, and undoes what another way of the app had bound. 0
	 * also when it is so already. -EINPROGRESS when reconcile_resume() will be called. */
	int (*address_add)(const struct prefix *vip, const struct app_spec *spec, struct err *err,
			   void *userdata);
	/* 0 when it is gone; -ENOENT when it is not ours, or nothing was bound. */
	int (*address_del)(const struct prefix *vip, struct err *err, void *userdata);
	/* Whether traffic of the VIP may and can go where the mappings of the app send it. May be
	 * NULL.
	 */
	int (*nat_check)(const struct prefix *vip, const struct app_spec *spec, struct err *err);
	/* Makes the mappings of the VIP exactly these; n 0 removes them. 0 when it is so,
	 * -EINPROGRESS when reconcile_nat_result() will be called. -EOPNOTSUPP is not tried again.
	 */
	int (*nat_set)(const struct prefix *vip, const struct nat_spec *nats, size_t n,
		       struct err *err, void *userdata);
	/* Also another time, with other attributes or for other peers. */
	void (*announce)(const struct prefix *vip, const struct bgp_route_attrs *attrs,
			 const struct bgp_peer_filter *peers, void *userdata);
	void (*withdraw)(const struct prefix *vip, void *userdata);
	/* The form of its route is another one now, ROUTE_NONE: none; or its owner is. May be
	 * NULL. */
	void (*route_changed)(const struct prefix *vip, const void *owner, enum route_form form,
			      void *userdata);
	/* Not announced, and not to be: a router that has it from the previous instance (graceful
	 * restart) is to withdraw it. */
	void (*disown)(const struct prefix *vip, void *userdata);
	/* Call reconcile_acked() once the peers have acknowledged all withdrawals so far; a wait
	 * that is in progress is replaced. */
	void (*await_acks)(void *userdata);
	/* Call reconcile_work() soon. */
	void (*work)(void *userdata);
	/* Call reconcile_retry() at `when`. */
	void (*retry)(mono_t when, void *userdata);
};

/* Why a VIP is not as wanted. Exists only while that is so. */
struct vip_trouble {
	struct list_node node;
	struct vip *vip;
	mono_t since;
	bool lasting; /* trying again would not help */
	char text[];
};

struct vip {
	struct prefix prefix; /* the key; no padding in it */
	bool bound; /* as app_spec_bind() says: the address is on lo and ours, or none is needed */
	bool retained; /* it was bound, and no decision to remove it came since */
	bool mapped;   /* NAT is as `spec` says */
	bool has_nat;  /* rules may be there, of whichever app */
	bool announced;
	bool decided;            /* announced by this instance, or disowned */
	enum route_form form;    /* in which it is announced */
	const char *cause;       /* of the last change of the route, for events; a literal */
	bool stale;              /* announced otherwise than `spec` says */
	bool unacked;            /* withdrawn, and the peers may not have acknowledged it yet */
	const char *damage;      /* by another process, until it is restored; NULL: none */
	const char *last_damage; /* the same, and stays when it is restored */
	struct tamper tamper;
	struct policy_want want;
	const struct app_spec *spec; /* of the owner; NULL: going down, then forgotten */
	void *owner;                 /* the app */
	/* Of a program's route: its attributes and peers, in place of those of the spec. NULL:
	 * those. */
	struct route_spec *route;
	struct vip_trouble *trouble; /* NULL: none */
	mono_t changed_at;           /* when `announced` or `form` changed; 0: never */
	struct traffic *traffic;     /* NULL: not counted */
	uint32_t traffic_round;      /* in which it was read (agent/vip/traffic_watch.h) */
	struct list_node dirty, awaiting, pending;
	UT_hash_handle hh;
};

struct reconcile {
	const struct reconcile_ops *ops;
	void *userdata;
	struct vip *vips;      /* by prefix */
	struct list dirty;     /* need a step */
	struct list awaiting;  /* wait for the acknowledgements that are awaited now */
	struct list next_wait; /* wait for those that are awaited next */
	struct list pending;   /* wait for the address (lo, the state file) or for NAT */
	struct list troubled;  /* struct vip_trouble that are tried again */
	struct list cursors;
	struct backoff backoff;
	mono_t retry_at;
	mono_t losses_since; /* that the log counts */
	unsigned losses;
	struct vip_counts counts;
	void (*unannounced)(void *userdata); /* NULL: none */
	void *unannounced_userdata;
};

/* NULL when there is none. */
struct vip *vip_find(const struct reconcile *r, const struct prefix *prefix);
/* Makes it when there is none. */
struct vip *vip_get(struct reconcile *r, const struct prefix *prefix);
void vip_free(struct reconcile *r, struct vip *vip);
/* The attributes of its route in this form, as it is defined; the lists point into `room`, its
 * route and its spec. It has an owner. */
void vip_attrs(const struct vip *vip, enum route_form form, struct announce_room *room,
	       struct bgp_route_attrs *ret);
/* The same as this peer gets them, of a route that may be another one for each peer. */
void vip_attrs_for(const struct vip *vip, enum route_form form, const struct bgp_peer_config *peer,
		   struct announce_room *room, struct bgp_route_attrs *ret);
/* Is its route for the peer? A program's may be several, each for other peers. */
bool vip_is_for(const struct vip *vip, const struct bgp_peer_config *peer);
/* The peers that its route is for; NULL: all, but those that route->other is for. */
const struct bgp_peer_filter *vip_peers(const struct vip *vip);
/* It needs a step. */
void vip_mark_dirty(struct reconcile *r, struct vip *vip);
void vip_set_bound(struct reconcile *r, struct vip *vip, bool bound);

/* Walks all VIPs over several turns of the loop; a VIP that is freed meanwhile is passed over. */
struct vip_cursor {
	struct list_node node;
	struct vip *next;
};
void vip_cursor_init(struct reconcile *r, struct vip_cursor *c);
/* NULL at the end. */
struct vip *vip_cursor_next(struct vip_cursor *c);
void vip_cursor_done(struct vip_cursor *c);

#endif
