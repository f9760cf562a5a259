/* SPDX-License-Identifier: MIT */
/*
 * The log goes to stderr, a line an event: level, module, subject, what happened and what to do:
 *
 *	WARN  bgp: peer 192.0.2.1: hold timer expired, nothing received for 90 s
 *
 * Under systemd, lines carry its <N> priority prefix instead of the level's name; as JSON they are
 * an object each. Characters that are not plain text (lib/utf8.h) are escaped, so that no value can
 * forge a line or reorder it on a terminal. Each failure is logged once, at the edge: by the code
 * that decides what to do about it.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>

#include "lib/log_event.h"
#include "lib/log_level.h"
#include "lib/wallclock.h"

/* As the command line and stderr say: no line up to `level` is dropped by log_set_levels(). */
void log_setup(enum log_level level, enum log_format format);
/* As the configuration or the operator says, at any time. Copied. */
void log_set_levels(const struct log_levels *levels);
void log_get_levels(struct log_levels *ret);
/* LOG_TEXT: as log_setup() says. */
void log_set_format(enum log_format format);

bool log_enabled(const char *module, enum log_level level);
void log_write(enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line that is an event (lib/log_event.h). A reader of events (log_set_sink()) gets it whatever
 * the level, JSON lines have the fields. */
#define EVENT(name, ...) (&(const struct log_event){ .kind = (name), __VA_ARGS__ })
void log_event(enum log_level level, const char *module, const struct log_event *event,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* `at` is the time of the line. `text` is without what is redacted; views are valid during the call
 * only. NULL: none. */
typedef void log_sink(const struct log_event *event, wall_t at, enum log_level level,
		      const char *text, void *userdata);
void log_set_sink(log_sink *sink, void *userdata);

#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...)  log_write(LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)  log_write(LOG_INFO, module, __VA_ARGS__)
/* The arguments of these are not evaluated unless the line is written. */
#define log_debug(module, ...)                                                                     \
	do {                                                                                       \
		if (log_enabled(module, LOG_DEBUG))                                                \
			log_write(LOG_DEBUG, module, __VA_ARGS__);                                 \
	} while (0)
#define log_trace(module, ...)                                                                     \
	do {                                                                                       \
		if (log_enabled(module, LOG_TRACE))                                                \
			log_write(LOG_TRACE, module, __VA_ARGS__);                                 \
	} while (0)

#endif
