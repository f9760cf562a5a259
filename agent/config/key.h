/* SPDX-License-Identifier: MIT */
/*
 * The description of a key of the configuration: its name, its type, its range, its default, and
 * its documentation. The tables of keys are the schema (agent/config/schema.h). Pure.
 */
#ifndef AGENT_CONFIG_KEY_H
#define AGENT_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mono.h"

/* For the ranges of durations. */
#define MSEC(n)  ((n)*USEC_PER_MSEC)
#define SEC(n)   ((n)*USEC_PER_SEC)
#define HOURS(n) (SEC(n) * 3600)

struct config_key;

/*
 * Parses text into the field at target + key->offset. Returns 0; or 1 with a warning in `err`; or
 * -EINVAL with a text that names the value and what was expected.
 */
struct config_type {
	const char *name; /* for the page: "duration" */
	int (*set)(const struct config_key *key, const char *text, void *target, struct err *err);
	/* The other way: the value as in the file, of CONFIG_VALUES all of them with ", " between,
	 * which is in none of them; nothing when it is not set. Different values have different
	 * texts. NULL: of a monitor's mapping only. */
	void (*format)(const struct config_key *key, const void *target, FILE *out);
};

/* A secret where it is not shown. It is not accepted as one. */
#define CONFIG_HIDDEN "(hidden)"

/* A mapping in place of a value: it is read into an item, which the target then adopts. */
struct config_item {
	size_t size;
	int (*adopt)(void *item, void *target, struct err *err);
	void (*done)(void *item);
};

enum config_shape {
	CONFIG_VALUE,    /* one text */
	CONFIG_VALUES,   /* a list of texts, or one; `set` adds one of them; see `item` */
	CONFIG_SECTION,  /* a mapping; its target is target + offset, or what `add` returns; with
			    a `type`, one text instead is a value of that */
	CONFIG_SECTIONS, /* a list of mappings; `add` makes the target of each */
};

/* Effect of changing the value in a running agent, in ascending order of impact. */
enum config_effect {
	CONFIG_APPLIES,      /* nothing is sent to any peer */
	CONFIG_SENDS_UPDATE, /* UPDATEs of the routes that differ */
	CONFIG_RESETS,       /* the session, under `bgp` all sessions, is reset */
	CONFIG_NEEDS_RESTART,
};

enum {
	CONFIG_REQUIRED = 1 << 0,
	CONFIG_SECRET = 1 << 1,          /* its value never appears in a finding */
	CONFIG_ZERO_ALLOWED = 1 << 2,    /* 0, or what lies in the range */
	CONFIG_ZERO_IS_DEFAULT = 1 << 3, /* as GoCast does; with a warning */
	CONFIG_NOT_SHARED = 1 << 4,      /* of a peer: no default of it under `bgp` */
	CONFIG_ON_OFF_RESTARTS = 1
				 << 5, /* set or not set: CONFIG_NEEDS_RESTART, whatever `effect` */
	CONFIG_MAPPING_IS_TRUE = 1 << 6, /* of CONFIG_SECTION with a type, which is a boolean */
};

struct config_key {
	const char *name, *alias; /* the alias is the same key under another name */
	const char *alias2;       /* with an alias only */
	/* CONFIG_VALUE and CONFIG_VALUES; of CONFIG_SECTIONS for its `format` only. */
	const struct config_type *type;
	size_t offset;
	uint64_t min, max;         /* microseconds of durations; max 0: none */
	const char *default_text;  /* written as in the file; NULL: zero or not set */
	const char *default_words; /* for the page, where the default is not a value */
	const char *type_words;    /* for the page, where the type has no name for it */
	enum config_shape shape;
	unsigned flags;
	enum config_effect effect;
	const struct config_section *section; /* CONFIG_SECTION and CONFIG_SECTIONS */
	void *(*add)(void *target);
	const struct config_item *item; /* CONFIG_VALUES that may be mappings of `section` */
	const char *doc;
};

static inline bool config_key_has_name(const struct config_key *k, const char *name)
{
	return strcmp(k->name, name) == 0 || (k->alias && strcmp(k->alias, name) == 0) ||
	       (k->alias2 && strcmp(k->alias2, name) == 0);
}

/* The field of the target that the key is about. */
static inline void *config_field(const struct config_key *key, void *target)
{
	return (char *)target + key->offset;
}

static inline const void *config_value(const struct config_key *key, const void *target)
{
	return (const char *)target + key->offset;
}

/* The object that the keys of a CONFIG_SECTION are about; `add` may fill in what is not set. */
static inline void *config_section_target(const struct config_key *key, void *target)
{
	return key->add ? key->add(target) : config_field(key, target);
}

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
	/* Besides `keys`: a mapping of `entry` for any other name, into what add_entry() makes of
	 * that, or NULL with what was expected of the name. */
	const struct config_section *entry;
	void *(*add_entry)(void *target, const char *name, struct err *err);
};

/* The keys, which end with a NULL name; without the shared ones. */
const struct config_key *config_section_keys(const struct config_section *s);
/* The key of that name or alias, and what must be added to the target for it; NULL when unknown. */
const struct config_key *config_section_find(const struct config_section *s, const char *name,
					     size_t *ret_offset);
/* Puts every default_text of the section and the mappings in it, shared keys included, into the
 * target. */
void config_section_defaults(const struct config_section *s, void *target);

#endif
