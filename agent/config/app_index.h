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
	bool marked; /* the user's */
	UT_hash_handle hh;
};

struct app_index_vip {
	struct prefix vip; /* the key; no padding in it */
	const struct app_spec *spec;
	UT_hash_handle hh;
};

struct app_index {
	struct app_index_entry *table, *items; /* items: in the order of the file */
	size_t n;
	struct app_index_vip *vips, *vip_items;
};

/* Views into the configuration, which has to outlive it. O(n). */
void app_index_init(struct app_index *index, const struct config *c);
void app_index_done(struct app_index *index);
/* NULL when there is none. */
struct app_index_entry *app_index_find(const struct app_index *index, const char *name);
/* The app that has the VIP; NULL: none. */
const struct app_spec *app_index_of_vip(const struct app_index *index, const struct prefix *vip);

/* Without an index, for one question. */
bool config_has_vip(const struct config *c, const struct prefix *vip);

#endif
