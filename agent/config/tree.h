/* SPDX-License-Identifier: MIT */
/* A YAML text as a tree with the line and column of everything. It exists while a configuration is
 * loaded. */
#ifndef AGENT_CONFIG_TREE_H
#define AGENT_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config/findings.h"

enum config_node_kind {
	CONFIG_SCALAR,
	CONFIG_MAPPING,
	CONFIG_SEQUENCE,
	CONFIG_BROKEN, /* an error was reported for it */
};

struct config_node {
	struct config_node *parent, *next, *first, *last; /* children in the order of the file */
	const char *text;                                 /* of a scalar, else NULL */
	const char *file;      /* of the root: the included file; NULL: the configuration file */
	const char *key;       /* in front of it when the parent is a mapping, else NULL */
	uint32_t line, column; /* from 1; column in characters */
	uint32_t key_line, key_column;
	uint32_t index, n_children; /* index: which child of its parent */
	enum config_node_kind kind;
	bool plain;      /* a scalar without quotes */
	bool key_broken; /* reported already, as CONFIG_BROKEN */
};

struct config_tree;

/* Filled by agent/config/parse.c. */
struct config_tree *config_tree_new(void);
void *config_tree_alloc(struct config_tree *t, size_t n); /* zeroed, aligned for a node */
void config_tree_set_root(struct config_tree *t, struct config_node *root);
/* The file is an included one. `file` has to outlive the tree. */
void config_tree_set_file(struct config_tree *t, const char *file);
void config_tree_free(struct config_tree *t);
/* NULL for an empty document. */
const struct config_node *config_tree_root(const struct config_tree *t);

/* No value: no node, or a YAML null ("key:", ~, null). */
bool config_node_is_null(const struct config_node *node);
/* The value of a key; NULL when the node is not a mapping, or the key is absent or null. */
const struct config_node *config_node_get(const struct config_node *mapping, const char *key);
/* "a list", "a mapping", "nothing", … for "expected a text, found a list". */
const char *config_node_kind_text(const struct config_node *node);

/* The included file that it is in; NULL: the configuration file. */
const char *config_node_file(const struct config_node *node);
/* The place of a value, of the key in front of it, and of a key that the mapping lacks. */
struct config_place config_at(const struct config_node *node);
struct config_place config_at_key(const struct config_node *node);
struct config_place config_at_missing(const struct config_node *mapping, const char *key);

#endif
