/* SPDX-License-Identifier: MIT */
/*
 * ncurses, loaded by `vipherald top` alone (docs/decisions/ncurses-at-run-time.md). The header is
 * used for its types, the functions come from dlopen().
 */
#ifndef AGENT_CLI_CURSES_H
#define AGENT_CLI_CURSES_H

#define NCURSES_NOMACROS
#include <curses.h>

#include "lib/err.h"

struct curses_api {
	SCREEN *(*newterm)(const char *, FILE *, FILE *);
	WINDOW *(*newwin)(int, int, int, int);
	void (*delscreen)(SCREEN *);
	int (*delwin)(WINDOW *);
	int (*endwin)(void);
	int (*cbreak)(void);
	int (*noecho)(void);
	int (*nonl)(void);
	int (*curs_set)(int);
	int (*keypad)(WINDOW *, bool);
	int (*nodelay)(WINDOW *, bool);
	int (*clearok)(WINDOW *, bool);
	int (*wgetch)(WINDOW *);
	int (*werase)(WINDOW *);
	int (*wmove)(WINDOW *, int, int);
	int (*wattrset)(WINDOW *, int);
	int (*waddnstr)(WINDOW *, const char *, int);
	int (*wrefresh)(WINDOW *);
	int (*getmaxx)(const WINDOW *);
	int (*getmaxy)(const WINDOW *);
	bool (*has_colors)(void);
	int (*start_color)(void);
	int (*use_default_colors)(void);
	int (*init_pair)(short, short, short);
	int (*COLOR_PAIR)(int); /* with NCURSES_NOMACROS a function like the others */
};

/* -ENOPKG with a text that says what to install. */
int curses_load(struct curses_api *ret, struct err *err);

#endif
