/* SPDX-License-Identifier: MIT */
/*
 * docs/configuration.md agrees with the schema. With UPDATE_DOCS set in the environment the
 * page is written again instead (scripts/gen-config-doc).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/doc.h"
#include "agent/config/findings.h"
#include "agent/config/parse.h"
#include "agent/config/schema.h"
#include "agent/config/tree.h"
#include "lib/array.h"

#define PAGE "docs/configuration.md"

static const char begin_mark[] = "<!-- begin: printed from the schema in agent/config -->\n";
static const char end_mark[] = "<!-- end -->\n";

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_true(getdelim(&text, &len, 0, f) > 0);
	fclose(f);
	return text;
}

static char *generated(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	assert_non_null(f);
	config_print_doc(f);
	fclose(f);
	return text;
}

/* The page with the text between its marks replaced; allocated. */
static char *page_with(const char *page, const char *middle)
{
	char *text = NULL;
	const char *begin = strstr(page, begin_mark), *end = strstr(page, end_mark);
	assert_non_null(begin);
	assert_non_null(end);
	begin += strlen(begin_mark);
	assert_true(asprintf(&text, "%.*s%s\n%s", (int)(begin - page), page, middle, end) > 0);
	return text;
}

static void page_is_up_to_date(void **state)
{
	(void)state;
	char *page = read_text(PAGE), *middle = generated(), *wanted = page_with(page, middle);
	if (getenv("UPDATE_DOCS")) {
		FILE *f = fopen(PAGE, "w");
		assert_non_null(f);
		fputs(wanted, f);
		fclose(f);
	} else if (strcmp(page, wanted) != 0) {
		fail_msg("%s is not what the schema says: run scripts/gen-config-doc", PAGE);
	}
	free(page);
	free(middle);
	free(wanted);
}

/* Each in its unit, as the file has it. */
static void ranges_have_units(void **state)
{
	static const char *const parts[] = {
		"| `drain_time` | duration, 0s to 24h |",
		"| `drain_until` | rate in packets a second, like `10pps`, 1pps to 1000000000pps |",
		"| `fall` | number, 1 to ",
	};
	char *text = generated();
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("the page lacks %s", parts[i]);
	free(text);
}

static void the_example_has_every_key(void **state)
{
	(void)state;
	char *example = read_text("config.example.yaml"), name[64];
	for (const struct config_section *const *s = config_sections; *s; s++)
		for (const struct config_key *k = config_section_keys(*s); k->name; k++) {
			snprintf(name, sizeof(name), " %s:", k->name);
			if ((*s)->path[0] && !strstr(example, name))
				fail_msg("config.example.yaml does not show %s.%s", (*s)->path,
					 k->name);
		}
	free(example);
}

/* Keys of the example besides required ones and defaults; listen_addr is narrower than its default.
 */
static bool is_harmless(const struct config_section *s, const struct config_key *k)
{
	static const char *const keys[] = { "agent.listen_addr", "bgp.peers[].peer_ip",
					    "apps[].monitors" };
	char name[96];
	snprintf(name, sizeof(name), "%s.%s", s->path, k->name);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(name, keys[i]) == 0)
			return true;
	return false;
}

static void check_example(const struct config_node *mapping, const struct config_section *s);

static void check_example_key(const struct config_node *node, const struct config_section *s,
			      const struct config_key *k)
{
	bool is_default = k->default_text && node->text && strcmp(node->text, k->default_text) == 0;
	if (k->shape == CONFIG_SECTION)
		check_example(node, k->section);
	else if (k->shape == CONFIG_SECTIONS)
		for (const struct config_node *c = node->first; c; c = c->next)
			check_example(c, k->section);
	else if (!is_default && !(k->flags & CONFIG_REQUIRED) && !is_harmless(s, k))
		fail_msg("config.example.yaml:%u: %s.%s changes the behaviour: comment it out",
			 node->line, s->path, k->name);
}

