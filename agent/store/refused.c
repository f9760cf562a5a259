/* SPDX-License-Identifier: MIT */
#include "agent/store/refused.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

static void item_done(struct refused_app *a)
{
	free(a->name);
	free(a->text);
}

void refused_apps_add(struct refused_apps *r, const char *name, const char *text)
{
	r->items = mem_grow_by_one(r->items, r->n, sizeof(*r->items));
	r->items[r->n++] =
		(struct refused_app){ .name = mem_strdup(name), .text = mem_strdup(text) };
}

bool refused_apps_remove(struct refused_apps *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++) {
		if (!str_equal(r->items[i].name, name))
			continue;
		item_done(&r->items[i]);
		memmove(&r->items[i], &r->items[i + 1], (r->n - i - 1) * sizeof(*r->items));
		r->n--;
		return true;
	}
	return false;
}

void refused_apps_done(struct refused_apps *r)
{
	for (size_t i = 0; i < r->n; i++)
		item_done(&r->items[i]);
	free(r->items);
	*r = (struct refused_apps){ 0 };
}
