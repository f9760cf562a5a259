/* SPDX-License-Identifier: MIT */
/*
 * YAML text to tree, on libyaml's events.
 *
 * Events rather than libyaml's documents: those copy every mark, and they resolve aliases, with
 * which a few lines can stand for gigabytes. Here an alias is an error, a tree is never larger
 * than its text allows, and its depth is bounded.
 */
#include "agent/config/parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "agent/config/template.h"
#include "agent/config/yaml.h"
#include "lib/mem.h"
#include "lib/str.h"

static const char *tree_text(struct config_tree *t, const void *text, size_t len)
{
	char *copy = config_tree_alloc(t, len + 1);
	memcpy(copy, text, len);
	return copy;
}

struct keyed_node {
	const char *key;
	struct config_node *node;
};

struct builder {
	struct config_tree *tree;
	struct config_findings *findings;
	struct config_node *open; /* the mapping or list that is being filled */
	unsigned depth, documents;
	const char *key; /* read, and waiting for its value */
	bool key_broken;
	uint32_t key_line, key_column;
	struct keyed_node *sorted; /* scratch of report_duplicates */
	size_t sorted_cap;
};

static struct config_place place_of(const yaml_event_t *e)
{
	return config_at_line((unsigned)e->start_mark.line + 1, (unsigned)e->start_mark.column + 1);
}

static bool wants_key(const struct builder *b)
{
	return b->open && b->open->kind == CONFIG_MAPPING && !b->key;
}

static struct config_node *add_node(struct builder *b, const yaml_event_t *e,
				    enum config_node_kind kind)
{
	struct config_node *node = config_tree_alloc(b->tree, sizeof(*node));
	node->kind = kind;
	node->line = (uint32_t)e->start_mark.line + 1;
	node->column = (uint32_t)e->start_mark.column + 1;
	node->parent = b->open;
	if (!b->open) {
		config_tree_set_root(b->tree, node);
		return node;
	}
	node->key = b->key;
	node->key_broken = b->key_broken;
	node->key_line = b->key_line;
	node->key_column = b->key_column;
	b->key = NULL;
	node->index = b->open->n_children++;
	if (b->open->last)
		b->open->last->next = node;
	else
		b->open->first = node;
	b->open->last = node;
	return node;
}

static void set_key(struct builder *b, const yaml_event_t *e, const char *key, bool broken)
{
	b->key = key;
	b->key_broken = broken;
	b->key_line = (uint32_t)e->start_mark.line + 1;
	b->key_column = (uint32_t)e->start_mark.column + 1;
}

