/* SPDX-License-Identifier: MIT */
#include "agent/status/view_diff.h"

#include <stdio.h>

#include "agent/status/view_json.h"

static json_t *value_or_null(const char *text)
{
	return text[0] ? view_text(text) : json_null();
}

static json_t *view_keys(const struct config_change *c)
{
	json_t *array = json_array();
	for (size_t i = 0; i < c->n_keys; i++) {
		const struct config_key_change *k = &c->keys[i];
		json_array_append_new(array, json_pack("{s:s, s:o, s:o, s:s}", "key", k->key,
						       "before", value_or_null(k->before), "after",
						       value_or_null(k->after), "effect",
						       config_effect_name(k->effect)));
	}
	return array;
}

json_t *view_diff(const struct config_diff *d)
{
	char line[APP_NAME_MAX + 128];
	json_t *array = json_array();
	for (size_t i = 0; i < d->n; i++) {
		const struct config_change *c = &d->items[i];
		struct strbuf text = strbuf_over(line, sizeof(line));
		config_change_format(c, &text);
		json_array_append_new(array, json_pack("{s:s, s:o, s:s, s:s, s:o, s:o}", "object",
						       config_object_name(c->object), "name",
						       view_text_or_null(c->name), "change",
						       config_change_kind_name(c->kind), "effect",
						       config_effect_name(c->effect), "keys",
						       view_keys(c), "text", view_text(line)));
	}
	return array;
}

json_t *view_diff_restart(const struct config_diff *d)
{
	char key[192];
	json_t *array = json_array();
	for (size_t i = 0; i < d->n; i++)
		for (size_t j = 0; j < d->items[i].n_keys; j++) {
			const struct config_key_change *k = &d->items[i].keys[j];
			snprintf(key, sizeof(key), "%s.%s", config_object_name(d->items[i].object),
				 k->key);
			if (k->effect == CONFIG_NEEDS_RESTART)
				json_array_append_new(array, json_string(key));
		}
	return array;
}

static json_t *number_or_null(unsigned n)
{
	return n ? json_integer(n) : json_null();
}

json_t *view_findings(const struct config_findings *f, enum config_severity severity)
{
	json_t *array = json_array();
	for (size_t i = 0; i < f->n; i++) {
		const struct config_finding *x = &f->items[i];
		if (x->severity == severity)
			json_array_append_new(array,
					      json_pack("{s:o, s:o, s:o, s:o, s:o}", "file",
							x->file ? view_text(x->file) : json_null(),
							"line", number_or_null(x->line), "column",
							number_or_null(x->column), "key",
							value_or_null(x->path), "text",
							view_text(x->text)));
	}
	return array;
}
