/* SPDX-License-Identifier: MIT */
/* The command line of the verbs, their texts, and the tables that they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/completions.h"
#include "agent/cli/json_at.h"
#include "agent/cli/table.h"
#include "agent/cli/verb.h"
#include "lib/array.h"
#include "lib/str.h"

#define ARGS_MAX 8

static int count_of(const char *const *args)
{
	int n = 0;
	while (n < ARGS_MAX && args[n])
		n++;
	return n;
}

static int parse(const char *verb, const char *const *args, struct verb_call *ret, struct err *err)
{
	char *argv[ARGS_MAX];
	int n = count_of(args);
	for (int i = 0; i < n; i++)
		argv[i] = (char *)args[i];
	return verb_parse(verb_find(verb), n, argv, ret, err);
}

static const struct {
	const char *name, *verb, *args[ARGS_MAX], *says;
} wrong[] = {
	{ "a word too many", "status", { "dns" }, "status: unexpected argument 'dns'" },
	{ "a word too few", "app", { NULL }, "app: expected NAME" },
	{ "an empty word", "app", { "" }, "app: an empty argument, expected NAME" },
	{ "a misspelt option",
	  "apps",
	  { "--jsn" },
	  "apps: unknown option --jsn, did you mean --json?" },
	{ "an option of another verb",
	  "apps",
	  { "--communities=x" },
	  "apps: unknown option --communities=x" },
	{ "no JSON on a screen", "top", { "--json" }, "top: unknown option --json" },
	{ "nothing to watch", "drain", { "--watch" }, "drain: unknown option --watch" },
	{ "a value is missing", "drain", { "--for" }, "drain: --for requires a value: DURATION" },
	{ "a value is given", "drain", { "--wait=yes" }, "drain: --wait takes no value" },
	{ "no duration",
	  "drain",
	  { "--for", "tomorrow" },
	  "drain: --for: 'tomorrow' is not a duration like 30s" },
	{ "no time at all",
	  "reload",
	  { "--confirm", "0s" },
	  "reload: --confirm: '0s' is not a duration like 30s" },
	{ "no number", "events", { "--limit=many" }, "events: --limit: 'many' is not a number" },
	{ "no level",
	  "log",
	  { "bogus" },
	  "log: 'bogus' is not error, warning, info, debug or trace" },
	{ "no order",
	  "peer",
	  { "10.0.0.1", "restart" },
	  "peer: 'restart' is not enable, disable, reset, refresh, add or delete" },
	{ "a key without a value",
	  "peer",
	  { "10.0.0.1", "add", "--hold-time" },
	  "peer: --hold-time requires a value" },
	{ "no key",
	  "peer",
	  { "10.0.0.1", "add", "--hold-tim=1s" },
	  "peer: unknown option --hold-tim=1s" },
	{ "no color", "apps", { "--color=red" }, "--color: 'red' is not auto, always or never" },
	{ "no interval", "apps", { "--watch=fast" }, "--watch: 'fast' is not a duration like 1s" },
	{ "no time", "apps", { "--watch=0" }, "--watch: '0' is not a duration like 1s" },
};

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct verb_call call;
		struct err err;
		int rc = parse(wrong[i].verb, wrong[i].args, &call, &err);
		if (rc != -EINVAL || strcmp(err.text, wrong[i].says) != 0)
			fail_msg("%s: %d %s", wrong[i].name, rc, rc < 0 ? err.text : "");
	}
}

static void test_options(void **state)
{
	static const char *const args[ARGS_MAX] = { "dns",     "--vip=192.0.2.1/32",
						    "--vip",   "::1/128",
						    "--json",  "--api",
						    "unix:/x", "--color=always" };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(parse("register", args, &call, &err), 0);
	assert_int_equal(call.id, VERB_REGISTER);
	assert_int_equal(call.n_words, 1);
	assert_string_equal(call.words[0], "dns");
	assert_int_equal(call.n_values, 2);
	assert_string_equal(verb_value(&call, "vip"), "::1/128");
	assert_null(verb_value(&call, "ttl"));
	assert_true(verb_has(&call, "vip"));
	assert_false(verb_has(&call, "ttl"));
	assert_true(call.json);
	assert_string_equal(call.api, "unix:/x");
	assert_int_equal(call.color, VERB_COLOR_ALWAYS);
	assert_int_equal(call.watch, 0);
}

static void test_tls(void **state)
{
	static const char *const args[ARGS_MAX] = { "--api=https://h:1", "--cacert", "/ca",
						    "--cert=/cert",      "--key",    "/key" };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(parse("status", args, &call, &err), 0);
	assert_string_equal(call.api, "https://h:1");
	assert_string_equal(call.cacert, "/ca");
	assert_string_equal(call.cert, "/cert");
	assert_string_equal(call.key, "/key");
}

static void test_watch(void **state)
{
	static const char *const plain[ARGS_MAX] = { "--watch" };
	static const char *const fast[ARGS_MAX] = { "--watch=500ms" };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(parse("peers", plain, &call, &err), 0);
	assert_int_equal(call.watch, 2 * USEC_PER_SEC);
	assert_int_equal(parse("peers", fast, &call, &err), 0);
	assert_int_equal(call.watch, 500 * USEC_PER_MSEC);
}

static void test_help_needs_no_arguments(void **state)
{
	static const char *const args[ARGS_MAX] = { "-h" };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(parse("app", args, &call, &err), 0);
	assert_true(call.help);
}

static void test_too_many_options(void **state)
{
	char name[] = "dns", option[] = "--vip=192.0.2.1/32", *argv[VERB_VALUES_MAX + 2] = { name };
	struct verb_call call;
	struct err err;
	(void)state;
	for (size_t i = 1; i < ARRAY_SIZE(argv); i++)
		argv[i] = option;
	assert_int_equal(verb_parse(verb_find("register"), VERB_VALUES_MAX + 1, argv, &call, &err),
			 0);
	assert_int_equal(call.n_values, VERB_VALUES_MAX);
	assert_int_equal(verb_parse(verb_find("register"), VERB_VALUES_MAX + 2, argv, &call, &err),
			 -EINVAL);
}

static void test_names(void **state)
{
	(void)state;
	assert_ptr_equal(verb_find("neighbor"), verb_find("peers"));
	assert_ptr_equal(verb_find("adj-out"), verb_at(VERB_ROUTES));
	assert_null(verb_find("check"));
	assert_null(verb_at(N_VERBS));
	for (size_t i = 0; i < N_VERBS; i++)
		assert_ptr_equal(verb_find(verb_at((enum verb_id)i)->name),
				 verb_at((enum verb_id)i));
}

/* Every text is there, and none would end a quote of a completion. */
static void test_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		assert_true(str_starts(v->example, "vipherald "));
		assert_true(str_starts(v->example + strlen("vipherald "), v->name));
		assert_null(strpbrk(v->summary, "'\":"));
		assert_true(v->min_words <= v->max_words && v->max_words <= VERB_WORDS_MAX);
		for (const struct verb_option *o = v->options; o->name; o++)
			assert_null(strpbrk(o->help, "'\""));
	}
}

