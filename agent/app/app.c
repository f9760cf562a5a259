/* SPDX-License-Identifier: MIT */
#include "agent/app/app.h"

#include <string.h>

struct app *app_get(const struct registry *reg, const char *name)
{
	struct app *app;
	HASH_FIND(hh, reg->apps, name, strlen(name), app);
	return app;
}

void app_table_add(struct registry *reg, struct app *app)
{
	app->registry = reg;
	reg->changes++;
	HASH_ADD_KEYPTR(hh, reg->apps, app->spec->name, strlen(app->spec->name), app);
	reg->n_by_health[app->health]++;
}

void app_table_remove(struct registry *reg, struct app *app)
{
	list_for_each (it, &reg->cursors) {
		struct app_cursor *c = list_entry(it, struct app_cursor, node);
		if (c->next == app)
			c->next = app->hh.next;
	}
	HASH_DELETE(hh, reg->apps, app);
	reg->changes++;
	reg->n_by_health[app->health]--;
}

struct app *app_of_due(enum due_kind kind, const struct registry *reg, struct deadline *entry)
{
	if (entry == &reg->agent_undrain)
		return NULL;
	return (struct app *)(void *)((char *)(entry - kind) - offsetof(struct app, due));
}

void app_cursor_init(struct registry *reg, struct app_cursor *c)
{
	c->next = reg->apps;
	list_append(&reg->cursors, &c->node);
}

const struct app *app_cursor_next(struct app_cursor *c)
{
	const struct app *app = c->next;
	if (app)
		c->next = app->hh.next;
	return app;
}

void app_cursor_done(struct app_cursor *c)
{
	list_remove(&c->node);
}
