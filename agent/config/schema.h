/* SPDX-License-Identifier: MIT */
/*
 * The one table of every key: what it is called, what it may be, what it is when nothing is said,
 * and what it is for. Loading walks it and docs/configuration.md is printed from it, so that the
 * two cannot disagree. Pure.
 */
#ifndef AGENT_CONFIG_SCHEMA_H
#define AGENT_CONFIG_SCHEMA_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "agent/config/config.h"
#include "agent/model/app_spec.h"
#include "bgp/config.h"
#include "lib/err.h"

/*
 * What the keys are loaded into. Of `bgp`, the keys of a session are collected in `session`: they
 * are the defaults of the peers in the list, and with peer_ip or peer_as they are the older form,
 * a peer of its own.
 */
struct config_draft_bgp {
	struct bgp_config bgp; /* without peers; the communities belong to this draft */
	struct bgp_peer_config session;
	struct bgp_peer_config *peers;
	size_t n_peers, cap_peers;
	uint8_t gateway_family;
};

struct config_draft {
	struct config_agent agent;
	struct config_nat nat;
	struct config_draft_bgp bgp;
	struct app_spec *apps;
	size_t n_apps, cap_apps;
};

void config_draft_done(struct config_draft *d);

struct config_key;

/*
 * How text becomes a value at target + key->offset. Returns 0; or 1 with a text in `err` when
 * the value was taken but deserves a warning; or -EINVAL with a text that names the value and
 * what was expected.
 */
struct config_type {
	const char *name; /* for the page: "duration" */
	int (*set)(const struct config_key *key, const char *text, void *target, struct err *err);
};

/* What a mapping in the place of a value is read into, and what becomes of it. */
struct config_item {
	size_t size;
	int (*take)(void *item, void *target, struct err *err);
	void (*done)(void *item);
};

enum config_shape {
	CONFIG_VALUE,    /* one text */
	CONFIG_VALUES,   /* a list of texts, or one; `set` adds one of them; see `item` */
	CONFIG_SECTION,  /* a mapping; its target is target + offset, or what `add` returns */
	CONFIG_SECTIONS, /* a list of mappings; `add` makes the target of each */
};

enum {
	CONFIG_REQUIRED = 1 << 0,
	CONFIG_SECRET = 1 << 1,          /* its value never appears in a finding */
	CONFIG_ZERO_ALLOWED = 1 << 2,    /* 0, or what lies in the range */
	CONFIG_ZERO_IS_DEFAULT = 1 << 3, /* as GoCast does; with a warning */
	CONFIG_NOT_SHARED = 1 << 4,      /* of a peer: no default of it under `bgp` */
};

struct config_key {
	const char *name, *alias;       /* the alias is the same key under another name */
	const struct config_type *type; /* CONFIG_VALUE and CONFIG_VALUES */
	size_t offset;
	uint64_t min, max;         /* microseconds of durations; max 0: none */
	const char *default_text;  /* written as in the file; NULL: zero or not set */
	const char *default_words; /* for the page, where the default is no value */
	const char *type_words;    /* for the page, where the type has no name for it */
	enum config_shape shape;
	unsigned flags;
	const struct config_section *section; /* CONFIG_SECTION and CONFIG_SECTIONS */
	void *(*add)(void *target);
	const struct config_item *item; /* CONFIG_VALUES that may be mappings of `section` */
	const char *doc;
};

struct config_section {
	const char *path; /* "bgp.peers[]", "" for the file */
	const char *doc;
	const struct config_key *keys; /* ends with a NULL name; see config_section_keys() */
	/* Instead of `keys`, for keys that other modules describe. */
	const struct config_key *(*make_keys)(void);
	/* Keys of another section that are accepted here too, unless CONFIG_NOT_SHARED, with
	 * target + shared_offset as their target. */
	const struct config_section *shared;
	size_t shared_offset;
};

extern const struct config_section config_schema;

/* The sections in the order of the page; ends with NULL. */
extern const struct config_section *const config_sections[];

/* The keys, which end with a NULL name; without the shared ones. */
const struct config_key *config_section_keys(const struct config_section *s);
/* The key of that name or alias, and what must be added to the target for it; NULL when unknown. */
const struct config_key *config_section_find(const struct config_section *s, const char *name,
					     size_t *ret_offset);
/* Puts every default_text of the section and the mappings in it, shared keys included, into the
 * target. */
void config_section_defaults(const struct config_section *s, void *target);

/* The part of docs/configuration.md between its two marks. */
void config_schema_print_doc(FILE *out);

#endif
