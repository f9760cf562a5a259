/* SPDX-License-Identifier: MIT */
#include "agent/cli/terminal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/str.h"

bool terminal_is_one(void)
{
	return isatty(STDOUT_FILENO);
}

static size_t width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;
	if (!terminal_is_one())
		return 0;
	if (columns && str_to_u64(columns, 10000, &n) == 0)
		return (size_t)n;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

/* It understands escape sequences. */
static bool is_able(void)
{
	const char *term = getenv("TERM");
	return terminal_is_one() && term && *term && !str_equal(term, "dumb");
}

static bool auto_colors(void)
{
	const char *no_color = getenv("NO_COLOR");
	return is_able() && !(no_color && *no_color);
}

void terminal_clear(void)
{
	if (is_able())
		fputs("\033[H\033[2J", stdout);
}

struct table_style terminal_style(enum verb_color color)
{
	return (struct table_style){
		.colors = color == VERB_COLOR_ALWAYS || (color == VERB_COLOR_AUTO && auto_colors()),
		.width = width(),
	};
}
