/* SPDX-License-Identifier: MIT */
#include "agent/cli/man.h"

#include "agent/cli/verb.h"

/* A minus that can be copied, and no request at the start of a line. */
static void write_text(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++)
		if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
}

/* The item of a list. */
static void write_option(const struct verb_option *o, FILE *out)
{
	fputs(".TP\n.B \\-\\-", out);
	write_text(o->name, out);
	if (o->value) {
		fputs(*o->value == '[' ? "\\fI" : " \\fI", out);
		write_text(o->value, out);
		fputs("\\fP", out);
	}
	fputc('\n', out);
	write_text(o->help, out);
	fputc('\n', out);
}

static void write_verb(const struct verb *v, FILE *out)
{
	fprintf(out, ".TP\n.B ");
	write_text(v->name, out);
	if (*v->args) {
		fputs(" \\fI", out);
		write_text(v->args, out);
		fputs("\\fP", out);
	}
	fputc('\n', out);
	write_text(v->summary, out);
	fputs(".\n", out);
	if (v->alias) {
		fputs("Also called ", out);
		write_text(v->alias, out);
		fputs(".\n", out);
	}
	for (const struct verb_option *o = v->options; o->name; o++) {
		fputs(".RS\n", out);
		write_option(o, out);
		fputs(".RE\n", out);
	}
	if (v->keys) {
		fputs(".RS\n", out);
		write_option(&verb_key_option, out);
		fputs(".RE\n", out);
	}
	fputs(".RS\n.PP\nExample: ", out);
	write_text(v->example, out);
	fputs("\n.RE\n", out);
}

static const char head[] =
	".\\\" SPDX-License-Identifier: MIT\n"
	".\\\" Written by `make docs` from agent/cli/verb.c.\n"
	".TH VIPHERALD 1 \"\" \"vipherald @VERSION@\" \"User commands\"\n"
	".SH NAME\n"
	"vipherald \\- ask the running agent, and give it orders\n"
	".SH SYNOPSIS\n"
	".B vipherald\n"
	".I VERB\n"
	".RI [ ARGUMENT ]\n"
	".RI [ OPTION ].\\|.\\|.\n"
	".SH DESCRIPTION\n"
	"The agent itself, and the commands that work without one, are in\n"
	".BR vipherald (8).\n"
	"The verbs are clients of the HTTP API of the agent that runs in this network namespace. "
	"It is found\n"
	"at the socket that the agent has below /run/vipherald, else at\n"
	".B listen_addr\n"
	"of /etc/vipherald/config.yaml, where that can be read, else on 127.0.0.1:8080.\n"
	".SH OPTIONS\n"
	"Of all verbs:\n";

static const char tail[] = ".SH EXIT STATUS\n"
			   ".TP\n.B 0\nDone.\n"
			   ".TP\n.B 1\nRefused by the agent, or there is no such thing.\n"
			   ".TP\n.B 2\nThe command line is wrong.\n"
			   ".TP\n.B 3\nThe agent cannot be reached.\n"
			   ".SH ENVIRONMENT\n"
			   ".TP\n.B VIPHERALD_API\nThe agent\\(aqs address, as with \\-\\-api.\n"
			   ".TP\n.B VIPHERALD_CACERT, VIPHERALD_CERT, VIPHERALD_KEY\nFiles for "
			   "TLS, as with \\-\\-cacert, \\-\\-cert and \\-\\-key.\n"
			   ".TP\n.B NO_COLOR\nNo colors, if it is not empty.\n"
			   ".TP\n.B COLUMNS\nThe width of the terminal.\n"
			   ".SH SEE ALSO\n"
			   ".BR vipherald (8),\n"
			   ".BR vipherald.yaml (5)\n";

void man_write_verbs(FILE *out)
{
	fputs(head, out);
	for (const struct verb_option *o = verb_common_options(); o->name; o++)
		write_option(o, out);
	fputs(".SH VERBS\n", out);
	for (size_t i = 0; i < N_VERBS; i++)
		write_verb(verb_at((enum verb_id)i), out);
	fputs(tail, out);
}
