/* SPDX-License-Identifier: MIT */
/*
 * The log goes to stderr, a line an event: level, module, subject, what happened and what to do:
 *
 *	WARN  bgp: peer 192.0.2.1: hold timer expired, nothing received for 90 s
 *
 * Under systemd, lines carry its <N> priority prefix instead of the level's name. What is
 * not plain text (lib/utf8.h) is escaped, so that no value can forge a line or reorder it on a
 * terminal. Each failure is logged once, at the edge: by the code that decides what to do about it.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Lines above `level` are dropped. `journal` chooses the <N> form. */
void log_setup(enum log_level level, bool journal);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *module, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(module, ...) log_write(LOG_ERROR, module, __VA_ARGS__)
#define log_warn(module, ...)  log_write(LOG_WARNING, module, __VA_ARGS__)
#define log_info(module, ...)  log_write(LOG_INFO, module, __VA_ARGS__)
/* The arguments are not evaluated unless the line is written. */
#define log_debug(module, ...)                                                                     \
	do {                                                                                       \
		if (log_enabled(LOG_DEBUG))                                                        \
			log_write(LOG_DEBUG, module, __VA_ARGS__);                                 \
	} while (0)

#endif
