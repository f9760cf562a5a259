/* SPDX-License-Identifier: MIT */
/*
 * The guard of a fleet: may this agent withdraw an app on evidence that can be wrong everywhere at
 * once? Pure; docs/decisions/fleet-guard.md has the reasons.
 *
 * Every VIP has these keys in Consul: `up/NODE`, held by the session of the node's agent,
 * `has/NODE`, which outlasts the session, and `.leave`, one value changed by compare-and-swap. It
 * holds claims: first the slots granted, then the line of those that wait, the longest first.
 * `.join` has the same form, and the line of those that join (fleet/joiner.h).
 *
 * A claim is reserved, then confirmed: the agent withdraws only on a view that shows its claim
 * among the slots and enough others beside it. Such a view is of the moment of the reservation or
 * later, so an old one does no harm, and an agent whose session ended between view and write is
 * noticed.
 */
#ifndef FLEET_GUARD_H
#define FLEET_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sha256.h"
#include "lib/wallclock.h"

#define FLEET_NODE_MAX       64 /* with the NUL, as the next */
#define FLEET_SESSION_MAX    40
#define FLEET_ATTRIBUTES_MAX 160
#define FLEET_ROLL_ID_MAX    40
#define FLEET_WHY_MAX        128
#define FLEET_SLOTS_MAX      256 /* of one VIP */
#define FLEET_VIPS_MAX       16  /* 4 operations a VIP; Consul takes 64 in one transaction */

enum fleet_form {
	FLEET_NORMAL,
	FLEET_JOINING,  /* announced in any form, by a definition that is not promoted yet */
	FLEET_DEGRADED, /* announced, with the attributes of an app that is down */
	FLEET_DRAINED,  /* the operator's drain; may still be announced */
	FLEET_WITHDRAWN,
};

struct fleet_up {
	char node[FLEET_NODE_MAX];
	char session[FLEET_SESSION_MAX]; /* that holds the key */
	enum fleet_form form;
	/* For people only. An agent of a version before tells none of them. */
	wall_t since;                          /* the form; 0: not told */
	char attributes[FLEET_ATTRIBUTES_MAX]; /* of the route; "": none, or not told */
	char config[SHA256_TEXT_MAX];          /* the file in effect; "": not told */
};

struct fleet_has {
	char node[FLEET_NODE_MAX];
	wall_t seen;
	bool announced; /* since then, or before */
};

struct fleet_claim {
	char node[FLEET_NODE_MAX];
	char session[FLEET_SESSION_MAX];
	uint64_t number; /* tells one episode of an agent from the next */
};

/* The value of `.leave`, or of `.join`. `index` is its ModifyIndex, 0 when there is no such key. */
struct fleet_leave {
	uint64_t index;
	struct fleet_claim *claims; /* the slots, then the line */
	size_t n, n_slots;
};

/* Of a host that does rolling work on the VIP (fleet/roll.h). No session holds it: it outlasts a
 * reboot. */
struct fleet_slot {
	char node[FLEET_NODE_MAX];
	char id[FLEET_ROLL_ID_MAX]; /* of that work */
	wall_t since;
	char why[FLEET_WHY_MAX]; /* for people */
};

/* The value of `.roll`. `index` is its ModifyIndex, 0 when there is no such key. */
struct fleet_slots {
	uint64_t index;
	struct fleet_slot *items;
	size_t n;
};

/* The keys of one VIP by one consistent read; `up` and `has` by node. */
struct fleet_view {
	struct fleet_up *up;
	size_t n_up;
	struct fleet_has *has;
	size_t n_has;
	struct fleet_leave leave, join;
	struct fleet_slots roll;
};

struct fleet_min_up {
	bool is_share; /* percent of the agents that have the app, else a number of agents */
	uint32_t value;
};

struct fleet_rule {
	struct fleet_min_up min_up;
	uint64_t window;      /* µs; agents seen within it have the app although they are not up */
	uint32_t max_joining; /* so many of those that join are promoted at a time */
};

