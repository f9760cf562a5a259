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

static void load_tree(const struct config_tree *tree, bool world_readable,
		      struct config_draft *draft, struct config_findings *findings)
{
	const struct config_node *root = config_tree_root(tree), *secret = NULL;
	config_build(root, draft, findings, &secret);
	config_check_agent(draft, root, findings);
	config_check_bgp(draft, root, findings);
	config_check_apps(draft, root, findings);
	config_check_host(draft, root, findings);
	config_check_announce(draft, root, findings);
	config_check_gocast(draft, root, findings);
	if (secret && world_readable)
		config_warn(findings, config_at(secret),
			    "secret in a world-readable file: chmod o-r");
}

static int load(const struct file_text *text, struct config **ret, struct config_findings *findings)
{
	struct config_tree *tree = NULL;
	struct config_draft draft = { 0 };
	if (config_parse(text->data, text->len, &tree, findings) == 0)
		load_tree(tree, text->world_readable, &draft, findings);
	config_tree_free(tree);
	config_findings_sort(findings);
	if (findings->n_errors == 0) {
		*ret = config_of(&draft);
		sha256_text(text->data, text->len, (*ret)->sha256);
	}
	config_draft_done(&draft);
	return findings->n_errors == 0 ? 0 : -EINVAL;
}

int config_load_text(const char *text, size_t len, struct config **ret,
		     struct config_findings *findings)
{
	struct file_text view = { .data = (char *)text, .len = len };
	return load(&view, ret, findings);
}

int config_load(const char *file, struct config **ret, struct config_findings *findings)
{
	struct file_text text = { 0 };
	int r = read_file(file, &text);
	if (r < 0)
		config_error(findings, config_at_line(0, 0), "cannot be read: %s", strerror(-r));
	else
		r = load(&text, ret, findings);
	free(text.data);
	return r;
}
