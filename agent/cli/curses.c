/* SPDX-License-Identifier: MIT */
#include "agent/cli/curses.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "lib/array.h"

#define LIBRARY "libncursesw.so.6"

#define SYMBOL(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct curses_api, name)                                           \
	}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	SYMBOL(newterm),
	SYMBOL(newwin),
	SYMBOL(delscreen),
	SYMBOL(delwin),
	SYMBOL(endwin),
	SYMBOL(cbreak),
	SYMBOL(noecho),
	SYMBOL(nonl),
	SYMBOL(curs_set),
	SYMBOL(keypad),
	SYMBOL(nodelay),
	SYMBOL(clearok),
	SYMBOL(wgetch),
	SYMBOL(werase),
	SYMBOL(wmove),
	SYMBOL(wattrset),
	SYMBOL(waddnstr),
	SYMBOL(wrefresh),
	SYMBOL(getmaxx),
	SYMBOL(getmaxy),
	SYMBOL(has_colors),
	SYMBOL(start_color),
	SYMBOL(use_default_colors),
	SYMBOL(init_pair),
	SYMBOL(COLOR_PAIR),
};

int curses_load(struct curses_api *ret, struct err *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(
			err, -ENOPKG,
			"top needs ncurses (package libncursesw6), which is not installed: %s",
			dlerror());
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(library, symbols[i].name);
		if (!symbol)
			return err_set(err, -ENOPKG, LIBRARY " is not as expected: it has no %s",
				       symbols[i].name);
		memcpy((char *)ret + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}
