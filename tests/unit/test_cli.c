/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
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
	{ "help of a command", { "listen", "-h" }, { .command = CLI_HELP } },
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
