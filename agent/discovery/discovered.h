/* SPDX-License-Identifier: MIT */
/* A service of Consul, or of Nomad, with the match tag, and what became of it as an app. */
#ifndef AGENT_DISCOVERY_DISCOVERED_H
#define AGENT_DISCOVERY_DISCOVERED_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/model/app_spec.h"
#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mono.h"

enum discovered_state {
	DISCOVERED_REGISTERED,
	DISCOVERED_BROKEN,    /* its tags do not define an app */
	DISCOVERED_REFUSED,   /* by agent.exec.allow_from or agent.monitors.allow_from */
	DISCOVERED_CONFLICT,  /* its name or VIP belongs to a source that comes before */
	DISCOVERED_DISMISSED, /* unregistered over HTTP; until its tags change */
};
const char *discovered_state_name(enum discovered_state s);

struct discovered {
	char *name; /* the key */
	enum discovered_state state;
	char *problem;         /* NULL: none; a registered service may have one */
	char *note;            /* the flaw in the tags of an instance; NULL: none */
	char *rival;           /* of a conflict: the app that has the name or the VIP; else NULL */
	mono_t since;          /* of the state */
	mono_t retained_since; /* the catalog lost it; USEC_NEVER: has it */
	struct app_spec *spec; /* of the present tags; NULL while they are broken */
	uint64_t applied;      /* the entry's mark (consul/catalog.h) when it was applied last */
	bool seen;             /* while a catalog is applied */
	struct list_node queue;
	UT_hash_handle hh;
};

/* Registered, without a spec, in no table. */
struct discovered *discovered_new(const char *name, mono_t now);
/* It must be in no table any more. */
void discovered_free(struct discovered *s);

/* NULL: its tags are broken. Takes the contents over. */
void discovered_set_spec(struct discovered *s, struct app_spec *spec);
void discovered_set_note(struct discovered *s, const char *note);
/* True when state or problem is another one. `problem` and `rival` may be NULL. */
bool discovered_set_state(struct discovered *s, enum discovered_state state, const char *problem,
			  const char *rival, mono_t now);

#endif
