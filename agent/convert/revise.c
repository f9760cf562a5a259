/* SPDX-License-Identifier: MIT */
#include "agent/convert/revise.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/build.h"
#include "agent/config/check_agent.h"
#include "agent/config/check_announce.h"
#include "agent/config/check_apps.h"
#include "agent/config/check_bgp.h"
#include "agent/config/check_programs.h"
#include "agent/config/draft.h"
#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/config/yaml_print.h"
#include "lib/array.h"
#include "lib/str.h"

/* A removal may cause another error, such as in an app that named a removed peer. */
#define ROUNDS_MAX 20
#define CHECK_APPS 1000

/* ---- the checks ---- */

static void check_draft(struct config_draft *draft, const struct config_node *root,
			struct config_findings *findings)
{
	const struct config_node *apps = config_node_get(root, "apps");
	config_build(root, draft, findings);
	draft->first_app = apps ? apps->first : NULL;
	config_check_agent(draft, root, findings);
	config_check_bgp(draft, root, findings);
	config_check_programs(draft, root, findings);
	struct config_apps_check *step = config_apps_check_new(draft, findings);
	while (config_apps_check_step(step, CHECK_APPS))
		;
	config_apps_check_free(step);
	config_check_announce(draft, findings);
}

static void check(const struct convert *c, struct config_findings *findings)
{
	char *text = NULL;
	size_t len = 0;
	struct config_tree *tree = NULL;
	struct config_draft draft = { 0 };
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort(); /* as lib/mem.h, which says why */
	config_yaml_print(c->document, out);
	fclose(out);
	if (config_parse(text, len, &tree, findings) == 0)
		check_draft(&draft, config_tree_root(tree), findings);
	config_draft_done(&draft);
	config_tree_free(tree);
	free(text);
}

/* ---- what an error is about ---- */

/* A value in the document, by the object or list that holds it. */
struct spot {
	json_t *parent;
	char key[64]; /* of an object */
	size_t index; /* of a list */
};

static json_t *spot_value(const struct spot *s)
{
	return json_is_array(s->parent) ? json_array_get(s->parent, s->index)
					: json_object_get(s->parent, s->key);
}

/* The next step of "apps[3].monitors[0]"; false at its end, or when it is not a path. */
static bool next_step(const char **path, struct spot *s)
{
	const char *p = *path;
	char *end;
	if (*p == '[') {
		s->index = strtoul(p + 1, &end, 10);
		*path = *end == ']' ? end + 1 : end;
		return *end == ']' && json_is_array(s->parent);
	}
	p += *p == '.';
	size_t n = strcspn(p, ".[");
	if (n == 0 || n >= sizeof(s->key) || !json_is_object(s->parent))
		return false;
	memcpy(s->key, p, n);
	s->key[n] = 0;
	*path = p + n;
	return true;
}

/* Without one of these the object around it means something else, or nothing. */
static bool is_vital(const struct spot *list_item, const char *key)
{
	static const char *const keys[] = { "name",    "vip",       "monitors", "peer_ip",
					    "peer_as", "on",        "exec",     "run",
					    "allow",   "interface", "bind",     "except_peers",
					    "peers" };
	for (size_t i = 0; list_item->parent && i < ARRAY_SIZE(keys); i++)
		if (str_equal(key, keys[i]))
			return true;
	return false;
}

static size_t n_left(const json_t *list)
{
	size_t n = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		n += !json_is_null(json_array_get(list, i));
	return n;
}

static bool is_one_of(const char *word, size_t len, const char *const names[])
{
	for (; *names; names++)
		if (strlen(*names) == len && strncmp(word, *names, len) == 0)
			return true;
	return false;
}

/* Whether the enclosing object is valid without the value although the key is vital: one of several
 * VIPs, or an option of how often a check is made and counted. `rest`: the path behind the key. */
static bool is_spare(const char *key, const json_t *value, const char *rest)
{
	static const char *const lists[] = { "vip", "peers", "allow", NULL };
	static const char *const options[] = { "interval", "fast_interval", "timeout",
					       "rise",     "fall",          NULL };
	const char *option = strstr(rest, "].");
	if (!json_is_array(value) || *rest != '[')
		return false;
	if (is_one_of(key, strlen(key), lists))
		return n_left(value) > 1;
	return str_equal(key, "monitors") && option &&
	       is_one_of(option + 2, strcspn(option + 2, ".["), options);
}

static struct convert_at origin_of(const struct convert *c, const json_t *object, const char *key,
				   struct convert_at otherwise)
{
	for (size_t i = 0; i < c->n_origins; i++)
		if (c->origins[i].object == object && str_same(c->origins[i].key, key))
			return c->origins[i].at;
	return otherwise;
}