static int on_scalar(struct builder *b, const yaml_event_t *e)
{
	const yaml_char_t *value = e->data.scalar.value;
	size_t len = e->data.scalar.length;
	bool broken = memchr(value, 0, len) != NULL;
	if (broken)
		config_error(b->findings, place_of(e), "contains a NUL character");
	const char *text = tree_text(b->tree, value, broken ? 0 : len);
	if (wants_key(b)) {
		set_key(b, e, text, broken);
		return 0;
	}
	struct config_node *node = add_node(b, e, broken ? CONFIG_BROKEN : CONFIG_SCALAR);
	node->text = text;
	node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int on_alias(struct builder *b, const yaml_event_t *e)
{
	config_error(b->findings, place_of(e),
		     "'*%.64s': YAML aliases are not supported, write the value out",
		     (const char *)e->data.alias.anchor);
	if (wants_key(b))
		set_key(b, e, "*", true);
	else
		add_node(b, e, CONFIG_BROKEN);
	return 0;
}

/* "{{" in a value is a flow mapping whose key is a flow mapping, as YAML reads it. */
static bool is_double_brace(const struct builder *b, const yaml_event_t *e)
{
	return e->type == YAML_MAPPING_START_EVENT && b->open->line == e->start_mark.line + 1 &&
	       b->open->column == e->start_mark.column;
}

static int on_open(struct builder *b, const yaml_event_t *e, enum config_node_kind kind)
{
	if (wants_key(b)) {
		config_error(b->findings, place_of(e), "expected a key, found a %s%s",
			     kind == CONFIG_MAPPING ? "mapping" : "list",
			     is_double_brace(b, e) ? config_template_hint("{{}}", 4) : "");
		return -EINVAL;
	}
	if (++b->depth > CONFIG_DEPTH_MAX) {
		config_error(b->findings, place_of(e), "nested more than %d levels deep",
			     CONFIG_DEPTH_MAX);
		return -EINVAL;
	}
	b->open = add_node(b, e, kind);
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct keyed_node *x = a, *y = b;
	int c = strcmp(x->key, y->key);
	return c ? c : (x->node->index > y->node->index) - (x->node->index < y->node->index);
}

#define FEW 16

/* Most mappings are small, and then this is cheaper than to sort. */
static bool are_few_and_unique(const struct config_node *mapping)
{
	if (mapping->n_children > FEW)
		return false;
	for (const struct config_node *x = mapping->first; x; x = x->next)
		for (const struct config_node *y = x->next; y; y = y->next)
			if (str_equal(x->key, y->key))
				return false;
	return true;
}

/* The first of its name stays, the others are ignored. */
static void report_duplicates(struct builder *b, struct config_node *mapping)
{
	size_t n = 0;
	if (are_few_and_unique(mapping))
		return;
	b->sorted = mem_grow(b->sorted, &b->sorted_cap, mapping->n_children, sizeof(*b->sorted));
	for (struct config_node *c = mapping->first; c; c = c->next)
		b->sorted[n++] = (struct keyed_node){ c->key, c };
	qsort(b->sorted, n, sizeof(*b->sorted), compare_keys);
	const struct config_node *first = b->sorted[0].node;
	for (size_t i = 1; i < n; i++) {
		struct config_node *node = b->sorted[i].node;
		if (!str_equal(first->key, node->key)) {
			first = node;
			continue;
		}
		config_error(b->findings, config_at_key(node),
			     "duplicate key, first given in line %u", first->key_line);
		node->kind = CONFIG_BROKEN;
	}
}

static int on_close(struct builder *b)
{
	if (!b->open)
		return -EINVAL; /* never: libyaml closes only what it opened */
	if (b->open->kind == CONFIG_MAPPING)
		report_duplicates(b, b->open);
	b->open = b->open->parent;
	b->depth--;
	return 0;
}

static int on_document(struct builder *b, const yaml_event_t *e)
{
	if (++b->documents == 1)
		return 0;
	config_error(b->findings, place_of(e),
		     "a second YAML document starts here, only one is supported");
	return -EINVAL;
}

static void refuse_anchor(struct builder *b, const yaml_event_t *e, const yaml_char_t *anchor)
{
	if (anchor)
		config_error(b->findings, place_of(e),
			     "'&%.64s': YAML anchors are not supported, write the value out",
			     (const char *)anchor);
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	case YAML_DOCUMENT_START_EVENT:
		return on_document(b, e);
	case YAML_ALIAS_EVENT:
		return on_alias(b, e);
	case YAML_SCALAR_EVENT:
		refuse_anchor(b, e, e->data.scalar.anchor);
		return on_scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		refuse_anchor(b, e, e->data.sequence_start.anchor);
		return on_open(b, e, CONFIG_SEQUENCE);
	case YAML_MAPPING_START_EVENT:
		refuse_anchor(b, e, e->data.mapping_start.anchor);
		return on_open(b, e, CONFIG_MAPPING);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_close(b);
	}
	return 0;
}

/* ---- the parser ---- */

struct config_parser {
	struct builder builder;
	yaml_parser_t yaml;
	const char *text;
	size_t len;
};

struct config_parser *config_parser_new(const char *text, size_t len,
					struct config_findings *findings)
{
	struct config_parser *p = mem_new(1, sizeof(*p));
	p->builder.findings = findings;
	p->text = text;
	p->len = len;
	if (!yaml_parser_initialize(&p->yaml))
		abort(); /* out of memory, as lib/mem.h */
	yaml_parser_set_input_string(&p->yaml, (const unsigned char *)(len ? text : ""), len);
	p->builder.tree = config_tree_new();
	return p;
}

void config_parser_free(struct config_parser *p)
{
	if (!p)
		return;
	yaml_parser_delete(&p->yaml);
	free(p->builder.sorted);
	config_tree_free(p->builder.tree);
	free(p);
}

static int next_event(struct config_parser *p, bool *ret_done)
{
	yaml_event_t e;
	if (!yaml_parser_parse(&p->yaml, &e)) {
		config_yaml_report(&p->yaml, p->text, p->len, p->builder.findings);
		return -EINVAL;
	}
	*ret_done = e.type == YAML_STREAM_END_EVENT;
	int r = on_event(&p->builder, &e);
	yaml_event_delete(&e);
	return r;
}

int config_parser_step(struct config_parser *p, size_t events, struct config_tree **ret)
{
	bool done = false;
	int r = 0;
	if (p->len > CONFIG_FILE_MAX) {
		config_error(p->builder.findings, config_at_line(0, 0),
			     "larger than the maximum of %zu MB", CONFIG_FILE_MAX >> 20);
		return -EINVAL;
	}
	for (; events > 0 && !done && r == 0; events--)
		r = next_event(p, &done);
	if (r < 0 || !done)
		return r < 0 ? r : 1;
	*ret = p->builder.tree;
	p->builder.tree = NULL;
	return 0;
}

int config_parse(const char *text, size_t len, struct config_tree **ret,
		 struct config_findings *findings)
{
	struct config_parser *p = config_parser_new(text, len, findings);
	int r = config_parser_step(p, SIZE_MAX, ret);
	config_parser_free(p);
	return r;
}
