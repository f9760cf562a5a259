/* SPDX-License-Identifier: MIT */
#include "agent/config/build.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/findings.h"
#include "agent/config/key.h"
#include "agent/config/schema.h"
#include "agent/config/schema_api.h"
#include "agent/config/schema_apps.h"
#include "agent/config/schema_log.h"
#include "agent/config/template.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static void build_section(struct config_build *b, const struct config_node *node,
			  const struct config_section *s, void *target);

/* ---- values ---- */

static void wrong_kind(struct config_build *b, const struct config_node *node, const char *expected)
{
	config_error(b->findings, config_at(node), "expected %s, found %s", expected,
		     config_node_kind_text(node));
}

/* "exec: true" with a space is a mapping in YAML. */
static void not_a_value(struct config_build *b, const struct config_node *node,
			const struct config_key *key)
{
	const struct config_node *only = node->n_children == 1 ? node->first : NULL;
	if (key->shape == CONFIG_VALUES && !key->item && only && only->key && only->text)
		config_error(b->findings, config_at(node),
			     "expected a value, found a mapping: quote '%.40s: %.40s', or remove "
			     "the space after ':'",
			     only->key, only->text);
	else
		wrong_kind(b, node, "a value");
}

/* A mapping in place of a value. Errors inside it have been reported already. */
static void set_item(struct config_build *b, const struct config_node *node,
		     const struct config_key *key, void *target)
{
	struct err err = { "" };
	void *item = mem_new(1, key->item->size);
	size_t before = b->findings->n_errors;
	build_section(b, node, key->section, item);
	if (b->findings->n_errors == before && key->item->adopt(item, target, &err) < 0)
		config_error(b->findings, config_at(node), "%s", err.text);
	key->item->done(item);
	free(item);
}

static void set_value(struct config_build *b, const struct config_node *node,
		      const struct config_key *key, void *target)
{
	struct err err = { "" };
	if (node->kind == CONFIG_MAPPING && key->item) {
		set_item(b, node, key, target);
		return;
	}
	if (node->kind != CONFIG_SCALAR) {
		not_a_value(b, node, key);
		return;
	}
	if (key->flags & CONFIG_SECRET && str_equal(node->text, CONFIG_HIDDEN)) {
		config_error(b->findings, config_at(node),
			     "'" CONFIG_HIDDEN "' stands for a secret that 'config show' does not "
			     "print: insert it");
		return;
	}
	if (key->flags & CONFIG_SECRET && !b->secret && node->text[0])
		b->secret = node;
	int r = key->type->set(key, node->text, target, &err);
	if (r < 0)
		config_error(b->findings, config_at(node), "%s%s", err.text,
			     config_template_hint(node->text, strlen(node->text)));
	else if (r > 0)
		config_warn(b->findings, config_at(node), "%s", err.text);
}

static void set_values(struct config_build *b, const struct config_node *node,
		       const struct config_key *key, void *target)
{
	if (node->kind == CONFIG_SCALAR || (node->kind == CONFIG_MAPPING && key->item)) {
		set_value(b, node, key, target);
		return;
	}
	if (node->kind != CONFIG_SEQUENCE) {
		not_a_value(b, node, key);
		return;
	}
	if (!node->first && key->flags & CONFIG_REQUIRED)
		config_error(b->findings, config_at(node), "empty list");
	for (const struct config_node *c = node->first; c; c = c->next) {
		if (c->kind == CONFIG_BROKEN)
			continue;
		if (config_node_is_null(c))
			config_error(b->findings, config_at(c), "empty list item");
		else
			set_value(b, c, key, target);
	}
}

static void build_element(struct config_build *b, const struct config_node *node,
			  const struct config_key *key, void *target)
{
	void *element = key->add(target);
	if (node->kind != CONFIG_BROKEN)
		build_section(b, node, key->section, element);
}

static void build_sections(struct config_build *b, const struct config_node *node,
			   const struct config_key *key, void *target)
{
	if (node->kind != CONFIG_SEQUENCE) {
		wrong_kind(b, node, "a list of mappings ('- key: value')");
		return;
	}
	if (key->section == &config_app_section) {
		b->next = node->first;
		b->list = key;
		b->list_target = target;
		return;
	}
	for (const struct config_node *c = node->first; c; c = c->next)
		build_element(b, c, key, target);
}

/* ---- sections ---- */

#define CANDIDATES_MAX 64

static void add_candidates(const char **names, size_t *n, const struct config_section *s,
			   bool shared)
{
	for (const struct config_key *k = config_section_keys(s); k->name; k++) {
		if (shared && k->flags & CONFIG_NOT_SHARED)
			continue;
		if (*n + 1 < CANDIDATES_MAX)
			names[(*n)++] = k->name;
		if (k->alias && *n + 1 < CANDIDATES_MAX)
			names[(*n)++] = k->alias;
		if (k->alias2 && *n + 1 < CANDIDATES_MAX)
			names[(*n)++] = k->alias2;
	}
	if (s->shared)
		add_candidates(names, n, s->shared, true);
}

