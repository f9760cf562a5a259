/* SPDX-License-Identifier: MIT */
/*
 * The last known state of this node in Consul: its services, their checks, and what follows for
 * a `consul` monitor. Pure.
 *
 * The two streams of answers (consul/plan.h) are not of one moment, which three rules make up for:
 *
 *	a service without checks passes     only when an answer about the checks that was asked for
 *	                                    after the service appeared has none, and an answer about
 *	                                    the services asked for after its checks vanished has it
 *	a service that Consul lost          is held: its health stays what it was
 *	a critical check that never ran     says nothing for 30 s after contact was regained
 *	(no output), and serfHealth         when its service passed before, and until it has run:
 *	                                    a Consul that starts makes every check critical
 */
#ifndef CONSUL_STATE_H
#define CONSUL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consul/payload.h"
#include "consul/plan.h"
#include "lib/hash.h"
#include "lib/mono.h"

/* After contact was regained, a check that did not run yet is not believed for this long. Consul
 * tells servers of a new output without a new status up to five minutes late, so one that ran and
 * failed cannot always be told from one that did not run. */
#define CONSUL_SETTLE (30 * USEC_PER_SEC)

enum consul_health { CONSUL_UNKNOWN, CONSUL_PASSES, CONSUL_FAILS };

/* One service of the node, by name: all its instances together. */
struct consul_entry {
	char *name;                       /* the key */
	struct consul_service *instances; /* by ID; those without the match tag have no tags */
	size_t n;
	usec_t held_since; /* Consul lost it; USEC_NEVER: it is there */
	/* Judged only after an answer to a question with a higher number than these. */
	uint64_t needs_checks, needs_catalog;
	usec_t settle_until;
	bool doubted; /* since contact was regained a check had not run yet */
	bool had_checks, passed;
	bool seen;        /* while an answer is taken */
	uint64_t changed; /* the state's generation when it last changed */
	UT_hash_handle hh;
};

struct consul_state {
	struct consul_entry *entries;
	struct consul_checks checks;
	bool has_catalog, has_checks;
	bool warning_fails;
	usec_t max_stale;    /* USEC_NEVER: no limit */
	usec_t stale_since;  /* USEC_NEVER: Consul answers */
	usec_t settle_until; /* of the node's own checks */
	bool doubted;
	uint64_t generation; /* grows when services or their tags change */
};

void consul_state_init(struct consul_state *s, bool warning_fails, usec_t max_stale);
void consul_state_done(struct consul_state *s);

/* Both take what is in the answer. `question` is its number, `last_question` the highest number
 * that was given to any question so far. */
void consul_state_take_catalog(struct consul_state *s, struct consul_catalog *catalog,
			       const struct consul_step *step, uint64_t question,
			       uint64_t last_question, usec_t now);
void consul_state_take_checks(struct consul_state *s, struct consul_checks *checks,
			      const struct consul_step *step, uint64_t question,
			      uint64_t last_question, usec_t now);
/* Whether the other stream has to be asked at once. */
bool consul_state_needs_checks(const struct consul_state *s);
bool consul_state_needs_catalog(const struct consul_state *s);

#define CONSUL_SAID_MAX 400

/* What a `consul` monitor of the service gets, in words too. */
enum consul_health consul_state_judge(const struct consul_state *s, const char *service, usec_t now,
				      char said[static CONSUL_SAID_MAX]);
/* When time alone changes a judgement; USEC_NEVER. */
usec_t consul_state_deadline(const struct consul_state *s, usec_t now);

#endif
