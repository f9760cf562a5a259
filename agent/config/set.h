/* SPDX-License-Identifier: MIT */
/*
 * The texts that a configuration is made of: the file itself, and those that its `include` names.
 * An included file with errors is replaced by its text before them, or left out. Pure.
 */
#ifndef AGENT_CONFIG_SET_H
#define AGENT_CONFIG_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/sha256.h"

enum config_text_state {
	CONFIG_TEXT_LOADED,
	CONFIG_TEXT_KEPT, /* the file has errors: its text as it was before */
	CONFIG_TEXT_OUT,  /* the file has errors, and there is no text of before */
};

struct config_text {
	char *file; /* NULL: the text was given, not read */
	char *data; /* NULL: not read yet */
	size_t len;
	char sha256[SHA256_TEXT_MAX];
	size_t n_apps;
	enum config_text_state state;
	bool world_readable;
};

struct config_set {
	struct config_text *items; /* the first is the file itself */
	size_t n, cap;
};

struct config_text *config_set_add(struct config_set *set, const char *file);
/* Owns the text (malloced) from then on. The hash is the caller's business. */
void config_text_set(struct config_text *text, char *data, size_t len);
/* An included file; NULL: it is not in the set, or without a text. */
const struct config_text *config_set_find(const struct config_set *set, const char *file);
size_t config_set_octets(const struct config_set *set);
/* Included files that are not in effect as they are. */
size_t config_set_broken(const struct config_set *set);
/* Of the file if nothing is included, else of all hashes and names. */
void config_set_sha256(const struct config_set *set, char ret[static SHA256_TEXT_MAX]);
void config_set_done(struct config_set *set);

/*
 * All texts as one: the file itself, and behind it the included ones as comments, "#|" in front of
 * each line, so that the whole is YAML. NULL: the file has such comments in it. Free it.
 */
char *config_set_bundle(const struct config_set *set, size_t *ret_len);
/* The other way, into an empty set; -EINVAL: the comments are not as they were written. The hashes
 * of included texts are those that they had, to be compared with what they have; the first has
 * none. */
int config_set_unbundle(const char *text, size_t len, struct config_set *ret);

#endif
