/* SPDX-License-Identifier: MIT */
#include "agent/cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "agent/cli/verb.h"
#include "lib/array.h"
#include "lib/str.h"

const char cli_usage[] =
	"usage: vipherald -config=FILE [-v]\n"
	"       vipherald check FILE\n"
	"       vipherald check --capabilities FILE\n"
	"       vipherald listen [ADDR:PORT] [--as N] [--json]\n"
	"       vipherald healthcheck [-config=FILE] [--ready]\n"
	"       vipherald --help | --version\n"
	"\n"
	"  -config=FILE        run the agent in the foreground; the log goes to stderr\n"
	"  -v, -vv             log debug messages, and every check and KEEPALIVE too\n"
	"  check               check a configuration file and exit\n"
	"  --capabilities      print the capabilities it needs, as a systemd drop-in\n"
	"  listen              accept BGP sessions and print the routes received\n"
	"                      (default: :1790, AS 65000)\n"
	"  --as N              local AS number\n"
	"  --json              print JSON objects, one per line\n"
	"  healthcheck         query /healthz of the running agent; exit status 0: healthy\n"
	"                      (without -config: of the agent in this container)\n"
	"  --ready             query /readyz instead\n"
	"\n"
	"Examples: vipherald check /etc/vipherald/config.yaml\n"
	"          vipherald listen 192.0.2.1:1790 --as 65000\n"
	"          vipherald healthcheck --ready\n"
	"Exit status: 0 done, 1 failed, 2 usage, 3 agent not reachable\n"
	"\n"
	"GoCast's flags (-logtostderr and the others of glog) are accepted. See vipherald(8).\n";

static const char usage_of_check[] =
	"usage: vipherald check [--capabilities] FILE\n"
	"\n"
	"Check a configuration file, with all that it includes. No agent is asked.\n"
	"\n"
	"  --capabilities      print the capabilities it needs, as a systemd drop-in\n"
	"\n"
	"Example: vipherald check /etc/vipherald/config.yaml\n"
	"Exit status: 0 in order, 1 errors, 2 usage.\n";

static const char usage_of_listen[] =
	"usage: vipherald listen [ADDR:PORT] [--as N] [--json]\n"
	"\n"
	"Accept BGP sessions and print the routes received, until SIGINT. No agent is asked.\n"
	"\n"
	"  ADDR:PORT           where to listen (default: :1790)\n"
	"  --as N              local AS number (default: 65000)\n"
	"  --json              print JSON objects, one per line\n"
	"\n"
	"Example: vipherald listen 192.0.2.1:1790 --as 65000\n"
	"Exit status: 0 stopped, 1 cannot listen, 2 usage.\n";

static const char usage_of_healthcheck[] =
	"usage: vipherald healthcheck [-config=FILE] [--ready]\n"
	"\n"
	"Query /healthz of the running agent, as the health check of a container does.\n"
	"\n"
	"  -config=FILE        of the agent with this configuration (default: of the agent in "
	"this\n"
	"                      container)\n"
	"  --ready             query /readyz instead\n"
	"\n"
	"Example: vipherald healthcheck --ready\n"
	"Exit status: 0 healthy, 1 not healthy or not reachable, 2 usage.\n";

const char *cli_usage_of(enum cli_command command)
{
	switch (command) {
	case CLI_CHECK:
		return usage_of_check;
	case CLI_LISTEN:
		return usage_of_listen;
	case CLI_HEALTHCHECK:
		return usage_of_healthcheck;
	case CLI_RUN:
	case CLI_HELP:
	case CLI_VERSION:
		break;
	}
	return NULL;
}

enum flag {
	FLAG_CONFIG,
	FLAG_VERBOSITY,
	FLAG_VERBOSE_TWICE,
	FLAG_LOGTOSTDERR,
	FLAG_JSON,
	FLAG_READY,
	FLAG_CAPABILITIES,
	FLAG_AS,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_IGNORED,
};

#define ON(command) (1u << (command))
#define ON_ALL      (ON(CLI_RUN) | ON(CLI_CHECK) | ON(CLI_LISTEN) | ON(CLI_HEALTHCHECK))