/* The value to remove; parent NULL: none. *ret_at: its origin. */
static struct spot find(const struct convert *c, const char *path, struct convert_at *ret_at)
{
	struct spot at = { .parent = c->document }, item = { 0 }, last = { 0 };
	while (next_step(&path, &at)) {
		json_t *value = spot_value(&at);
		if (is_vital(&item, at.key) && !json_is_array(at.parent) &&
		    !is_spare(at.key, value, path)) {
			*ret_at = origin_of(c, at.parent, at.key, *ret_at);
			return item;
		}
		if (!value)
			return item;
		last = at;
		if (json_is_object(at.parent))
			*ret_at = origin_of(c, at.parent, at.key, *ret_at);
		*ret_at = origin_of(c, value, NULL, *ret_at);
		if (json_is_array(at.parent) && json_is_object(value))
			item = at;
		at = (struct spot){ .parent = value };
	}
	return last;
}

/* ---- taking out ---- */

/* NOLINTBEGIN(misc-no-recursion): as deep as the schema */
static void sweep_list(json_t *list);

static void sweep_object(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(object, next, key, value)
	{
		bool was_full = json_array_size(value) > 0 || json_object_size(value) > 0;
		if (json_is_array(value))
			sweep_list(value);
		else if (json_is_object(value))
			sweep_object(value);
		bool empty = json_array_size(value) == 0 && json_object_size(value) == 0;
		if (json_is_null(value) || (was_full && empty))
			json_object_del(object, key);
	}
}

static void sweep_list(json_t *list)
{
	for (size_t i = json_array_size(list); i > 0; i--) {
		json_t *value = json_array_get(list, i - 1);
		if (json_is_null(value))
			json_array_remove(list, i - 1);
		else if (json_is_object(value))
			sweep_object(value);
	}
}
/* NOLINTEND(misc-no-recursion) */

/* An error that stays comes back in every round. */
static bool is_remarked(const struct convert *c, const char *text)
{
	for (size_t i = 0; i < c->n_remarks; i++)
		if (c->remarks[i].severity == CONVERT_LOST && str_equal(c->remarks[i].text, text))
			return true;
	return false;
}

/* "… of app 'dns' in line 18": lines of what comes out say nothing here. */
static void drop_line(char *text)
{
	char *at = strstr(text, " in line ");
	size_t n = at ? strspn(at + 9, "0123456789") : 0;
	if (n > 0 && !at[9 + n])
		*at = 0;
}

/* Positions in lists say little to the reader of another file: "dns: vip: …" for "apps[3].vip". */
static void describe(const struct convert *c, const struct config_finding *f,
		     char text[static 1024])
{
	struct spot at = { .parent = c->document };
	const char *path = f->path, *rest = f->path, *name = "";
	while (next_step(&path, &at) && spot_value(&at)) {
		bool in_list = json_is_array(at.parent);
		at = (struct spot){ .parent = spot_value(&at) };
		if (!in_list || !json_is_object(at.parent))
			continue;
		const char *own = convert_get(
			at.parent, json_object_get(at.parent, "name") ? "name" : "peer_ip");
		if (!*own && *name)
			continue; /* a monitor of an app */
		rest = path + (*path == '.');
		name = own;
	}
	snprintf(text, 1024, "%s%s%s%s%s", name, *name ? ": " : "", rest, *rest ? ": " : "",
		 f->text);
}

static bool remove_value(struct convert *c, const struct config_finding *f)
{
	char text[1024];
	struct convert_at at = { 0 };
	struct spot spot = find(c, f->path, &at);
	bool found = spot.parent != NULL;
	if (found && json_is_null(spot_value(&spot)))
		return true; /* for another error */
	describe(c, f, text);
	drop_line(text);
	if (found || !is_remarked(c, text))
		convert_lost(c, at, NULL, "%s", text);
	if (found && json_is_array(spot.parent))
		json_array_set_new(spot.parent, spot.index, json_null());
	else if (found)
		json_object_set_new(spot.parent, spot.key, json_null());
	return found;
}

void convert_revise(struct convert *c)
{
	bool changed = true;
	for (unsigned round = 0; changed && round < ROUNDS_MAX; round++) {
		struct config_findings findings = { 0 };
		check(c, &findings);
		changed = false;
		for (size_t i = 0; i < findings.n; i++)
			if (findings.items[i].severity == CONFIG_ERROR)
				changed |= remove_value(c, &findings.items[i]);
		sweep_object(c->document);
		config_findings_done(&findings);
	}
}
