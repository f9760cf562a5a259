/* SPDX-License-Identifier: MIT */
#include "agent/model/program_spec.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static void strings_free(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

static char **strings_copy(char *const *list)
{
	size_t n = 0;
	while (list && list[n])
		n++;
	char **copy = list ? mem_new(n + 1, sizeof(*copy)) : NULL;
	for (size_t i = 0; i < n; i++)
		copy[i] = mem_strdup(list[i]);
	return copy;
}

static bool strings_equal(char *const *a, char *const *b)
{
	size_t i = 0;
	if (!a || !b)
		return a == b;
	while (a[i] && b[i] && str_equal(a[i], b[i]))
		i++;
	return !a[i] && !b[i];
}

void program_spec_done(struct program_spec *s)
{
	free(s->name);
	strings_free(s->run);
	free(s->user);
	strings_free(s->env);
	free(s->fifo);
	free(s->allow.items);
	*s = (struct program_spec){ 0 };
}

static char *text_copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

void program_spec_copy(struct program_spec *dst, const struct program_spec *src)
{
	*dst = *src;
	dst->name = text_copy(src->name);
	dst->run = strings_copy(src->run);
	dst->user = text_copy(src->user);
	dst->env = strings_copy(src->env);
	dst->fifo = text_copy(src->fifo);
	if (src->allow.n > 0)
		dst->allow.items =
			mem_copy(src->allow.items, src->allow.n * sizeof(*src->allow.items));
}

void program_list_done(struct program_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		program_spec_done(&list->items[i]);
	free(list->items);
	*list = (struct program_list){ 0 };
}

const struct program_spec *program_list_find(const struct program_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].name && str_equal(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

bool program_spec_runs_alike(const struct program_spec *a, const struct program_spec *b)
{
	return a->is_line == b->is_line && strings_equal(a->run, b->run) &&
	       str_same(a->user, b->user) && strings_equal(a->env, b->env) &&
	       str_same(a->fifo, b->fifo);
}

static bool same_prefixes(const struct prefix_list *a, const struct prefix_list *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = prefix_equal(&a->items[i], &b->items[i]);
	return same;
}

bool program_spec_equal(const struct program_spec *a, const struct program_spec *b)
{
	return program_spec_runs_alike(a, b) && str_same(a->name, b->name) &&
	       same_prefixes(&a->allow, &b->allow) && a->bind == b->bind &&
	       a->encoder == b->encoder && a->on_exit == b->on_exit && a->respawn == b->respawn &&
	       a->max_routes == b->max_routes;
}

static bool is_true(const char *text)
{
	static const char *const words[] = { "1", "yes", "on", "enable", "true" };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* ExaBGP reads both forms of the name. */
bool program_spec_acknowledges(const struct program_spec *s)
{
	bool acknowledges = true;
	for (char **env = s->env; env && *env; env++)
		if (str_starts(*env, "exabgp_api_ack=") || str_starts(*env, "exabgp.api.ack="))
			acknowledges = is_true(strchr(*env, '=') + 1);
	return acknowledges;
}

bool program_spec_allows(const struct program_spec *s, const struct prefix *prefix)
{
	for (size_t i = 0; i < s->allow.n; i++)
		if (s->allow.items[i].len <= prefix->len &&
		    prefix_contains(&s->allow.items[i], &prefix->addr))
			return true;
	return false;
}
