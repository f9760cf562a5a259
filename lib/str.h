/* SPDX-License-Identifier: MIT */
/* Bounded strings, numbers, durations as people write them, and "did you mean". */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/err.h"
#include "lib/mono.h"

/* Copies with a NUL; -ENAMETOOLONG and nothing copied when it does not fit. */
int str_copy(char *dst, size_t size, const char *src);
static inline bool str_equal(const char *a, const char *b)
{
	return a[0] == b[0] && strcmp(a, b) == 0;
}
/* The same, with NULL for an empty text. */
bool str_same(const char *a, const char *b);
bool str_starts(const char *s, const char *start);
/* A whole decimal number 0..max and nothing else: no sign, no space. -EINVAL or -ERANGE. */
int str_to_u64(const char *text, uint64_t max, uint64_t *ret);

/* "90s", "1m30s", "1.5h", "250ms", "10us" as Go writes them; a bare "0" too. No sign. */
int duration_parse(const char *text, span_t *ret, struct err *err);
#define DURATION_TEXT_MAX 32
const char *duration_format(span_t span, char buf[static DURATION_TEXT_MAX]);

/* The candidate closest to `word` if it is close enough to be a misspelling, else NULL.
 * `candidates` ends with NULL. */
const char *str_nearest(const char *word, const char *const *candidates);

/* Printable text of at most size - 1 bytes and never longer than `src`: what is not plain UTF-8
 * (lib/utf8.h) becomes '?'. For values that are kept and shown; a message to the operator takes
 * utf8_escape(), which loses nothing. Returns `dst`. */
char *str_printable(char *dst, size_t size, const char *src, size_t len);

/* Text that grows in a caller's buffer and is cut, never overrun. */
struct strbuf {
	char *buf;
	size_t size;
	size_t len; /* without the NUL */
};

struct strbuf strbuf_over(char *buf, size_t size);
void strbuf_add(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
