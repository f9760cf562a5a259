/* SPDX-License-Identifier: MIT */
/*
 * From a file to an immutable configuration:
 *
 *	text ── config_parse ──> tree ── config_build ──> draft ── config_check ──> struct config
 *	           (YAML)                  (schema)               (several keys)
 *
 * Every step reports all errors that it finds and continues as far as it can, so that one run
 * lists every mistake of a file. A configuration results only when there is no error.
 */
#include "agent/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/build.h"
#include "agent/config/check_agent.h"
#include "agent/config/check_announce.h"
#include "agent/config/check_apps.h"
#include "agent/config/check_bgp.h"
#include "agent/config/check_host.h"
#include "agent/config/findings.h"
#include "agent/config/gocast.h"
#include "agent/config/parse.h"
#include "agent/config/secrets.h"
#include "agent/config/tree.h"
#include "lib/mem.h"

/* ---- the text ---- */

struct file_text {
	char *data;
	size_t len, cap;
	bool world_readable;
};

/* Up to one byte more than is allowed; the tree says so then. */
static int read_all(int fd, struct file_text *ret)
{
	for (;;) {
		ret->data = mem_grow(ret->data, &ret->cap, ret->len + 4096, 1);
		ssize_t n = read(fd, ret->data + ret->len, ret->cap - ret->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		ret->len += (size_t)n;
		if (n == 0 || ret->len > CONFIG_FILE_MAX)
			return 0;
	}
}

static int read_file(const char *file, struct file_text *ret)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0) {
		ret->world_readable = st.st_mode & S_IROTH;
		if (S_ISREG(st.st_mode) && st.st_size > 0 && (size_t)st.st_size <= CONFIG_FILE_MAX)
			ret->data = mem_grow(NULL, &ret->cap, (size_t)st.st_size + 4097, 1);
		r = read_all(fd, ret);
	}
	close(fd);
	return r;
}

int config_read_text(const char *file, char **ret, size_t *ret_len)
{
	struct file_text text = { 0 };
	int r = read_file(file, &text);
	if (r < 0) {
		free(text.data);
		return r;
	}
	*ret = text.data;
	*ret_len = text.len;
	return 0;
}

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
	c->bgp.peers = exact(d->bgp.peers, d->bgp.n_peers, sizeof(*d->bgp.peers));
	c->bgp.n_peers = d->bgp.n_peers;
	c->apps = exact(d->apps, d->n_apps, sizeof(*d->apps));
	c->n_apps = d->n_apps;
	free((char *)d->bgp.session.password);
	free((char *)d->bgp.session.password_file);
	*d = (struct config_draft){ 0 };
	return c;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_apps; i++)
		app_spec_done(&c->apps[i]);
	struct bgp_peer_config *peers = (struct bgp_peer_config *)c->bgp.peers;
	for (size_t i = 0; i < c->bgp.n_peers; i++)
		config_peer_done(&peers[i]);
	free(peers);
	free(c->bgp.communities.values);
	free(c->apps);
	config_agent_done(&c->agent);
	free(c);
}

/* ---- the loader ---- */

/* A millisecond or two each. */
#define EVENTS_A_STEP 4000
#define APPS_A_STEP   500

enum load_stage {
	LOAD_READ,
	LOAD_PARSE,
	LOAD_BUILD,
	LOAD_CHECK_KEYS,
	LOAD_CHECK_APPS,
	LOAD_CHECK_HOST,
	LOAD_CHECK_REST,
	LOAD_FINISH,
};

struct config_loader {
	char *file; /* NULL: the text */
	struct config_findings *findings;
	enum load_stage stage;
	struct file_text text;
	bool owns_text;
	struct config_parser *parser;
	struct config_tree *tree;
	struct config_build build;
	struct config_draft draft;
};

struct config_loader *config_loader_new(const char *file, const char *text, size_t len,
					struct config_findings *findings)
{
	struct config_loader *l = mem_new(1, sizeof(*l));
	l->file = file ? mem_strdup(file) : NULL;
	l->findings = findings;
	l->owns_text = file;
	l->text = (struct file_text){ .data = (char *)text, .len = len };
	return l;
}

void config_loader_free(struct config_loader *l)
{
	if (!l)
		return;
	config_parser_free(l->parser);
	config_tree_free(l->tree);
	config_draft_done(&l->draft);
	if (l->owns_text)
		free(l->text.data);
	free(l->file);
	free(l);
}

static int read_step(struct config_loader *l)
{
	int r = l->file ? read_file(l->file, &l->text) : 0;
	if (r < 0) {
		config_error(l->findings, config_at_line(0, 0), "cannot be read: %s", strerror(-r));
		return r;
	}
	l->parser = config_parser_new(l->text.data, l->text.len, l->findings);
	l->stage = LOAD_PARSE;
	return 1;
}

static int parse_step(struct config_loader *l)
{
	int r = config_parser_step(l->parser, EVENTS_A_STEP, &l->tree);
	if (r > 0)
		return r;
	l->stage = r == 0 ? LOAD_BUILD : LOAD_FINISH;
	if (r == 0)
		config_build_begin(&l->build, config_tree_root(l->tree), &l->draft, l->findings);
	return 1;
}

static int finish_step(struct config_loader *l, struct config **ret)
{
	config_findings_sort(l->findings);
	if (l->findings->n_errors > 0)
		return -EINVAL;
	*ret = config_of(&l->draft);
	sha256_text(l->text.data, l->text.len, (*ret)->sha256);
	return 0;
}

static void check_rest(struct config_loader *l, const struct config_node *root)
{
	config_check_announce(&l->draft, root, l->findings);
	config_check_gocast(&l->draft, root, l->findings);
	if (l->build.secret && l->text.world_readable)
		config_warn(l->findings, config_at(l->build.secret),
			    "secret in a world-readable file: chmod o-r");
}

int config_loader_step(struct config_loader *l, struct config **ret)
{
	const struct config_node *root = l->tree ? config_tree_root(l->tree) : NULL;
	switch (l->stage) {
	case LOAD_READ:
		return read_step(l);
	case LOAD_PARSE:
		return parse_step(l);
	case LOAD_BUILD:
		if (!config_build_step(&l->build, APPS_A_STEP))
			l->stage = LOAD_CHECK_KEYS;
		return 1;
	case LOAD_CHECK_KEYS:
		config_read_secrets(&l->draft, root, l->findings);
		config_check_agent(&l->draft, root, l->findings);
		config_check_bgp(&l->draft, root, l->findings);
		l->stage = LOAD_CHECK_APPS;
		return 1;
	case LOAD_CHECK_APPS:
		config_check_apps(&l->draft, root, l->findings);
		l->stage = LOAD_CHECK_HOST;
		return 1;
	case LOAD_CHECK_HOST:
		config_check_host(&l->draft, root, l->findings);
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

static int load(const char *file, const char *text, size_t len, struct config **ret,
		struct config_findings *findings)
{
	struct config_loader *l = config_loader_new(file, text, len, findings);
	int r;
	while ((r = config_loader_step(l, ret)) > 0)
		;
	config_loader_free(l);
	return r;
}

int config_load_text(const char *text, size_t len, struct config **ret,
		     struct config_findings *findings)
{
	return load(NULL, text, len, ret, findings);
}

int config_load(const char *file, struct config **ret, struct config_findings *findings)
{
	return load(file, NULL, 0, ret, findings);
}
