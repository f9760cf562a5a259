/* SPDX-License-Identifier: MIT */
/* The reference page, printed from the schema. Nothing in the agent calls this, so the linker
 * leaves it out; tests/unit/test_config_doc.c compares the page with it and can write it. */
#include "agent/config/doc.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/schema.h"
#include "agent/config/schema_bgp.h"
#include "agent/config/types.h"
#include "lib/mono.h"
#include "lib/str.h"

static bool has_range(const struct config_key *k)
{
	return k->min > 0 || k->max > 0; /* only durations, counts and rates have one here,
					    the others say it in the name of their type */
}

static void print_type(FILE *out, const struct config_key *k)
{
	char min[DURATION_TEXT_MAX], max[DURATION_TEXT_MAX];
	if (k->shape == CONFIG_SECTION && k->type) {
		fprintf(out, "%s, or a mapping", k->type->name);
		return;
	}
	if (k->shape == CONFIG_SECTION || k->shape == CONFIG_SECTIONS) {
		fprintf(out, k->shape == CONFIG_SECTIONS ? "list of mappings" : "mapping");
		return;
	}
	fprintf(out, "%s%s", k->shape == CONFIG_VALUES ? "one or a list of " : "",
		k->type_words ? k->type_words : k->type->name);
	if (!has_range(k))
		return;
	if (k->type == &config_type_count) {
		fprintf(out, ", %u to %u", (unsigned)k->min, (unsigned)k->max);
		return;
	}
	if (k->type == &config_type_rate) {
		fprintf(out, ", %upps to %upps", (unsigned)k->min, (unsigned)k->max);
		return;
	}
	fprintf(out, ", %s%s", k->flags & CONFIG_ZERO_ALLOWED ? "0 or " : "",
		duration_format(k->min, min));
	if (k->max > 0)
		fprintf(out, " to %s", duration_format(k->max, max));
	else
		fprintf(out, " or more");
}

static void print_default(FILE *out, const struct config_key *k)
{
	if (k->flags & CONFIG_REQUIRED)
		fprintf(out, "**required**");
	else if (k->default_text)
		fprintf(out, "`%s`", k->default_text);
	else
		fprintf(out, "%s", k->default_words ? k->default_words : "none");
}

/* Effect of a change of the key at a reload. */
static const char *effect_words(const struct config_section *s, const struct config_key *k)
{
	if (k->section && !k->type)
		return "";
	switch (k->effect) {
	case CONFIG_APPLIES:
		return k->flags & CONFIG_ON_OFF_RESTARTS ? "applied; **restart** for on and off"
							 : "applied";
	case CONFIG_SENDS_UPDATE:
		return "UPDATE";
	case CONFIG_RESETS:
		return s == &config_bgp_section ? "all sessions reset" : "session reset";
	case CONFIG_NEEDS_RESTART:
		return "**restart**";
	}
	return "";
}

static void print_key(const struct config_section *s, FILE *out, const struct config_key *k)
{
	fprintf(out, "| `%s`", k->name);
	if (k->alias)
		fprintf(out, " or `%s`", k->alias);
	if (k->alias2)
		fprintf(out, " or `%s`", k->alias2);
	fprintf(out, " | ");
	print_type(out, k);
	fprintf(out, " | ");
	print_default(out, k);
	fprintf(out, " | %s | %s%s |\n", effect_words(s, k), k->doc,
		k->flags & CONFIG_ZERO_IS_DEFAULT ? " 0 selects the default, with a warning." : "");
}

void config_print_doc(FILE *out)
{
	for (const struct config_section *const *s = config_sections; *s; s++) {
		if ((*s)->path[0])
			fprintf(out, "\n### `%s`\n", (*s)->path);
		else
			fprintf(out, "\n### The file\n");
		fprintf(out,
			"%s\n\n| key | value | default | at a reload | what it does |\n"
			"|---|---|---|---|---|\n",
			(*s)->doc);
		for (const struct config_key *k = config_section_keys(*s); k->name; k++)
			print_key(*s, out, k);
	}
}

/* ---- vipherald.yaml(5) ---- */

/* `text` without the marks of Markdown: links keep their words only. */
static void print_plain(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '`' || *text == '[' || *text == '*')
			continue;
		if (*text == ']' && text[1] == '(')
			text = strchr(text, ')') ? strchr(text, ')') : text;
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else if (strncmp(text, "…", 3) == 0) {
			fputs("...", out);
			text += 2;
		} else if (*text != ']')
			fputc(*text, out);
	}
}

static void print_plain_part(FILE *out, void (*print)(FILE *, const struct config_key *),
			     const struct config_key *k)
{
	char *text = NULL;
	size_t size = 0;
	FILE *part = open_memstream(&text, &size);
	if (!part)
		return;
	print(part, k);
	fclose(part);
	print_plain(out, text);
	free(text);
}

static void print_man_key(FILE *out, const struct config_key *k)
{
	fprintf(out, ".TP\n.B %s", k->name);
	if (k->alias)
		fprintf(out, ", %s", k->alias);
	if (k->alias2)
		fprintf(out, ", %s", k->alias2);
	fputs(" \\fR(", out);
	print_plain_part(out, print_type, k);
	fputs("; ", out);
	if (!(k->flags & CONFIG_REQUIRED))
		fputs("default: ", out);
	print_plain_part(out, print_default, k);
	fputs(")\\fP\n", out);
	print_plain(out, k->doc);
	fputc('\n', out);
}

void config_print_man(FILE *out)
{
	fputs(".\\\" SPDX-License-Identifier: MIT\n"
	      ".\\\" Written by `make docs` from the schema in agent/config.\n"
	      ".TH VIPHERALD.YAML 5 \"\" \"vipherald @VERSION@\" \"File formats\"\n"
	      ".SH NAME\nvipherald.yaml \\- the configuration of vipherald\n"
	      ".SH DESCRIPTION\nA file of YAML, which\n.B vipherald check\nchecks. GoCast\\(aqs "
	      "files are valid. Every key, by section:\n",
	      out);
	for (const struct config_section *const *s = config_sections; *s; s++) {
		fprintf(out, ".SH %s\n", (*s)->path[0] ? (*s)->path : "TOP LEVEL");
		print_plain(out, (*s)->doc);
		fputc('\n', out);
		for (const struct config_key *k = config_section_keys(*s); k->name; k++)
			print_man_key(out, k);
	}
	fputs(".SH SEE ALSO\n.BR vipherald (8),\n.BR vipherald (1)\n", out);
}
