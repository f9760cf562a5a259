/* SPDX-License-Identifier: MIT */
#include "agent/daemon/reload_effects.h"

#include <stdlib.h>

#include "agent/config/app_index.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/privileges.h"
#include "agent/status/view_diff.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/launcher.h"

struct named {
	const char *name;
	UT_hash_handle hh;
};

/* The apps that the difference names. */
struct names {
	struct named *table, *items;
};

static void names_make(struct names *names, const struct config_diff *d)
{
	names->items = mem_new(d->n + 1, sizeof(*names->items));
	for (size_t i = 0; i < d->n; i++) {
		struct named *entry = &names->items[i];
		entry->name = d->items[i].name;
		if (d->items[i].object == CONFIG_APP)
			HASH_ADD_KEYPTR(hh, names->table, entry->name, strlen(entry->name), entry);
	}
}

static bool names_has(const struct names *names, const char *name)
{
	struct named *found;
	HASH_FIND_STR(names->table, name, found);
	return found;
}

static void names_done(struct names *names)
{
	HASH_CLEAR(hh, names->table);
	free(names->items);
}

void reload_effects_add(const struct agent *a, const struct config *next, struct config_diff *d)
{
	struct app_index index = { 0 };
	struct names names = { 0 };
	/* The start still registers them. */
	if (!sources_registered(a->sources))
		return;
	for (size_t i = 0; i < a->config->n_apps; i++) {
		const char *name = a->config->apps[i].name;
		if (registry_find(a->registry, name))
			continue;
		app_index_make(&index, next);
		if (!names.items)
			names_make(&names, d);
		if (app_index_find(&index, name) && !names_has(&names, name))
			config_diff_add_app(d, name);
	}
	names_done(&names);
	app_index_done(&index);
}

static bool has_text(const json_t *array, const char *text)
{
	size_t i;
	json_t *value;
	json_array_foreach(array, i,
			   value) if (str_equal(json_string_value(value), text)) return true;
	return false;
}

/* Keys that need a capability that the agent had when it started, and dropped. */
static void add_given_up(const struct agent *a, const struct config *next, json_t *keys)
{
	struct capability_needs needs;
	privileges_find_again(next, a->exec_user, &a->program_users, &needs);
	for (size_t i = 0; i < needs.n; i++) {
		const struct capability_need *need = &needs.items[i];
		if (need->missing && a->given_up >> need->number & 1 && !has_text(keys, need->key))
			json_array_append_new(keys, json_string(need->key));
	}
}

json_t *reload_effects_restart(const struct agent *a, const struct config *next,
			       const struct config_diff *d)
{
	json_t *keys = view_diff_restart(d);
	add_given_up(a, next, keys);
	/* The launcher was given up at the start, when no source was allowed to run commands. */
	if (launcher_is_forbidden() && next->agent.admission.exec != MONITORS_FROM_NONE)
		json_array_append_new(keys, json_string("agent.exec.allow_from"));
	return keys;
}
