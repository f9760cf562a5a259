/* SPDX-License-Identifier: MIT */
#include "lib/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mono.h"
#include "lib/redact.h"
#include "lib/str.h"
#include "lib/utf8.h"
#include "lib/wallclock.h"

static enum log_level log_level = LOG_INFO;
static bool log_journal;

void log_setup(enum log_level level, bool journal)
{
	log_level = level;
	log_journal = journal;
}

bool log_enabled(enum log_level level)
{
	return level <= log_level;
}

static void add_head(struct strbuf *sb, enum log_level level)
{
	static const struct {
		const char *name;
		int syslog;
	} levels[] = {
		[LOG_ERROR] = { "ERROR", 3 },
		[LOG_WARNING] = { "WARN ", 4 },
		[LOG_INFO] = { "INFO ", 6 },
		[LOG_DEBUG] = { "DEBUG", 7 },
	};
	if (log_journal) {
		strbuf_add(sb, "<%d>", levels[level].syslog);
		return;
	}
	struct timespec ts;
	char date[DATE_TEXT_MAX];
	clock_gettime(CLOCK_REALTIME, &ts);
	wall_t now = (wall_t)ts.tv_sec * USEC_PER_SEC + (wall_t)ts.tv_nsec / 1000;
	strbuf_add(sb, "%s %s ", date_format(now, date), levels[level].name);
}

/* A reader that hangs must not block the agent: a line that would block is dropped and counted. A
 * pipe that polls writable accepts PIPE_BUF bytes, more than a line. */
static bool would_block(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	return poll(&p, 1, 0) <= 0;
}

static void write_line(const char *line, size_t len)
{
	static unsigned long dropped;
	char note[80];
	if (would_block()) {
		dropped++;
		return;
	}
	if (dropped > 0) {
		struct strbuf sb = strbuf_over(note, sizeof(note));
		add_head(&sb, LOG_WARNING);
		strbuf_add(&sb, "log: %lu lines dropped\n", dropped);
		dropped = 0;
		write_line(note, sb.len);
	}
	/* One write per line, so that output of child processes cannot mix with it. A failure to
	 * log is ignored. */
	ssize_t ignored = write(STDERR_FILENO, line, len);
	(void)ignored;
}

void log_write(enum log_level level, const char *module, const char *fmt, ...)
{
	if (!log_enabled(level))
		return;
	char text[1024], escaped[1024], line[1200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	redact(text);
	struct strbuf sb = strbuf_over(line, sizeof(line));
	add_head(&sb, level);
	strbuf_add(&sb, "%s: %s\n", module,
		   utf8_escape(escaped, sizeof(escaped), text, strlen(text)));
	write_line(line, sb.len);
}
