/* SPDX-License-Identifier: MIT */
/* A table of text as wide as what it holds, and ages as operators read them. Pure. */
#ifndef AGENT_CLI_TABLE_H
#define AGENT_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_tone { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD, TABLE_WARNING, TABLE_DIM };

struct table_style {
	bool colors;
	size_t width; /* of the terminal; 0: unlimited. The last column is cut, then the widest. */
};

#define TABLE_COLUMNS_MAX 16

struct table;

/* `headings`: separated by '|', TABLE_COLUMNS_MAX at most. */
struct table *table_new(const char *headings);
void table_free(struct table *t);
/* The next cell of the row; a row ends with its last column. Copied, with '?' for what is not plain
 * (lib/utf8.h); NULL is "-". */
void table_add(struct table *t, const char *text);
void table_add_toned(struct table *t, enum table_tone tone, const char *text);
void table_format(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *t, const struct table_style *style, FILE *out);

/* The codes around a text of this tone; both are empty without colors. */
const char *table_tone_begin(const struct table_style *style, enum table_tone tone);
const char *table_tone_end(const struct table_style *style, enum table_tone tone);

#define TABLE_AGE_MAX 24
/* "850ms", "42s", "5m07s", "3h02m", "3d04h", "412d". Negative: "-". */
const char *table_age(double seconds, char buf[static TABLE_AGE_MAX]);

#endif
