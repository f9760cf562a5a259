/* SPDX-License-Identifier: MIT */
/* Differences of configurations as text, and the words for them. */
#include "agent/config/diff.h"

#include <string.h>

#include "lib/utf8.h"

#define SHOWN_MAX 200 /* bytes of a value */

const char *config_object_name(enum config_object object)
{
	switch (object) {
	case CONFIG_AGENT:
		return "agent";
	case CONFIG_BGP:
		return "bgp";
	case CONFIG_NAT:
		return "nat";
	case CONFIG_FLEET:
		return "fleet";
	case CONFIG_PEER:
		return "peer";
	case CONFIG_PROGRAM:
		return "process";
	case CONFIG_APP:
		return "app";
	}
	return "";
}

const char *config_change_kind_name(enum config_change_kind kind)
{
	switch (kind) {
	case CONFIG_CHANGED:
		return "changed";
	case CONFIG_ADDED:
		return "added";
	case CONFIG_REMOVED:
		return "removed";
	}
	return "";
}

const char *config_effect_name(enum config_effect effect)
{
	switch (effect) {
	case CONFIG_APPLIES:
		return "none";
	case CONFIG_SENDS_UPDATE:
		return "update";
	case CONFIG_RESETS:
		return "session";
	case CONFIG_NEEDS_RESTART:
		return "restart";
	}
	return "";
}

static const char *effect_words(enum config_object object, enum config_effect effect)
{
	switch (effect) {
	case CONFIG_APPLIES:
		return "no UPDATE";
	case CONFIG_SENDS_UPDATE:
		return "UPDATE";
	case CONFIG_RESETS:
		return object == CONFIG_PEER ? "session reset" : "all sessions reset";
	case CONFIG_NEEDS_RESTART:
		return "needs a restart";
	}
	return "";
}

/* Of the keys that need no restart. */
static enum config_effect effect_at_once(const struct config_change *c)
{
	enum config_effect effect = CONFIG_APPLIES;
	for (size_t i = 0; i < c->n_keys; i++)
		if (c->keys[i].effect != CONFIG_NEEDS_RESTART && c->keys[i].effect > effect)
			effect = c->keys[i].effect;
	return effect;
}

static const char *consequence(const struct config_change *c)
{
	if (c->kind == CONFIG_CHANGED)
		return effect_words(c->object, c->effect);
	if (c->object == CONFIG_PEER)
		return c->kind == CONFIG_ADDED ? "session opened" : "session closed";
	return c->kind == CONFIG_ADDED ? "announced when healthy" : "withdrawn";
}

/* Cut, and without control characters. */
static void print_value(const char *value, FILE *out)
{
	char text[UTF8_ESCAPED_MAX(SHOWN_MAX)];
	size_t len = strnlen(value, SHOWN_MAX);
	if (!value[0])
		fputs("not set", out);
	else
		fprintf(out, "%s%s", utf8_escape(text, sizeof(text), value, len),
			value[len] ? " …" : "");
}

static void print_key(const struct config_key_change *k, FILE *out)
{
	fprintf(out, "    %s: ", k->key);
	print_value(k->before, out);
	fputs(" -> ", out);
	print_value(k->after, out);
	if (k->effect == CONFIG_NEEDS_RESTART)
		fputs(" (needs a restart)", out);
	fputc('\n', out);
}

void config_change_format(const struct config_change *c, struct strbuf *ret)
{
	enum config_effect at_once = effect_at_once(c);
	strbuf_add(ret, "%s%s%s %s: ", config_object_name(c->object), c->name ? " " : "",
		   c->name ? c->name : "", config_change_kind_name(c->kind));
	if (c->effect == CONFIG_NEEDS_RESTART && at_once != CONFIG_APPLIES)
		strbuf_add(ret, "%s, ", effect_words(c->object, at_once));
	strbuf_add(ret, "%s%s", consequence(c),
		   c->joins ? ", joins anew unless it was promoted before" : "");
}

void config_diff_print(const struct config_diff *d, FILE *out)
{
	char line[APP_NAME_MAX + 128];
	for (size_t i = 0; i < d->n; i++) {
		const struct config_change *c = &d->items[i];
		struct strbuf text = strbuf_over(line, sizeof(line));
		config_change_format(c, &text);
		fprintf(out, "%s\n", line);
		for (size_t j = 0; j < c->n_keys; j++)
			print_key(&c->keys[j], out);
	}
}
