/* SPDX-License-Identifier: MIT */
#include "lib/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/utf8.h"

int str_copy(char *dst, size_t size, const char *src)
{
	size_t n = strlen(src);
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(dst, src, n + 1);
	return 0;
}

bool str_same(const char *a, const char *b)
{
	return str_equal(a ? a : "", b ? b : "");
}

bool str_starts(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

int str_to_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	if (!*text)
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p))
			return -EINVAL;
		uint64_t digit = (uint64_t)(*p - '0');
		if (digit > max || v > (max - digit) / 10)
			return -ERANGE;
		v = v * 10 + digit;
	}
	*ret = v;
	return 0;
}

/* Longest name first where one begins another ("ms" before "m"). */
static const struct duration_unit {
	const char *name;
	span_t usec;
} duration_units[] = {
	{ "ms", USEC_PER_MSEC },
	{ "us", 1 },
	{ "µs", 1 },
	{ "h", 3600 * USEC_PER_SEC },
	{ "m", 60 * USEC_PER_SEC },
	{ "s", USEC_PER_SEC },
};

static const struct duration_unit *duration_unit_at(const char *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++)
		if (str_starts(p, duration_units[i].name))
			return &duration_units[i];
	return NULL;
}

/* One "1.5h" at *p; moves *p past it. */
static int duration_term(const char **p, span_t *ret)
{
	uint64_t whole = 0, fraction = 0, scale = 1;
	const char *start = *p;
	for (; isdigit((unsigned char)**p); (*p)++) {
		if (whole > 100000000000ULL)
			return -ERANGE;
		whole = whole * 10 + (uint64_t)(**p - '0');
	}
	bool digits = *p > start;
	if (**p == '.')
		for ((*p)++; isdigit((unsigned char)**p); (*p)++, digits = true)
			if (scale < 1000000) {
				fraction = fraction * 10 + (uint64_t)(**p - '0');
				scale *= 10;
			}
	const struct duration_unit *unit = duration_unit_at(*p);
	if (!digits || !unit)
		return -EINVAL;
	*p += strlen(unit->name);
	if (whole > (USEC_NEVER - 1) / 2 / unit->usec)
		return -ERANGE;
	*ret = whole * unit->usec + fraction * unit->usec / scale;
	return 0;
}

int duration_parse(const char *text, span_t *ret, struct err *err)
{
	span_t sum = 0, term;
	const char *p = text;
	if (str_equal(text, "0")) {
		*ret = 0;
		return 0;
	}
	do {
		if (duration_term(&p, &term) < 0)
			return err_set(err, -EINVAL,
				       "'%.80s' is not a duration, expected a number with a unit "
				       "(ms, s, m, h) like 500ms, 10s or 1m30s",
				       text);
		sum = usec_add(sum, term);
	} while (*p);
	*ret = sum;
	return 0;
}

const char *duration_format(span_t span, char buf[static DURATION_TEXT_MAX])
{
	static const struct duration_unit units[] = { { "h", 3600 * USEC_PER_SEC },
						      { "m", 60 * USEC_PER_SEC },
						      { "s", USEC_PER_SEC },
						      { "ms", USEC_PER_MSEC },
						      { "us", 1 } };
	struct strbuf sb = strbuf_over(buf, DURATION_TEXT_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (span >= units[i].usec)
			strbuf_add(&sb, "%llu%s", (unsigned long long)(span / units[i].usec),
				   units[i].name);
		span %= units[i].usec;
	}
	if (sb.len == 0)
		strbuf_add(&sb, "0s");
	return buf;
}

#define NEAREST_MAX 64

/* Levenshtein distance over words of at most NEAREST_MAX characters; a large number beyond. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1], na = strlen(a), nb = strlen(b);
	if (na > NEAREST_MAX || nb > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[nb];
}

const char *str_nearest(const char *word, const char *const *candidates)
{
	const char *best = NULL;
	size_t limit = strlen(word) / 3 + 1, best_distance = limit + 1;
	for (; *candidates; candidates++) {
		size_t d = edit_distance(word, *candidates);
		if (d < best_distance) {
			best_distance = d;
			best = *candidates;
		}
	}
	return best;
}

char *str_printable(char *dst, size_t size, const char *src, size_t len)
{
	size_t used = 0;
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		uint32_t c;
		if (src[i] >= ' ' && src[i] < 0x7f && used + 1 < size) { /* nearly all of it */
			dst[used++] = src[i];
			n = 1;
			continue;
		}
		n = utf8_decode(src + i, len - i, &c);
		bool plain = n > 0 && !utf8_kind(c);
		size_t step = plain ? n : 1;
		if (used + step >= size) /* a character is never cut in two */
			break;
		memcpy(dst + used, plain ? src + i : "?", step);
		used += step;
	}
	if (size > 0)
		dst[used] = 0;
	return dst;
}

struct strbuf strbuf_over(char *buf, size_t size)
{
	if (size > 0)
		buf[0] = 0;
	return (struct strbuf){ .buf = buf, .size = size };
}

void strbuf_add(struct strbuf *sb, const char *fmt, ...)
{
	if (sb->len + 1 >= sb->size)
		return;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(sb->buf + sb->len, sb->size - sb->len, fmt, args);
	va_end(args);
	if (n < 0)
		return;
	size_t room = sb->size - sb->len - 1;
	sb->len += (size_t)n < room ? (size_t)n : room;
}
