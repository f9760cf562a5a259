/* SPDX-License-Identifier: MIT */
/*
 * From a file to an immutable configuration:
 *
 *	text ── config_parse ──> tree ── config_build ──> draft ── config_check ──> struct config
 *	           (YAML)                  (schema)               (several keys)
 *
 * Included files are parsed and built in the same way, into the same draft, before the checks.
 *
 * Every step reports all errors that it finds and continues as far as it can, so that one run
 * lists every mistake of a file. A configuration results only when there is no error in the file
 * itself; an included one with errors is replaced by its text of before, or left out, and then all
 * is built and checked anew.
 */
#include "agent/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/build.h"
#include "agent/config/check_agent.h"
#include "agent/config/check_aggregates.h"
#include "agent/config/check_announce.h"
#include "agent/config/check_apps.h"
#include "agent/config/check_bgp.h"
#include "agent/config/check_host.h"
#include "agent/config/check_fleet.h"
#include "agent/config/check_programs.h"
#include "agent/config/findings.h"
#include "agent/config/gocast.h"
#include "agent/config/include.h"
#include "agent/config/load_data.h"
#include "agent/config/load_texts.h"
#include "agent/config/parse.h"
#include "agent/config/peer_text.h"
#include "agent/config/secrets.h"
#include "agent/config/tree.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/tls_keys.h"

/* ---- the configuration ---- */

static void *exact(void *array, size_t n, size_t size)
{
	void *fitting = n > 0 ? mem_copy(array, n * size) : NULL;
	free(array);
	return fitting;
}

/* Moves everything out of the draft. */
static struct config *config_of(struct config_draft *d)
{
	struct config *c = mem_new(1, sizeof(*c));
	c->agent = d->agent;
	c->nat = d->nat;
	c->bgp = d->bgp.bgp;
	c->gateway_family = d->bgp.gateway_family;
	c->aggregates = d->bgp.aggregates;
	c->bgp.peers = exact(d->bgp.peers, d->bgp.n_peers, sizeof(*d->bgp.peers));
	c->bgp.n_peers = c->n_file_peers = d->bgp.n_peers;
	for (size_t i = 0; i < d->bgp.n_peers; i++)
		config_peer_drop_inherited((struct bgp_peer_config *)&c->bgp.peers[i]);
	c->apps = exact(d->apps, d->n_apps, sizeof(*d->apps));
	c->n_apps = d->n_apps;
	for (size_t i = 0; i < c->n_apps; i++)
		c->apps[i].agent_bind = c->agent.bind;
	config_added_peers_done(&d->bgp.added);
	c->programs = d->programs;
	c->fleet = d->fleet;
	free(d->include);
	free((char *)d->bgp.session.password);
	free((char *)d->bgp.session.password_file);
	*d = (struct config_draft){ 0 };
	return c;
}

bool config_free_apps(struct config *c, size_t n)
{
	for (; n > 0 && c->n_apps > 0; n--)
		app_spec_done(&c->apps[--c->n_apps]);
	return c->n_apps > 0;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	config_free_apps(c, c->n_apps);
	struct bgp_peer_config *peers = (struct bgp_peer_config *)c->bgp.peers;
	for (size_t i = 0; i < c->bgp.n_peers; i++)
		config_peer_done(&peers[i]);
	free(peers);
	bgp_lists_free(&c->bgp.communities, &c->bgp.ext_communities, &c->bgp.large_communities);
	aggregate_list_done(&c->aggregates);
	free(c->bgp_text);
	free(c->apps);
	program_list_done(&c->programs);
	fleet_spec_done(&c->fleet);
	tls_keys_unref(c->tls_keys);
	config_agent_done(&c->agent);
	config_set_done(&c->set);
	free(c);
}

/* ---- the loader ---- */

/* A millisecond. */
#define APPS_A_STEP 300

/* Files may be replaced by their texts of before, each of which may be in conflict with others. */
#define ROUNDS_MAX 8

struct config_loader *config_loader_new(const struct config_source *source,
					struct config_findings *findings)
{
	struct config_loader *l = mem_new(1, sizeof(*l));
	l->source = *source;
	l->file = source->file ? mem_strdup(source->file) : NULL;
	l->findings = findings;
	return l;
}

