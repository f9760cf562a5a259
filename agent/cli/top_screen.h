/* SPDX-License-Identifier: MIT */
/*
 * A screen of text: pieces, each at its place, in the order in which they were put. Pure.
 *
 * Pieces are plain text: bytes and characters that are not (lib/utf8.h) become '?', so that no
 * control character reaches a terminal whatever an answer says. Nothing goes beyond the right edge
 * or below the last line, and no character is cut in two.
 */
#ifndef AGENT_CLI_TOP_SCREEN_H
#define AGENT_CLI_TOP_SCREEN_H

#include <stddef.h>

#include "agent/cli/table.h"

struct top_piece {
	size_t line, column; /* from 0 */
	enum table_tone tone;
	char *text;
};

struct top_screen {
	size_t width, height;
	struct top_piece *pieces;
	size_t n, cap;
};

void top_screen_init(struct top_screen *s, size_t width, size_t height);
void top_screen_done(struct top_screen *s);
/* At most `columns` wide; what is longer ends in "…". Returns the column behind it. */
size_t top_screen_put(struct top_screen *s, size_t line, size_t column, size_t columns,
		      enum table_tone tone, const char *text);
/* Columns that a text takes there. */
size_t top_screen_columns(const char *text);

#endif
