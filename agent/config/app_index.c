/* SPDX-License-Identifier: MIT */
#include "agent/config/app_index.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void app_index_make(struct app_index *index, const struct config *c)
{
	if (index->items)
		return;
	index->items = mem_new(c->n_apps + 1, sizeof(*index->items));
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

const struct app_spec *app_index_find(const struct app_index *index, const char *name)
{
	struct app_index_entry *item;
	HASH_FIND(hh, index->table, name, strlen(name), item);
	return item ? item->spec : NULL;
}

void vip_index_make(struct vip_index *index, const struct config *c)
{
	size_t n = 0;
	if (index->items)
		return;
	for (size_t i = 0; i < c->n_apps; i++)
		n += c->apps[i].n_vips;
	index->items = mem_new(n + 1, sizeof(*index->items));
	struct vip_index_entry *item = index->items;
	for (size_t i = 0; i < c->n_apps; i++)
		for (size_t j = 0; j < c->apps[i].n_vips; j++, item++) {
			item->vip = c->apps[i].vips[j];
			item->spec = &c->apps[i];
			HASH_ADD(hh, index->table, vip, sizeof(item->vip), item);
		}
}

void vip_index_done(struct vip_index *index)
{
	HASH_CLEAR(hh, index->table);
	free(index->items);
	*index = (struct vip_index){ 0 };
}

const struct app_spec *vip_index_find(const struct vip_index *index, const struct prefix *vip)
{
	struct vip_index_entry *item;
	HASH_FIND(hh, index->table, vip, sizeof(*vip), item);
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
