/* SPDX-License-Identifier: MIT */
#include "lib/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *p)
{
	if (!p) {
		fputs("vipherald: out of memory, aborting\n", stderr);
		abort();
	}
	return p;
}

void *mem_new(size_t n, size_t size)
{
	return or_abort(n > 0 && size > 0 ? calloc(n, size) : calloc(1, 1));
}

char *mem_strdup(const char *s)
{
	return or_abort(strdup(s));
}

void *mem_copy(const void *src, size_t len)
{
	void *p = mem_new(1, len);
	if (len > 0)
		memcpy(p, src, len);
	return p;
}

void *mem_grow(void *p, size_t *cap, size_t want, size_t size)
{
	if (want <= *cap)
		return p;
	size_t n = *cap ? *cap : 8;
	while (n < want)
		n *= 2;
	p = or_abort(reallocarray(p, n, size));
	memset((char *)p + *cap * size, 0, (n - *cap) * size);
	*cap = n;
	return p;
}

void *mem_grow_by_one(void *p, size_t n, size_t size)
{
	p = or_abort(reallocarray(p, n + 1, size));
	memset((char *)p + n * size, 0, size);
	return p;
}
