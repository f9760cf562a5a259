/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "lib/array.h"

#define ARGS_MAX 8

static const struct good_case {
	const char *name;
	const char *args[ARGS_MAX];
	struct cli want;
} good_cases[] = {
	{ "as GoCast is started",
	  { "-config=/etc/gocast.yaml", "-logtostderr" },
	  { .command = CLI_RUN, .config = "/etc/gocast.yaml" } },
	{ "two dashes, value apart", { "--config", "a.yaml" }, { .config = "a.yaml" } },
	{ "one dash, value apart",
	  { "-config", "a.yaml", "-v", "2" },
	  { .config = "a.yaml", .verbosity = 2 } },
	{ "verbose, alone", { "-v", "-config=a" }, { .config = "a", .verbosity = 1 } },
	{ "verbose, at the end", { "-config=a", "-v" }, { .config = "a", .verbosity = 1 } },
	{ "twice as verbose", { "-vv", "-config=a" }, { .config = "a", .verbosity = 2 } },
	{ "a boolean with a value", { "-logtostderr=true", "-config=a" }, { .config = "a" } },
	{ "a value with an equals sign", { "-config=a=b" }, { .config = "a=b" } },
	{ "glog's other flags",
	  { "-alsologtostderr", "-stderrthreshold=INFO", "-log_dir", "/tmp", "-config=a" },
	  { .config = "a", .ignored = "-alsologtostderr" } },
	{ "the last one counts", { "-config=a", "-config=b" }, { .config = "b" } },
	{ "check", { "check", "a.yaml" }, { .command = CLI_CHECK, .config = "a.yaml" } },
	{ "check what it needs",
	  { "check", "--capabilities", "a.yaml" },
	  { .command = CLI_CHECK, .config = "a.yaml", .capabilities = true } },
	{ "check with the flag",
	  { "check", "-config=a" },
	  { .command = CLI_CHECK, .config = "a" } },
	{ "a file called check", { "-config", "check" }, { .config = "check" } },
	{ "listen", { "listen" }, { .command = CLI_LISTEN } },
	{ "listen with everything",
	  { "listen", "[::1]:179", "--json", "--as", "4200000000" },
	  { .command = CLI_LISTEN, .listen_at = "[::1]:179", .json = true, .as = 4200000000u } },
	{ "flags before the address",
	  { "listen", "--json=false", ":1790" },
	  { .command = CLI_LISTEN, .listen_at = ":1790" } },
	{ "healthcheck of this container", { "healthcheck" }, { .command = CLI_HEALTHCHECK } },
	{ "healthcheck of an agent",
	  { "healthcheck", "--ready", "-config=a" },
	  { .command = CLI_HEALTHCHECK, .config = "a", .ready = true } },
	{ "help", { "--help" }, { .command = CLI_HELP } },
	{ "help as a word", { "help" }, { .command = CLI_HELP } },
	{ "help of a command", { "listen", "-h" }, { .command = CLI_HELP, .help_of = CLI_LISTEN } },
	{ "help of a command, twice",
	  { "check", "--help", "-h" },
	  { .command = CLI_HELP, .help_of = CLI_CHECK } },
	{ "help of the agent", { "-v", "--help" }, { .command = CLI_HELP, .verbosity = 1 } },
	{ "version", { "-version" }, { .command = CLI_VERSION } },
};

static const struct bad_case {
	const char *name;
	const char *args[ARGS_MAX];
	const char *says;
} bad_cases[] = {
	{ "nothing", { NULL }, "-config=FILE" },
	{ "empty file name", { "-config=" }, "-config=FILE" },
	{ "value is missing", { "-config" }, "requires a value" },
	{ "check without a file", { "check" }, "vipherald check FILE" },
	{ "misspelt", { "-confg=a" }, "did you mean -config?" },
	{ "misspelt with two dashes", { "listen", "--jsn" }, "did you mean -json?" },
	{ "nothing like it", { "-zzzzzzzz" }, "unknown flag -zzzzzzzz" },
	{ "not a number", { "-config=a", "-v=high" }, "'high'" },
	{ "AS 0", { "listen", "--as=0" }, "from 1 to 4294967295" },
	{ "AS too large", { "listen", "--as=4294967296" }, "4294967296" },
	{ "not a boolean", { "listen", "--json=maybe" }, "true or false" },
	{ "needs of nothing", { "-config=a", "--capabilities" }, "is not valid for the agent" },
	{ "flag of another command", { "-config=a", "--json" }, "is not valid for the agent" },
	{ "readiness is asked for",
	  { "-config=a", "--ready" },
	  "-ready is not valid for the agent" },
	{ "healthcheck by a word", { "healthcheck", "a.yaml" }, "unexpected argument 'a.yaml'" },
	{ "as of healthcheck", { "healthcheck", "--as=1" }, "is not valid for healthcheck" },
	{ "a file where a command is expected",
	  { "/etc/vipherald/config.yaml" },
	  "vipherald -config=/etc/vipherald/config.yaml runs the agent, vipherald check "
	  "/etc/vipherald/config.yaml checks" },
	{ "a file of this directory", { "a.yaml" }, "vipherald check a.yaml" },
	{ "misspelt command", { "chekc", "a.yaml" }, "did you mean 'check'?" },
	{ "misspelt verb", { "statsu" }, "did you mean 'status'?" },
	{ "no such command", { "start" }, "vipherald -config=FILE runs the agent" },
	{ "stray word", { "-config=a", "start" }, "unexpected argument 'start'" },
	{ "two addresses", { "listen", ":1", ":2" }, "unexpected argument ':2'" },
};

