/* SPDX-License-Identifier: MIT */
#include "agent/status/view_apps.h"

#include <stdbool.h>
#include <stdlib.h>

#include "agent/status/view_app.h"
#include "agent/status/view_json.h"
#include "lib/mem.h"

struct app_list {
	struct status_sources in;
	struct app_cursor cursor; /* as registered */
	char **names;             /* in an order; NULL: as registered */
	size_t n, at;             /* how many are shown, and have been */
};

static const struct app *next_in_order(struct app_list *list)
{
	const struct app *app = NULL;
	while (!app && list->at < list->n) /* it may have gone meanwhile */
		app = registry_find(list->in.registry, list->names[list->at++]);
	return app;
}

static json_t *next_app(void *userdata)
{
	struct app_list *list = userdata;
	const struct app *app;
	if (list->names)
		app = next_in_order(list);
	else
		app = list->at++ < list->n ? app_cursor_next(&list->cursor) : NULL;
	return app ? view_app_summary(&list->in, app) : NULL;
}

static void free_app_list(void *userdata)
{
	struct app_list *list = userdata;
	for (size_t i = 0; list->names && i < list->n; i++)
		free(list->names[i]);
	free(list->names);
	app_cursor_done(&list->cursor);
	free(list);
}

static void put_in_order(struct app_list *list, const struct app_query *query)
{
	struct app_order order;
	app_order_init(&order, query);
	for (const struct app *app; (app = app_cursor_next(&list->cursor));) {
		bool drained = app->drained_since != USEC_NEVER;
		const struct app_key key = { .name = app->spec->name,
					     .state = app_state_of(app->health, app->form, drained),
					     .since = app->health_since };
		app_order_add(&order, &key);
	}
	app_order_sort(&order);
	list->n = order.n;
	list->names = mem_new(order.n + 1, sizeof(*list->names));
	for (size_t i = 0; i < order.n; i++)
		list->names[i] = mem_strdup(order.keys[i].name);
	app_order_done(&order);
}

static json_t *total(const struct status_sources *in)
{
	size_t n = 0;
	for (enum health health = HEALTH_UNKNOWN; health <= HEALTH_DOWN; health++)
		n += registry_n(in->registry, health);
	return json_pack("{s:I}", "total", VIEW_INT(n));
}

struct stream *view_apps(const struct status_sources *in, const struct app_query *query)
{
	static const struct stream_ops ops = { next_app, free_app_list };
	struct app_list *list = mem_new(1, sizeof(*list));
	list->in = *in;
	list->n = query->limit ? query->limit : SIZE_MAX;
	app_cursor_init(in->registry, &list->cursor);
	if (query->sort != APP_SORT_NONE)
		put_in_order(list, query);
	return stream_new(query->limit ? total(in) : NULL, "apps", &ops, list);
}
