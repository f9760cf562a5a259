/* SPDX-License-Identifier: MIT */
#include "agent/daemon/config_log.h"

#include "lib/log.h"

void config_log_findings(const struct config_findings *findings, const char *path)
{
	char line[1024];
	for (size_t i = 0; i < findings->n; i++) {
		if (findings->items[i].severity == CONFIG_NOTE)
			continue;
		config_finding_format(&findings->items[i], path, line, sizeof(line));
		if (findings->items[i].severity == CONFIG_ERROR)
			log_error("config", "%s", line);
		else
			log_warn("config", "%s", line);
	}
}

void config_log_included(const struct config_set *set)
{
	for (size_t i = 1; i < set->n; i++) {
		const struct config_text *t = &set->items[i];
		if (t->state != CONFIG_TEXT_LOADED)
			log_event(LOG_ERROR, "config", EVENT("reload.include"),
				  "%s has errors: its apps %s", t->file,
				  t->state == CONFIG_TEXT_KEPT ? "stay as they were"
							       : "are left out");
	}
}