/* All but the texts. */
static void drop_trees(struct config_loader *l)
{
	config_parser_free(l->parser);
	l->parser = NULL;
	for (size_t i = 0; i < l->n_trees; i++)
		config_tree_free(l->trees[i]);
	free(l->trees);
	l->trees = NULL;
	l->n_trees = 0;
	l->last_app = NULL;
	config_apps_check_free(l->apps_check);
	l->apps_check = NULL;
	config_host_check_done(&l->host_check);
	config_draft_done(&l->draft);
	tls_keys_unref(l->tls_keys);
	l->tls_keys = NULL;
}

void config_loader_free(struct config_loader *l)
{
	if (!l)
		return;
	l->findings->file = NULL;
	drop_trees(l);
	config_findings_done(&l->broken);
	config_set_done(&l->set);
	free(l->file);
	free(l);
}

/* One list of apps, over all files. */
static void chain_apps(struct config_loader *l)
{
	const struct config_node *list = config_node_get(config_tree_root(l->trees[l->at]), "apps");
	if (!list || !list->first)
		return;
	if (l->last_app)
		l->last_app->next = list->first;
	else
		l->draft.first_app = list->first;
	l->last_app = list->last;
}

static void check_secret(struct config_loader *l)
{
	if (l->build.secret && l->set.items[l->at].world_readable)
		config_warn(l->findings, config_at(l->build.secret),
			    "secret in a world-readable file: chmod o-r");
}

static void built(struct config_loader *l)
{
	struct config_text *text = &l->set.items[l->at];
	size_t before = 0;
	for (size_t i = 0; i < l->at; i++)
		before += l->set.items[i].n_apps;
	text->n_apps = l->draft.n_apps - before;
	chain_apps(l);
	check_secret(l);
	l->stage = LOAD_NEXT;
	if (l->at > 0 || l->found)
		return;
	l->found = true;
	const struct config_node *node = config_node_get(config_tree_root(l->trees[0]), "include");
	if (l->draft.include && l->file)
		config_include_find(l->file, l->draft.include, node, &l->set, l->findings);
	else if (l->draft.include)
		config_error(l->findings, config_at(node),
			     "there is no file that it could be relative to");
}

static void next_step(struct config_loader *l)
{
	if (++l->at == l->set.n) {
		l->findings->file = NULL;
		l->stage = LOAD_CHECK_KEYS;
		return;
	}
	struct config_text *text = &l->set.items[l->at];
	l->findings->file = text->file;
	text->n_apps = 0;
	if (text->state == CONFIG_TEXT_OUT ||
	    (!text->data && config_text_read(text, l->findings) < 0))
		return;
	if (config_set_octets(&l->set) > CONFIG_FILE_MAX)
		config_error(l->findings, config_at_line(0, 0),
			     "with it, the files are larger than the maximum of %zu MB together",
			     CONFIG_FILE_MAX >> 20);
	else
		load_begin_hash(l);
}

/* ---- errors of included files ---- */

static struct config_text *text_of(struct config_loader *l, const struct config_finding *finding)
{
	for (size_t i = 1; finding->file && i < l->set.n; i++)
		if (str_equal(l->set.items[i].file, finding->file))
			return &l->set.items[i];
	return NULL;
}

/* False: the error is one of all: it is not in an included file, or in one that is replaced
 * already. */
static bool replace(struct config_loader *l, struct config_text *text)
{
	if (!text || text->state != CONFIG_TEXT_LOADED)
		return false;
	const struct config_text *before = config_set_find(l->source.present, text->file);
	text->state = before ? CONFIG_TEXT_KEPT : CONFIG_TEXT_OUT;
	text->n_apps = 0;
	if (before) {
		config_text_set(text, load_copy(before->data, before->len), before->len);
		str_copy(text->sha256, sizeof(text->sha256), before->sha256);
	} else {
		config_text_set(text, NULL, 0);
	}
	return true;
}

static bool can_replace(struct config_loader *l)
{
	size_t n = 0;
	for (size_t i = 0; i < l->findings->n; i++) {
		const struct config_finding *f = &l->findings->items[i];
		const struct config_text *text = text_of(l, f);
		if (f->severity != CONFIG_ERROR)
			continue;
		if (!text || text->state != CONFIG_TEXT_LOADED)
			return false;
		n++;
	}
	return n == l->findings->n_errors && !l->source.bundle && ++l->round < ROUNDS_MAX;
}

