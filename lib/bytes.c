/* SPDX-License-Identifier: MIT */
#include "lib/bytes.h"

#include <string.h>

struct reader reader_over(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (struct reader){ .p = p, .end = p ? p + len : NULL };
}

size_t reader_left(const struct reader *r)
{
	return r->failed ? 0 : (size_t)(r->end - r->p);
}

const uint8_t *reader_bytes(struct reader *r, size_t len)
{
	if (r->failed || len > reader_left(r)) {
		r->failed = true;
		return NULL;
	}
	const uint8_t *at = r->p;
	if (len > 0) /* NULL + 0 is undefined, and an empty view has no bytes */
		r->p += len;
	return at;
}

uint8_t reader_u8(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 1);
	return p ? p[0] : 0;
}

uint16_t reader_u16(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 2);
	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t reader_u32(struct reader *r)
{
	const uint8_t *p = reader_bytes(r, 4);
	return p ? bytes_u32(p) : 0;
}

void reader_copy(struct reader *r, void *dst, size_t len)
{
	const uint8_t *p = reader_bytes(r, len);
	if (len == 0)
		return;
	if (p)
		memcpy(dst, p, len);
	else
		memset(dst, 0, len);
}

struct reader reader_sub(struct reader *r, size_t len)
{
	const uint8_t *p = reader_bytes(r, len);
	if (r->failed)
		return (struct reader){ .failed = true };
	return reader_over(p, len);
}

struct writer writer_over(void *buf, size_t cap)
{
	return (struct writer){ .buf = buf, .cap = cap };
}

size_t writer_left(const struct writer *w)
{
	return w->failed ? 0 : w->cap - w->len;
}

void writer_bytes(struct writer *w, const void *src, size_t len)
{
	if (w->failed || len > w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (len > 0)
		memcpy(w->buf + w->len, src, len);
	w->len += len;
}

void writer_u8(struct writer *w, uint8_t v)
{
	writer_bytes(w, &v, 1);
}

void writer_u16(struct writer *w, uint16_t v)
{
	uint8_t b[] = { (uint8_t)(v >> 8), (uint8_t)v };
	writer_bytes(w, b, sizeof(b));
}

void writer_u32(struct writer *w, uint32_t v)
{
	uint8_t b[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	writer_bytes(w, b, sizeof(b));
}

size_t writer_open_u8(struct writer *w)
{
	writer_u8(w, 0);
	return w->len;
}

size_t writer_open_u16(struct writer *w)
{
	writer_u16(w, 0);
	return w->len;
}

void writer_close_u8(struct writer *w, size_t mark)
{
	if (w->failed || w->len - mark > UINT8_MAX) {
		w->failed = true;
		return;
	}
	w->buf[mark - 1] = (uint8_t)(w->len - mark);
}

void writer_close_u16(struct writer *w, size_t mark)
{
	if (w->failed || w->len - mark > UINT16_MAX) {
		w->failed = true;
		return;
	}
	writer_patch_u16(w, mark - 2, (uint16_t)(w->len - mark));
}

void writer_patch_u16(struct writer *w, size_t at, uint16_t v)
{
	if (w->failed || at + 2 > w->len) {
		w->failed = true;
		return;
	}
	w->buf[at] = (uint8_t)(v >> 8);
	w->buf[at + 1] = (uint8_t)v;
}
