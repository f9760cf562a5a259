/* SPDX-License-Identifier: MIT */
/*
 * The difference of two configurations, object by object, with what each change costs. Pure.
 *
 * This is what `vipherald diff` prints and what a reload applies, so that the one says what the
 * other does. It follows from the schema: every key is formatted from both configurations, and keys
 * whose texts differ have changed; the cost of a key is `effect` in the schema.
 *
 *	struct config (present) ─┬─> config_diff ──> print, JSON
 *	struct config (new)     ─┘            └────> agent/daemon/reload
 */
#ifndef AGENT_CONFIG_DIFF_H
#define AGENT_CONFIG_DIFF_H

#include <stdbool.h>
#include <stdio.h>

#include "agent/config/app_index.h"
#include "agent/config/config.h"
#include "agent/config/key.h"
#include "lib/str.h"

enum config_object {
	CONFIG_AGENT,
	CONFIG_BGP,
	CONFIG_NAT,
	CONFIG_FLEET,
	CONFIG_PEER,
	CONFIG_PROGRAM,
	CONFIG_APP
};
enum config_change_kind { CONFIG_CHANGED, CONFIG_ADDED, CONFIG_REMOVED };

const char *config_object_name(enum config_object object);         /* "agent", "bgp", … */
const char *config_change_kind_name(enum config_change_kind kind); /* "changed", … */
const char *config_effect_name(enum config_effect effect); /* "none", "update", "session", … */

struct config_key_change {
	char *key; /* "hold_time", "states.up.med", "exec.user" */
	char *before,
		*after; /* as in the file, "" where not set, "(hidden)" for a secret; redacted */
	enum config_effect effect;
};

struct config_change {
	enum config_object object;
	enum config_change_kind kind;
	char *name; /* of an app, a process or a peer; NULL for the others */
	/* The largest of its keys. Of a peer that comes or goes: CONFIG_RESETS; of an app or a
	 * process: CONFIG_SENDS_UPDATE. */
	enum config_effect effect;
	bool joins;                     /* an app with states.join, by another definition */
	struct config_key_change *keys; /* of CONFIG_CHANGED */
	size_t n_keys, cap_keys;
};

/* In the order agent, bgp, nat, fleet, peers, processes, apps; apps that go come last. */
struct config_diff {
	struct config_change *items;
	size_t n, cap;
};

/* One that comes, as if `before` did not have it. */
void config_diff_add_app(struct config_diff *d, const char *name);
/* O(n) in the number of apps. */
void config_diff(const struct config *before, const struct config *after, struct config_diff *ret);
/* The same in steps; both have to outlive it. */
struct config_differ {
	const struct config *before, *after;
	struct config_diff *ret;
	size_t next;            /* of `after` */
	size_t expected;        /* of `before`: it is there unless the order has changed */
	bool *matched;          /* of `before` */
	struct app_index index; /* of `before`, made when an app is not where it is expected */
};
void config_differ_begin(struct config_differ *d, const struct config *before,
			 const struct config *after, struct config_diff *ret);
/* At most `n` apps of each; false when all is done. */
bool config_differ_step(struct config_differ *d, size_t n);
/* Also before the end. */
void config_differ_done(struct config_differ *d);
void config_diff_done(struct config_diff *d);
/* The largest effect of any change; CONFIG_APPLIES when there is none. */
enum config_effect config_diff_effect(const struct config_diff *d);
/* Whether a key of the object that begins with `prefix` has changed. */
bool config_diff_has_key(const struct config_diff *d, enum config_object object,
			 const char *prefix);
size_t config_diff_count(const struct config_diff *d, enum config_object object,
			 enum config_change_kind kind);

/* "app a changed: UPDATE" */
void config_change_format(const struct config_change *c, struct strbuf *ret);
/* That line for each change, and one for each key. */
void config_diff_print(const struct config_diff *d, FILE *out);

#endif