/* The section that has such a key: wrong indentation is a common mistake. Names of modules of the
 * log are words that are meant otherwise nearly always, and those of a token are rarer than their
 * counterparts. */
static const struct config_section *section_with(const char *name)
{
	size_t offset;
	for (const struct config_section *const *s = config_sections; *s; s++)
		if (*s != &config_log_modules_section && *s != &config_api_vips_section &&
		    config_section_find(*s, name, &offset))
			return *s;
	return NULL;
}

/* "exec:curl -H 'Host: x'" is a mapping in YAML; no key contains a colon. */
static void report_unquoted(struct config_build *b, const struct config_node *node)
{
	const char *value = node->text ? node->text : "";
	char quote = strchr(node->key, '\'') || strchr(value, '\'') ? '"' : '\'';
	config_error(
		b->findings, config_at(node->parent),
		"YAML reads '%.60s' as a key because ': ' follows: quote the value as a whole, "
		"like %c%.60s: %.60s%c%s",
		node->key, quote, node->key, value, quote,
		quote == '"' && (strchr(node->key, '"') || strchr(value, '"'))
			? " with \\\" for each inner \""
			: "");
}

static void report_unknown(struct config_build *b, const struct config_node *node,
			   const struct config_section *s)
{
	if (strchr(node->key, ':')) {
		report_unquoted(b, node);
		return;
	}
	const char *names[CANDIDATES_MAX] = { NULL };
	size_t n = 0;
	char text[400];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	add_candidates(names, &n, s, false);
	const char *nearest = str_nearest(node->key, names);
	const struct config_section *elsewhere = section_with(node->key);
	strbuf_add(&sb, "unknown key");
	if (nearest)
		strbuf_add(&sb, ", did you mean '%s'?", nearest);
	if (elsewhere)
		strbuf_add(&sb, "%s '%s' is a key of %s", nearest ? "" : ":", node->key,
			   elsewhere->path[0] ? elsewhere->path : "the file itself");
	if (!nearest && !elsewhere)
		for (size_t i = 0; i < n; i++)
			strbuf_add(&sb, "%s%s", i > 0 ? ", " : ", expected one of ", names[i]);
	config_error(b->findings, config_at_key(node), "%s", text);
}

/* Two names of one key are an error. */
static bool is_given_already(struct config_build *b, const struct config_node *node,
			     const struct config_key *key)
{
	const char *const names[] = { key->name, key->alias, key->alias2 };
	for (size_t i = 0; i < ARRAY_SIZE(names) && names[i]; i++) {
		const struct config_node *twin = config_node_get(node->parent, names[i]);
		if (!twin || twin->index >= node->index)
			continue;
		config_error(b->findings, config_at_key(node),
			     "same key as '%s' in line %u, specify one of them", names[i],
			     twin->key_line);
		return true;
	}
	return false;
}

static void build_key(struct config_build *b, const struct config_node *node,
		      const struct config_key *key, void *target)
{
	if (key->alias && is_given_already(b, node, key))
		return;
	switch (key->shape) {
	case CONFIG_VALUE:
		set_value(b, node, key, target);
		break;
	case CONFIG_VALUES:
		set_values(b, node, key, target);
		break;
	case CONFIG_SECTION:
		if (key->flags & CONFIG_MAPPING_IS_TRUE && node->kind == CONFIG_MAPPING)
			*(bool *)config_field(key, target) = true;
		if (key->type && node->kind == CONFIG_SCALAR)
			set_value(b, node, key, target);
		else if (key->type && node->kind == CONFIG_SEQUENCE)
			wrong_kind(b, node, "a value or a mapping ('key: value')");
		else
			build_section(b, node, key->section, config_section_target(key, target));
		break;
	case CONFIG_SECTIONS:
		build_sections(b, node, key, config_field(key, target));
		break;
	}
}

/* Values before mappings before lists, in any order of the file: what `bgp` says about sessions are
 * defaults of its peers. */
static int pass_of(const struct config_key *key)
{
	switch (key->shape) {
	case CONFIG_VALUE:
	case CONFIG_VALUES:
		break;
	case CONFIG_SECTION:
		return 1;
	case CONFIG_SECTIONS:
		return 2;
	}
	return 0;
}

static const struct config_node *child_of(const struct config_node *mapping, const char *key)
{
	for (const struct config_node *c = mapping->first; c; c = c->next)
		if (str_equal(c->key, key))
			return c;
	return NULL;
}

