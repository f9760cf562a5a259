/* SPDX-License-Identifier: MIT */
#include "agent/cli/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define GAP        2 /* between columns */
#define LAST_MIN   8 /* columns of the terminal that the last one gets */
#define COLUMN_MIN 4 /* that another one keeps */

struct cell {
	char *text;
	size_t columns; /* of the terminal */
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
	cell->columns = width_of(cell->text);
	*width = cell->columns > *width ? cell->columns : *width;
}

struct table *table_new(const char *headings)
{
	struct table *t = mem_new(1, sizeof(*t));
	t->n_columns = 1;
	for (const char *p = headings; (p = strchr(p, '|')); p++)
		t->n_columns++;
	if (t->n_columns > TABLE_COLUMNS_MAX)
		abort(); /* never: headings are our own texts */
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

/* At most `columns` wide. Returns the columns that it takes. */
static size_t print_cell(const struct cell *cell, size_t columns, const struct table_style *style,
			 FILE *out)
{
	size_t wide = cell->columns, kept = wide;
	size_t len = strlen(cell->text);
	bool fits = wide <= columns;
	if (!fits)
		len = utf8_fit(cell->text, columns - 1, &kept);
	fputs(table_tone_begin(style, cell->tone), out);
	fwrite(cell->text, 1, len, out);
	fputs(fits ? "" : "…", out);
	fputs(table_tone_end(style, cell->tone), out);
	return fits ? wide : kept + 1;
}

static size_t *widest_of(size_t *widths, size_t n)
{
	size_t *widest = widths;
	for (size_t i = 1; i < n; i++)
		if (widths[i] > *widest)
			widest = &widths[i];
	return widest;
}

/* The last column gets what the others leave. Where that is too little to read, the widest of them
 * is cut, again and again. */
static void fit(const struct table *t, size_t width, size_t widths[static TABLE_COLUMNS_MAX])
{
	size_t last = t->n_columns - 1, total = 0, least = t->widths[last];
	least = least < LAST_MIN ? least : LAST_MIN;
	memcpy(widths, t->widths, sizeof(t->widths));
	if (width == 0)
		return;
	for (size_t i = 0; i < last; i++)
		total += widths[i] + GAP;
	while (last > 0 && total + least > width) {
		size_t *widest = widest_of(widths, last);
		if (*widest <= COLUMN_MIN)
			break;
		--*widest;
		total--;
	}
	widths[last] = width > total + least ? width - total : least;
}

static void put_spaces(size_t n, FILE *out)
{
	static const char spaces[] = "                                ";
	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(spaces) - 1 ? n : sizeof(spaces) - 1;
		fwrite(spaces, 1, part, out);
	}
}

void table_print(const struct table *t, const struct table_style *style, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX], last = t->n_columns - 1;
	fit(t, style->width, widths);
	for (size_t row = 0; row + t->n_columns <= t->n; row += t->n_columns) {
		for (size_t i = 0; i < last; i++) {
			size_t taken = print_cell(&t->cells[row + i], widths[i], style, out);
			put_spaces(widths[i] - taken + GAP, out);
		}
		print_cell(&t->cells[row + last], widths[last], style, out);
		fputc('\n', out);
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