/* "NAME" is one word, "[NAME]" none or one, "A|B" one, "[A] B" one or two, "A..." any number. */
static void test_words_as_in_the_usage(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		size_t most = *v->args ? 1 : 0, optional = 0;
		for (const char *p = v->args; *p; p++) {
			most += *p == ' ';
			optional += *p == '[';
		}
		if (strstr(v->args, "...")) {
			most = VERB_WORDS_MAX;
			optional = most - 1;
		}
		if (v->max_words != most || v->min_words != most - optional)
			fail_msg("%s takes %zu to %zu words", v->name, v->min_words, v->max_words);
	}
}

/* Verbs with an output worth watching, which change nothing. */
static void test_what_can_be_watched(void **state)
{
	static const enum verb_id watched[] = { VERB_STATUS,  VERB_APPS,   VERB_APP,  VERB_VIPS,
						VERB_EXPLAIN, VERB_PEERS,  VERB_PEER, VERB_ROUTES,
						VERB_NAT,     VERB_CONSUL, VERB_NOMAD };
	size_t n = 0;
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++)
		n += verb_at((enum verb_id)i)->watches;
	assert_int_equal(n, ARRAY_SIZE(watched));
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		assert_true(verb_at(watched[i])->watches);
}

/* With '-' or '_', and an alias by its own name. */
static void test_keys_of_a_peer(void **state)
{
	static const char *const args[ARGS_MAX] = {
		"10.0.0.1",       "add",         "--as", "65000",
		"--hold-time=9s", "--remote_as", "1",    "--bfd=true"
	};
	struct verb_call call;
	struct err err = { "" };
	(void)state;
	assert_int_equal(parse("peer", args, &call, &err), 0);
	assert_int_equal(call.n_values, 4);
	assert_string_equal(verb_value(&call, "as"), "65000");
	assert_string_equal(verb_value(&call, "hold_time"), "9s");
	assert_string_equal(verb_value(&call, "peer_as"), "1");
	assert_string_equal(verb_value(&call, "bfd"), "true");
}