static void report_missing(struct config_build *b, const struct config_node *node,
			   const struct config_section *s)
{
	for (const struct config_key *k = config_section_keys(s); k->name; k++) {
		if (!(k->flags & CONFIG_REQUIRED))
			continue;
		const struct config_node *c = child_of(node, k->name);
		if (!c && k->alias)
			c = child_of(node, k->alias);
		if (!c && k->alias2)
			c = child_of(node, k->alias2);
		if (!c)
			config_error(b->findings, config_at_missing(node, k->name), "missing: %s",
				     k->doc);
		else if (config_node_is_null(c))
			config_error(b->findings, config_at_key(c), "empty: %s", k->doc);
	}
}

/* A mapping by name: the entry of one name. */
static void build_entry(struct config_build *b, const struct config_node *node,
			const struct config_section *s, void *target)
{
	struct err err = { "" };
	void *entry = s->add_entry(target, node->key, &err);
	if (entry)
		build_section(b, node, s->entry, entry);
	else
		config_error(b->findings, config_at_key(node), "%s", err.text);
}

static void build_section(struct config_build *b, const struct config_node *node,
			  const struct config_section *s, void *target)
{
	if (!config_node_is_null(node) && node->kind != CONFIG_MAPPING) {
		wrong_kind(b, node, "a mapping ('key: value')");
		return;
	}
	for (int pass = 0, last = 0; pass <= last; pass++)
		for (const struct config_node *c = node->first; c; c = c->next) {
			size_t offset = 0;
			if (c->kind == CONFIG_BROKEN)
				continue;
			const struct config_key *k = config_section_find(s, c->key, &offset);
			if (!k && pass == 0 && s->entry && !c->key_broken)
				build_entry(b, c, s, target);
			else if (!k && pass == 0 && !c->key_broken)
				report_unknown(b, c, s);
			if (!k || config_node_is_null(c))
				continue;
			if (pass_of(k) > last)
				last = pass_of(k);
			if (pass_of(k) == pass)
				build_key(b, c, k, (char *)target + offset);
		}
	report_missing(b, node, s);
}

void config_build_begin(struct config_build *b, const struct config_node *root,
			struct config_draft *draft, struct config_findings *findings)
{
	draft->agent.nomad.nomad = true;
	*b = (struct config_build){ .findings = findings };
	config_section_defaults(&config_schema, draft);
	if (config_node_is_null(root))
		config_error(findings, config_at_line(0, 0),
			     "the file is empty: a minimal configuration is "
			     "'bgp: { local_as: 65001, peer_as: 65000 }', "
			     "config.example.yaml shows all keys");
	else
		build_section(b, root, &config_schema, draft);
}

void config_build_app(const struct config_node *root, struct app_spec *spec,
		      struct config_findings *findings)
{
	struct config_build b = { .findings = findings };
	config_section_defaults(&config_app_section, spec);
	if (config_node_is_null(root))
		wrong_kind(&b, root, "a mapping ('key: value')");
	else
		build_section(&b, root, &config_app_section, spec);
}

/* A file without anything is probably half written. */
static const struct config_node *find_apps(struct config_build *b, const struct config_node *root)
{
	const struct config_node *apps = NULL;
	if (config_node_is_null(root))
		config_error(b->findings, config_at_line(0, 0),
			     "the file is empty: expected 'apps:' with a list; delete the file, or "
			     "write 'apps: []', to remove its apps");
	else if (root->kind != CONFIG_MAPPING)
		wrong_kind(b, root, "a mapping with 'apps:'");
	for (const struct config_node *c = root ? root->first : NULL; c; c = c->next)
		if (c->kind == CONFIG_BROKEN || c->key_broken || root->kind != CONFIG_MAPPING)
			continue;
		else if (str_equal(c->key, "apps"))
			apps = c;
		else
			config_error(b->findings, config_at_key(c),
				     "an included file has 'apps' only, other keys belong into the "
				     "configuration file");
	if (!apps && root && root->kind == CONFIG_MAPPING)
		config_error(b->findings, config_at_missing(root, "apps"), "missing");
	return apps;
}

void config_build_include(struct config_build *b, const struct config_node *root,
			  struct config_draft *draft, struct config_findings *findings)
{
	size_t offset = 0;
	*b = (struct config_build){ .findings = findings };
	const struct config_node *apps = find_apps(b, root);
	const struct config_key *key = config_section_find(&config_schema, "apps", &offset);
	if (apps && config_node_is_null(apps))
		config_error(findings, config_at_key(apps), "expected a list, found nothing");
	else if (apps)
		build_key(b, apps, key, (char *)draft + offset);
}

bool config_build_step(struct config_build *b, size_t elements)
{
	for (; elements > 0 && b->next; elements--) {
		build_element(b, b->next, b->list, b->list_target);
		b->next = b->next->next;
	}
	return b->next;
}

void config_build(const struct config_node *root, struct config_draft *draft,
		  struct config_findings *findings)
{
	struct config_build b;
	config_build_begin(&b, root, draft, findings);
	while (config_build_step(&b, SIZE_MAX))
		;
}