/* Those with errors; then all is checked anew. */
static void replace_broken(struct config_loader *l)
{
	struct config_findings broken = { 0 };
	for (size_t i = 0; i < l->findings->n; i++) {
		struct config_finding *f = &l->findings->items[i];
		struct config_place at = config_at_line(f->line, f->column);
		if (f->severity != CONFIG_ERROR)
			continue;
		at.file = f->file;
		str_copy(at.path, sizeof(at.path), f->path);
		config_error(&broken, at, "%s", f->text);
	}
	for (size_t i = 0; i < broken.n; i++)
		replace(l, text_of(l, &broken.items[i]));
	config_findings_move(&l->broken, &broken);
	config_findings_done(l->findings);
	drop_trees(l);
	l->at = 0;
	load_begin_parse(l);
}

/* ---- the steps ---- */

static int finish_step(struct config_loader *l, struct config **ret)
{
	config_findings_sort(l->findings);
	if (l->findings->n_errors > 0 && can_replace(l)) {
		replace_broken(l);
		return 1;
	}
	bool failed = l->findings->n_errors > 0;
	config_findings_move(l->findings, &l->broken);
	config_findings_sort(l->findings);
	if (failed)
		return -EINVAL;
	struct config *c = config_of(&l->draft);
	c->bgp_text = config_bgp_text(config_node_get(config_tree_root(l->trees[0]), "bgp"));
	c->tls_keys = l->tls_keys;
	l->tls_keys = NULL;
	c->set = l->set;
	l->set = (struct config_set){ 0 };
	str_copy(c->sha256, sizeof(c->sha256), c->set.items[0].sha256);
	config_set_sha256(&c->set, c->set_sha256);
	*ret = c;
	return 0;
}

static void find_added(struct config_loader *l)
{
	const struct config_source *s = &l->source;
	l->draft.bgp.lenient_names = s->bundle;
	if (s->added)
		s->added(&l->draft.agent, &l->draft.bgp.added, s->added_userdata);
}

static void check_rest(struct config_loader *l, const struct config_node *root)
{
	config_check_announce(&l->draft, l->findings);
	config_check_aggregates(&l->draft, root, l->findings);
	config_check_programs(&l->draft, root, l->findings);
	config_check_fleet(&l->draft, root, l->findings);
	config_check_gocast(&l->draft, root, l->findings);
}

int config_loader_step(struct config_loader *l, struct config **ret)
{
	const struct config_node *root =
		l->n_trees > 0 && l->trees[0] ? config_tree_root(l->trees[0]) : NULL;
	switch (l->stage) {
	case LOAD_READ:
		return load_read_step(l);
	case LOAD_HASH:
		load_hash_step(l);
		return 1;
	case LOAD_PARSE:
		return load_parse_step(l);
	case LOAD_BUILD:
		if (!config_build_step(&l->build, APPS_A_STEP))
			built(l);
		return 1;
	case LOAD_NEXT:
		next_step(l);
		return 1;
	case LOAD_CHECK_KEYS:
		l->draft.file = l->file ? l->file : "the configuration file";
		find_added(l);
		config_read_secrets(&l->draft, root, l->findings);
		config_read_tls(&l->draft, root, &l->tls_keys, l->findings);
		config_check_agent(&l->draft, root, l->findings);
		config_check_bgp(&l->draft, root, l->findings);
		l->apps_check = config_apps_check_new(&l->draft, l->findings);
		l->stage = LOAD_CHECK_APPS;
		return 1;
	case LOAD_CHECK_APPS:
		if (config_apps_check_step(l->apps_check, APPS_A_STEP))
			return 1;
		config_host_check_begin(&l->host_check, &l->draft, l->findings, l->source.subnets);
		l->stage = LOAD_CHECK_HOST;
		return 1;
	case LOAD_CHECK_HOST:
		if (config_host_check_step(&l->host_check, APPS_A_STEP))
			return 1;
		l->stage = LOAD_CHECK_REST;
		return 1;
	case LOAD_CHECK_REST:
		check_rest(l, root);
		l->stage = LOAD_FINISH;
		return 1;
	case LOAD_FINISH:
		return finish_step(l, ret);
	}
	return -EINVAL;
}

int config_load_source(const struct config_source *source, struct config **ret,
		       struct config_findings *findings)
{
	struct config_loader *l = config_loader_new(source, findings);
	int r;
	while ((r = config_loader_step(l, ret)) > 0)
		;
	config_loader_free(l);
	return r;
}

int config_load_text(const char *text, size_t len, struct config **ret,
		     struct config_findings *findings)
{
	return config_load_source(&(struct config_source){ .text = text, .len = len }, ret,
				  findings);
}

int config_load(const char *file, struct config **ret, struct config_findings *findings)
{
	return config_load_source(&(struct config_source){ .file = file }, ret, findings);
}