static void test_the_last_value_counts(void **state)
{
	static const char *const args[ARGS_MAX] = { "--limit=1", "--follow",   "--limit",
						    "2",         "--kind=app", "-" };
	struct verb_call call;
	struct err err;
	(void)state;
	assert_int_equal(parse("events", args, &call, &err), -EINVAL);
	assert_string_equal(err.text, "events: unexpected argument '-'");
	assert_int_equal(
		parse("events",
		      (const char *const[ARGS_MAX]){ args[0], args[1], args[2], args[3], args[4] },
		      &call, &err),
		0);
	assert_string_equal(verb_value(&call, "limit"), "2");
	assert_string_equal(verb_value(&call, "kind"), "app");
	assert_null(verb_value(&call, "follow"));
	assert_true(verb_has(&call, "follow"));
	assert_false(call.json);
	assert_false(call.help);
	assert_null(call.api);
	assert_int_equal(call.color, VERB_COLOR_AUTO);
	assert_int_equal(call.id, VERB_EVENTS);
}

static bool help_of(const char *verb, FILE *out)
{
	verb_help(verb_find(verb), out);
	return true;
}

static bool list_all(const char *unused, FILE *out)
{
	(void)unused;
	verb_list(out);
	return true;
}

static char *printed(bool (*write)(const char *, FILE *), const char *arg);

static void expect_help(const char *verb, const char *wanted)
{
	char *text = printed(help_of, verb);
	assert_string_equal(text, wanted);
	free(text);
}

/* Of all verbs that ask the agent. */
#define COMMON_HELP                                                                                \
	"  --color WHEN               auto, always or never; NO_COLOR is respected\n"              \
	"  --api ADDR                 unix:/PATH, ADDRESS:PORT or https://HOST:PORT of "           \
	"the agent (VIPHERALD_API)\n"                                                              \
	"  --cacert FILE              with https: the authority of its certificate "               \
	"(VIPHERALD_CACERT)\n"                                                                     \
	"  --cert FILE                with https: the certificate to present "                     \
	"(VIPHERALD_CERT)\n"                                                                       \
	"  --key FILE                 with https: the key of that certificate "                    \
	"(VIPHERALD_KEY)\n"                                                                        \
	"  --help                     this text\n"

static void test_help(void **state)
{
	(void)state;
	expect_help("peers",
		    "usage: vipherald peers [options]\n\nAll BGP sessions, a line each.\n\n"
		    "  --names                    addresses only\n"
		    "  --json                     the API's JSON\n"
		    "  --watch[=DURATION]         repeatedly, default every 2s\n" COMMON_HELP
		    "\nExample: vipherald peers --watch=1s\n"
		    "Exit status: 0 done, 1 refused or not found, 2 usage, 3 agent not reachable.\n"
		    "Also called neighbor.\n");
	expect_help("diff",
		    "usage: vipherald diff [OLD] NEW [options]\n\nEffects of a "
		    "configuration change, compared with the running agent, or with another "
		    "file.\n\n"
		    "  --json                     the API's JSON\n" COMMON_HELP
		    "\nExample: vipherald diff /etc/vipherald/config.yaml\n"
		    "Exit status: 0 no change, 1 changes, 2 errors, 3 agent not "
		    "reachable.\n");
}

static void test_the_list_has_a_line_for_each(void **state)
{
	char *text = printed(list_all, NULL);
	size_t n = 0;
	(void)state;
	assert_non_null(strstr(text, "  status                     The agent at a glance"));
	assert_non_null(strstr(text, "\n  app NAME                   An app with"));
	for (size_t i = 0; i < N_VERBS; i++)
		assert_non_null(strstr(text, verb_at((enum verb_id)i)->summary));
	/* Longer than its column, and whole. */
	assert_non_null(strstr(text, "|add|delete] A BGP session in full"));
	for (const char *c = text; *c; c++)
		n += *c == '\n';
	assert_int_equal(n, N_VERBS);
	free(text);
}

static char *printed(bool (*write)(const char *, FILE *), const char *arg)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	bool known = write(arg, out);
	fclose(out);
	if (known)
		return text;
	free(text);
	return NULL;
}

static void expect_in(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("'%s' is not in\n%s", wanted, text);
}

