/* SPDX-License-Identifier: MIT */
#include "agent/config/define.h"

#include <errno.h>
#include <string.h>

#include "agent/config/build.h"
#include "agent/config/parse.h"
#include "agent/config/tree.h"
#include "agent/config/tree_json.h"
#include "bgp/config.h"
#include "lib/str.h"

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

static void build(struct config_tree *tree, const json_t *definition, const char *name,
		  struct app_spec *spec, struct config_findings *findings)
{
	config_tree_add_json(tree, definition, findings);
	const struct config_node *root = config_tree_root(tree);
	if (json_is_object(definition) && name && !json_object_get(definition, "name"))
		config_tree_add_text(tree, "name", name);
	if (findings->n_errors == 0)
		config_build_app(root, spec, findings);
	if (findings->n_errors == 0)
		check_whole(spec, root, name, findings);
}

int config_define_app(const json_t *definition, const char *name, struct app_spec *ret,
		      struct config_findings *findings)
{
	struct config_tree *tree = config_tree_new();
	struct app_spec spec = { 0 };
	build(tree, definition, name, &spec, findings);
	config_tree_free(tree);
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
