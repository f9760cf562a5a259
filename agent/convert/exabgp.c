/* SPDX-License-Identifier: MIT */
/*
 * ExaBGP's configuration: neighbors become peers, static routes apps that are always announced, and
 * programs `processes`; with --native ExaBGP's own health check becomes apps with monitors.
 */
#include "agent/convert/exabgp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/convert/exabgp_healthcheck.h"
#include "agent/convert/exabgp_native.h"
#include "agent/convert/exabgp_neighbor.h"
#include "agent/convert/exabgp_routes.h"
#include "agent/convert/statements.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

struct taking {
	struct convert *c;
	const struct convert_input *inputs;
	size_t n_inputs;
	const struct convert_options *options;
	struct statement **roots; /* of each input; NULL: it has no statements */
	struct exabgp_routes routes;
	json_t *programs; /* name -> peers that listen to it */
	json_t *told;     /* name -> peers of whose sessions it is told */
	size_t n_neighbors;
};

/* ---- neighbors ---- */

static const struct statement *find_template(const struct taking *t, const char *name)
{
	for (size_t i = 0; i < t->n_inputs; i++)
		for (const struct statement *s = t->roots[i] ? t->roots[i]->first : NULL; s;
		     s = s->next)
			for (const struct statement *in = statement_is(s, "template") ? s->first
										      : NULL;
			     in; in = in->next)
				if (statement_is(in, "neighbor") &&
				    str_equal(statement_word(in, 1), name))
					return in;
	return NULL;
}

struct inheriting {
	struct taking *t;
	struct exabgp_neighbor *n;
	const struct statement *s;
};

static void inherit(void *context, const char *name)
{
	struct inheriting *in = context;
	const struct statement *template = find_template(in->t, name);
	if (!template)
		convert_lost(in->t->c, in->s->at, name, "there is no such template");
	else if (in->n->n_layers >= EXABGP_LAYERS_MAX - 2)
		convert_lost(in->t->c, in->s->at, name, "more templates than %d",
			     EXABGP_LAYERS_MAX - 2);
	else
		in->n->layers[in->n->n_layers++] = template;
}

static void carry_neighbor(struct taking *t, const struct statement *s,
			   const struct statement *group)
{
	struct exabgp_neighbor n = { .own = s, .group = group };
	for (const struct statement *in = s->first; in; in = in->next) {
		struct inheriting i = { t, &n, in };
		size_t at = 1;
		if (statement_is(in, "inherit"))
			statement_each(in, &at, inherit, &i);
	}
	n.layers[n.n_layers++] = s;
	if (group)
		n.layers[n.n_layers++] = group;
	t->n_neighbors++;
	exabgp_neighbor_carry(t->c, &n, &t->routes, t->programs, t->told);
}

static void carry_group(struct taking *t, const struct statement *group)
{
	for (const struct statement *s = group->first; s; s = s->next)
		if (statement_is(s, "neighbor"))
			carry_neighbor(t, s, group);
}

static void carry_statement(struct taking *t, const struct statement *s)
{
	if (statement_is(s, "neighbor"))
		carry_neighbor(t, s, NULL);
	else if (statement_is(s, "group"))
		carry_group(t, s);
	else if (!statement_is(s, "template") && !statement_is(s, "process"))
		statement_lost(t->c, s, "not known");
}

/* ---- programs ---- */

/* ExaBGP looks for a program in /etc/exabgp first. */
static void set_run(struct taking *t, const struct statement *run, json_t *process)
{
	char path[512];
	const char *program = statement_word(run, 1);
	if (!strchr(program, '/'))
		convert_append(process, "run", "/usr/bin/env");
	if (strchr(program, '/') && *program != '/') {
		const char *rest = str_starts(program, "./")            ? program + 2
				   : str_starts(program, "etc/exabgp/") ? program + 11
									: program;
		snprintf(path, sizeof(path), "/etc/exabgp/%s", rest);
		convert_note(t->c, run->at, program, "taken for %s, see whether it is there", path);
		program = path;
	}
	json_t *list = json_object_get(process, "run");
	if (!list) {
		list = json_array();
		json_object_set_new(process, "run", list);
	}
	json_array_append_new(list, json_string(program));
	for (size_t i = 2; i < run->n_words; i++)
		json_array_append_new(list, json_string(run->words[i]));
}

