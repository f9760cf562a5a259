/* SPDX-License-Identifier: MIT */
#include "net/addr_table.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

_Static_assert(sizeof(struct addr) == 17, "struct addr is hashed as memory");

/* ---- links ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct addr_link *link_of(const struct addr_table *t, uint32_t ifindex)
{
	struct addr_link *link;
	HASH_FIND(hh, t->links, &ifindex, sizeof(ifindex), link);
	return link;
}

const struct addr_link *addr_table_link(const struct addr_table *t, uint32_t ifindex)
{
	return link_of(t, ifindex);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
bool addr_table_set_link(struct addr_table *t, uint32_t ifindex, const char *name, bool up)
{
	struct addr_link *link = link_of(t, ifindex);
	if (!link) {
		link = mem_new(1, sizeof(*link));
		link->ifindex = ifindex;
		HASH_ADD(hh, t->links, ifindex, sizeof(link->ifindex), link);
	}
	bool changed = link->up != up || !str_equal(link->name, name);
	str_copy(link->name, sizeof(link->name), name);
	link->up = up;
	link->seen = true;
	return changed;
}

static void drop_link(struct addr_table *t, struct addr_link *link)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, t->links, link);
	free(link);
}

bool addr_table_remove_link(struct addr_table *t, uint32_t ifindex)
{
	struct addr_link *link = link_of(t, ifindex);
	if (!link)
		return false;
	drop_link(t, link);
	return true;
}

/* ---- addresses ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct addr_node *node_of(const struct addr_table *t, const struct addr *a)
{
	struct addr_node *node;
	HASH_FIND(hh, t->nodes, a, sizeof(*a), node);
	return node;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct addr_node *node_get(struct addr_table *t, const struct addr *a)
{
	struct addr_node *node = node_of(t, a);
	if (node)
		return node;
	node = mem_new(1, sizeof(*node));
	node->addr = *a;
	HASH_ADD(hh, t->nodes, addr, sizeof(node->addr), node);
	return node;
}

static void drop_node(struct addr_table *t, struct addr_node *node)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, t->nodes, node);
	free(node->entries);
	free(node);
}

static struct addr_entry *entry_of(const struct addr_node *node, const struct nladdr *a)
{
	for (size_t i = 0; i < node->n; i++)
		if (node->entries[i].ifindex == a->ifindex && node->entries[i].len == a->prefix.len)
			return &node->entries[i];
	return NULL;
}

const struct addr_entry *addr_table_find(const struct addr_table *t, const struct addr *a,
					 size_t *ret_n)
{
	const struct addr_node *node = node_of(t, a);
	*ret_n = node ? node->n : 0;
	return node ? node->entries : NULL;
}

bool addr_table_set(struct addr_table *t, const struct nladdr *a)
{
	struct addr_node *node = node_get(t, &a->prefix.addr);
	struct addr_entry *e = entry_of(node, a);
	bool is_new = !e;
	if (is_new) {
		node->entries =
			mem_grow(node->entries, &node->cap, node->n + 1, sizeof(*node->entries));
		e = &node->entries[node->n++];
		*e = (struct addr_entry){ .ifindex = a->ifindex, .len = a->prefix.len };
	}
	bool changed = is_new || e->proto != a->proto || e->flags != a->flags;
	e->proto = a->proto;
	e->flags = a->flags;
	e->seen = true;
	return changed;
}

bool addr_table_remove(struct addr_table *t, const struct nladdr *a)
{
	struct addr_node *node = node_of(t, &a->prefix.addr);
	struct addr_entry *e = node ? entry_of(node, a) : NULL;
	if (!e)
		return false;
	*e = node->entries[--node->n];
	if (node->n == 0)
		drop_node(t, node);
	return true;
}

/* ---- dumps ---- */

void addr_table_dump_begin(struct addr_table *t)
{
	for (struct addr_link *link = t->links; link; link = link->hh.next)
		link->seen = false;
	for (struct addr_node *node = t->nodes; node; node = node->hh.next)
		for (size_t i = 0; i < node->n; i++)
			node->entries[i].seen = false;
}

static void drop_unseen(struct addr_table *t, struct addr_node *node)
{
	size_t n = 0;
	for (size_t i = 0; i < node->n; i++)
		if (node->entries[i].seen)
			node->entries[n++] = node->entries[i];
	node->n = n;
	if (n == 0)
		drop_node(t, node);
}

void addr_table_dump_end(struct addr_table *t)
{
	struct addr_link *link, *next_link;
	struct addr_node *node, *next;
	HASH_ITER (hh, t->links, link, next_link)
		if (!link->seen)
			drop_link(t, link);
	HASH_ITER (hh, t->nodes, node, next)
		drop_unseen(t, node);
}

void addr_table_done(struct addr_table *t)
{
	addr_table_dump_begin(t);
	addr_table_dump_end(t);
}
