/* SPDX-License-Identifier: MIT */
#include "agent/config/tree_json.h"

#include <stdio.h>
#include <string.h>

#include "agent/config/parse.h"
#include "lib/str.h"

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

void config_tree_add_json(struct config_tree *tree, const json_t *value,
			  struct config_findings *findings)
{
	struct planter p = { tree, findings };
	plant(&p, NULL, NULL, value, 0);
}

void config_tree_add_text(struct config_tree *tree, const char *key, const char *text)
{
	struct planter p = { tree, NULL };
	struct config_node *node = add_node(&p, (struct config_node *)config_tree_root(tree), key);
	node->kind = CONFIG_SCALAR;
	node->text = text_in(&p, text, strlen(text));
}