static void set_allow(struct taking *t, const struct statement *s, const json_t *known,
		      json_t *process)
{
	/* A default route is not a prefix to be allowed. */
	static const char *const everything[] = { "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1" };
	size_t i;
	json_t *text;
	for (size_t j = 0; j < t->options->n_allow; j++)
		convert_append(process, "allow", t->options->allow[j]);
	json_array_foreach((json_t *)known, i, text) if (t->options->n_allow == 0)
		convert_append(process, "allow", json_string_value(text));
	if (json_object_get(process, "allow"))
		return;
	for (size_t j = 0; j < ARRAY_SIZE(everything); j++)
		convert_append(process, "allow", everything[j]);
	convert_note(
		t->c, s->at, statement_word(s, 1),
		"allow: ExaBGP lets a program announce everything, and so may it here, but for "
		"default routes: write what it announces, or convert with --allow PREFIX");
}

static void carry_process_key(struct taking *t, const struct statement *s, json_t *process)
{
	if (statement_is(s, "respawn") && (str_equal(statement_word(s, 1), "false") ||
					   str_starts(statement_word(s, 1), "disable")))
		json_object_set_new(process, "respawn", json_false());
	else if (!statement_is(s, "run") && !statement_is(s, "encoder") &&
		 !statement_is(s, "respawn") && !statement_is(s, "neighbor-changes"))
		statement_lost(t->c, s,
			       "programs are told of sessions, not of messages and routes");
}

static size_t count_peers(const struct taking *t)
{
	size_t n = 0;
	while (convert_item(t->c, "peers", n))
		n++;
	return n;
}

/* With ExaBGP an encoder says how a program is told, here that it is. */
static void set_encoder(struct taking *t, const struct statement *s, json_t *process)
{
	const char *name = statement_word(s, 1);
	bool named = json_object_get(t->programs, name);
	const json_t *told = json_object_get(t->told, named ? name : EXABGP_MATCHED);
	const char *encoder = "text";
	if (!told)
		return;
	for (const struct statement *in = s->first; in; in = in->next)
		if (statement_is(in, "encoder"))
			encoder = statement_word(in, 1);
	convert_set(process, "encoder", encoder);
	if (json_array_size(told) < count_peers(t))
		convert_note(t->c, s->at, name,
			     "is told of every session; ExaBGP told it of some neighbors only, "
			     "those with neighbor-changes");
}

static void check_listeners(struct taking *t, const struct statement *s)
{
	const json_t *listeners = json_object_get(t->programs, statement_word(s, 1));
	if (listeners && json_array_size(listeners) < count_peers(t))
		statement_lost(
			t->c, s,
			"its routes go to all peers, here they were for some neighbors only, "
			"unless its lines name them");
}

/* ExaBGP 4 and 5 run it, and its routes go to no neighbor: here they would go to all. */
static bool has_neighbor(struct taking *t, const struct statement *s)
{
	if (json_object_get(t->programs, statement_word(s, 1)) ||
	    json_object_get(t->programs, EXABGP_MATCHED))
		return true;
	statement_lost(t->c, s,
		       "no neighbor has it in api { processes [ … ]; }: ExaBGP runs it and sends "
		       "its routes to no neighbor, here they would go to all; it is left out");
	return false;
}

static void add_process(struct taking *t, const struct statement *s, const struct statement *run,
			const json_t *prefixes)
{
	json_t *process = convert_add(t->c, "processes", s->at);
	convert_set(process, "name", statement_word(s, 1));
	set_run(t, run, process);
	set_allow(t, s, prefixes, process);
	set_encoder(t, s, process);
	for (const struct statement *in = s->first; in; in = in->next)
		carry_process_key(t, in, process);
	check_listeners(t, s);
}

