/* SPDX-License-Identifier: MIT */
/*
 * One app of this agent in the fleet: the member (fleet/member.h) with its calls, its timer and its
 * place in the queue for calls.
 */
#ifndef AGENT_FLEET_FLEET_APP_H
#define AGENT_FLEET_FLEET_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/fleet/fleet_call.h"
#include "agent/fleet/fleet_seen.h"
#include "agent/fleet/shared.h"
#include "fleet/member.h"
#include "lib/backoff.h"
#include "lib/hash.h"

struct fleet_app {
	struct fleet_shared *shared;
	char *name;
	struct prefix vips[FLEET_VIPS_MAX]; /* that are guarded */
	size_t n_vips;                      /* more than FLEET_VIPS_MAX: it never leaves softly */
	struct fleet_config config;
	struct fleet_member member;
	struct fleet_call calls;
	uint64_t request;         /* the member's that the call is about */
	bool is_calling;          /* counted in shared->n_calls */
	bool is_drained;          /* by the operator */
	bool is_gone;             /* the keys are to go, and then this */
	mono_t kept_since;        /* USEC_NEVER: it is not kept */
	bool is_told;             /* in the log: why it is kept */
	size_t up, min_up, ahead; /* by the last answer since then; min_up 0: none yet */
	bool is_answered;         /* the last call was */
	struct fleet_seen *seen;  /* by VIP, of the fleet */
	struct fleet_up *details; /* by VIP, what is told for people */
	bool has_place; /* in the line of those that join, by the last answer since it joins: */
	size_t join_ahead;
	char join_first[FLEET_NODE_MAX];
	struct err error; /* of the last transaction; "": it was answered */
	struct deadline wake;
	struct list_node waiting, gone;
	UT_hash_handle hh;
};

/* Of those VIPs of the spec that are guarded; NULL: none is. */
struct fleet_app *fleet_app_new(struct fleet_shared *shared, const struct app_spec *spec);
/* Goes on in Consul where apps that had its VIPs ended. */
void fleet_app_start(struct fleet_app *f, mono_t now);
void fleet_app_free(struct fleet_app *f);
/* Does it still stand for the VIPs of the spec that are guarded? The minimums are brought up to
 * date. */
bool fleet_app_fits(struct fleet_app *f, const struct app_spec *spec);
/* Returns whether the app is to stay announced although it is down. */
bool fleet_app_update(struct fleet_app *f, const struct app *app, enum fleet_evidence evidence,
		      bool announced, mono_t now);
/* Details for other agents, besides the form, are written anew. */
void fleet_app_tell(struct fleet_app *f, mono_t now);
/* Whether nothing of the fleet stands against promoting the app. */
bool fleet_app_promotes(const struct fleet_app *f);
/* Whether the app is to stay announced, as it is. */
bool fleet_app_keeps(const struct fleet_app *f);
/* The app, or these VIPs of it, are gone: it frees itself when the keys are. */
void fleet_app_retire(struct fleet_app *f, mono_t now);
/* Sends what is due. It may be gone afterwards. */
void fleet_app_run(struct fleet_app *f, mono_t now);
void fleet_app_wake(struct fleet_app *f, mono_t when);
/* The call in flight, if any, counts as one without an answer. */
void fleet_app_cancel(struct fleet_app *f);

struct fleet_app *fleet_app_of_wake(struct deadline *wake);

#endif
