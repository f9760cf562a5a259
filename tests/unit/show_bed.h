/* SPDX-License-Identifier: MIT */
/* An answer of the API as a verb prints it. */
#ifndef TESTS_UNIT_SHOW_BED_H
#define TESTS_UNIT_SHOW_BED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/show.h"

/* The answer comes in parts of `part` octets. */
static inline int show_apps_by(const struct show *s, const char *answer, size_t len, size_t part)
{
	struct app_list *list = show_apps_begin(s);
	show_apps_octets("", 0, list);
	for (size_t at = 0; at < len; at += part)
		show_apps_octets(answer + at, len - at < part ? len - at : part, list);
	return show_apps_end(list);
}

/* `args`: the command line behind the verb, up to a NULL. Free the result. */
static inline char *shown_in(enum verb_id verb, const char *const *args, const char *answer,
			     struct table_style style, int status)
{
	static show_fn *const shows[N_VERBS] = {
		[VERB_STATUS] = show_status, [VERB_APP] = show_app,
		[VERB_VIPS] = show_vips,     [VERB_EXPLAIN] = show_explain,
		[VERB_PEERS] = show_peers,   [VERB_PEER] = show_peer,
		[VERB_ROUTES] = show_routes, [VERB_NAT] = show_nat,
		[VERB_CONSUL] = show_consul, [VERB_NOMAD] = show_consul,
		[VERB_FLEET] = show_fleet,
	};
	char *text = NULL, *argv[4] = { 0 };
	size_t size = 0;
	int argc = 0;
	struct verb_call call;
	struct err err;
	while (args[argc]) {
		argv[argc] = (char *)args[argc];
		argc++;
	}
	if (verb_parse(verb_at(verb), argc, argv, &call, &err) < 0)
		fail_msg("%s", err.text);
	json_t *json = json_loads(answer, 0, NULL);
	if (!json)
		fail_msg("no JSON: %s", answer);
	FILE *out = open_memstream(&text, &size);
	const struct show s = { .call = &call, .style = style, .out = out };
	if (verb == VERB_WHAT_IF)
		show_what_if(&s, json);
	else
		assert_int_equal(verb == VERB_APPS ? show_apps_by(&s, answer, strlen(answer), 7)
						   : shows[verb](&s, json),
				 status);
	fclose(out);
	json_decref(json);
	return text;
}

static inline void expect(enum verb_id verb, const char *const *args, const char *answer,
			  const char *wanted)
{
	char *text = shown_in(verb, args, answer, (struct table_style){ 0 }, 0);
	assert_string_equal(text, wanted);
	free(text);
}

static inline void expect_in_color(enum verb_id verb, const char *const *args, const char *answer,
				   const char *const *wanted)
{
	char *text = shown_in(verb, args, answer, (struct table_style){ .colors = true }, 0);
	for (; *wanted; wanted++)
		if (!strstr(text, *wanted))
			fail_msg("'%s' is not in\n%s", *wanted, text);
	free(text);
}

#define WORDS(...)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define GOOD   "\033[32m"
#define BAD    "\033[31m"
#define WARN   "\033[33m"
#define DIM    "\033[2m"
#define NORMAL "\033[0m"

#endif
