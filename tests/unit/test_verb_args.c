/* SPDX-License-Identifier: MIT */
/* Command lines of the verbs and what is read from them, argument by argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/verb.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define TEXT_MAX 1024

/* `line` behind "vipherald", by blanks; an empty word is ''. Free *ret_words. */
static int parse(const char *line, struct verb_call *ret, char **ret_words, struct err *err)
{
	char *argv[32] = { NULL }, *rest = strdup(line), *word;
	int argc = 0;
	*ret_words = rest;
	while ((word = strsep(&rest, " "))) {
		assert_true(argc < (int)ARRAY_SIZE(argv));
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	/* As a list that ends where it is said to end: nothing behind it is read. */
	char **exact = mem_new((size_t)argc, sizeof(*exact));
	memcpy(exact, argv, (size_t)argc * sizeof(*exact));
	int rc = verb_parse(verb_find(argv[0]), argc - 1, exact + 1, ret, err);
	free(exact);
	return rc;
}

static const char *describe(const struct verb_call *call, char buf[static TEXT_MAX])
{
	static const char *const colors[] = { "", " always", " never" };
	struct strbuf text = strbuf_over(buf, TEXT_MAX);
	char watch[DURATION_TEXT_MAX];
	strbuf_add(&text, "%s:", verb_at(call->id)->name);
	for (size_t i = 0; i < call->n_words; i++)
		strbuf_add(&text, "%s%s", i == call->rest ? " | " : " ", call->words[i]);
	for (size_t i = 0; i < call->n_values; i++)
		strbuf_add(&text, " %s=%s", call->values[i].name,
			   call->values[i].value ? call->values[i].value : "(none)");
	if (call->api)
		strbuf_add(&text, " to %s", call->api);
	strbuf_add(&text, "%s%s%s", colors[call->color], call->json ? " json" : "",
		   call->help ? " help" : "");
	if (call->watch)
		strbuf_add(&text, " every %s", duration_format(call->watch, watch));
	return buf;
}

static const struct {
	const char *line, *wanted;
} lines[] = {
	{ "status", "status:" },
	{ "status --json --help --color=never --watch", "status: never json help every 2s" },
	{ "status --color auto", "status:" },
	{ "status -h -json", "status: json help" },
	{ "apps --watch=1us --state up", "apps: state=up every 1us" },
	{ "neighbor --names", "peers: names=(none)" },
	{ "app -", "app: -" },
	{ "drain --for=1us", "drain: for=1us" },
	{ "drain a --wait --reason= --for 1h", "drain: a wait=(none) reason= for=1h" },
	{ "drain --reason --wait", "drain: reason=--wait" },
	{ "events --limit 0 --limit=4294967295", "events: limit=0 limit=4294967295" },
	{ "diff a", "diff: a" },
	{ "diff a b", "diff: a b" },
	{ "fleet drain -n 2 --app=a -- apt -y --help",
	  "fleet: drain | apt -y --help slots=2 app=a" },
	{ "fleet drain --", "fleet: drain" },
	{ "fleet drain --vip a b", "fleet: drain b vip=a" },
	{ "fleet release n -- --", "fleet: release n | --" },
	{ "convert exabgp --native --allow=a --allow b -- -x", "convert: exabgp | -x native=(none) "
							       "allow=a allow=b" },
	{ "convert gocast -", "convert: gocast -" },
	{ "log debug bgp", "log: debug bgp" },
	{ "peer p add --hold-time 9s --as 1 --text=t", "peer: p add hold_time=9s as=1 text=t" },
	{ "peer p add --hold-time=", "peer: p add hold_time=" },
	{ "peer p", "peer: p" },
	{ "peer p add --hold-time 9s", "peer: p add hold_time=9s" },
	{ "unregister --help", "unregister: help" },
	{ "config show --defaults --api a --api=b", "config: show defaults=(none) to b" },
	{ "completions fish --help", "completions: fish help" },
};

static void test_what_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *words, text[TEXT_MAX];
		struct verb_call call;
		struct err err = { "" };
		if (parse(lines[i].line, &call, &words, &err) < 0)
			fail_msg("%s: %s", lines[i].line, err.text);
		describe(&call, text);
		if (strcmp(text, lines[i].wanted) != 0)
			fail_msg("%s: '%s'", lines[i].line, text);
		free(words);
	}
}

static const struct {
	const char *line, *says;
} refused[] = {
	{ "status --xjson", "status: unknown option --xjson, did you mean --json?" },
	{ "status --js", "status: unknown option --js" },
	{ "status --jso", "status: unknown option --jso, did you mean --json?" },
	{ "status --jso=1", "status: unknown option --jso=1, did you mean --json?" },
	{ "status -n 1", "status: unknown option -n" },
	{ "status -x", "status: unknown option -x" },
	{ "fleet drain -n", "fleet: --slots requires a value: COUNT" },
	{ "fleet drain -n x", "fleet: --slots: 'x' is not a number" },
	{ "fleet drain -n=4294967296", "fleet: --slots: '4294967296' is not a number" },
	{ "fleet stop", "fleet: 'stop' is not status, drain or release" },
	{ "convert exabgp x --watch", "convert: unknown option --watch" },
	{ "convert exabgp x --json", "convert: unknown option --json" },
	{ "convert exabgp x --color=auto", "convert: unknown option --color=auto" },
	{ "top --jsom", "top: unknown option --jsom" },
	{ "top --watch", "top: unknown option --watch" },
	{ "apps --stat x", "apps: unknown option --stat, did you mean --state?" },
	{ "apps --watc", "apps: unknown option --watc, did you mean --watch?" },
	{ "apps --state", "apps: --state requires a value: STATE" },
	{ "apps --names=1", "apps: --names takes no value" },
	{ "apps --color", "apps: --color requires a value: WHEN" },
	{ "apps --watch=", "--watch: '' is not a duration like 1s" },
	{ "peer p add --hold-time", "peer: --hold-time requires a value" },
	{ "peer p add --description-of-thirty-two-letter", "peer: unknown option "
							   "--description-of-thirty-two-letter" },
	{ "peer p add --at 1", "peer: unknown option --at" },
	{ "peer p add --limit 1", "peer: unknown option --limit" },
	{ "drain --hold-time=1s", "drain: unknown option --hold-time=1s" },
	{ "diff", "diff: expected [OLD] NEW" },
	{ "diff a b c", "diff: unexpected argument 'c'" },
	{ "diff a -- c", "diff: unknown option --" },
	{ "define n", "define: expected NAME FILE|-" },
	{ "app a --for=1s", "app: unknown option --for=1s" },
	{ "check-now a --timeout=0s", "check-now: --timeout: '0s' is not a duration like 30s" },
	{ "log info ''", "log: an empty argument, expected LEVEL [MODULE]" },
};

