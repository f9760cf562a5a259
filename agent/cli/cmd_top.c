/* SPDX-License-Identifier: MIT */
/*
 *	top_ask ── answers ──> top_model (P) ──> top_layout (P) ──> top_screen (P) ──> curses
 *	keys, size of the terminal ──^
 */
#include "agent/cli/cmd_top.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "agent/cli/curses.h"
#include "agent/cli/terminal.h"
#include "agent/cli/top_ask.h"
#include "agent/cli/top_layout.h"
#include "lib/array.h"
#include "lib/str.h"
#include "lib/utf8.h"
#include "process/loop.h"

#define INTERVAL_DEFAULT (2 * USEC_PER_SEC)
#define INTERVAL_MIN     (100 * USEC_PER_MSEC)
#define INTERVAL_MAX     (3600 * USEC_PER_SEC)
/* Nothing is put on a screen larger than this. */
#define SIDE_MAX  2000
#define CTRL_L    ('L' & 0x1f)
#define ELLIPSIS  0x2026
#define PIECE_MAX 4096

struct top {
	const struct client *client;
	struct curses_api curses;
	SCREEN *screen;
	WINDOW *window;
	bool colors, utf8;
	struct top_model model;
	struct top_ask ask;
	mono_t ask_at;
};

/* ---- the terminal ---- */

static void begin_colors(struct top *t)
{
	static const short colors[][2] = { { TABLE_GOOD, COLOR_GREEN },
					   { TABLE_BAD, COLOR_RED },
					   { TABLE_WARNING, COLOR_YELLOW } };
	t->curses.start_color();
	t->curses.use_default_colors();
	for (size_t i = 0; i < ARRAY_SIZE(colors); i++)
		t->curses.init_pair(colors[i][0], colors[i][1], -1);
}

static int begin_screen(struct top *t, enum verb_color color, struct err *err)
{
	const char *term = getenv("TERM");
	int rc = curses_load(&t->curses, err);
	if (rc < 0)
		return rc;
	setlocale(LC_CTYPE, "");
	t->utf8 = str_equal(nl_langinfo(CODESET), "UTF-8");
	t->screen = t->curses.newterm(NULL, stdout, stdin);
	if (!t->screen)
		return err_set(err, -EINVAL,
			       "top: TERM is '%s', expected a terminal that ncurses knows",
			       term ? term : "");
	t->window = t->curses.newwin(0, 0, 0, 0);
	t->curses.cbreak();
	t->curses.noecho();
	t->curses.nonl();
	t->curses.curs_set(0);
	t->curses.keypad(t->window, TRUE);
	t->curses.nodelay(t->window, TRUE);
	t->colors = terminal_style(color).colors && t->curses.has_colors();
	if (t->colors)
		begin_colors(t);
	return 0;
}

static void end_screen(struct top *t)
{
	if (!t->screen)
		return;
	t->curses.endwin();
	t->curses.delwin(t->window);
	t->curses.delscreen(t->screen);
}

static int attributes_of(const struct top *t, enum table_tone tone)
{
	if (tone == TABLE_PLAIN)
		return 0;
	if (tone == TABLE_DIM)
		return t->colors ? (int)A_DIM : 0;
	return t->colors ? t->curses.COLOR_PAIR(tone) : tone == TABLE_BAD ? (int)A_BOLD : 0;
}

/* As wide as the terminal takes it: what this locale cannot show is one column, and at the right
 * edge nothing flows into the next line. Returns the octets. */
static size_t shown(const struct top *t, const struct top_piece *piece, size_t width, char *buf)
{
	size_t used = 0, left = strlen(piece->text), column = piece->column;
	const char *text = piece->text;
	uint32_t c;
	for (size_t n; (n = utf8_decode(text, left, &c)) > 0; text += n, left -= n) {
		int columns = c < 0x80 ? 1 : t->utf8 ? wcwidth((wchar_t)c) : -1;
		const char *as = columns >= 0 ? text : c == ELLIPSIS ? "~" : "?";
		size_t wide = columns >= 0 ? (size_t)columns : 1, len = columns >= 0 ? n : 1;
		if (column + wide > width || used + len > PIECE_MAX)
			break;
		memcpy(buf + used, as, len);
		used += len;
		column += wide;
	}
	return used;
}

static size_t side(int n)
{
	return n < 1 ? 1 : n > SIDE_MAX ? SIDE_MAX : (size_t)n;
}

