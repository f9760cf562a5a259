/* SPDX-License-Identifier: MIT */
/*
 * Bounded cursors over bytes in network order.
 *
 * Errors stick: after the first access that does not fit, every read yields 0 or NULL, every write
 * does nothing, and `failed` stays true. Code reads or writes a whole structure and checks once.
 * Nothing here allocates; a reader is a view into the caller's bytes.
 */
#ifndef LIB_BYTES_H
#define LIB_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of four bytes that are there, for the blocks of a hash. */
static inline uint32_t bytes_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool failed;
};

struct reader reader_over(const void *data, size_t len);
size_t reader_left(const struct reader *r);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
/* The next `len` bytes in place, or NULL; valid as long as the bytes the reader was made over. */
const uint8_t *reader_bytes(struct reader *r, size_t len);
/* Copies the next `len` bytes; zeroes `dst` when they are not there. */
void reader_copy(struct reader *r, void *dst, size_t len);
/* A child over the next `len` bytes. Every length field becomes one, so that what is inside can
 * never read past it. When `len` does not fit, both the parent and the child have failed. */
struct reader reader_sub(struct reader *r, size_t len);

struct writer {
	uint8_t *buf;
	size_t len; /* bytes written so far */
	size_t cap;
	bool failed;
};

struct writer writer_over(void *buf, size_t cap);
size_t writer_left(const struct writer *w);
void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v);
void writer_u32(struct writer *w, uint32_t v);
void writer_bytes(struct writer *w, const void *src, size_t len);
/* Leaves room for a length that is not known yet and returns its mark; the matching close writes
 * the number of bytes that came after it. A length that does not fit its field is a failure. */
size_t writer_open_u8(struct writer *w);
size_t writer_open_u16(struct writer *w);
void writer_close_u8(struct writer *w, size_t mark);
void writer_close_u16(struct writer *w, size_t mark);
/* Overwrites two bytes that are already written. */
void writer_patch_u16(struct writer *w, size_t at, uint16_t v);

#endif
