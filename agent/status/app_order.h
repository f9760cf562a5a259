/* SPDX-License-Identifier: MIT */
/*
 * Which apps of a long list are shown, and in which order: the first `limit` of an order, which
 * cost a walk over all and a place for each that is kept. Pure.
 */
#ifndef AGENT_STATUS_APP_ORDER_H
#define AGENT_STATUS_APP_ORDER_H

#include <stddef.h>

#include "agent/model/app_state.h"
#include "lib/err.h"
#include "lib/mono.h"

enum app_sort {
	APP_SORT_NONE,   /* as registered */
	APP_SORT_STATE,  /* the worst first, then by name */
	APP_SORT_CHANGE, /* the last change of health first, then by name */
	APP_SORT_NAME,   /* numbers in names as numbers */
};

#define APP_LIMIT_MAX 1000 /* with an order */

struct app_query {
	enum app_sort sort;
	size_t limit; /* 0: all */
};

/* "state", "change", "name"; -EINVAL with a text. */
int app_sort_parse(const char *text, enum app_sort *ret, struct err *err);

struct app_key {
	const char *name;
	enum app_state state;
	mono_t since;
};

/* The first ones of those that were added, as a heap with the last of them on top. */
struct app_order {
	enum app_sort sort;
	size_t limit, n;
	struct app_key *keys;
};

void app_order_init(struct app_order *o, const struct app_query *query);
/* The name is a view. */
void app_order_add(struct app_order *o, const struct app_key *key);
/* Puts them in order; none can be added afterwards. */
void app_order_sort(struct app_order *o);
void app_order_done(struct app_order *o);

#endif
