/* SPDX-License-Identifier: MIT */
/*
 * The last known state of this node in Consul: its services, their checks, and the health that a
 * `consul` monitor derives from them. Pure.
 *
 * The two streams of answers (consul/plan.h) are not snapshots of one moment. Three rules make up
 * for that:
 *
 *	a service without checks         passes once an answer about checks, queried after the
 *	                                 service appeared, has none, and an answer about services,
 *	                                 queried after its checks vanished, still has the service
 *	a service that Consul lost       is retained: its health stays what it was
 *	a critical check that never ran  is unknown for 30 s after contact was regained, if the
 *	(no output), and serfHealth      service passed before, until the check has run: Consul
 *	                                 starts with every check critical
 */
#ifndef CONSUL_CATALOG_H
#define CONSUL_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consul/payload.h"
#include "consul/plan.h"
#include "lib/hash.h"
#include "lib/mono.h"

/* For how long a check that did not run yet stays unknown after contact was regained. Consul passes
 * a new output without a new status to its servers up to five minutes late, so a check that ran and
 * failed cannot always be told from one that did not run. */
#define CONSUL_SETTLE (30 * USEC_PER_SEC)

enum consul_health { CONSUL_UNKNOWN, CONSUL_PASSES, CONSUL_FAILS };

/* One service of the node, by name: all its instances together. */
struct consul_entry {
	char *name;                       /* the key */
	struct consul_service *instances; /* by ID; those without the match tag have no tags */
	size_t n;
	mono_t retained_since; /* Consul lost it; USEC_NEVER: Consul has it */
	/* Unknown until a query with a higher number than these is answered. */
	uint64_t needs_checks, needs_services;
	mono_t settle_until;
	bool doubted; /* since contact was regained a check had not run yet */
	bool had_checks, passed;
	bool seen;        /* while an answer is applied */
	uint64_t changed; /* the catalog's generation when it last changed */
	UT_hash_handle hh;
};

struct consul_catalog {
	struct consul_entry *entries;
	struct consul_checks checks;
	bool has_services, has_checks;
	bool warning_fails;
	span_t max_stale;    /* USEC_NEVER: no limit */
	mono_t stale_since;  /* USEC_NEVER: Consul answers */
	mono_t settle_until; /* of the node's own checks */
	bool doubted;
	uint64_t generation; /* grows when services or their tags change */
};

void consul_catalog_init(struct consul_catalog *c, bool warning_fails, span_t max_stale);
void consul_catalog_done(struct consul_catalog *c);

/* NULL: none of this name. */
const struct consul_entry *consul_catalog_find(const struct consul_catalog *c, const char *name);

/* Both move the contents out of the answer. `query` is the number of the query that was answered,
 * `last_query` the highest number given to a query so far. */
void consul_catalog_apply_services(struct consul_catalog *c, struct consul_services *services,
				   const struct consul_step *step, uint64_t query,
				   uint64_t last_query, mono_t now);
void consul_catalog_apply_checks(struct consul_catalog *c, struct consul_checks *checks,
				 const struct consul_step *step, uint64_t query,
				 uint64_t last_query, mono_t now);
/* Whether the other stream has to be queried at once. */
/* Consul names another node: what is known of checks is about the former one. */
void consul_catalog_doubt_checks(struct consul_catalog *c, uint64_t last_query);
bool consul_catalog_needs_checks(const struct consul_catalog *c);
bool consul_catalog_needs_services(const struct consul_catalog *c);

#define CONSUL_SAID_MAX 400

/* The health of a service, and why. */
enum consul_health consul_catalog_judge(const struct consul_catalog *c, const char *service,
					mono_t now, char said[static CONSUL_SAID_MAX]);
/* Whether the service fails if Consul answers no more: not while its last answers count, but doubt
 * ends, and so does consul_max_stale. *ret_at, unless NULL: from when on, `now` at the earliest. */
bool consul_catalog_fails_away(const struct consul_catalog *c, const char *service, mono_t now,
			       mono_t *ret_at);
/* When time alone changes the health of a service; USEC_NEVER. */
mono_t consul_catalog_deadline(const struct consul_catalog *c, mono_t now);

#endif