static char *printed_help(const struct verb *v)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	verb_help(v, out);
	fclose(out);
	return text;
}

/* An example is a command line that is taken. */
static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		char text[256], *argv[ARGS_MAX + 2] = { NULL }, *rest = text;
		int argc = 0;
		struct verb_call call;
		struct err err;
		snprintf(text, sizeof(text), "%s", v->example);
		for (char *word; (word = strtok_r(rest, " ", &rest)) && strcmp(word, ">") != 0;) {
			assert_true(argc < ARGS_MAX + 2);
			argv[argc++] = word;
		}
		assert_string_equal(argv[0], "vipherald");
		assert_ptr_equal(verb_find(argv[1]), v);
		if (verb_parse(v, argc - 2, argv + 2, &call, &err) < 0)
			fail_msg("%s: %s", v->example, err.text);
		char *help = printed_help(v);
		expect_in(help, v->example);
		expect_in(help, "\nExit status: 0 ");
		free(help);
	}
}

static void test_completions(void **state)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		char *text = printed(completions_write, shells[i]);
		for (size_t k = 0; k < N_VERBS; k++)
			assert_non_null(strstr(text, verb_at((enum verb_id)k)->name));
		assert_non_null(strstr(text, "vipherald apps --names"));
		assert_non_null(strstr(text, "vipherald peers --names"));
		assert_non_null(strstr(text, "reason"));
		free(text);
	}
	assert_null(printed(completions_write, "tcsh"));
}

/* Each verb has its options, and those that take a name the names of what is there. */
static void test_completions_of_each_verb(void **state)
{
	char *bash = printed(completions_write, "bash"), *zsh = printed(completions_write, "zsh"),
	     *fish = printed(completions_write, "fish");
	char line[256];
	(void)state;
	for (size_t i = 0; i < N_VERBS; i++) {
		const struct verb *v = verb_at((enum verb_id)i);
		snprintf(line, sizeof(line), "%s%s ", i > 0 ? " " : "\"", v->name);
		expect_in(bash, line);
		snprintf(line, sizeof(line), "\n\t%s%s%s) options=\"--", v->name,
			 v->alias ? "|" : "", v->alias ? v->alias : "");
		expect_in(bash, line);
		snprintf(line, sizeof(line), "\n\t\t'%s:%s'\n", v->name, v->summary);
		expect_in(zsh, line);
		snprintf(line, sizeof(line), "\n\t%s) compadd -- --", v->name);
		expect_in(zsh, line);
		snprintf(line, sizeof(line), "subcommand -a %s -d '%s'\n", v->name, v->summary);
		expect_in(fish, line);
	}
	expect_in(bash, "vipherald peers --names 2>/dev/null)\n\t\t((COMP_CWORD == 3)) && "
			"names=\"enable disable reset refresh add delete\" ;;\n");
	expect_in(zsh,
		  "; ((CURRENT == 4)) && compadd -- enable disable reset refresh add delete ;;\n");
	expect_in(fish, "from peer' -a 'enable disable reset refresh add delete'\n");
	expect_in(bash, "\tnat) options=\"--json --watch --color --api --cacert --cert --key "
			"--help\" ;;\n");
	expect_in(bash, "\tundrain) options=\"--json --color --api --cacert --cert --key --help "
			"--wait\" names=$(vipherald "
			"apps --names 2>/dev/null) ;;\n");
	expect_in(zsh, "\tpeers) compadd -- --json --watch --color --api --cacert --cert --key "
		       "--help --names ;;\n");
	expect_in(zsh, "\tundrain) compadd -- --json --color --api --cacert --cert --key --help "
		       "--wait; compadd -- "
		       "${(f)\"$(vipherald apps --names 2>/dev/null)\"} ;;\n");
	expect_in(fish, "from drain' -l for -r -d 'end the drain after this time'\n");
	expect_in(fish, "from drain' -l wait -d 'return when the routes are withdrawn'\n");
	expect_in(fish, "from peer' -a '(vipherald peers --names 2>/dev/null)'\n");
	assert_null(strstr(fish, "from nat' -a"));
	assert_null(strstr(bash, "reload) options=\"--json --watch"));
	expect_in(bash,
		  "\ttop) options=\"--color --api --cacert --cert --key --help --interval\" ;;\n");
	free(bash);
	free(zsh);
	free(fish);
}

/* The first and the last lines, and the verbs whose first word is one of some kinds, files behind
 * it or not. */
