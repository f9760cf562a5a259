/* SPDX-License-Identifier: MIT */
/*
 * Makes true what the policy wants, VIP by VIP, in the order that loses no packet:
 *
 *	up:     address on lo, NAT, route
 *	down:   route, wait until the routers were told, NAT, address
 *	other:  the route with other attributes; nothing else is touched
 *
 * A VIP outlives its app: when the app goes, it stays, owned by nobody, until it is down; an app
 * that claims it meanwhile gets it as it stands.
 *
 * The world comes in through a table of operations and the clock as a value, so that a test can
 * drive every order and failure.
 */
#ifndef AGENT_VIP_RECONCILE_H
#define AGENT_VIP_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "agent/model/policy.h"
#include "agent/model/tamper.h"
#include "agent/model/vip_counts.h"
#include "lib/addr.h"
#include "lib/err.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"

/* None may call back into the reconciler. */
struct reconcile_ops {
	/* 0 also when it is bound already. -EINPROGRESS when reconcile_again() will be called. */
	int (*address_add)(const struct prefix *vip, const char *app, struct err *err,
			   void *userdata);
	/* 0 when it is gone; -ENOENT when it is not ours. */
	int (*address_del)(const struct prefix *vip, struct err *err, void *userdata);
	/* Makes the mappings of the VIP exactly these; n 0 removes them. 0 when it is so,
	 * -EINPROGRESS when reconcile_nat_told() will be called. -EOPNOTSUPP is not tried again. */
	int (*nat_set)(const struct prefix *vip, const struct nat_spec *nats, size_t n,
		       struct err *err, void *userdata);
	/* Also another time, with other attributes. */
	void (*announce)(const struct prefix *vip, const struct bgp_route_attrs *attrs,
			 void *userdata);
	void (*withdraw)(const struct prefix *vip, void *userdata);
	/* Not announced, and not to be: routers that have it from a former run are to forget it. */
	void (*disown)(const struct prefix *vip, void *userdata);
	/* Call reconcile_acked() once the routers have taken all withdrawals so far; a wait that
	 * is under way is replaced. */
	void (*flush)(void *userdata);
	/* Call reconcile_work() soon. */
	void (*work)(void *userdata);
	/* Call reconcile_retry() at `when`. */
	void (*retry)(usec_t when, void *userdata);
};

/* Why a VIP is not as wanted. Exists only while that is so. */
struct vip_trouble {
	struct list_node node;
	struct vip *vip;
	usec_t since;
	bool lasting; /* trying again would not help */
	char text[];
};

/* Read by others, written by reconcile.c only. */
struct vip {
	struct prefix prefix; /* the key; no padding in it */
	bool bound;           /* the address is on lo and ours */
	bool held;            /* it was bound, and nobody decided to remove it since */
	bool mapped;          /* NAT is as `spec` says */
	bool has_nat;         /* rules may be there, whosever they were */
	bool announced;
	bool decided;          /* announced in this run, or disowned */
	enum route_form form;  /* in which it is announced */
	bool stale;            /* announced with other attributes than `spec` says */
	bool unflushed;        /* withdrawn, and the routers may not know yet */
	const char *lost;      /* what somebody did to the address, until it is put back; NULL */
	const char *contested; /* what was done to it last */
	struct tamper tamper;
	struct policy_want want;
	const struct app_spec *spec; /* of the owner; NULL: going down, then forgotten */
	void *owner;
	struct vip_trouble *trouble; /* NULL: none */
	usec_t changed_at;           /* when `announced` or `form` changed; 0: never */
	struct list_node dirty, flushing, mapping; /* `mapping`: NAT has not answered yet */
	UT_hash_handle hh;
};

struct reconcile;

/* `ops` must outlive it. */
struct reconcile *reconcile_new(const struct reconcile_ops *ops, void *userdata);
/* Undoes nothing in the world. */
void reconcile_free(struct reconcile *r);

/* NULL when there is none. */
struct vip *reconcile_find(const struct reconcile *r, const struct prefix *prefix);
/* Makes `owner` the owner, or tells that its spec is another one now. The caller has made sure
 * that nobody else owns it. `spec` is a view that lives until the next claim or release. */
struct vip *reconcile_claim(struct reconcile *r, const struct prefix *prefix,
			    const struct app_spec *spec, void *owner);
/* The VIP goes down and is freed when it is; do not use it afterwards. */
void reconcile_release(struct reconcile *r, struct vip *vip, usec_t now);

/* A withdrawal is carried out at once, and so is the change from one form of the route to another;
 * everything else in reconcile_work(). */
void reconcile_want(struct reconcile *r, struct vip *vip, struct policy_want want, usec_t now);
/* What can be done for this VIP without waiting is done when it returns. */
void reconcile_vip_now(struct reconcile *r, struct vip *vip, usec_t now);
/* Works on at most `max` VIPs; true when some are left. */
bool reconcile_work(struct reconcile *r, size_t max, usec_t now);
void reconcile_acked(struct reconcile *r);
void reconcile_retry(struct reconcile *r);

/* What an operation was in progress for, or failed for, may work now. */
void reconcile_again(struct reconcile *r, const struct prefix *prefix);
/* Somebody did something to the address on lo, in words that live for ever ("somebody removed its
 * address from lo"): it is put back. `prefix` NULL: lo went down or up, look at all. */
void reconcile_lost(struct reconcile *r, const struct prefix *prefix, const char *what, usec_t now);
/* The host's own address, to which NAT translates, may be another one now. */
void reconcile_remap(struct reconcile *r);
/* An address of a former run is on lo: its owner's from now on, removed if it has none. */
void reconcile_found(struct reconcile *r, const struct prefix *prefix);
/* NAT rules of a former run are there: likewise. */
void reconcile_found_nat(struct reconcile *r, const struct prefix *prefix);
/* The answer to a nat_set that was in progress, 0 or -errno and a text, where -EBUSY is not the
 * last one; or, at any time, what became of rules that somebody else removed. */
void reconcile_nat_told(struct reconcile *r, const struct prefix *prefix, int result,
			const struct err *err, usec_t now);
/* Starts the waits anew, as one; for the stop of the agent, which has little time. */
void reconcile_hurry(struct reconcile *r);
/* No VIP is left that work, NAT or a wait could still take down. */
bool reconcile_settled(const struct reconcile *r);

struct vip_counts reconcile_counts(const struct reconcile *r);
/* When troubles are tried again next, or USEC_NEVER. */
usec_t reconcile_retry_at(const struct reconcile *r);

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