static const struct flag_kind {
	const char *name;
	enum flag flag;
	bool has_value;
	unsigned commands;
} flags[] = {
	{ "config", FLAG_CONFIG, true, ON(CLI_RUN) | ON(CLI_CHECK) | ON(CLI_HEALTHCHECK) },
	{ "v", FLAG_VERBOSITY, true, ON_ALL },
	{ "vv", FLAG_VERBOSE_TWICE, false, ON_ALL },
	{ "logtostderr", FLAG_LOGTOSTDERR, false, ON_ALL },
	{ "capabilities", FLAG_CAPABILITIES, false, ON(CLI_CHECK) },
	{ "json", FLAG_JSON, false, ON(CLI_LISTEN) },
	{ "ready", FLAG_READY, false, ON(CLI_HEALTHCHECK) },
	{ "as", FLAG_AS, true, ON(CLI_LISTEN) },
	{ "help", FLAG_HELP, false, ON_ALL },
	{ "h", FLAG_HELP, false, ON_ALL },
	{ "version", FLAG_VERSION, false, ON_ALL },
	/* Of glog; our log always goes to stderr. */
	{ "alsologtostderr", FLAG_IGNORED, false, ON_ALL },
	{ "stderrthreshold", FLAG_IGNORED, true, ON_ALL },
	{ "log_dir", FLAG_IGNORED, true, ON_ALL },
	{ "vmodule", FLAG_IGNORED, true, ON_ALL },
	{ "log_backtrace_at", FLAG_IGNORED, true, ON_ALL },
};
#define N_FLAGS ARRAY_SIZE(flags)

struct args {
	int argc, at;
	char *const *argv;
};

/* The flag that `text` (without dashes) begins with; *ret_value is what follows its '='. */
static const struct flag_kind *find_flag(const char *text, const char **ret_value)
{
	size_t n = strcspn(text, "=");
	*ret_value = text[n] ? text + n + 1 : NULL;
	for (size_t i = 0; i < N_FLAGS; i++)
		if (strlen(flags[i].name) == n && strncmp(flags[i].name, text, n) == 0)
			return &flags[i];
	return NULL;
}

static int unknown_flag(const char *arg, const char *text, struct err *err)
{
	const char *names[N_FLAGS + 1] = { NULL };
	char word[32];
	size_t n = strcspn(text, "=");
	for (size_t i = 0; i < N_FLAGS; i++)
		names[i] = flags[i].name;
	/* A short name is near to any other. */
	const char *near = NULL;
	if (n > 2 && n < sizeof(word)) {
		memcpy(word, text, n);
		word[n] = 0;
		near = str_nearest(word, names);
	}
	if (near)
		return err_set(err, -EINVAL, "unknown flag %s, did you mean -%s?", arg, near);
	return err_set(err, -EINVAL, "unknown flag %s", arg);
}

static int parse_bool(const char *arg, const char *value, bool *ret, struct err *err)
{
	if (!value || str_equal(value, "true") || str_equal(value, "1"))
		*ret = true;
	else if (str_equal(value, "false") || str_equal(value, "0"))
		*ret = false;
	else
		return err_set(err, -EINVAL, "%s: expected true or false", arg);
	return 0;
}

static int parse_number(const char *arg, const char *value, uint64_t min, uint64_t max,
			uint64_t *ret, struct err *err)
{
	if (str_to_u64(value, max, ret) < 0 || *ret < min)
		return err_set(err, -EINVAL, "%s: '%s' is not a number from %llu to %llu", arg,
			       value, (unsigned long long)min, (unsigned long long)max);
	return 0;
}

static int set_flag(struct cli *cli, enum flag flag, const char *arg, const char *value,
		    struct err *err)
{
	uint64_t number = 0;
	bool on = true;
	int rc = 0;
	switch (flag) {
	case FLAG_CONFIG:
		cli->config = value;
		return 0;
	case FLAG_VERBOSITY:
		rc = parse_number(arg, value, 0, 9, &number, err);
		cli->verbosity = (unsigned)number;
		return rc;
	case FLAG_VERBOSE_TWICE:
		cli->verbosity = 2;
		return 0;
	case FLAG_AS:
		rc = parse_number(arg, value, 1, UINT32_MAX, &number, err);
		cli->as = (uint32_t)number;
		return rc;
	case FLAG_JSON:
		rc = parse_bool(arg, value, &cli->json, err);
		return rc;
	case FLAG_READY:
		return parse_bool(arg, value, &cli->ready, err);
	case FLAG_CAPABILITIES:
		return parse_bool(arg, value, &cli->capabilities, err);
	case FLAG_HELP:
		if (cli_usage_of(cli->command))
			cli->help_of = cli->command;
		cli->command = CLI_HELP;
		return 0;
	case FLAG_VERSION:
		cli->command = CLI_VERSION;
		return 0;
	case FLAG_LOGTOSTDERR:
		return parse_bool(arg, value, &on, err);
	case FLAG_IGNORED:
		if (!cli->ignored)
			cli->ignored = arg;
		return 0;
	}
	return -EINVAL;
}

