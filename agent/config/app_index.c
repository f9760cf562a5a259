/* SPDX-License-Identifier: MIT */
#include "agent/config/app_index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static void add_vips(struct app_index *index, const struct config *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n_apps; i++)
		n += c->apps[i].n_vips;
	index->vip_items = mem_new(n + 1, sizeof(*index->vip_items));
	struct app_index_vip *item = index->vip_items;
	for (size_t i = 0; i < c->n_apps; i++)
		for (size_t j = 0; j < c->apps[i].n_vips; j++, item++) {
			item->vip = c->apps[i].vips[j];
			item->spec = &c->apps[i];
			HASH_ADD(hh, index->vips, vip, sizeof(item->vip), item);
		}
}

void app_index_init(struct app_index *index, const struct config *c)
{
	*index = (struct app_index){ .items = mem_new(c->n_apps + 1, sizeof(*index->items)),
				     .n = c->n_apps };
	for (size_t i = 0; i < c->n_apps; i++) {
		struct app_index_entry *item = &index->items[i];
		item->spec = &c->apps[i];
		HASH_ADD_KEYPTR(hh, index->table, item->spec->name, strlen(item->spec->name), item);
	}
	add_vips(index, c);
}

void app_index_done(struct app_index *index)
{
	HASH_CLEAR(hh, index->table);
	free(index->items);
	HASH_CLEAR(hh, index->vips);
	free(index->vip_items);
	*index = (struct app_index){ 0 };
}

struct app_index_entry *app_index_find(const struct app_index *index, const char *name)
{
	struct app_index_entry *item;
	HASH_FIND(hh, index->table, name, strlen(name), item);
	return item;
}

const struct app_spec *app_index_of_vip(const struct app_index *index, const struct prefix *vip)
{
	struct app_index_vip *item;
	HASH_FIND(hh, index->vips, vip, sizeof(*vip), item);
	return item ? item->spec : NULL;
}

bool config_has_vip(const struct config *c, const struct prefix *vip)
{
	for (size_t i = 0; i < c->n_apps; i++)
		for (size_t j = 0; j < c->apps[i].n_vips; j++)
			if (prefix_cmp(&c->apps[i].vips[j], vip) == 0)
				return true;
	return false;
}
