/* SPDX-License-Identifier: MIT */
/* A program of `processes`: what is run, and what it may announce. Owns its texts. Pure. */
#ifndef AGENT_MODEL_PROGRAM_SPEC_H
#define AGENT_MODEL_PROGRAM_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/bind.h"
#include "agent/model/vip_policy.h"

#define PROGRAMS_MAX        64
#define PROGRAM_STRINGS_MAX 256 /* of `run`, and of `env` */
#define PROGRAM_ROUTES_MAX  20000

/* Format in which it is told of sessions that come up and go down. */
enum program_encoder { PROGRAM_TELLS_NOTHING, PROGRAM_TELLS_TEXT, PROGRAM_TELLS_JSON };

enum program_exit { PROGRAM_EXIT_WITHDRAWS, PROGRAM_EXIT_KEEPS };

struct program_spec {
	char *name;   /* also of its app */
	char **run;   /* ends with NULL; NULL: nothing is run */
	bool is_line; /* `run` is one text, a line for the shell */
	char *user;   /* NULL: agent.exec.user */
	char **env;   /* NAME=VALUE; ends with NULL; NULL: none */
	char *fifo;   /* NULL: none */
	struct prefix_list allow;
	enum bind bind;
	enum program_encoder encoder;
	enum program_exit on_exit;
	bool respawn;
	uint16_t max_routes;
};

struct program_list {
	struct program_spec *items;
	size_t n, cap;
};

void program_spec_done(struct program_spec *s);
void program_spec_copy(struct program_spec *dst, const struct program_spec *src);
void program_list_done(struct program_list *list);
/* NULL when there is none. */
const struct program_spec *program_list_find(const struct program_list *list, const char *name);

/* The same process: a change of anything else does not start it again. */
bool program_spec_runs_alike(const struct program_spec *a, const struct program_spec *b);
bool program_spec_equal(const struct program_spec *a, const struct program_spec *b);
/* Whether its commands are answered from its start on: not with ExaBGP's exabgp_api_ack=false in
 * `env`. */
bool program_spec_acknowledges(const struct program_spec *s);
/* Whether it may announce the prefix. */
bool program_spec_allows(const struct program_spec *s, const struct prefix *prefix);

#endif