static void test_what_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		char *words;
		struct verb_call call;
		struct err err = { "" };
		if (parse(refused[i].line, &call, &words, &err) != -EINVAL ||
		    strcmp(err.text, refused[i].says) != 0)
			fail_msg("%s: '%s'", refused[i].line, err.text);
		free(words);
	}
}

static void test_options_are_found_wherever_they_stand(void **state)
{
	static const char *const orders[] = { "drain --wait --for 1h --reason r",
					      "drain --for 1h --reason r --wait",
					      "drain --reason r --wait --for 1h" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		char *words;
		struct verb_call call;
		struct err err;
		assert_int_equal(parse(orders[i], &call, &words, &err), 0);
		assert_true(verb_has(&call, "wait") && verb_has(&call, "for") &&
			    verb_has(&call, "reason"));
		assert_false(verb_has(&call, "vip"));
		assert_string_equal(verb_value(&call, "for"), "1h");
		assert_string_equal(verb_value(&call, "reason"), "r");
		assert_null(verb_value(&call, "wait"));
		assert_null(verb_value(&call, "vip"));
		free(words);
	}
}

/* An option of 31 letters is compared whole, a longer one by its first 31. */
static void test_a_long_option_that_is_not_known(void **state)
{
	(void)state;
	for (size_t len = 29; len < 40; len++) {
		char line[64] = "status --", *words;
		struct verb_call call;
		struct err err = { "" };
		memset(line + strlen("status --"), 'x', len);
		assert_int_equal(parse(line, &call, &words, &err), -EINVAL);
		char wanted[96];
		snprintf(wanted, sizeof(wanted), "status: unknown option %s", line + 7);
		assert_string_equal(err.text, wanted);
		free(words);
	}
}

/* o: no agent is asked, s: on the screen, r: words behind --, w: can be watched. */
static void test_the_ways_of_each_verb(void **state)
{
	static const char *const wanted[N_VERBS] = {
		"status 0 0 w",     "apps 0 0 w",      "app 1 1 w",    "vips 0 0 w",
		"explain 1 1 w",    "what-if 0 0 ",    "peers 0 0 w",  "peer 1 2 w",
		"routes 0 0 w",     "nat 0 0 w",       "consul 0 0 w", "nomad 0 0 w",
		"fleet 1 512 r",    "events 0 0 ",     "history 1 1 ", "register 1 1 ",
		"define 2 2 ",      "unregister 1 1 ", "drain 0 1 ",   "undrain 0 1 ",
		"check-now 1 1 ",   "reload 0 0 ",     "confirm 0 0 ", "diff 1 2 ",
		"config 1 1 ",      "top 0 0 s",       "log 1 2 ",     "convert 1 512 or",
		"completions 1 1 ",
	};
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		char text[96];
		snprintf(text, sizeof(text), "%s %zu %zu %s%s%s%s", v->name, v->min_words,
			 v->max_words, v->offline ? "o" : "", v->on_screen ? "s" : "",
			 v->has_rest ? "r" : "", v->watches ? "w" : "");
		assert_string_equal(text, wanted[i]);
	}
}

/* Keys, and other exit statuses, are told of the verbs that have them only. */
static void test_lines_of_help(void **state)
{
	static const char keys[] =
		"\n  --KEY VALUE                of add: any key of bgp.peers, as "
		"--hold-time 30s\n";
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		char text[8192], exits[1024];
		FILE *out = fmemopen(text, sizeof(text), "w");
		assert_non_null(out);
		verb_help(v, out);
		fclose(out);
		assert_int_equal(strstr(text, keys) != NULL, v->keys != NULL);
		assert_int_equal(strstr(text, "\nAlso called ") != NULL, v->alias != NULL);
		snprintf(exits, sizeof(exits), "\nExit status: %s.\n",
			 v->exits ? v->exits
				  : "0 done, 1 refused or not found, 2 usage, 3 agent not "
				    "reachable");
		assert_non_null(strstr(text, exits));
		assert_int_equal(strstr(text, "  --json ") != NULL, !v->offline && !v->on_screen);
		assert_int_equal(strstr(text, "  --watch[=DURATION] ") != NULL, v->watches);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_what_is_refused),
		cmocka_unit_test(test_options_are_found_wherever_they_stand),
		cmocka_unit_test(test_a_long_option_that_is_not_known),
		cmocka_unit_test(test_the_ways_of_each_verb),
		cmocka_unit_test(test_lines_of_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
