/* SPDX-License-Identifier: MIT */
#include "agent/convert/print.h"

#include <string.h>

#include "agent/config/yaml_print.h"
#include "lib/array.h"
#include "lib/utf8.h"

static void print_remark(const struct convert_remark *r, FILE *out)
{
	char text[UTF8_ESCAPED_MAX(1024)], name[UTF8_ESCAPED_MAX(256)];
	utf8_escape(text, sizeof(text), r->text, strlen(r->text));
	fputs("#   ", out);
	if (r->at.file) {
		utf8_escape(name, sizeof(name), r->at.file, strlen(r->at.file));
		fprintf(out, "%s:%u: ", name, r->at.line);
	}
	fprintf(out, "%s\n", text);
}

static void print_remarks(const struct convert *c, enum convert_severity severity,
			  const char *title, FILE *out)
{
	bool first = true;
	for (size_t i = 0; i < c->n_remarks; i++) {
		if (c->remarks[i].severity != severity)
			continue;
		if (first)
			fprintf(out, "#\n# %s:\n", title);
		first = false;
		print_remark(&c->remarks[i], out);
	}
}

void convert_print(const struct convert *c, FILE *out)
{
	static const char *const sections[] = { "agent", "bgp", "nat", "processes", "apps" };
	json_t *ordered = json_object();
	fprintf(out,
		"# Written by `vipherald convert %s`. Passwords are included: keep the file as "
		"private as the\n# original. `vipherald check FILE` says what is left to do.\n",
		c->tool);
	print_remarks(c, CONVERT_LOST, "Not carried over", out);
	print_remarks(c, CONVERT_NOTE, "Carried over, to be known", out);
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		json_t *section = json_object_get(c->document, sections[i]);
		json_t *peers = json_object_get(section, "peers");
		if (peers) { /* the keys of all peers come first */
			json_incref(peers);
			json_object_del(section, "peers");
			json_object_set_new(section, "peers", peers);
		}
		if (section && (json_object_size(section) > 0 || json_array_size(section) > 0))
			json_object_set(ordered, sections[i], section);
	}
	config_yaml_print(ordered, out);
	json_decref(ordered);
}