static void test_completions_of_kinds_and_files(void **state)
{
	static const char *const begins[] = {
		"# vipherald completions bash\n"
		"_vipherald() {\n"
		"	local word=${COMP_WORDS[COMP_CWORD]} options= names=\n"
		"	if ((COMP_CWORD == 1)); then\n",
		"#compdef vipherald\n"
		"_vipherald() {\n"
		"	local -a verbs\n"
		"	verbs=(\n"
		"		'status:The agent at a glance, alarms first'\n",
		"# vipherald completions fish\n"
		"complete -c vipherald -f\n"
		"complete -c vipherald -n __fish_use_subcommand -a status -d 'The agent at a "
		"glance, alarms first'\n"
	};
	static const char *const ends[] = {
		"	check) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
		"	esac\n"
		"	if [[ $word == -* ]]; then\n"
		"		COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
		"	else\n"
		"		COMPREPLY=($(compgen -W \"$names\" -- \"$word\"))\n"
		"	fi\n"
		"}\n"
		"complete -F _vipherald vipherald\n",
		"	completions) compadd -- --json --color --api --cacert --cert --key --help "
		";;\n"
		"	*) _files ;;\n"
		"	esac\n"
		"}\n"
		"compdef _vipherald vipherald\n",
		("complete -c vipherald -n __fish_use_subcommand -a completions -d 'Completions "
		 "for "
		 "a shell, to be sourced by it'\n")
	};
	static const char *const parts[] = {
		"	log) options=\"--json --color --api --cacert --cert --key --help\"\n"
		"		((COMP_CWORD == 2)) && names=\"error warning info debug trace\" "
		";;\n"
		"	convert) options=\"--help --native --allow\"\n"
		"		names=$(compgen -f -- \"$word\")\n"
		"		((COMP_CWORD == 2)) && names=\"gocast exabgp anycast-healthchecker "
		"fabio\" ;;\n",
		("	log) compadd -- --json --color --api --cacert --cert --key --help; "
		 "((CURRENT == 3)) && compadd -- error warning info debug trace ;;\n"
		 "	convert) compadd -- --help --native --allow; ((CURRENT == 3)) && compadd "
		 "-- gocast exabgp anycast-healthchecker fabio || _files ;;\n"),
		"complete -c vipherald -n '__fish_seen_subcommand_from log' -a 'error warning info "
		"debug trace'\n"
		"complete -c vipherald -n __fish_use_subcommand -a convert -d 'The configuration "
		"of another tool as ours, to stdout; - is stdin'\n"
		"complete -c vipherald -n '__fish_seen_subcommand_from convert' -l native -d 'of "
		"exabgp: its health checks as apps with monitors'\n"
		"complete -c vipherald -n '__fish_seen_subcommand_from convert' -l allow -r -d 'of "
		"exabgp: what programs may announce; may be repeated'\n"
		"complete -c vipherald -F -n '__fish_seen_subcommand_from convert' -a 'gocast "
		"exabgp anycast-healthchecker fabio'\n"
	};
	static const char *const shells[] = { "bash", "zsh", "fish" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
		char *text = printed(completions_write, shells[i]);
		assert_true(str_starts(text, begins[i]));
		assert_string_equal(text + strlen(text) - strlen(ends[i]), ends[i]);
		expect_in(text, parts[i]);
		free(text);
	}
}

/* ---- tables ---- */

static char *print_table(const struct table *t, const struct table_style *style)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	table_print(t, style, out);
	fclose(out);
	return text;
}

static struct table *example(void)
{
	struct table *t = table_new("APP|STATE|REASON");
	table_add(t, "dns");
	table_add_toned(t, TABLE_GOOD, "up");
	table_add(t, "all checks pass");
	table_add(t, "müller");
	table_add_toned(t, TABLE_BAD, "down");
	table_format(t, "%s %d", "exit status", 1);
	table_add(t, NULL);
	table_add(t, "");
	table_add(t, "x");
	return t;
}

static void test_table(void **state)
{
	(void)state;
	struct table *t = example();
	struct table_style style = { 0 };
	char *text = print_table(t, &style);
	assert_string_equal(text, "APP     STATE  REASON\n"
				  "dns     up     all checks pass\n"
				  "müller  down   exit status 1\n"
				  "-       -      x\n");
	free(text);
	style.width = 24;
	text = print_table(t, &style);
	assert_non_null(strstr(text, "dns     up     all chec…\n"));
	assert_non_null(strstr(text, "müller  down   exit sta…\n"));
	free(text);
	style = (struct table_style){ .colors = true };
	text = print_table(t, &style);
	assert_non_null(strstr(text, "\033[31mdown\033[0m   exit status 1\n"));
	assert_non_null(strstr(text, "\033[2mAPP\033[0m     "));
	free(text);
	table_free(t);
	table_free(NULL);
}