static void carry_process(struct taking *t, const struct statement *s)
{
	const struct statement *run = s->first;
	while (run && !statement_is(run, "run"))
		run = run->next;
	if (!run || !*statement_word(run, 1)) {
		if (s->is_block)
			statement_lost(t->c, s, "it runs nothing");
		return;
	}
	if (!has_neighbor(t, s))
		return;
	struct exabgp_healthcheck h = { t->c,      statement_word(s, 1), run,
					t->inputs, t->n_inputs,          NULL };
	bool is_healthcheck = exabgp_healthcheck_read(&h);
	if (!is_healthcheck || !t->options->native || !exabgp_native_carry(&h))
		add_process(t, s, run, is_healthcheck ? exabgp_healthcheck_prefixes(&h) : NULL);
	json_decref(h.values);
}

/* NOLINTBEGIN(misc-no-recursion): STATEMENTS_DEPTH_MAX */
static void carry_processes(struct taking *t, const struct statement *block)
{
	for (const struct statement *s = block ? block->first : NULL; s; s = s->next) {
		if (statement_is(s, "process"))
			carry_process(t, s);
		else if (statement_is(s, "group") || statement_is(s, "neighbor"))
			carry_processes(t, s); /* of version 3.4 */
	}
}
/* NOLINTEND(misc-no-recursion) */

/* ---- the whole ---- */

/* Moves a value that all peers have in common to `bgp`. */
static void hoist(struct convert *c, const char *key, bool others_keep)
{
	json_t *peer, *first = json_object_get(convert_item(c, "peers", 0), key);
	bool same = first != NULL;
	for (size_t i = 0; (peer = convert_item(c, "peers", i)); i++)
		same &= json_equal(json_object_get(peer, key), first);
	if (!first || (!same && !others_keep))
		return;
	json_t *value = json_incref(first);
	json_object_set(convert_section(c, "bgp"), key, value);
	for (size_t i = 0; (peer = convert_item(c, "peers", i)); i++)
		if (json_equal(json_object_get(peer, key), value))
			json_object_del(peer, key);
	json_decref(value);
}

static bool has_blocks(const struct convert_input *in)
{
	return memchr(in->text, '{', in->len) != NULL;
}

static int parse(struct taking *t, struct err *err)
{
	static const struct statements_form form = { .single = "[](),",
						     .single_quotes = true,
						     .escapes = true };
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < t->n_inputs; i++) {
		const struct convert_input *in = &t->inputs[i];
		if (has_blocks(in))
			rc = statements_parse(in, &form, &t->roots[i], err);
		else if (in->len > 0 && in->text[0] == '[')
			convert_lost(
				t->c, (struct convert_at){ in->name, 1 }, NULL,
				"ExaBGP's environment is not read: exabgp.tcp.bind and port are "
				"bgp.listen, exabgp.daemon.user is user of processes");
	}
	return rc;
}

static void carry_all(struct taking *t)
{
	for (size_t i = 0; i < t->n_inputs; i++)
		for (const struct statement *s = t->roots[i] ? t->roots[i]->first : NULL; s;
		     s = s->next)
			carry_statement(t, s);
	exabgp_routes_finish(t->c, &t->routes);
	for (size_t i = 0; i < t->n_inputs; i++)
		carry_processes(t, t->roots[i]);
	hoist(t->c, "local_as", true);
	hoist(t->c, "hold_time", false);
}

int convert_exabgp(struct convert *c, const struct convert_input *inputs, size_t n,
		   const struct convert_options *options, struct err *err)
{
	struct taking t = { .c = c,
			    .inputs = inputs,
			    .n_inputs = n,
			    .options = options,
			    .roots = mem_new(n, sizeof(struct statement *)),
			    .programs = json_object(),
			    .told = json_object() };
	int rc = parse(&t, err);
	if (rc == 0)
		carry_all(&t);
	if (rc == 0 && t.n_neighbors == 0)
		rc = err_set(err, -EINVAL, "%s: no neighbor in it, is it ExaBGP's configuration?",
			     n > 0 ? inputs[0].name : "exabgp");
	exabgp_routes_done(&t.routes);
	json_decref(t.programs);
	json_decref(t.told);
	for (size_t i = 0; i < n; i++)
		statements_free(t.roots[i]);
	free(t.roots);
	return rc;
}
