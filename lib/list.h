/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list. A node that is zeroed or removed is on no list, and removing it
 * again does nothing, so that owners can always remove in their `_done`.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *prev, *next;
};

struct list {
	struct list_node head;
};

static inline void list_init(struct list *list)
{
	list->head.prev = list->head.next = &list->head;
}

static inline bool list_empty(const struct list *list)
{
	return list->head.next == &list->head;
}

static inline bool list_linked(const struct list_node *node)
{
	return node->next != NULL;
}

static inline void list_append(struct list *list, struct list_node *node)
{
	node->prev = list->head.prev;
	node->next = &list->head;
	list->head.prev->next = node;
	list->head.prev = node;
}

static inline void list_remove(struct list_node *node)
{
	if (!list_linked(node))
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->prev = node->next = NULL;
}

#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* The first entry, or NULL. */
#define list_first(list, type, member)                                                             \
	(list_empty(list) ? NULL : list_entry((list)->head.next, type, member))

/* `it` is a struct list_node *; safe against removal of the entry it stands on only. */
#define list_for_each(it, list)                                                                    \
	for (struct list_node *it = (list)->head.next, *it##_next = it->next; it != &(list)->head; \
	     it = it##_next, it##_next = it->next)

#endif