enum fleet_step {
	FLEET_STEP_NONE,     /* nothing to write, nothing to wait for */
	FLEET_STEP_REGISTER, /* own `up` key is missing: the view says nothing yet */
	FLEET_STEP_WAIT,     /* in line */
	FLEET_STEP_WRITE,    /* write `leaves`, all or none, and judge the view that it returns */
	FLEET_STEP_LEAVE,    /* granted and confirmed: withdraw */
	FLEET_STEP_RETURN,   /* too few are left: announce again */
	FLEET_STEP_PROMOTE,  /* its turn has come */
};

struct fleet_decision {
	enum fleet_step step;
	size_t ahead;               /* in the longest of the lines */
	char first[FLEET_NODE_MAX]; /* of those that join; "": none is before this one */
	size_t up, min_up;          /* of the VIP that is shortest of agents, without this one */
	struct fleet_leave leaves[FLEET_VIPS_MAX]; /* step WRITE: to write, by VIP, at its index */
};

/* Those that join are announced, and it is not known yet whether they serve: they do not count for
 * one that asks to leave, and count for one that is away, and for one that joins itself and is to
 * be drained. */

/* `me` asks to leave with all `n` VIPs (1 to FLEET_VIPS_MAX), or with none. */
void fleet_decide_leave(const struct fleet_view *views, const struct fleet_rule *rules, size_t n,
			const struct fleet_claim *me, wall_t now, struct fleet_decision *ret);
/* `me` is withdrawn, as Consul knows, and could be announced: whether it has to be. Several that
 * are away may return at once; those that are too many leave again, one by one. */
void fleet_decide_return(const struct fleet_view *views, const struct fleet_rule *rules, size_t n,
			 const struct fleet_claim *me, wall_t now, struct fleet_decision *ret);
/* `node` does not ask: its claims go. `force` writes even where there is none, so that a write
 * whose answer was lost cannot take effect later. */
void fleet_decide_stay(const struct fleet_view *views, size_t n, const char *node, bool force,
		       struct fleet_decision *ret);
void fleet_decision_done(struct fleet_decision *d);

/* The operator drains `node`: would enough stay without it, and without those that are about to
 * leave or to be drained? True also when it is not announced. */
bool fleet_may_drain(const struct fleet_view *v, const struct fleet_rule *rule, const char *node,
		     wall_t now, size_t *ret_others, size_t *ret_min_up);
/* Announced, and neither about to leave nor in rolling work: what the guard counts, without those
 * that join. */
size_t fleet_count_staying(const struct fleet_view *v);
/* Whether that one is among them. */
bool fleet_stays(const struct fleet_view *v, const char *node);
/* The same with those that join: what is announced, and goes on to be. For people, and gates of
 * theirs. */
size_t fleet_count_remaining(const struct fleet_view *v);
bool fleet_remains(const struct fleet_view *v, const char *node);
/* Agents that announce the VIP in any form but that of a drain, and those of them that join. */
size_t fleet_count_announced(const struct fleet_view *v);
size_t fleet_count_joining(const struct fleet_view *v);
/* How many must stay up: rounded up, at least 1. */
size_t fleet_min_up(const struct fleet_view *v, const struct fleet_rule *rule, wall_t now);

/* ---- of a view and its claims, for other lines ---- */

/* NULL: no session holds the key. */
const struct fleet_up *fleet_view_find(const struct fleet_view *v, const char *node);
/* Of the same episode of the same agent, and in one session. */
bool fleet_claim_equal(const struct fleet_claim *a, const struct fleet_claim *b);
/* Does the session of the claim hold the node's key? */
bool fleet_view_is_live(const struct fleet_view *v, const struct fleet_claim *c);
/* A copy of `from` without the claims of `node` and those whose session has ended, with room for
 * one more; free its claims. */
struct fleet_leave fleet_leave_without(const struct fleet_view *v, const struct fleet_leave *from,
				       const char *node);

#endif