static void draw(struct top *t)
{
	char buf[PIECE_MAX];
	struct top_screen screen;
	top_screen_init(&screen, side(t->curses.getmaxx(t->window)),
			side(t->curses.getmaxy(t->window)));
	top_layout(&t->model, loop_clock(), &screen);
	t->curses.werase(t->window);
	for (size_t i = 0; i < screen.n; i++) {
		const struct top_piece *piece = &screen.pieces[i];
		size_t len = shown(t, piece, screen.width, buf);
		t->curses.wmove(t->window, (int)piece->line, (int)piece->column);
		t->curses.wattrset(t->window, attributes_of(t, piece->tone));
		t->curses.waddnstr(t->window, buf, (int)len);
	}
	t->curses.wrefresh(t->window);
	top_screen_done(&screen);
}

/* ---- turns ---- */

static void ask_when_due(struct top *t)
{
	mono_t now = loop_clock();
	const struct top_order order = { t->model.sort, side(t->curses.getmaxy(t->window)) };
	if (t->model.paused || t->ask.waiting || now < t->ask_at)
		return;
	t->ask_at = usec_add(now, t->model.interval);
	if (t->ask.fd < 0 && top_ask_start(&t->ask, t->client) < 0)
		top_model_failed(&t->model, "no process can be started that asks the agent");
	else if (top_ask_all(&t->ask, &order) < 0)
		top_ask_stop(&t->ask); /* another one, the next time */
}

static void read_answers(struct top *t)
{
	int rc = top_ask_read(&t->ask, &t->model, loop_clock());
	if (rc < 0) {
		top_ask_stop(&t->ask);
		top_model_failed(&t->model, "the process that asks the agent has ended");
	}
	if (rc != 0)
		draw(t);
}

/* False: the operator quits. */
static bool read_keys(struct top *t)
{
	int key;
	bool any = false;
	enum top_sort sort = t->model.sort;
	while ((key = t->curses.wgetch(t->window)) != ERR) {
		if (!top_model_key(&t->model, key))
			return false;
		/* The terminal may have garbled the old screen: redraw all of it. */
		if (key == CTRL_L || key == KEY_RESIZE)
			t->curses.clearok(t->window, TRUE);
		if (key == KEY_RESIZE || t->model.sort != sort)
			t->ask_at = 0; /* there may be others to show */
		any = true;
	}
	if (t->model.paused)
		top_ask_stop(&t->ask); /* an answer on its way would change the screen */
	if (any)
		draw(t);
	return true;
}

/* Until something happens or the next answers are due. The signal of a new size arrives here and
 * nowhere else: ncurses tells of it as a key. */
static int wait_for_events(const struct top *t, struct pollfd fds[static 2], const sigset_t *mask)
{
	span_t left = usec_sub(t->ask_at, loop_clock());
	const struct timespec timeout = { (time_t)(left / USEC_PER_SEC),
					  (long)(left % USEC_PER_SEC * 1000) };
	bool idle = t->model.paused || t->ask.waiting;
	fds[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = t->ask.fd, .events = POLLIN };
	return ppoll(fds, 2, idle ? NULL : &timeout, mask);
}

static void run(struct top *t)
{
	struct pollfd fds[2];
	sigset_t resized, before;
	sigemptyset(&resized);
	sigaddset(&resized, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resized, &before);
	draw(t);
	do {
		ask_when_due(t);
		int n = wait_for_events(t, fds, &before);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0 && fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			break; /* the terminal is gone */
		if (n > 0 && fds[1].revents)
			read_answers(t);
	} while (read_keys(t));
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* ---- the command ---- */

static int set_interval(const struct verb_call *call, span_t *ret, struct err *err)
{
	const char *value = verb_value(call, "interval");
	*ret = INTERVAL_DEFAULT;
	if (!value)
		return 0;
	if (duration_parse(value, ret, err) < 0 || *ret < INTERVAL_MIN || *ret > INTERVAL_MAX)
		return err_set(err, -EINVAL, "--interval: '%s' is not a duration from 100ms to 1h",
			       value);
	return 0;
}

int cmd_top(const struct client *client, const struct verb_call *call)
{
	struct top t = { .client = client, .ask.fd = -1 };
	struct err err;
	int status = VERB_DONE;
	if (set_interval(call, &t.model.interval, &err) < 0) {
		status = VERB_USAGE;
	} else if (!isatty(STDIN_FILENO) || !terminal_is_one()) {
		err_set(&err, -ENOTTY,
			"top needs a terminal; without one: vipherald status --watch, or --json");
		status = VERB_USAGE;
	} else if (begin_screen(&t, call->color, &err) < 0) {
		status = VERB_REFUSED;
	}
	if (status != VERB_DONE) {
		fprintf(stderr, "vipherald: %s (vipherald top --help)\n", err.text);
		return status;
	}
	run(&t);
	end_screen(&t);
	top_ask_stop(&t.ask);
	top_model_done(&t.model);
	return VERB_DONE;
}
