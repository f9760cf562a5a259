/* SPDX-License-Identifier: MIT */
#include "agent/status/app_order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

int app_sort_parse(const char *text, enum app_sort *ret, struct err *err)
{
	static const char *const names[] = {
		[APP_SORT_STATE] = "state", [APP_SORT_CHANGE] = "change", [APP_SORT_NAME] = "name"
	};
	for (size_t i = APP_SORT_STATE; i < ARRAY_SIZE(names); i++)
		if (str_equal(text, names[i])) {
			*ret = (enum app_sort)i;
			return 0;
		}
	return err_set(err, -EINVAL, "sort: '%.80s' is not state, change or name", text);
}

/* Is `a` shown before `b`? */
static bool is_before(enum app_sort sort, const struct app_key *a, const struct app_key *b)
{
	int x = app_state_rank(a->state), y = app_state_rank(b->state);
	if (sort == APP_SORT_STATE && x != y)
		return x < y;
	if (sort == APP_SORT_CHANGE && a->since != b->since)
		return a->since > b->since;
	return strverscmp(a->name, b->name) < 0;
}

static void swap(struct app_key *a, struct app_key *b)
{
	struct app_key c = *a;
	*a = *b;
	*b = c;
}

static void sift_up(struct app_order *o, size_t i)
{
	for (size_t up; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!is_before(o->sort, &o->keys[up], &o->keys[i]))
			return;
		swap(&o->keys[up], &o->keys[i]);
	}
}

static void sift_down(struct app_order *o, size_t n)
{
	for (size_t i = 0, down; (down = 2 * i + 1) < n; i = down) {
		if (down + 1 < n && is_before(o->sort, &o->keys[down], &o->keys[down + 1]))
			down++;
		if (!is_before(o->sort, &o->keys[i], &o->keys[down]))
			return;
		swap(&o->keys[i], &o->keys[down]);
	}
}

void app_order_init(struct app_order *o, const struct app_query *query)
{
	*o = (struct app_order){ .sort = query->sort, .limit = query->limit };
	o->keys = mem_new(o->limit + 1, sizeof(*o->keys));
}

void app_order_add(struct app_order *o, const struct app_key *key)
{
	if (o->n < o->limit) {
		o->keys[o->n++] = *key;
		sift_up(o, o->n - 1);
	} else if (o->n > 0 && is_before(o->sort, key, &o->keys[0])) {
		o->keys[0] = *key;
		sift_down(o, o->n);
	}
}

void app_order_sort(struct app_order *o)
{
	for (size_t n = o->n; n > 1; n--) {
		swap(&o->keys[0], &o->keys[n - 1]);
		sift_down(o, n - 1);
	}
}

void app_order_done(struct app_order *o)
{
	mem_free(&o->keys);
}
