/* SPDX-License-Identifier: MIT */
#include "lib/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"

/* Per length of a character: the lead byte without its payload, the bits that tell the length from
 * the payload, and the first code point that needs this many bytes. */
static const struct {
	uint8_t lead, mask;
	uint32_t least;
} forms[] = {
	{ 0x00, 0x80, 0 },
	{ 0xc0, 0xe0, 0x80 },
	{ 0xe0, 0xf0, 0x800 },
	{ 0xf0, 0xf8, 0x10000 },
};

#define SURROGATE_FIRST 0xd800
#define SURROGATE_LAST  0xdfff
#define CODE_POINT_MAX  0x10ffff

#define ESCAPE_MAX sizeof("\\U0010ffff")

size_t utf8_decode(const char *text, size_t len, uint32_t *ret)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t more = 0;
	if (len == 0)
		return 0;
	while (more < ARRAY_SIZE(forms) && (p[0] & forms[more].mask) != forms[more].lead)
		more++;
	if (more == ARRAY_SIZE(forms) || more >= len)
		return 0;
	uint32_t c = p[0] & ~forms[more].mask & 0xffU;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < forms[more].least || c > CODE_POINT_MAX ||
	    (c >= SURROGATE_FIRST && c <= SURROGATE_LAST))
		return 0;
	*ret = c;
	return more + 1;
}

const char *utf8_kind(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		const char *kind;
	} kinds[] = {
		{ 0x0000, 0x001f, "a control character" },
		{ 0x007f, 0x009f, "a control character" },
		{ 0x061c, 0x061c, "a direction control" },
		{ 0x200e, 0x200f, "a direction control" },
		{ 0x2028, 0x2028, "a line separator" },
		{ 0x2029, 0x2029, "a paragraph separator" },
		{ 0x202a, 0x202e, "a direction control" },
		{ 0x2066, 0x2069, "a direction control" },
		{ 0xfdd0, 0xfdef, "a noncharacter" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (c >= kinds[i].first && c <= kinds[i].last)
			return kinds[i].kind;
	return (c & 0xfffe) == 0xfffe ? "a noncharacter" : NULL; /* the last two of each plane */
}

int utf8_check(const char *text, struct err *err)
{
	size_t left = strlen(text);
	for (size_t n; left > 0; text += n, left -= n) {
		uint32_t c;
		n = utf8_decode(text, left, &c);
		if (n == 0)
			return err_set(err, -EINVAL, "the byte 0x%02x, which is not UTF-8",
				       (unsigned char)*text);
		if (utf8_kind(c))
			return err_set(err, -EINVAL, "U+%04X, %s", c, utf8_kind(c));
	}
	return 0;
}

/* The character at `text` as it is written; moves past it. */
static size_t escape_next(const char **text, size_t *left, char buf[static ESCAPE_MAX])
{
	uint32_t c;
	size_t n = utf8_decode(*text, *left, &c);
	if (n == 0)
		snprintf(buf, ESCAPE_MAX, "\\x%02x", (unsigned char)**text);
	else if (!utf8_kind(c))
		snprintf(buf, ESCAPE_MAX, "%.*s", (int)n, *text);
	else if (n == 1)
		snprintf(buf, ESCAPE_MAX, "\\x%02x", c);
	else
		snprintf(buf, ESCAPE_MAX, c <= 0xffff ? "\\u%04x" : "\\U%08x", c);
	n = n ? n : 1;
	*text += n;
	*left -= n;
	return strlen(buf);
}

char *utf8_escape(char *dst, size_t size, const char *src, size_t len)
{
	char piece[ESCAPE_MAX];
	size_t used = 0;
	while (len > 0) {
		size_t n = escape_next(&src, &len, piece);
		if (used + n >= size)
			break;
		memcpy(dst + used, piece, n);
		used += n;
	}
	if (size > 0)
		dst[used] = 0;
	return dst;
}
