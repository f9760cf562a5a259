/* SPDX-License-Identifier: MIT */
#include "agent/daemon/waiting.h"

#include "agent/http/reply_forms.h"
#include "lib/str.h"

void waiting_init(struct waiting *w, size_t max, size_t max_of_one, const char *what)
{
	*w = (struct waiting){ .max = max, .max_of_one = max_of_one, .what = what };
	list_init(&w->list);
}

static size_t count_of(const struct waiting *w, const char *principal)
{
	size_t n = 0;
	list_for_each (it, &w->list)
		n += str_equal(list_entry(it, struct waiter, node)->principal, principal);
	return n;
}

static bool refuse(struct api_reply *ret, unsigned status, const struct err *err)
{
	reply_json(ret, status, reply_error(err->text, false));
	return false;
}

bool waiting_has_room(const struct waiting *w, const struct api_call *call, struct api_reply *ret)
{
	struct err err;
	const char *by = call->principal.name;
	if (w->stopped) {
		err_set(&err, 0, "vipherald is stopping");
		return refuse(ret, 503, &err);
	}
	if (w->n >= w->max) {
		err_set(&err, 0, "%zu %s already waiting, try again", w->max, w->what);
		return refuse(ret, 503, &err);
	}
	if (count_of(w, by) >= w->max_of_one) {
		err_set(&err, 0, "%zu %s of %s already waiting, the limit per principal, try again",
			w->max_of_one, w->what, by);
		return refuse(ret, 429, &err);
	}
	return true;
}

void waiting_add(struct waiting *w, struct waiter *x, const struct api_call *call,
		 enum api_defer kind, struct api_reply *ret)
{
	x->number = ++w->number;
	str_copy(x->principal, sizeof(x->principal), call->principal.name);
	list_append(&w->list, &x->node);
	w->n++;
	ret->defer = kind;
	ret->number = x->number;
}

void waiting_remove(struct waiting *w, struct waiter *x)
{
	list_remove(&x->node);
	w->n--;
}

struct waiter *waiting_find(const struct waiting *w, uint64_t number)
{
	list_for_each (it, &w->list)
		if (list_entry(it, struct waiter, node)->number == number)
			return list_entry(it, struct waiter, node);
	return NULL;
}

struct waiter *waiting_first(const struct waiting *w)
{
	return list_first(&w->list, struct waiter, node);
}
