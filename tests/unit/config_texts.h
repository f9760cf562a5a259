/* SPDX-License-Identifier: MIT */
/* Configurations from texts, as JSON, and their difference. Include after cmocka.h. */
#ifndef TESTS_UNIT_CONFIG_TEXTS_H
#define TESTS_UNIT_CONFIG_TEXTS_H

#include <stdio.h>
#include <string.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/show.h"

static inline struct config *load(const char *text)
{
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	if (config_load_text(text, strlen(text), &c, &findings) < 0) {
		config_findings_print(&findings, "text", stderr);
		fail_msg("not valid:\n%s", text);
	}
	config_findings_done(&findings);
	return c;
}

static inline void diff_texts(const char *before, const char *after, struct config_diff *ret)
{
	struct config *a = load(before), *b = load(after);
	config_diff(a, b, ret);
	config_free(a);
	config_free(b);
}

static inline json_t *show(const struct config *c, unsigned flags)
{
	json_t *o = config_show(c, flags), *apps = json_array();
	for (size_t i = 0; i < c->n_apps; i++)
		json_array_append_new(apps, config_show_app(&c->apps[i], flags));
	json_object_set_new(o, "apps", apps);
	return o;
}

#endif