static int parse(const char *const *args, struct cli *ret, struct err *err)
{
	char *argv[ARGS_MAX + 2] = { (char *)"vipherald" };
	int argc = 1;
	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	return cli_parse(argc, argv, ret, err);
}

static void same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_cases); i++) {
		const struct good_case *c = &good_cases[i];
		struct cli got = { 0 };
		struct err err = { "" };
		if (parse(c->args, &got, &err) < 0)
			fail_msg("%s: %s", c->name, err.text);
		assert_int_equal(got.command, c->want.command);
		assert_int_equal(got.help_of, c->want.help_of);
		same_text(got.config, c->want.config);
		same_text(got.listen_at, c->want.listen_at);
		same_text(got.ignored, c->want.ignored);
		assert_int_equal(got.as, c->want.as);
		assert_int_equal(got.json, c->want.json);
		assert_int_equal(got.ready, c->want.ready);
		assert_int_equal(got.capabilities, c->want.capabilities);
		assert_int_equal(got.verbosity, c->want.verbosity);
	}
}

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		const struct bad_case *c = &bad_cases[i];
		struct cli got = { 0 };
		struct err err = { "" };
		if (parse(c->args, &got, &err) != -EINVAL)
			fail_msg("%s: accepted", c->name);
		if (!strstr(err.text, c->says))
			fail_msg("%s: '%s' does not say '%s'", c->name, err.text, c->says);
	}
}

/* Each flag with the commands that take it: run, check, listen, healthcheck. */
static const struct {
	const char *flag, *value, *commands; /* value NULL: it takes none */
} flag_cases[] = {
	{ "--config", "c.yaml", "rch" },
	{ "--v", "2", "rclh" },
	{ "--vv", NULL, "rclh" },
	{ "--logtostderr", NULL, "rclh" },
	{ "--capabilities", NULL, "c" },
	{ "--json", NULL, "l" },
	{ "--ready", NULL, "h" },
	{ "--as", "7", "l" },
	{ "--help", NULL, "rclh" },
	{ "--h", NULL, "rclh" },
	{ "--version", NULL, "rclh" },
	{ "--alsologtostderr", NULL, "rclh" },
	{ "--stderrthreshold", "INFO", "rclh" },
	{ "--log_dir", "/tmp", "rclh" },
	{ "--vmodule", "x=1", "rclh" },
	{ "--log_backtrace_at", "x:1", "rclh" },
};

static void check_flag(size_t i, char command)
{
	const char *args[ARGS_MAX] = { NULL };
	struct cli got = { 0 };
	struct err err = { "" };
	size_t n = 0;
	args[n++] = command == 'r'   ? "-config=a"
		    : command == 'c' ? "check"
		    : command == 'l' ? "listen"
				     : "healthcheck";
	if (command == 'c')
		args[n++] = "a.yaml";
	args[n++] = flag_cases[i].flag;
	if (flag_cases[i].value)
		args[n++] = flag_cases[i].value;
	bool valid = strchr(flag_cases[i].commands, command);
	int rc = parse(args, &got, &err);
	if ((rc == 0) != valid || (!valid && !strstr(err.text, "is not valid for")))
		fail_msg("%s of '%c': %d %s", flag_cases[i].flag, command, rc, err.text);
}

static void test_flags_of_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flag_cases); i++)
		for (const char *command = "rclh"; *command; command++)
			check_flag(i, *command);
}

static void expect(const char *const *args, const struct cli *want)
{
	struct cli got = { 0 };
	struct err err = { "" };
	if (parse(args, &got, &err) < 0)
		fail_msg("%s: %s", args[0], err.text);
	assert_int_equal(got.command, want->command);
	assert_int_equal(got.verbosity, want->verbosity);
	assert_int_equal(got.as, want->as);
	assert_int_equal(got.json, want->json);
	assert_int_equal(got.ready, want->ready);
	same_text(got.ignored, want->ignored);
	same_text(got.listen_at, want->listen_at);
}

#define ARGS(...)                                                                                  \
	(const char *const[ARGS_MAX])                                                              \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static void test_values_at_their_ends(void **state)
{
	(void)state;
	expect(ARGS("-config=a", "-v=0"), &(struct cli){ .verbosity = 0 });
	expect(ARGS("-config=a", "-v=9"), &(struct cli){ .verbosity = 9 });
	expect(ARGS("-v", "-config=a"), &(struct cli){ .verbosity = 1 });
	expect(ARGS("listen", "--as=1"), &(struct cli){ .command = CLI_LISTEN, .as = 1 });
	expect(ARGS("listen", "--as=4294967295", "-"),
	       &(struct cli){ .command = CLI_LISTEN, .as = 4294967295u, .listen_at = "-" });
	expect(ARGS("listen", "--json=1"), &(struct cli){ .command = CLI_LISTEN, .json = true });
	expect(ARGS("listen", "--json=0"), &(struct cli){ .command = CLI_LISTEN });
	expect(ARGS("listen", "--"), &(struct cli){ .command = CLI_LISTEN, .listen_at = "--" });
	expect(ARGS("-config=a", "-log_dir=x", "-vmodule=y"),
	       &(struct cli){ .ignored = "-log_dir=x" });
	expect(ARGS("version"), &(struct cli){ .command = CLI_VERSION });
	expect(ARGS("help", "--version"), &(struct cli){ .command = CLI_VERSION });
}

