/* SPDX-License-Identifier: MIT */
/*
 * Allocation that does not fail.
 *
 * Linux overcommits: a small malloc does not return NULL, the OOM killer acts instead. Paths that
 * pretended to handle NULL could not be tested, and a half-applied announcement is worse than a
 * closed session, which makes every router withdraw at once. So these abort, with a message.
 * Input from the network is bounded before memory is allocated for it, never by malloc failing.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stddef.h>

/* Zeroed memory; free() it. */
void *mem_new(size_t n, size_t size) __attribute__((returns_nonnull, alloc_size(1, 2)));
char *mem_strdup(const char *s) __attribute__((returns_nonnull));
void *mem_copy(const void *src, size_t len);
/* Makes room for `want` elements in a growing array, doubling; new elements are zeroed. */
void *mem_grow(void *p, size_t *cap, size_t want, size_t size);
/* Room for one more of `n`, exactly: what is written once and then kept in thousands, like the
 * definition of an app, would pay more for spare room than for the few copies. The new one is
 * zeroed. */
void *mem_grow_by_one(void *p, size_t n, size_t size);
/* free() and forget, for outputs that may be filled twice. */
#define mem_free(pp)                                                                               \
	do {                                                                                       \
		free(*(pp));                                                                       \
		*(pp) = NULL;                                                                      \
	} while (0)

#endif
