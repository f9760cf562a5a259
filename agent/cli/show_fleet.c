/* SPDX-License-Identifier: MIT */
#include "agent/cli/json_at.h"
#include "agent/cli/show.h"
#include "lib/str.h"

#define CONFIG_SHOWN 8 /* digits of the hash: enough to see which differ */
#define NOTE_MAX     400

static enum table_tone tone_of(const json_t *node)
{
	const char *form = text_at(node, "form");
	if (true_at(node, "gone") || str_equal(form, "withdrawn"))
		return TABLE_BAD;
	if (str_equal(form, "degraded"))
		return TABLE_WARNING;
	return str_equal(form, "normal") ? TABLE_GOOD : TABLE_DIM;
}

/* Why it is so: what the guard says, and rolling work. */
static void note_of(const json_t *node, char buf[static NOTE_MAX])
{
	char age[TABLE_AGE_MAX];
	struct strbuf text = strbuf_over(buf, NOTE_MAX);
	const json_t *rolling = json_at(node, "rolling");
	long long place = count_at(node, "place");
	const char *reason = text_at(rolling, "reason");
	buf[0] = '\0';
	if (true_at(node, "gone"))
		strbuf_add(&text, "no session");
	if (place > 0)
		strbuf_add(&text, "%skept, waits to leave (%lld)", text.len ? ", " : "", place);
	if (true_at(node, "let_go"))
		strbuf_add(&text, "%slet go", text.len ? ", " : "");
	if (json_is_object(rolling))
		strbuf_add(&text, "%srolling work for %s%s%.200s", text.len ? ", " : "",
			   table_age(number_at(rolling, "since_seconds"), age), *reason ? ": " : "",
			   reason);
}

static void add_node(struct table *t, const json_t *node)
{
	char age[TABLE_AGE_MAX], note[NOTE_MAX];
	const char *form = text_at(node, "form"), *attributes = text_at(node, "attributes");
	const char *config = text_at(node, "config");
	double since = number_at(node, "since_seconds");
	note_of(node, note);
	table_add(t, text_at(node, "node"));
	table_add_toned(t, tone_of(node), *form ? form : "gone");
	table_add(t, table_age(since >= 0 ? since : number_at(node, "seen_seconds"), age));
	table_add(t, *attributes ? attributes : NULL);
	table_format(t, "%.*s", CONFIG_SHOWN, *config ? config : "-");
	table_add(t, note);
}

static void show_nodes(const struct show *s, const json_t *nodes)
{
	size_t i;
	const json_t *node;
	struct table *t = table_new("NODE|FORM|SINCE|ATTRIBUTES|CONFIG|NOTE");
	json_array_foreach(nodes, i, node) add_node(t, node);
	table_print(t, &s->style, s->out);
	table_free(t);
}

static void show_vip(const struct show *s, const json_t *vip)
{
	const char *rule = text_at(vip, "rule");
	long long up = count_at(vip, "up"), min_up = count_at(vip, "min_up"),
		  joining = count_at(vip, "joining");
	fprintf(s->out, "%s: ", text_at(vip, "vip"));
	if (up >= 0)
		fprintf(s->out, "announced by %lld, ", up);
	if (joining > 0)
		fprintf(s->out, "%lld of them joining, ", joining);
	if (min_up >= 0)
		fprintf(s->out, "%lld must stay (%s)\n", min_up, rule);
	else
		fprintf(s->out, "%s\n", *rule ? rule : "not guarded");
	if (json_is_array(json_at(vip, "nodes")))
		show_nodes(s, json_at(vip, "nodes"));
	else
		fputs("too many nodes to list: ask for this VIP alone\n", s->out);
}

static void show_roll(const struct show *s, const json_t *roll)
{
	char age[TABLE_AGE_MAX];
	const char *note = text_at(roll, "note");
	if (!json_is_object(roll))
		return;
	fprintf(s->out, "rolling work on %s here: %s for %s%s%s\n\n",
		json_string_value(json_array_get(json_at(roll, "apps"), 0)), text_at(roll, "phase"),
		table_age(number_at(roll, "since_seconds"), age), *note ? ", " : "", note);
}

int show_fleet(const struct show *s, const json_t *answer)
{
	size_t i;
	const json_t *vip;
	const char *error = text_at(answer, "error");
	if (*error)
		fprintf(s->out, "Consul does not answer: %s\nThis agent's own view:\n\n", error);
	show_roll(s, json_at(answer, "roll"));
	json_array_foreach(json_at(answer, "vips"), i, vip)
	{
		if (i > 0)
			fputc('\n', s->out);
		show_vip(s, vip);
	}
	return VERB_DONE;
}
