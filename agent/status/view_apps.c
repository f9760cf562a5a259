/* SPDX-License-Identifier: MIT */
#include "agent/status/view_apps.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/status/json_out.h"
#include "agent/status/view_app.h"
#include "lib/mem.h"

struct app_list {
	struct status_sources in;
	struct app_cursor cursor; /* as registered */
	char **names;             /* in an order; NULL: as registered */
	size_t n, at;             /* how many are shown, and have been */
	char head[48];            /* the begin of the answer */
	enum { LIST_HEAD, LIST_FIRST, LIST_MORE, LIST_ENDED } state;
};

static const struct app *next_in_order(struct app_list *list)
{
	const struct app *app = NULL;
	while (!app && list->at < list->n) /* it may have gone meanwhile */
		app = registry_find(list->in.registry, list->names[list->at++]);
	return app;
}

static const struct app *next_app(struct app_list *list)
{
	if (list->names)
		return next_in_order(list);
	return list->at++ < list->n ? app_cursor_next(&list->cursor) : NULL;
}

static char *begin(struct app_list *list)
{
	list->state = LIST_FIRST;
	return mem_strdup(list->head);
}

/* One line per app, for grep. */
static char *next_piece(void *userdata)
{
	struct app_list *list = userdata;
	struct json_out o = { 0 };
	if (list->state == LIST_HEAD)
		return begin(list);
	if (list->state == LIST_ENDED)
		return NULL;
	const struct app *app = next_app(list);
	if (!app) {
		list->state = LIST_ENDED;
		return mem_strdup("\n]}\n");
	}
	json_out_add(&o, list->state == LIST_FIRST ? "\n" : ",\n");
	view_app_add_summary(&o, &list->in, app);
	list->state = LIST_MORE;
	return o.text;
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

static size_t total(const struct status_sources *in)
{
	size_t n = 0;
	for (enum health health = HEALTH_UNKNOWN; health <= HEALTH_DOWN; health++)
		n += registry_n(in->registry, health);
	return n;
}

struct stream *view_apps(const struct status_sources *in, const struct app_query *query)
{
	static const struct stream_text_ops ops = { .next = next_piece, .done = free_app_list };
	struct app_list *list = mem_new(1, sizeof(*list));
	list->in = *in;
	list->n = query->limit ? query->limit : SIZE_MAX;
	app_cursor_init(in->registry, &list->cursor);
	if (query->sort != APP_SORT_NONE)
		put_in_order(list, query);
	if (query->limit)
		snprintf(list->head, sizeof(list->head), "{\"total\":%zu,\"apps\":[", total(in));
	else
		snprintf(list->head, sizeof(list->head), "{\"apps\":[");
	return stream_new_text(&ops, list);
}
