/* SPDX-License-Identifier: MIT */
#include "agent/cli/top_screen.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define CUT "…"

void top_screen_init(struct top_screen *s, size_t width, size_t height)
{
	*s = (struct top_screen){ .width = width, .height = height };
}

void top_screen_done(struct top_screen *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->pieces[i].text);
	free(s->pieces);
	*s = (struct top_screen){ 0 };
}

static char *plain(const char *text)
{
	size_t len = strlen(text);
	char *copy = mem_new(len + 1, 1);
	return str_printable(copy, len + 1, text, len);
}

size_t top_screen_columns(const char *text)
{
	size_t columns;
	char *copy = plain(text);
	utf8_fit(copy, SIZE_MAX, &columns);
	free(copy);
	return columns;
}

size_t top_screen_put(struct top_screen *s, size_t line, size_t column, size_t columns,
		      enum table_tone tone, const char *text)
{
	if (line >= s->height || column >= s->width || columns == 0 || !*text)
		return column;
	if (columns > s->width - column)
		columns = s->width - column;
	size_t len = strlen(text), taken;
	char *piece = mem_new(len + sizeof(CUT), 1);
	str_printable(piece, len + 1, text, len);
	if (piece[utf8_fit(piece, columns, &taken)]) {
		size_t kept = utf8_fit(piece, columns - 1, &taken);
		memcpy(piece + kept, CUT, sizeof(CUT));
		taken++;
	}
	s->pieces = mem_grow(s->pieces, &s->cap, s->n + 1, sizeof(*s->pieces));
	s->pieces[s->n++] = (struct top_piece){ line, column, tone, piece };
	return column + taken;
}
