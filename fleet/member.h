/* SPDX-License-Identifier: MIT */
/*
 * One app of this agent as a member of the fleet: from evidence and Consul's answers to what is
 * announced and what is asked of Consul. Pure; the shell sends the requests and keeps the session.
 *
 *	evidence ─> form at once (hard, mended, a drain), or a claim (soft)
 *	session  ─> everything is reported anew
 *	next     ─> the request that is due, one in flight at a time
 *	answer   ─> the guard (fleet/guard.h) judges the views that it carries
 *
 * Only soft evidence ever waits for Consul, and with no answer it waits degraded.
 *
 * An app that joins, by a definition that is not promoted yet, stands in another line
 * (fleet/joiner.h).
 *
 * An app that was kept and then failed hard never had a slot: when only the soft failure is left,
 * it is kept again. Any other one that is withdrawn on soft evidence, and was announced before,
 * looks from time to time whether enough are left without it. A member that is retired takes its
 * keys and claims with it; one that has its VIPs in the same session then succeeds it.
 */
#ifndef FLEET_MEMBER_H
#define FLEET_MEMBER_H

#include "fleet/guard.h"
#include "fleet/joiner.h"
#include "lib/backoff.h"
#include "lib/mono.h"

enum fleet_evidence {
	FLEET_GOOD,
	FLEET_SOFT,
	FLEET_KEPT,  /* soft, and announced all the same by another decision than the guard's */
	FLEET_DRAIN, /* the operator's, before the withdrawal: announced, counts for no other */
	FLEET_HARD,  /* also a drain that has come to its withdrawal, and the stop */
};

enum fleet_request_kind {
	FLEET_READ,   /* all keys of every VIP, consistent */
	FLEET_REPORT, /* a transaction: lock `up` with `form`, set `has` */
	FLEET_CLAIM,  /* a transaction: lock `up`, cas `.leave` by `leaves`, then get all keys */
	FLEET_JOIN,   /* a transaction: lock `up`, cas `.join` by `leaves`, then get all keys */
	FLEET_DROP, /* a transaction: delete `up` and `has`, cas `.leave` unless `leaves` is NULL */
};

struct fleet_request {
	uint64_t id;
	enum fleet_request_kind kind;
	enum fleet_form form;
	const struct fleet_leave
		*leaves; /* by VIP; the member's, until its answer or the next call */
};

enum fleet_result {
	FLEET_OK,
	FLEET_CONFLICT, /* the transaction was refused: an index had moved, a key is locked */
	FLEET_FAILED,   /* no answer that is worth anything */
};

struct fleet_config {
	size_t n_vips;
	struct fleet_rule rules[FLEET_VIPS_MAX];
	span_t timeout;  /* of a request */
	span_t poll;     /* the first in line reads this often, the k-th k times more rarely */
	span_t poll_max; /* and one that is away as often */
	span_t refresh;  /* of `has`, well within `window` */
	/* After Consul has lost keys, its view of the others is incomplete until they have written
	 * theirs anew: how long soft evidence waits after a session that is not the first, and
	 * after own keys that were gone. */
	span_t settle_session, settle_keys;
};

struct fleet_member {
	const struct fleet_config *config; /* not owned */
	enum fleet_evidence evidence;
	enum fleet_form form;     /* to be announced now */
	struct fleet_claim claim; /* of this episode; with node and session */
	mono_t session_until;     /* Consul keeps the session until then at least; 0: none */

	bool is_reported;
	enum fleet_form reported;
	bool has_left;      /* on soft evidence: its slot is kept until the evidence changes */
	bool was_kept;      /* before the hard evidence or the drain that withdrew it */
	bool was_announced; /* here, also by an instance before, as far as Consul knows */
	bool is_retired;
	bool is_gone;                   /* retired, and so are its keys */
	bool may_have_claims;           /* claims of this session may be in Consul */
	bool is_unsettled;              /* the answer to a claim was lost: it may yet take effect */
	struct fleet_decision decision; /* of the last view; says why an app is kept */
	struct fleet_joiner joiner;

	struct fleet_request request; /* in flight when id is not 0 */
	uint64_t last_id;
	mono_t deadline; /* of the request in flight */
	mono_t read_at, report_at, retry_at;
	mono_t late_until; /* until then, writes without an answer may take effect */
	bool had_session;
	mono_t settled_at; /* before, nothing is asked for */
	struct backoff backoff;
	uint32_t random;
};

/* Begins withdrawn, with evidence that is hard: nothing is announced yet. */
void fleet_member_init(struct fleet_member *m, const struct fleet_config *config, const char *node,
		       uint32_t seed);
void fleet_member_done(struct fleet_member *m);
/* `announced`: it is at present, by whatever reason. Soft evidence does not announce an app that is
 * not, unless it was kept. */
void fleet_member_evidence(struct fleet_member *m, enum fleet_evidence evidence, bool announced,
			   mono_t now);
/* Whether its definition joins; `joiner.is_promoted` says when its turn has come. The caller then
 * calls this with FLEET_JOIN_NONE. */
void fleet_member_join(struct fleet_member *m, enum fleet_join join, mono_t now);
/* As it is reported. */
enum fleet_form fleet_member_shown(const struct fleet_member *m);
/* NULL: it has ended. A session that was renewed is given again, with its new `until`. */
void fleet_member_session(struct fleet_member *m, const char *session, mono_t until, mono_t now);
/* The own keys are gone, although the session is not: others have lost theirs, too. */
void fleet_member_keys_lost(struct fleet_member *m, mono_t now);
/* The rules have changed: what was decided by the former ones is decided anew. */
void fleet_member_rules(struct fleet_member *m, mono_t now);
/* The app is no longer here, or not with these VIPs. Its requests from now on delete its keys and
 * its claims, until `is_gone`. */
void fleet_member_retire(struct fleet_member *m, mono_t now);
/* The config of a retired member has fewer VIPs; no request is in flight. */
void fleet_member_narrow(struct fleet_member *m);
/* Has VIPs that `from`, which is retired, had: what is left of that in Consul is its own now. After
 * its session was given. */
void fleet_member_succeed(struct fleet_member *m, const struct fleet_member *from);
/* The details that are told besides the form have changed. */
void fleet_member_tell(struct fleet_member *m, mono_t now);
/* True when *ret is to be sent. A request that timed out is given up here. */
bool fleet_member_next(struct fleet_member *m, mono_t now, struct fleet_request *ret);
/* `views` of READ, CLAIM and JOIN that are OK, one a VIP. An answer that is not awaited is
 * dropped. */
void fleet_member_answer(struct fleet_member *m, uint64_t id, enum fleet_result result,
			 const struct fleet_view *views, wall_t wall, mono_t now);
/* When fleet_member_next() is to be called again. */
mono_t fleet_member_deadline(const struct fleet_member *m);

#endif
