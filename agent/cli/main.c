/* SPDX-License-Identifier: MIT */
/* The entry point; all else is in one archive, which tests and fuzzers link too. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/cmd_check.h"
#include "agent/cli/cmd_healthcheck.h"
#include "agent/cli/cmd_listen.h"
#include "agent/cli/cmd_verb.h"
#include "agent/daemon/agent.h"
#include "lib/log.h"
#include "lib/version.h"

#define EXIT_USAGE 2

/* JOURNAL_STREAM may name a stream that stderr is not connected to (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	unsigned long long device, inode;
	struct stat st;
	const char *journal = getenv("JOURNAL_STREAM");
	return journal && sscanf(journal, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void set_up_log(const struct cli *cli)
{
	enum log_level level = cli->verbosity > 1   ? LOG_TRACE
			       : cli->verbosity > 0 ? LOG_DEBUG
						    : LOG_INFO;
	log_setup(level, stderr_is_journal() ? LOG_JOURNAL : LOG_TEXT);
	if (cli->ignored)
		log_info("agent", "flag %s ignored, the log goes to stderr", cli->ignored);
}

static int help(const struct cli *cli)
{
	const char *usage = cli_usage_of(cli->help_of);
	fputs(usage ? usage : cli_usage, stdout);
	if (usage)
		return 0;
	fputs("\nOf the running agent (vipherald VERB --help):\n", stdout);
	verb_list(stdout);
	return 0;
}

static int run(const struct cli *cli)
{
	switch (cli->command) {
	case CLI_RUN:
		return agent_run(cli->config);
	case CLI_CHECK:
		return cli->capabilities ? cmd_check_capabilities(cli->config, stdout, stderr)
					 : cmd_check(cli->config, stdout);
	case CLI_LISTEN:
		return cmd_listen(cli->listen_at, cli->as, cli->json);
	case CLI_HEALTHCHECK:
		return cmd_healthcheck(cli->config, cli->ready, stdout);
	case CLI_HELP:
		return help(cli);
	case CLI_VERSION:
		puts("vipherald " VIPHERALD_VERSION);
		return 0;
	}
	return EXIT_USAGE;
}

int main(int argc, char *argv[])
{
	struct cli cli;
	struct err err;
	const struct verb *verb = argc > 1 ? verb_find(argv[1]) : NULL;
	if (verb)
		return cmd_verb(verb, argc - 2, argv + 2);
	if (cli_parse(argc, argv, &cli, &err) < 0) {
		const char *word = cli_help_word(argc, argv);
		fprintf(stderr, "vipherald: %s (vipherald %s%s--help)\n", err.text,
			word ? word : "", word ? " " : "");
		return EXIT_USAGE;
	}
	set_up_log(&cli);
	return run(&cli);
}
