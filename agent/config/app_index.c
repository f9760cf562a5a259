/* SPDX-License-Identifier: MIT */
#include "agent/config/app_index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void app_index_init(struct app_index *index, const struct config *c)
{
	*index = (struct app_index){ .items = mem_new(c->n_apps + 1, sizeof(*index->items)),
				     .n = c->n_apps };
	for (size_t i = 0; i < c->n_apps; i++) {
		struct app_index_entry *item = &index->items[i];
		item->spec = &c->apps[i];
		HASH_ADD_KEYPTR(hh, index->table, item->spec->name, strlen(item->spec->name), item);
	}
}

void app_index_done(struct app_index *index)
{
	HASH_CLEAR(hh, index->table);
	free(index->items);
	*index = (struct app_index){ 0 };
}

struct app_index_entry *app_index_find(const struct app_index *index, const char *name)
{
	struct app_index_entry *item;
	HASH_FIND(hh, index->table, name, strlen(name), item);
	return item;
}
