/* SPDX-License-Identifier: MIT */
#include "agent/config/log_levels.h"

void config_log_levels(const struct config_log *c, struct log_levels *ret)
{
	*ret = (struct log_levels){ .level = c->level ? (enum log_level)(c->level - 1) : LOG_INFO };
	for (size_t i = 0; i < LOG_MODULES_MAX && log_modules[i]; i++) {
		if (c->modules[i] == 0)
			continue;
		ret->modules[ret->n_modules].module = log_modules[i];
		ret->modules[ret->n_modules++].level = (enum log_level)(c->modules[i] - 1);
	}
}
