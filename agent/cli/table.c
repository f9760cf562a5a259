/* SPDX-License-Identifier: MIT */
#include "agent/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

struct cell {
	char *text;
	enum table_tone tone;
};

struct table {
	size_t n_columns;
	size_t widths[TABLE_COLUMNS_MAX];
	struct cell *cells; /* the headings first */
	size_t n, cap;
};

/* Columns of the terminal. */
static size_t width_of(const char *text)
{
	size_t columns;
	utf8_fit(text, SIZE_MAX, &columns);
	return columns;
}

static void add(struct table *t, enum table_tone tone, const char *text, size_t len)
{
	t->cells = mem_grow(t->cells, &t->cap, t->n + 1, sizeof(*t->cells));
	struct cell *cell = &t->cells[t->n];
	size_t *width = &t->widths[t->n++ % t->n_columns];
	cell->text = mem_new(len + 1, 1);
	str_printable(cell->text, len + 1, text, len);
	cell->tone = tone;
	size_t wide = width_of(cell->text);
	*width = wide > *width ? wide : *width;
}

struct table *table_new(const char *headings)
{
	struct table *t = mem_new(1, sizeof(*t));
	t->n_columns = 1;
	for (const char *p = headings; (p = strchr(p, '|')); p++)
		t->n_columns++;
	for (const char *p = headings; *p;) {
		size_t len = strcspn(p, "|");
		add(t, TABLE_DIM, p, len);
		p += len + (p[len] == '|');
	}
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i].text);
	free(t->cells);
	free(t);
}

void table_add_toned(struct table *t, enum table_tone tone, const char *text)
{
	text = text && *text ? text : "-";
	add(t, tone, text, strlen(text));
}

void table_add(struct table *t, const char *text)
{
	table_add_toned(t, TABLE_PLAIN, text);
}

void table_format(struct table *t, const char *fmt, ...)
{
	char buf[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	table_add(t, buf);
}

const char *table_tone_begin(const struct table_style *style, enum table_tone tone)
{
	static const char *const codes[] = { [TABLE_PLAIN] = "",
					     [TABLE_GOOD] = "\033[32m",
					     [TABLE_BAD] = "\033[31m",
					     [TABLE_WARNING] = "\033[33m",
					     [TABLE_DIM] = "\033[2m" };
	return style->colors ? codes[tone] : "";
}

const char *table_tone_end(const struct table_style *style, enum table_tone tone)
{
	return style->colors && tone != TABLE_PLAIN ? "\033[0m" : "";
}

/* `at`: columns in front of it. */
static void print_last(const struct cell *cell, size_t at, const struct table_style *style,
		       FILE *out)
{
	size_t wide = width_of(cell->text), taken;
	size_t left = style->width > at + 8 ? style->width - at : 8;
	bool fits = style->width == 0 || wide <= left;
	size_t len = fits ? strlen(cell->text) : utf8_fit(cell->text, left - 1, &taken);
	fprintf(out, "%s%.*s%s%s\n", table_tone_begin(style, cell->tone), (int)len, cell->text,
		fits ? "" : "…", table_tone_end(style, cell->tone));
}

void table_print(const struct table *t, const struct table_style *style, FILE *out)
{
	for (size_t row = 0; row + t->n_columns <= t->n; row += t->n_columns) {
		size_t at = 0;
		for (size_t i = 0; i + 1 < t->n_columns; i++) {
			const struct cell *cell = &t->cells[row + i];
			size_t pad = t->widths[i] - width_of(cell->text) + 2;
			fprintf(out, "%s%s%s%*s", table_tone_begin(style, cell->tone), cell->text,
				table_tone_end(style, cell->tone), (int)pad, "");
			at += t->widths[i] + 2;
		}
		print_last(&t->cells[row + t->n_columns - 1], at, style, out);
	}
}

const char *table_age(double seconds, char buf[static TABLE_AGE_MAX])
{
	struct strbuf text = strbuf_over(buf, TABLE_AGE_MAX);
	unsigned long s = seconds < 0 ? 0 : (unsigned long)seconds;
	if (seconds < 0)
		strbuf_add(&text, "-");
	else if (s < 1)
		strbuf_add(&text, "%.0fms", seconds * 1000);
	else if (s < 60)
		strbuf_add(&text, "%lus", s);
	else if (s < 3600)
		strbuf_add(&text, "%lum%02lus", s / 60, s % 60);
	else if (s < 86400)
		strbuf_add(&text, "%luh%02lum", s / 3600, s / 60 % 60);
	else if (s < 100ul * 86400)
		strbuf_add(&text, "%lud%02luh", s / 86400, s / 3600 % 24);
	else
		strbuf_add(&text, "%lud", s / 86400);
	return buf;
}