static void test_more_mistakes(void **state)
{
	static const struct bad_case more[] = {
		{ "verbosity", { "-config=a", "-v=10" }, "from 0 to 9" },
		{ "a word of two", { "-zz" }, "unknown flag -zz" },
		{ "a word of three", { "-jsn" }, "did you mean -json?" },
		{ "31 letters", { "-aaaaaaaaaabbbbbbbbbbccccccccccd" }, "unknown flag" },
		{ "as it stands", { "-jso=1" }, "unknown flag -jso=1, did you mean -json?" },
		{ "the flag of another command", { "listen", "--ready" }, "not valid for listen" },
		{ "a value at the end", { "-config=a", "-log_dir" }, "-log_dir requires a value" },
		{ "glog's boolean", { "-config=a", "-logtostderr=x" }, "true or false" },
		{ "help with words", { "help", "x" }, "unexpected argument 'x'" },
		{ "an empty check", { "check", "" }, "usage: vipherald check FILE" },
		{ "a path", { "a/b" }, "vipherald check a/b checks the file" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(more); i++) {
		struct cli got = { 0 };
		struct err err = { "" };
		if (parse(more[i].args, &got, &err) != -EINVAL || !strstr(err.text, more[i].says))
			fail_msg("%s: '%s'", more[i].name, err.text);
	}
}

static void test_usages_of_commands(void **state)
{
	static const struct {
		const char *word;
		enum cli_command command;
		bool has_usage;
	} words[] = {
		{ "check", CLI_CHECK, true },
		{ "listen", CLI_LISTEN, true },
		{ "healthcheck", CLI_HEALTHCHECK, true },
		{ "help", CLI_HELP, false },
		{ "version", CLI_VERSION, false },
		{ "status", CLI_RUN, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *argv[] = { (char *)"vipherald", (char *)words[i].word, NULL };
		const char *usage = cli_usage_of(words[i].command);
		same_text(cli_help_word(2, argv), words[i].has_usage ? words[i].word : NULL);
		assert_null(cli_help_word(1, argv));
		assert_int_equal(usage != NULL, words[i].has_usage);
		if (!usage)
			continue;
		char begin[64];
		snprintf(begin, sizeof(begin), "usage: vipherald %s ", words[i].word);
		assert_memory_equal(usage, begin, strlen(begin));
	}
}

/* A command that is misspelt is named, and so is a flag of it. */
static void test_texts_of_mistakes(void **state)
{
	static const struct bad_case texts[] = {
		{ "a command", { "lisen" }, "unknown command 'lisen', did you mean 'listen'?" },
		{ "a verb", { "explan" }, "unknown command 'explan', did you mean 'explain'?" },
		{ "the last verb",
		  { "completion" },
		  "unknown command 'completion', did you mean 'completions'?" },
		{ "nothing like it",
		  { "xyzzy" },
		  "unknown command 'xyzzy', vipherald help lists them; vipherald -config=FILE runs "
		  "the agent" },
		{ "the last flag",
		  { "-log_backtrace_a" },
		  "unknown flag -log_backtrace_a, did you mean -log_backtrace_at?" },
		{ "two letters", { "-xy" }, "unknown flag -xy" },
		{ "no file",
		  { "-v" },
		  "no configuration file given, usage: vipherald -config=FILE" },
		{ "no number",
		  { "-config=a", "-v", "9x" },
		  "-v: '9x' is not a number from 0 to 9" },
		{ "no number of an AS",
		  { "listen", "--as", "0" },
		  "--as: '0' is not a number from 1 to 4294967295" },
		{ "no boolean",
		  { "check", "--capabilities=2", "a" },
		  "--capabilities=2: expected "
		  "true or false" },
		{ "not of the agent", { "--as=1" }, "flag --as=1 is not valid for the agent" },
		{ "not of check", { "check", "--json" }, "flag --json is not valid for check" },
		{ "a second file", { "check", "a", "b" }, "unexpected argument 'b'" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cli got = { 0 };
		struct err err = { "" };
		if (parse(texts[i].args, &got, &err) != -EINVAL ||
		    strcmp(err.text, texts[i].says) != 0)
			fail_msg("%s: '%s'", texts[i].name, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_flags_of_commands),
		cmocka_unit_test(test_values_at_their_ends),
		cmocka_unit_test(test_more_mistakes),
		cmocka_unit_test(test_usages_of_commands),
		cmocka_unit_test(test_texts_of_mistakes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
