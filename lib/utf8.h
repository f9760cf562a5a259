/* SPDX-License-Identifier: MIT */
/*
 * UTF-8 (RFC 3629), and which of its characters may stand in text that others read. Pure.
 *
 * Text from outside (names, reasons, output of checks, NOTIFICATIONs) ends up in log lines, on
 * terminals and in JSON. Besides control characters, three kinds can make it look like something
 * else there: line and paragraph separators, controls of the writing direction (Unicode Technical
 * Report 36, 2.5: text in logs that reads backwards), and noncharacters. None of them is plain.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* The length of the well-formed character at `text`, 1 to 4, and its code point. 0 when there is
 * none: no bytes left, an overlong form, a surrogate, beyond U+10FFFF, or cut. */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret);

/* "a control character", "a line separator", …: the kind of a code point that is not plain; NULL
 * for one that is. */
const char *utf8_kind(uint32_t c);

/* Columns of a terminal that a plain character takes: 2 for those of East Asian scripts and for
 * emoji, 0 for marks that combine with the one in front (Unicode Standard Annex 11; by block, not
 * by character: a terminal may differ in rare ones). */
unsigned utf8_columns(uint32_t c);

/* Octets of the longest beginning of a plain text that takes at most `columns`, and how many it
 * takes. A character is never cut in two. */
size_t utf8_fit(const char *text, size_t columns, size_t *ret_columns);

/* 0 when `text` is well-formed and plain; else -EINVAL and which code point or byte is not:
 * "U+202E, a direction control". */
int utf8_check(const char *text, struct err *err);

/* Printable text of at most size - 1 bytes. A character that is not plain becomes `\xHH` (a byte
 * that is not UTF-8, or below U+0080), `\uHHHH` or `\UHHHHHHHH`; nothing is cut in two. Returns
 * `dst`. */
char *utf8_escape(char *dst, size_t size, const char *src, size_t len);
#define UTF8_ESCAPED_MAX(len) (4 * (len) + 1) /* the size that is always enough */

#endif
