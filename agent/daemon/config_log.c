/* SPDX-License-Identifier: MIT */
#include "agent/daemon/config_log.h"

#include "lib/log.h"

/* A fleet's file may have one for each of its apps, at every reload. */
#define WARNINGS_LOGGED 50

void config_log_findings(const struct config_findings *findings, const char *path)
{
	char line[1024];
	size_t n_warnings = 0;
	for (size_t i = 0; i < findings->n; i++) {
		enum config_severity severity = findings->items[i].severity;
		n_warnings += severity == CONFIG_WARNING;
		if (severity == CONFIG_NOTE ||
		    (severity == CONFIG_WARNING && n_warnings > WARNINGS_LOGGED))
			continue;
		config_finding_format(&findings->items[i], path, line, sizeof(line));
		if (severity == CONFIG_ERROR)
			log_error("config", "%s", line);
		else
			log_warn("config", "%s", line);
	}
	if (n_warnings > WARNINGS_LOGGED)
		log_warn("config", "%s: %zu more warning%s: `vipherald check` lists all", path,
			 n_warnings - WARNINGS_LOGGED,
			 n_warnings == WARNINGS_LOGGED + 1 ? "" : "s");
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
