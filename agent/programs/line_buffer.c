/* SPDX-License-Identifier: MIT */
#include "agent/programs/line_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "agent/programs/line.h"
#include "lib/mem.h"

void line_buffer_done(struct line_buffer *b)
{
	free(b->octets);
	*b = (struct line_buffer){ 0 };
}

void line_buffer_add(struct line_buffer *b, const char *octets, size_t n)
{
	if (n == 0)
		return;
	if (b->head > 0)
		memmove(b->octets, b->octets + b->head, b->len - b->head);
	b->len -= b->head;
	b->head = 0;
	b->octets = mem_grow(b->octets, &b->cap, b->len + n, 1);
	memcpy(b->octets + b->len, octets, n);
	b->len += n;
}

bool line_buffer_is_empty(const struct line_buffer *b)
{
	return b->len == b->head && !b->too_long;
}

static void drop_all(struct line_buffer *b)
{
	b->head = b->len = 0;
}

enum line_found line_buffer_next(struct line_buffer *b, const char **ret, size_t *ret_len)
{
	size_t n = b->len - b->head;
	const char *start = n > 0 ? b->octets + b->head : NULL;
	const char *end = n > 0 ? memchr(start, '\n', n) : NULL;
	if (!end) {
		if (n > LINE_MAX_OCTETS || b->too_long) {
			b->too_long = true;
			drop_all(b);
		}
		return LINE_NONE;
	}
	bool too_long = b->too_long || (size_t)(end - start) > LINE_MAX_OCTETS;
	b->too_long = false;
	b->head += (size_t)(end - start) + 1;
	*ret = start;
	*ret_len = (size_t)(end - start);
	return too_long ? LINE_TOO_LONG : LINE_WHOLE;
}

enum line_found line_buffer_last(struct line_buffer *b, const char **ret, size_t *ret_len)
{
	if (b->too_long) {
		b->too_long = false;
		drop_all(b);
		*ret = "";
		*ret_len = 0;
		return LINE_TOO_LONG;
	}
	if (b->len == b->head)
		return LINE_NONE;
	*ret = b->octets + b->head;
	*ret_len = b->len - b->head;
	drop_all(b);
	return LINE_WHOLE;
}
