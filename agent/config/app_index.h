/* SPDX-License-Identifier: MIT */
/* The apps of a configuration by name, and by VIP. Pure. */
#ifndef AGENT_CONFIG_APP_INDEX_H
#define AGENT_CONFIG_APP_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/config/config.h"
#include "lib/hash.h"

struct app_index_entry {
	const struct app_spec *spec;
	UT_hash_handle hh;
};

/* Views into the configuration, which has to outlive it. All zero: not made yet. */
struct app_index {
	struct app_index_entry *table, *items; /* items: in the order of the file */
};

/* O(n) when it is not made yet. */
void app_index_make(struct app_index *index, const struct config *c);
void app_index_done(struct app_index *index);
/* NULL when there is none. */
const struct app_spec *app_index_find(const struct app_index *index, const char *name);

struct vip_index_entry {
	struct prefix vip; /* the key; no padding in it */
	const struct app_spec *spec;
	UT_hash_handle hh;
};

struct vip_index {
	struct vip_index_entry *table, *items;
};

/* As those of struct app_index. */
void vip_index_make(struct vip_index *index, const struct config *c);
void vip_index_done(struct vip_index *index);
const struct app_spec *vip_index_find(const struct vip_index *index, const struct prefix *vip);

/* Without an index, for one question. */
bool config_has_vip(const struct config *c, const struct prefix *vip);

#endif
