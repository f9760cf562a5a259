/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_programs.h"

#include <errno.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/config/types_api.h"
#include "agent/model/program_spec.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define FIELD(member) .offset = offsetof(struct program_spec, member)

/* ---- lists of texts ---- */

static int append(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char ***list = config_field(key, target);
	size_t n = 0;
	while (*list && (*list)[n])
		n++;
	if (n == PROGRAM_STRINGS_MAX)
		return err_set(err, -EINVAL, "more than %d texts", PROGRAM_STRINGS_MAX);
	*list = mem_grow_by_one(*list, n ? n + 1 : 0, sizeof(**list));
	if (n == 0)
		*list = mem_grow_by_one(*list, 1, sizeof(**list));
	(*list)[n] = mem_strdup(text);
	return 0;
}

static int add_env(const struct config_key *key, const char *text, void *target, struct err *err)
{
	size_t n = strcspn(text, "=");
	if (n == 0 || !text[n] || strspn(text, "0123456789") > 0)
		return err_set(err, -EINVAL, "'%.80s' is not a variable, expected NAME=VALUE",
			       text);
	return append(key, text, target, err);
}

/* One that differs has another text; it is not read again, see agent/config/show.c. */
static void format_texts(const struct config_key *key, const void *target, FILE *out)
{
	char *const *list = *(char *const *const *)config_value(key, target);
	for (size_t i = 0; list && list[i]; i++)
		fprintf(out, "%s%s", i > 0 ? ", " : "", list[i]);
}

static void format_command(const struct config_key *key, const void *target, FILE *out)
{
	const struct program_spec *s = target;
	bool is_list = s->run && !s->is_line;
	fputs(is_list ? "[" : "", out);
	format_texts(key, target, out);
	fputs(is_list ? "]" : "", out);
}

static const struct config_type type_command = { "list of texts, or a shell line", append,
						 format_command };
static const struct config_type type_env = { "NAME=VALUE", add_env, format_texts };

/* ---- words ---- */

static const struct config_word encoders[] = { { "none", PROGRAM_TELLS_NOTHING },
					       { "text", PROGRAM_TELLS_TEXT },
					       { "json", PROGRAM_TELLS_JSON } };
static const struct config_word exits[] = { { "withdraw", PROGRAM_EXIT_WITHDRAWS },
					    { "keep", PROGRAM_EXIT_KEEPS } };

static int set_encoder(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	return config_parse_word(encoders, ARRAY_SIZE(encoders), "encoder", text,
				 config_field(key, target), err);
}

static int set_exit(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return config_parse_word(exits, ARRAY_SIZE(exits), "on_exit", text,
				 config_field(key, target), err);
}

static void format_encoder(const struct config_key *key, const void *target, FILE *out)
{
	fputs(encoders[*(const enum program_encoder *)config_value(key, target)].name, out);
}

static void format_exit(const struct config_key *key, const void *target, FILE *out)
{
	fputs(exits[*(const enum program_exit *)config_value(key, target)].name, out);
}

static const struct config_type type_encoder = { "`none`, `text` or `json`", set_encoder,
						 format_encoder };
static const struct config_type type_exit = { "`withdraw` or `keep`", set_exit, format_exit };

/* ---- keys ---- */

static const struct config_key program_keys[] = {
	{ .name = "name",
	  .type = &config_type_grant_name,
	  FIELD(name),
	  .flags = CONFIG_REQUIRED,
	  .doc = "Its name, and that of the app that its routes are." },
	{ .name = "run",
	  .shape = CONFIG_VALUES,
	  .type = &type_command,
	  FIELD(run),
	  .effect = CONFIG_SENDS_UPDATE,
	  .type_words = "texts",
	  .default_words = "nothing is run, see `fifo`",
	  .doc = "The program and its arguments; or one text, a line for bash, or sh where there "
		 "is none. Its standard output has the commands, its standard input gets the "
		 "answers, its standard error goes to the log." },
	{ .name = "user",
	  .type = &config_type_text,
	  FIELD(user),
	  .effect = CONFIG_NEEDS_RESTART,
	  .default_words = "`agent.exec.user`",
	  .doc = "User that it runs as." },
	{ .name = "allow",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_prefixes,
	  FIELD(allow),
	  .effect = CONFIG_SENDS_UPDATE,
	  .flags = CONFIG_REQUIRED,
	  .doc = "Prefixes in which the routes lie that it may announce." },
	{ .name = "bind",
	  .type = &config_type_bind,
	  FIELD(bind),
	  .effect = CONFIG_SENDS_UPDATE,
	  .default_text = "none",
	  .doc = "Who owns the addresses of its routes on this host, as `apps[].bind`. Who runs "
		 "such programs binds them otherwise." },
	{ .name = "fifo",
	  .type = &config_type_path,
	  FIELD(fifo),
	  .effect = CONFIG_SENDS_UPDATE,
	  .default_words = "none",
	  .doc = "Named pipe that commands are read from, beside `run` or in place of it. It is "
		 "made with mkfifo(1) beforehand, belongs to root, to the user of the agent or to "
		 "`user`, and is not writable by every user; there are no answers. Routes stay "
		 "until they are withdrawn or the agent stops." },
	{ .name = "encoder",
	  .type = &type_encoder,
	  FIELD(encoder),
	  .default_text = "none",
	  .doc = "Sessions that come up or go down are told on its standard input, as ExaBGP's "
		 "`neighbor-changes` are. Nothing else is told, as this agent receives no "
		 "routes." },
	{ .name = "on_exit",
	  .type = &type_exit,
	  FIELD(on_exit),
	  .default_text = "withdraw",
	  .doc = "Withdraw or keep its routes when it ends." },
	{ .name = "respawn",
	  .type = &config_type_bool,
	  FIELD(respawn),
	  .default_text = "true",
	  .doc = "Start it again when it has ended, at once and then ever less often, up to every "
		 "30 s. `false` is for programs that announce and end: with exit status 0 their "
		 "routes stay, with another one they are started again." },
	{ .name = "max_routes",
	  .type = &config_type_count,
	  FIELD(max_routes),
	  .default_text = "10000",
	  .min = 1,
	  .max = PROGRAM_ROUTES_MAX,
	  .effect = CONFIG_SENDS_UPDATE,
	  .doc = "Maximum number of its routes, those of `split` included. Further ones are "
		 "answered `error`." },
	{ .name = "env",
	  .shape = CONFIG_VALUES,
	  .type = &type_env,
	  FIELD(env),
	  .effect = CONFIG_SENDS_UPDATE,
	  .default_words = "none",
	  .doc = "Variables of its environment, beside those of all commands (`agent.exec.env`). "
		 "With `exabgp_api_ack=false` its commands are not answered, as by ExaBGP." },
	{ 0 },
};

const struct config_section config_programs_section = {
	.path = "processes[]",
	.doc = "Programs that announce routes with the commands of ExaBGP's text API, see "
	       "[processes.md](processes.md).",
	.keys = program_keys,
};

void *config_add_program(void *program_list)
{
	struct program_list *list = program_list;
	list->items = mem_grow(list->items, &list->cap, list->n + 1, sizeof(*list->items));
	config_section_defaults(&config_programs_section, &list->items[list->n]);
	return &list->items[list->n++];
}
