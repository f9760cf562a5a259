/* SPDX-License-Identifier: MIT */
/*
 * The verbs: commands that ask the running agent. Their names, arguments, options and texts, from
 * which the command line is parsed and --help and the completions are written. Pure.
 *
 *	vipherald VERB [ARGUMENT…] [--option[=VALUE]]…
 */
#ifndef AGENT_CLI_VERB_H
#define AGENT_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "agent/config/key.h"
#include "lib/err.h"
#include "lib/mono.h"

enum verb_id {
	VERB_STATUS,
	VERB_APPS,
	VERB_APP,
	VERB_VIPS,
	VERB_EXPLAIN,
	VERB_WHAT_IF,
	VERB_PEERS,
	VERB_PEER,
	VERB_ROUTES,
	VERB_NAT,
	VERB_CONSUL,
	VERB_NOMAD,
	VERB_FLEET,
	VERB_EVENTS,
	VERB_HISTORY,
	VERB_REGISTER,
	VERB_DEFINE,
	VERB_UNREGISTER,
	VERB_DRAIN,
	VERB_UNDRAIN,
	VERB_CHECK_NOW,
	VERB_RELOAD,
	VERB_CONFIRM,
	VERB_DIFF,
	VERB_CONFIG,
	VERB_TOP,
	VERB_LOG,
	VERB_CONVERT,
	VERB_COMPLETIONS,
	N_VERBS,
};

enum verb_exit {
	VERB_DONE = 0,
	VERB_REFUSED = 1, /* or no such thing */
	VERB_USAGE = 2,
	VERB_UNREACHABLE = 3,
};

struct verb_option {
	const char *name;  /* without the dashes */
	const char *value; /* "DURATION"; NULL: takes none */
	const char *help;
};

#define VERB_OPTIONS_MAX 10

struct verb {
	const char *name;
	const char *alias; /* NULL: none */
	const char *args;  /* as shown: "NAME", "[ADDR]"; "" */
	size_t min_words, max_words;
	const char *summary; /* a line in the list of verbs */
	const char *example;
	struct verb_option options[VERB_OPTIONS_MAX]; /* ends with one without a name */
	bool watches;                                 /* --watch makes sense */
	bool on_screen;                               /* --json does not */
	bool offline;  /* no agent is asked: of the common options it has --help only */
	bool has_rest; /* words behind -- may begin with a dash */
	const char *
		exits; /* its exit statuses, where they are others; NULL: those of enum verb_exit */
	const char *names; /* "apps", "peers": whose --names an argument is one of; NULL: none */
	/* The second argument is one of these; NULL: any. Ends with NULL. */
	const char *const *orders;
	/* The first argument is one of these; with has_rest the others are files. NULL: any. Ends
	 * with NULL. */
	const char *const *kinds;
	/* Each key of it is an option that takes a value, also with '-' for '_'; NULL: there are
	 * none. */
	const struct config_section *keys;
};

enum verb_color { VERB_COLOR_AUTO, VERB_COLOR_ALWAYS, VERB_COLOR_NEVER };

#define VERB_WORDS_MAX  512
#define VERB_VALUES_MAX 128

/* Texts are views into argv. */
struct verb_call {
	const struct verb *verb;
	enum verb_id id;
	const char *words[VERB_WORDS_MAX];
	size_t n_words;
	size_t rest; /* the first word behind --; n_words when there is none */
	struct {
		const char *name;  /* of the option, or of the key */
		const char *value; /* NULL: the option takes none */
	} values[VERB_VALUES_MAX];
	size_t n_values;
	const char *api;                 /* NULL: found automatically */
	const char *cacert, *cert, *key; /* for TLS; NULL: not given */
	enum verb_color color;
	bool json, help;
	span_t watch; /* 0: once */
};

/* By name or alias. */
const struct verb *verb_find(const char *word);
const struct verb *verb_at(enum verb_id id);
/* Of every verb, but for those that verb_accepts() says no to; ends with one without a name. */
const struct verb_option *verb_common_options(void);
bool verb_accepts(const struct verb *verb, const struct verb_option *common);
/* `argv` begins behind the verb. -EINVAL with a text that names the argument. */
int verb_parse(const struct verb *verb, int argc, char *const argv[], struct verb_call *ret,
	       struct err *err);
bool verb_has(const struct verb_call *call, const char *option);
/* The last one given; NULL: none. */
const char *verb_value(const struct verb_call *call, const char *option);

/* Stands for verb->keys in texts. */
extern const struct verb_option verb_key_option;

void verb_help(const struct verb *verb, FILE *out);
/* All verbs, a line each. */
void verb_list(FILE *out);

#endif
