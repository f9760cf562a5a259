/* SPDX-License-Identifier: MIT */
/* Log levels, and the modules that may have one of their own. */
#ifndef LIB_LOG_LEVEL_H
#define LIB_LOG_LEVEL_H

#include <stdbool.h>
#include <stddef.h>

/* LOG_TRACE is what happens all the time: every check, every KEEPALIVE. */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JOURNAL, LOG_JSON };

#define LOG_MODULES_MAX 24

/* Lines above `level` are dropped, those of a module in the list above its own level. */
struct log_levels {
	enum log_level level;
	struct {
		const char *module; /* of log_modules[] */
		enum log_level level;
	} modules[LOG_MODULES_MAX];
	size_t n_modules;
};

/* Every module that logs; ends with NULL. */
extern const char *const log_modules[];

/* Of one of log_modules[]. */
void log_levels_set(struct log_levels *levels, const char *module, enum log_level level);

/* The words of log_level_parse(), by level; ends with NULL. */
extern const char *const log_level_names[];

/* "error", "warning", "info", "debug", "trace"; -EINVAL for another word. */
int log_level_parse(const char *text, enum log_level *ret);
const char *log_level_name(enum log_level level);

#endif
