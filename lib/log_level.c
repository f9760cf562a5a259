/* SPDX-License-Identifier: MIT */
#include "lib/log_level.h"

#include <errno.h>

#include "lib/str.h"

const char *const log_modules[] = { "agent",      "api",     "app",     "bfd",  "bgp",
				    "capability", "config",  "consul",  "exec", "fleet",
				    "listen",     "loop",    "monitor", "nat",  "netlink",
				    "nomad",      "service", "state",   "vip",  NULL };

const char *const log_level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_INFO] = "info",
	[LOG_DEBUG] = "debug", [LOG_TRACE] = "trace",     NULL,
};

int log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; log_level_names[i]; i++)
		if (str_equal(text, log_level_names[i])) {
			*ret = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return log_level_names[level];
}

void log_levels_set(struct log_levels *levels, const char *module, enum log_level level)
{
	size_t i = 0;
	while (i < levels->n_modules && !str_equal(levels->modules[i].module, module))
		i++;
	if (i == LOG_MODULES_MAX)
		return;
	levels->modules[i].module = module;
	levels->modules[i].level = level;
	levels->n_modules += i == levels->n_modules;
}