static const struct {
	const char *name;
	enum cli_command command;
} commands[] = { { "check", CLI_CHECK },
		 { "listen", CLI_LISTEN },
		 { "healthcheck", CLI_HEALTHCHECK },
		 { "help", CLI_HELP },
		 { "version", CLI_VERSION } };
#define N_COMMANDS ARRAY_SIZE(commands)

static const char *command_name(enum cli_command command)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (commands[i].command == command)
			return commands[i].name;
	return "the agent";
}

static int parse_flag(struct cli *cli, struct args *args, struct err *err)
{
	const char *arg = args->argv[args->at], *value;
	const char *text = arg + (arg[1] == '-' ? 2 : 1);
	const struct flag_kind *kind = find_flag(text, &value);
	if (!kind)
		return unknown_flag(arg, text, err);
	if (cli->command < CLI_HELP && !(kind->commands & ON(cli->command)))
		return err_set(err, -EINVAL, "flag %s is not valid for %s", arg,
			       command_name(cli->command));
	/* As glog takes it, and alone. */
	bool alone =
		args->at + 1 >= args->argc || !isdigit((unsigned char)args->argv[args->at + 1][0]);
	if (kind->flag == FLAG_VERBOSITY && !value && alone)
		value = "1";
	if (kind->has_value && !value) {
		if (args->at + 1 >= args->argc)
			return err_set(err, -EINVAL, "flag %s requires a value", arg);
		value = args->argv[++args->at];
	}
	return set_flag(cli, kind->flag, arg, value, err);
}

/* A misspelt command, or a file where a command is expected. */
static int unknown_command(const char *word, struct err *err)
{
	const char *names[N_COMMANDS + N_VERBS + 1] = { NULL };
	for (size_t i = 0; i < N_COMMANDS; i++)
		names[i] = commands[i].name;
	for (size_t i = 0; i < N_VERBS; i++)
		names[N_COMMANDS + i] = verb_at((enum verb_id)i)->name;
	if (strpbrk(word, "./"))
		return err_set(err, -EINVAL,
			       "'%s' is not a command: vipherald -config=%s runs the agent, "
			       "vipherald check %s checks the file",
			       word, word, word);
	const char *near = str_nearest(word, names);
	if (near)
		return err_set(err, -EINVAL, "unknown command '%s', did you mean '%s'?", word,
			       near);
	return err_set(err, -EINVAL,
		       "unknown command '%s', vipherald help lists them; vipherald -config=FILE "
		       "runs the agent",
		       word);
}

static int parse_word(struct cli *cli, const char *word, struct err *err)
{
	if (cli->command == CLI_CHECK && !cli->config)
		cli->config = word;
	else if (cli->command == CLI_LISTEN && !cli->listen_at)
		cli->listen_at = word;
	else if (cli->command == CLI_RUN && !cli->config)
		return unknown_command(word, err);
	else
		return err_set(err, -EINVAL, "unexpected argument '%s'", word);
	return 0;
}

/* Only the first argument is a command: "-config check" names a file. */
static bool find_command(int argc, char *const argv[], enum cli_command *ret)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (argc > 1 && str_equal(argv[1], commands[i].name)) {
			*ret = commands[i].command;
			return true;
		}
	return false;
}

const char *cli_help_word(int argc, char *const argv[])
{
	enum cli_command command = CLI_RUN;
	return find_command(argc, argv, &command) && cli_usage_of(command) ? argv[1] : NULL;
}

static int check_complete(const struct cli *cli, struct err *err)
{
	bool needs_config = cli->command == CLI_RUN || cli->command == CLI_CHECK;
	if (!needs_config || (cli->config && *cli->config))
		return 0;
	return err_set(err, -EINVAL, "no configuration file given, usage: %s",
		       cli->command == CLI_RUN ? "vipherald -config=FILE" : "vipherald check FILE");
}

int cli_parse(int argc, char *const argv[], struct cli *ret, struct err *err)
{
	struct args args = { .argc = argc, .at = 1, .argv = argv };
	struct cli cli = { .command = CLI_RUN };
	int rc = 0;
	args.at += find_command(argc, argv, &cli.command);
	for (; rc == 0 && args.at < argc; args.at++) {
		const char *arg = argv[args.at];
		bool is_flag = arg[0] == '-' && arg[1] && !str_equal(arg, "--");
		rc = is_flag ? parse_flag(&cli, &args, err) : parse_word(&cli, arg, err);
	}
	if (rc == 0)
		rc = check_complete(&cli, err);
	if (rc == 0)
		*ret = cli;
	return rc;
}