static void check_example(const struct config_node *mapping, const struct config_section *s)
{
	for (const struct config_node *c = mapping->first; c; c = c->next) {
		size_t offset;
		const struct config_key *k = config_section_find(s, c->key, &offset);
		if (!k)
			fail_msg("config.example.yaml:%u: %s", c->line, c->key);
		else
			check_example_key(c, s, k);
	}
}

/* It is what `make install` writes: as installed it announces nothing that is down. */
static void the_example_changes_nothing(void **state)
{
	(void)state;
	char *example = read_text("config.example.yaml");
	struct config_tree *tree = NULL;
	struct config_findings findings = { 0 };
	assert_int_equal(config_parse(example, strlen(example), &tree, &findings), 0);
	check_example(config_tree_root(tree), &config_schema);
	config_tree_free(tree);
	config_findings_done(&findings);
	free(example);
}

static bool needs_restart(const struct config_key *k)
{
	return k->effect == CONFIG_NEEDS_RESTART || k->flags & CONFIG_ON_OFF_RESTARTS;
}

/* Keys that need it only when they come or go stand in the last part of the sentence. */
static const char *part_of(const char *sentence, const struct config_key *k)
{
	const char *last = strstr(sentence, "on or off by them");
	assert_non_null(last);
	return k->flags & CONFIG_ON_OFF_RESTARTS ? last : sentence;
}

/* The sentence of docs/reload.md names the keys that need a restart, and no others. */
static void the_page_names_the_keys_that_need_a_restart(void **state)
{
	(void)state;
	char *page = read_text("docs/reload.md"), name[96];
	char *sentence = strstr(page, "These need a restart:");
	assert_non_null(sentence);
	char *end = strstr(sentence, ".\n");
	if (!end)
		fail_msg("no end of the sentence");
	sentence[end - sentence] = 0;
	for (char *c = sentence; *c; c++)
		if (*c == '\n')
			*c = ' ';
	for (const struct config_section *const *s = config_sections; *s; s++)
		for (const struct config_key *k = config_section_keys(*s); k->name; k++) {
			snprintf(name, sizeof(name), "`%s.%s`", (*s)->path, k->name);
			if (!strstr(part_of(sentence, k), name) != !needs_restart(k))
				fail_msg("docs/reload.md: %s", name);
		}
	free(page);
}

static void check_key(const struct config_section *s, const struct config_key *k)
{
	if (!k->doc || !k->doc[0])
		fail_msg("%s.%s has no doc line", s->path, k->name);
	if (!k->section && !k->type)
		fail_msg("%s.%s needs a type or a section", s->path, k->name);
	bool item = k->section && k->type && k->type->set && k->shape != CONFIG_SECTION;
	if (item != !!k->item)
		fail_msg("%s.%s: only values that may be mappings have both", s->path, k->name);
	if (k->shape == CONFIG_SECTIONS ? !k->add : k->add && k->shape != CONFIG_SECTION)
		fail_msg("%s.%s: lists of mappings need add, values have none", s->path, k->name);
	if (k->flags & CONFIG_ZERO_IS_DEFAULT && !k->default_text)
		fail_msg("%s.%s has no default for its 0", s->path, k->name);
	for (const struct config_key *other = k + 1; other->name; other++)
		if (strcmp(k->name, other->name) == 0)
			fail_msg("%s.%s is in the table twice", s->path, k->name);
}

static void every_key_is_complete(void **state)
{
	(void)state;
	for (const struct config_section *const *s = config_sections; *s; s++)
		for (const struct config_key *k = config_section_keys(*s); k->name; k++)
			check_key(*s, k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_is_up_to_date),
		cmocka_unit_test(ranges_have_units),
		cmocka_unit_test(the_example_has_every_key),
		cmocka_unit_test(the_example_changes_nothing),
		cmocka_unit_test(every_key_is_complete),
		cmocka_unit_test(the_page_names_the_keys_that_need_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
