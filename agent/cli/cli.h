/* SPDX-License-Identifier: MIT */
/*
 * The command line. Pure.
 *
 *	vipherald -config=FILE [-logtostderr] [-v=N]
 *	vipherald check [--capabilities] FILE
 *	vipherald listen [ADDR:PORT] [--as N] [--json]
 *	vipherald healthcheck [-config=FILE] [--ready]
 *
 * Flags are written as Go programs take them, because GoCast's users bring theirs: one dash or
 * two, `-flag=value` or `-flag value`, a boolean alone or with `=true`.
 */
#ifndef AGENT_CLI_CLI_H
#define AGENT_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

enum cli_command { CLI_RUN, CLI_CHECK, CLI_LISTEN, CLI_HEALTHCHECK, CLI_HELP, CLI_VERSION };

/* Texts are views into argv. */
struct cli {
	enum cli_command command;
	enum cli_command help_of; /* of CLI_HELP; CLI_RUN: of all */
	unsigned verbosity;       /* -v=N */
	const char *ignored;      /* the first flag of glog that has no effect; NULL: none */
	const char *config;       /* NULL: listen, or healthcheck without one */
	const char *listen_at;    /* of listen; NULL: the default */
	uint32_t as;              /* of listen; 0: the default */
	bool json;                /* of listen */
	bool ready;               /* of healthcheck */
	bool capabilities;        /* of check */
};

/* -EINVAL with a text that names the argument, and the flag that was probably meant. */
int cli_parse(int argc, char *const argv[], struct cli *ret, struct err *err);
extern const char cli_usage[];
/* Of check, listen and healthcheck; NULL: the command has none of its own. */
const char *cli_usage_of(enum cli_command command);
/* The command that has help of its own for such a command line; NULL: none. */
const char *cli_help_word(int argc, char *const argv[]);

#endif
