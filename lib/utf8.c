/* SPDX-License-Identifier: MIT */
#include "lib/utf8.h"

#include <errno.h>
#include <stdbool.h>
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

unsigned utf8_columns(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		unsigned columns;
	} blocks[] = {
		{ 0x0300, 0x036f, 0 },   /* combining diacritical marks */
		{ 0x0483, 0x0489, 0 },   /* of Cyrillic */
		{ 0x0591, 0x05bd, 0 },   /* Hebrew points */
		{ 0x064b, 0x065f, 0 },   /* Arabic marks */
		{ 0x1100, 0x115f, 2 },   /* Hangul Jamo, initial consonants */
		{ 0x1ab0, 0x1aff, 0 },   /* combining marks, extended */
		{ 0x1dc0, 0x1dff, 0 },   /* and their supplement */
		{ 0x200b, 0x200d, 0 },   /* zero width space and joiners */
		{ 0x20d0, 0x20ff, 0 },   /* marks for symbols */
		{ 0x2e80, 0x303e, 2 },   /* CJK radicals and punctuation */
		{ 0x3041, 0xa4cf, 2 },   /* kana, CJK, Yi */
		{ 0xac00, 0xd7a3, 2 },   /* Hangul syllables */
		{ 0xf900, 0xfaff, 2 },   /* CJK compatibility ideographs */
		{ 0xfe00, 0xfe0f, 0 },   /* variation selectors */
		{ 0xfe20, 0xfe2f, 0 },   /* combining half marks */
		{ 0xfe30, 0xfe6f, 2 },   /* CJK forms */
		{ 0xfeff, 0xfeff, 0 },   /* zero width no-break space */
		{ 0xff00, 0xff60, 2 },   /* fullwidth forms */
		{ 0xffe0, 0xffe6, 2 },   /* fullwidth signs */
		{ 0x1f300, 0x1f64f, 2 }, /* pictographs, emoticons */
		{ 0x1f680, 0x1f6ff, 2 }, /* transport */
		{ 0x1f900, 0x1f9ff, 2 }, /* supplemental pictographs */
		{ 0x20000, 0x3fffd, 2 }, /* CJK extensions */
		{ 0xe0100, 0xe01ef, 0 }, /* variation selectors, supplement */
	};
	for (size_t i = 0; i < ARRAY_SIZE(blocks) && c >= blocks[i].first; i++)
		if (c <= blocks[i].last)
			return blocks[i].columns;
	return 1;
}

size_t utf8_fit(const char *text, size_t columns, size_t *ret_columns)
{
	size_t at = 0, taken = 0, left = strlen(text);
	uint32_t c = 0;
	for (size_t n; left > 0; at += n, left -= n) {
		bool ascii = text[at] >= ' ' && text[at] < 0x7f;
		n = ascii ? 1 : utf8_decode(text + at, left, &c);
		if (n == 0)
			break;
		unsigned wide = ascii ? 1 : utf8_columns(c);
		if (wide > columns - taken)
			break;
		taken += wide;
	}
	*ret_columns = taken;
	return at;
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

/* Most texts are nothing else. */
static size_t plain_part(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && text[n] >= ' ' && text[n] < 0x7f)
		n++;
	return n;
}

char *utf8_escape(char *dst, size_t size, const char *src, size_t len)
{
	char piece[ESCAPE_MAX];
	size_t used = 0;
	while (len > 0 && used + 1 < size) {
		size_t left = size - 1 - used;
		size_t n = plain_part(src, len < left ? len : left);
		memcpy(dst + used, src, n);
		used += n, src += n, len -= n;
		if (len == 0 || used + 1 == size)
			break;
		n = escape_next(&src, &len, piece);
		if (used + n >= size)
			break;
		memcpy(dst + used, piece, n);
		used += n;
	}
	if (size > 0)
		dst[used] = 0;
	return dst;
}
