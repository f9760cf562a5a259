/* SPDX-License-Identifier: MIT */
#include "lib/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/redact.h"
#include "lib/str.h"
#include "lib/utf8.h"
#include "lib/wallclock.h"

/* The levels in effect, `most` the highest of them: a line above it costs one comparison. */
static struct log_levels levels = { .level = LOG_INFO };
static enum log_level most = LOG_INFO, floor_level = LOG_ERROR;
static enum log_format first_format, format;

static const struct {
	const char *text;
	int syslog;
} shown[] = {
	[LOG_ERROR] = { "ERROR", 3 }, [LOG_WARNING] = { "WARN ", 4 }, [LOG_INFO] = { "INFO ", 6 },
	[LOG_DEBUG] = { "DEBUG", 7 }, [LOG_TRACE] = { "TRACE", 7 },
};

static enum log_level at_least(enum log_level level)
{
	return level > floor_level ? level : floor_level;
}

void log_set_levels(const struct log_levels *wanted)
{
	levels = *wanted;
	levels.level = most = at_least(levels.level);
	for (size_t i = 0; i < levels.n_modules; i++) {
		enum log_level *level = &levels.modules[i].level;
		*level = at_least(*level);
		most = *level > most ? *level : most;
	}
}

void log_get_levels(struct log_levels *ret)
{
	*ret = levels;
}

void log_set_format(enum log_format wanted)
{
	format = wanted == LOG_TEXT ? first_format : wanted;
}

void log_setup(enum log_level level, enum log_format wanted)
{
	const struct log_levels all = { .level = level };
	floor_level = level > LOG_INFO ? level : LOG_ERROR;
	first_format = format = wanted;
	log_set_levels(&all);
}

bool log_enabled(const char *module, enum log_level level)
{
	if (level > most)
		return false;
	for (size_t i = 0; i < levels.n_modules; i++)
		if (str_equal(module, levels.modules[i].module))
			return level <= levels.modules[i].level;
	return level <= levels.level;
}

static log_sink *event_sink;
static void *sink_userdata;

void log_set_sink(log_sink *sink, void *userdata)
{
	event_sink = sink;
	sink_userdata = userdata;
}

/* `text` is escaped: it has no control characters. */
static void add_json_text(struct strbuf *sb, const char *text)
{
	for (; *text; text++)
		strbuf_add(sb, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void add_json_field(struct strbuf *sb, const char *name, const char *value, bool is_number)
{
	char escaped[1024];
	const char *quote = is_number ? "" : "\"";
	if (!value)
		return;
	strbuf_add(sb, ",\"%s\":%s", name, quote);
	add_json_text(sb, utf8_escape(escaped, sizeof(escaped), value, strlen(value)));
	strbuf_add(sb, "%s", quote);
}

/* `event`: NULL for a line that is none. */
struct line {
	wall_t at;
	enum log_level level;
	const char *module;
	const struct log_event *event;
};

static void add_json_fields(struct strbuf *sb, const struct log_event *event)
{
	const char *name;
	for (size_t i = 0; event && i < LOG_EVENT_FIELDS; i++) {
		const char *value = log_event_field(event, i, &name);
		add_json_field(sb, name, value, log_event_field_is_number(i));
	}
}

static void add_line(struct strbuf *sb, const struct line *l, const char *text)
{
	char date[DATE_TEXT_MAX];
	date_format(l->at, date);
	switch (format) {
	case LOG_TEXT:
		strbuf_add(sb, "%s %s %s: %s\n", date, shown[l->level].text, l->module, text);
		break;
	case LOG_JOURNAL:
		strbuf_add(sb, "<%d>%s: %s\n", shown[l->level].syslog, l->module, text);
		break;
	case LOG_JSON:
		strbuf_add(sb, "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%s\",\"msg\":\"",
			   date, log_level_name(l->level), l->module);
		add_json_text(sb, text);
		strbuf_add(sb, "\"");
		add_json_fields(sb, l->event);
		strbuf_add(sb, "}\n");
		break;
	}
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
	char note[160], text[48];
	if (would_block()) {
		dropped++;
		return;
	}
	if (dropped > 0) {
		struct strbuf sb = strbuf_over(note, sizeof(note));
		snprintf(text, sizeof(text), "%lu line%s dropped", dropped,
			 dropped == 1 ? "" : "s");
		const struct line note_line = { wall_now(), LOG_WARNING, "log", NULL };
		add_line(&sb, &note_line, text);
		dropped = 0;
		write_line(note, sb.len);
	}
	/* One write per line, so that output of child processes cannot mix with it. A failure to
	 * log is ignored. */
	ssize_t ignored = write(STDERR_FILENO, line, len);
	(void)ignored;
}

/* In JSON every octet may take two; fields are names, the longest of them of alarms and
 * NOTIFICATIONs. */
#define LINE_MAX_SIZE (2 * 1024 + 2 * 2048 + 512)

static void write_text(const struct line *l, const char *text)
{
	char escaped[1024], line[LINE_MAX_SIZE];
	struct strbuf sb = strbuf_over(line, sizeof(line));
	if (!log_enabled(l->module, l->level))
		return;
	add_line(&sb, l, utf8_escape(escaped, sizeof(escaped), text, strlen(text)));
	write_line(line, sb.len);
}

void log_write(enum log_level level, const char *module, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	if (!log_enabled(module, level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	redact(text);
	const struct line line = { wall_now(), level, module, NULL };
	write_text(&line, text);
}

void log_event(enum log_level level, const char *module, const struct log_event *event,
	       const char *fmt, ...)
{
	char text[1024];
	va_list args;
	if (!event_sink && !log_enabled(module, level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	redact(text);
	const struct line line = { wall_now(), level, module, event };
	write_text(&line, text);
	if (event_sink)
		event_sink(event, line.at, level, text, sink_userdata);
}