/* The last column keeps eight characters, however narrow the terminal is. */
static void test_a_narrow_terminal(void **state)
{
	static const struct {
		size_t width;
		const char *line;
	} cases[] = {
		{ 30, "dns     up     all checks pass\n" },
		{ 29, "dns     up     all checks pa…\n" },
		{ 24, "dns     up     all chec…\n" },
		{ 23, "dns     up     all che…\n" },
		{ 22, "dns    up     all che…\nmüll…  down   exit st…\n" },
		{ 20, "dns   up    all che…\nmül…  down  exit st…\n" },
		{ 1, "dns   up    all che…\nmül…  down  exit st…\n" },
	};
	struct table *t = example();
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = print_table(t, &(struct table_style){ .width = cases[i].width });
		if (!strstr(text, cases[i].line))
			fail_msg("width %zu:\n%s", cases[i].width, text);
		free(text);
	}
	table_free(t);
}

/* A cut counts columns, not octets; no control character gets through. */
static void test_a_cut_between_characters(void **state)
{
	struct table *t = table_new("X");
	(void)state;
	table_add(t, "äöüäöüäöü");
	char *text = print_table(t, &(struct table_style){ .width = 8 });
	assert_string_equal(text, "X\näöüäöüä…\n");
	free(text);
	table_add(t, "日本語日本語");
	text = print_table(t, &(struct table_style){ .width = 8 });
	assert_string_equal(text, "X\näöüäöüä…\n日本語…\n");
	free(text);
	table_add(t, "\033[2J");
	table_add(t, "last");
	text = print_table(t, &(struct table_style){ .width = 0 });
	assert_string_equal(text, "X\näöüäöüäöü\n日本語日本語\n?[2J\nlast\n");
	free(text);
	table_free(t);
}

static void test_age(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} ages[] = {
		{ -1, "-" },           { 0, "0ms" },        { 0.85, "850ms" },  { 1, "1s" },
		{ 59.9, "59s" },       { 60, "1m00s" },     { 307, "5m07s" },   { 3599, "59m59s" },
		{ 3600, "1h00m" },     { 86399, "23h59m" }, { 86400, "1d00h" }, { 273600, "3d04h" },
		{ 8639999, "99d23h" }, { 8640000, "100d" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
		char buf[TABLE_AGE_MAX];
		assert_string_equal(table_age(ages[i].seconds, buf), ages[i].text);
	}
}

static void test_json_at(void **state)
{
	(void)state;
	json_t *o = json_loads(
		"{\"a\": {\"b\": {\"c\": \"x\", \"n\": 1.5, \"i\": 7, \"t\": true}}}", 0, NULL);
	assert_string_equal(text_at(o, "a.b.c"), "x");
	assert_true(number_at(o, "a.b.n") == 1.5);
	assert_int_equal(count_at(o, "a.b.i"), 7);
	assert_true(true_at(o, "a.b.t"));
	assert_string_equal(text_at(o, "a.x.c"), "");
	assert_string_equal(text_at(o, "a.b.i"), "");
	assert_true(number_at(o, "a.b.c") == -1);
	assert_int_equal(count_at(o, "a.b.n"), -1);
	assert_false(true_at(NULL, "a"));
	assert_null(json_at(o, "a.b.c.d"));
	assert_ptr_equal(json_at(o, ""), o);
	json_decref(o);
	/* A key is looked for by its first 47 octets. */
	char key[64] = "";
	o = json_object();
	memset(key, 'k', 47);
	json_object_set_new(o, key, json_integer(47));
	assert_int_equal(count_at(o, key), 47);
	key[47] = 'k';
	assert_int_equal(count_at(o, key), 47);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_help_needs_no_arguments),
		cmocka_unit_test(test_too_many_options),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_words_as_in_the_usage),
		cmocka_unit_test(test_what_can_be_watched),
		cmocka_unit_test(test_keys_of_a_peer),
		cmocka_unit_test(test_the_last_value_counts),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_the_list_has_a_line_for_each),
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_completions),
		cmocka_unit_test(test_completions_of_each_verb),
		cmocka_unit_test(test_completions_of_kinds_and_files),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_a_narrow_terminal),
		cmocka_unit_test(test_a_cut_between_characters),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_json_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
