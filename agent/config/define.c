/* SPDX-License-Identifier: MIT */
#include "agent/config/define.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/config/build.h"
#include "agent/config/parse.h"
#include "agent/config/tree.h"
#include "bgp/config.h"
#include "lib/str.h"

/* ---- JSON to the tree of YAML ---- */

struct planter {
	struct config_tree *tree;
	struct config_findings *findings;
};

static const char *text_in(struct planter *p, const char *text, size_t len)
{
	char *copy = config_tree_alloc(p->tree, len + 1);
	memcpy(copy, text, len);
	return copy;
}

static struct config_node *add_node(struct planter *p, struct config_node *parent, const char *key)
{
	struct config_node *node = config_tree_alloc(p->tree, sizeof(*node));
	node->parent = parent;
	if (!parent)
		return node;
	node->key = key ? text_in(p, key, strlen(key)) : NULL;
	node->index = parent->n_children++;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

/* As it stands in the file. Numbers with a fraction are none of any key, but the key says so. */
static void set_scalar(struct planter *p, struct config_node *node, const json_t *value)
{
	char number[32];
	node->kind = CONFIG_SCALAR;
	node->plain = !json_is_string(value);
	if (json_is_string(value))
		node->text = text_in(p, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(number, sizeof(number), "%.17g", json_real_value(value));
	else
		str_copy(number, sizeof(number),
			 json_is_true(value)    ? "true"
			 : json_is_false(value) ? "false"
						: "null");
	if (!node->text)
		node->text = text_in(p, number, strlen(number));
}

static void plant(struct planter *p, struct config_node *parent, const char *key,
		  const json_t *value, unsigned depth);

/* The depth is limited. NOLINTNEXTLINE(misc-no-recursion) */
static void plant_children(struct planter *p, struct config_node *node, const json_t *value,
			   unsigned depth)
{
	const char *key;
	json_t *item;
	size_t i;
	if (json_is_object(value)) {
		json_object_foreach((json_t *)value, key, item) plant(p, node, key, item, depth);
		return;
	}
	json_array_foreach((json_t *)value, i, item) plant(p, node, NULL, item, depth);
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static void plant(struct planter *p, struct config_node *parent, const char *key,
		  const json_t *value, unsigned depth)
{
	struct config_node *node = add_node(p, parent, key);
	if (!parent)
		config_tree_set_root(p->tree, node);
	if (!json_is_object(value) && !json_is_array(value)) {
		set_scalar(p, node, value);
		return;
	}
	node->kind = json_is_object(value) ? CONFIG_MAPPING : CONFIG_SEQUENCE;
	if (depth == CONFIG_DEPTH_MAX) {
		node->kind = CONFIG_BROKEN;
		config_error(p->findings, config_at(node), "nested more than %d levels deep",
			     CONFIG_DEPTH_MAX);
		return;
	}
	plant_children(p, node, value, depth + 1);
}

/* ---- the whole ---- */

static struct config_place at_key(const struct config_node *root, const char *key)
{
	const struct config_node *node = config_node_get(root, key);
	return node ? config_at(node) : config_at(root);
}

/* At most one message carries the communities of all lists. */
static void check_sizes(const struct app_spec *spec, const struct config_node *root,
			struct config_findings *findings)
{
	size_t n = spec->communities.n, n_ext = 0, n_large = 0;
	if (spec->announce) {
		n_ext = spec->announce->ext_communities.n;
		n_large = spec->announce->large_communities.n;
	}
	for (size_t i = 0; spec->announce && i < ANNOUNCE_STATES; i++) {
		n += spec->announce->of[i].communities.n;
		n_ext += spec->announce->of[i].ext_communities.n;
		n_large += spec->announce->of[i].large_communities.n;
	}
	if (n > BGP_COMMUNITIES_MAX || n_ext > BGP_EXT_COMMUNITIES_MAX ||
	    n_large > BGP_LARGE_COMMUNITIES_MAX)
		config_error(findings, at_key(root, "states"),
			     "%zu communities, %zu extended and %zu large ones, at most %d, %d and "
			     "%d fit into a route",
			     n, n_ext, n_large, BGP_COMMUNITIES_MAX, BGP_EXT_COMMUNITIES_MAX,
			     BGP_LARGE_COMMUNITIES_MAX);
}

static void check_whole(const struct app_spec *spec, const struct config_node *root,
			const char *name, struct config_findings *findings)
{
	struct err err;
	if (name && !str_equal(spec->name, name))
		config_error(findings, at_key(root, "name"),
			     "'%s' is not '%.128s', as the path has it", spec->name, name);
	check_sizes(spec, root, findings);
	if (findings->n_errors == 0 && app_spec_check(spec, &err) < 0)
		config_error(findings, config_at(root), "%s", err.text);
}

static void build(struct planter *p, const json_t *definition, const char *name,
		  struct app_spec *spec)
{
	plant(p, NULL, NULL, definition, 0);
	const struct config_node *root = config_tree_root(p->tree);
	if (json_is_object(definition) && name && !json_object_get(definition, "name")) {
		struct config_node *node = add_node(p, (struct config_node *)root, "name");
		node->kind = CONFIG_SCALAR;
		node->text = text_in(p, name, strlen(name));
	}
	if (p->findings->n_errors == 0)
		config_build_app(root, spec, p->findings);
	if (p->findings->n_errors == 0)
		check_whole(spec, root, name, p->findings);
}

int config_define_app(const json_t *definition, const char *name, struct app_spec *ret,
		      struct config_findings *findings)
{
	struct planter p = { config_tree_new(), findings };
	struct app_spec spec = { 0 };
	build(&p, definition, name, &spec);
	config_tree_free(p.tree);
	if (findings->n_errors == 0) {
		*ret = spec;
		return 0;
	}
	app_spec_done(&spec);
	return -EINVAL;
}

int config_define_text(const char *text, size_t len, const char *name, struct app_spec *ret,
		       struct config_findings *findings)
{
	json_error_t error;
	char why[sizeof(error.text)];
	json_t *definition = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!definition) {
		str_printable(why, sizeof(why), error.text, strlen(error.text));
		config_error(findings,
			     config_at_line((unsigned)(error.line > 0 ? error.line : 0),
					    (unsigned)(error.column > 0 ? error.column : 0)),
			     "not JSON: %s", why);
		return -EINVAL;
	}
	int rc = config_define_app(definition, name, ret, findings);
	json_decref(definition);
	return rc;
}
