/* SPDX-License-Identifier: MIT */
/*
 * The memory comes from mmap() in large chunks and is returned to the kernel as a whole. It is
 * several times the size of the file and needed for the first milliseconds only; on the heap it
 * would stay resident, below all that is allocated later.
 */
#include "agent/config/tree.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- memory ---- */

/* Each is twice the one before, up to the largest. */
#define CHUNK_FIRST ((size_t)1 << 16)
#define CHUNK_MAX   ((size_t)1 << 20)

struct chunk {
	struct chunk *next;
	size_t size, used; /* both with this header */
};

struct config_tree {
	struct chunk *chunks; /* the one in use first */
	struct config_node *root;
};

/* All of it is written to soon: to have it populated costs less than a page fault each. */
static struct chunk *chunk_new(size_t want, size_t usual)
{
	size_t size = want + sizeof(struct chunk) > usual ? want + sizeof(struct chunk) : usual;
	const int prot = PROT_READ | PROT_WRITE;
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	/* cppcheck-suppress invalidFunctionArg ; -1 is right for anonymous memory */
	struct chunk *c = mmap(NULL, size, prot, flags, -1, 0);
	if (c == MAP_FAILED)
		abort(); /* as lib/mem.h, which says why */
	c->size = size;
	c->used = sizeof(*c);
	return c;
}

struct config_tree *config_tree_new(void)
{
	return mem_new(1, sizeof(struct config_tree));
}

void *config_tree_alloc(struct config_tree *t, size_t n)
{
	const size_t align = _Alignof(struct config_node);
	n = (n + align - 1) / align * align;
	if (!t->chunks || t->chunks->size - t->chunks->used < n) {
		size_t before = t->chunks ? t->chunks->size : CHUNK_FIRST / 2;
		struct chunk *c = chunk_new(n, before < CHUNK_MAX ? before * 2 : CHUNK_MAX);
		c->next = t->chunks;
		t->chunks = c;
	}
	void *p = (char *)t->chunks + t->chunks->used;
	t->chunks->used += n;
	return p;
}

void config_tree_free(struct config_tree *t)
{
	if (!t)
		return;
	for (struct chunk *c = t->chunks, *next; c; c = next) {
		next = c->next;
		munmap(c, c->size);
	}
	free(t);
}

/* ---- reading ---- */

void config_tree_set_root(struct config_tree *t, struct config_node *root)
{
	t->root = root;
}

const struct config_node *config_tree_root(const struct config_tree *t)
{
	return t->root;
}

void config_tree_set_file(struct config_tree *t, const char *file)
{
	if (t->root)
		t->root->file = file;
}

bool config_node_is_null(const struct config_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	if (!node)
		return true;
	if (node->kind != CONFIG_SCALAR || !node->plain)
		return false;
	size_t len = strnlen(node->text, sizeof("null"));
	for (size_t i = 0; len < sizeof("null") && i < ARRAY_SIZE(nulls); i++)
		if (str_equal(node->text, nulls[i]))
			return true;
	return false;
}

const struct config_node *config_node_get(const struct config_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != CONFIG_MAPPING)
		return NULL;
	for (const struct config_node *c = mapping->first; c; c = c->next)
		if (c->kind != CONFIG_BROKEN && str_equal(c->key, key))
			return config_node_is_null(c) ? NULL : c;
	return NULL;
}

const char *config_node_kind_text(const struct config_node *node)
{
	if (config_node_is_null(node))
		return "nothing";
	switch (node->kind) {
	case CONFIG_SCALAR:
		return "a value";
	case CONFIG_MAPPING:
		return "a mapping";
	case CONFIG_SEQUENCE:
		return "a list";
	case CONFIG_BROKEN:
		break;
	}
	return "something broken";
}

/* ---- places ---- */

/* "bgp.peers[1]": the parents first. Unknown keys may be of any length, so they are cut. */
static void add_path(struct strbuf *sb, const struct config_node *node)
{
	if (!node || !node->parent)
		return;
	add_path(sb, node->parent);
	if (node->key)
		strbuf_add(sb, "%s%.64s", sb->len > 0 ? "." : "", node->key);
	else
		strbuf_add(sb, "[%u]", node->index);
}

const char *config_node_file(const struct config_node *node)
{
	while (node->parent)
		node = node->parent;
	return node->file;
}

struct config_place config_at(const struct config_node *node)
{
	struct config_place at = { .file = config_node_file(node),
				   .line = node->line,
				   .column = node->column };
	struct strbuf sb = strbuf_over(at.path, sizeof(at.path));
	add_path(&sb, node);
	return at;
}

struct config_place config_at_key(const struct config_node *node)
{
	struct config_place at = config_at(node);
	if (node->key) {
		at.line = node->key_line;
		at.column = node->key_column;
	}
	return at;
}

struct config_place config_at_missing(const struct config_node *mapping, const char *key)
{
	struct config_place at = config_at_key(mapping);
	size_t n = strlen(at.path);
	struct strbuf sb = strbuf_over(at.path + n, sizeof(at.path) - n);
	strbuf_add(&sb, "%s%s", n > 0 ? "." : "", key);
	return at;
}
