/* SPDX-License-Identifier: MIT */
#include "agent/cli/terminal.h"

#include <stdint.h>
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
	if (columns && str_to_u64(columns, 10000, &n) == 0)
		return (size_t)n;
	if (terminal_is_one() && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return 0;
}

static bool auto_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return terminal_is_one() && !(no_color && *no_color) && term && !str_equal(term, "dumb");
}

struct table_style terminal_style(enum verb_color color)
{
	return (struct table_style){
		.colors = color == VERB_COLOR_ALWAYS || (color == VERB_COLOR_AUTO && auto_colors()),
		.width = width(),
	};
}
