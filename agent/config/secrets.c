/* SPDX-License-Identifier: MIT */
#include "agent/config/secrets.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/tls_keys.h"
#include "process/regular_file.h"

#define PASSWORD_MAX 80 /* of the kernel, see config_type_password */

/* ---- names of files ---- */

/* Replaces *name, which is owned. */
static int expand(char **name, struct err *err)
{
	char path[PATH_MAX];
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	struct strbuf sb = strbuf_over(path, sizeof(path));
	if (!str_starts(*name, "%d/"))
		return 0;
	if (!directory || !*directory)
		return err_set(err, -ENOENT,
			       "'%.80s': $CREDENTIALS_DIRECTORY is not set, which systemd does for "
			       "a unit with LoadCredential=",
			       *name);
	strbuf_add(&sb, "%s%s", directory, *name + 2);
	free(*name);
	*name = mem_strdup(path);
	return 0;
}

/* ---- passwords ---- */

static ssize_t read_file(const char *file, char *buf, size_t size, bool *ret_world_readable)
{
	struct stat st;
	ssize_t n = regular_file_read(file, 0, buf, size, &st);
	*ret_world_readable = n >= 0 && st.st_mode & S_IROTH;
	return n;
}

static int read_password(const char *file, char ret[static PASSWORD_MAX + 1],
			 bool *ret_world_readable, struct err *err)
{
	char buf[PASSWORD_MAX + 3]; /* with a line end of DOS, and one byte too many */
	ssize_t n = read_file(file, buf, sizeof(buf), ret_world_readable);
	if (n < 0)
		return err_set(err, (int)n, "cannot read '%.200s': %s", file,
			       n == -EINVAL ? "not a regular file" : strerror((int)-n));
	size_t len = (size_t)n;
	if (len > 0 && buf[len - 1] == '\n')
		len--;
	if (len > 0 && buf[len - 1] == '\r')
		len--;
	if (len == 0)
		return err_set(err, -EINVAL, "'%.200s' is empty, expected a password", file);
	if (len > PASSWORD_MAX || memchr(buf, '\n', len) || memchr(buf, 0, len))
		return err_set(
			err, -EINVAL,
			"'%.200s' does not hold a password: expected a line of at most %d bytes",
			file, PASSWORD_MAX);
	memcpy(ret, buf, len);
	ret[len] = 0;
	return 0;
}

static void read_of_peer(struct bgp_peer_config *peer, const struct config_node *node,
			 struct config_findings *findings)
{
	char password[PASSWORD_MAX + 1];
	bool world_readable = false;
	struct err err = { "" };
	if (!peer->password_file)
		return;
	int rc = expand((char **)&peer->password_file, &err);
	if (rc == 0)
		rc = read_password(peer->password_file, password, &world_readable, &err);
	if (rc < 0) {
		config_error(findings, config_at(node), "%s", err.text);
		return;
	}
	if (world_readable)
		config_warn(findings, config_at(node), "'%.200s' is world-readable: chmod o-r",
			    peer->password_file);
	free((char *)peer->password);
	peer->password = mem_strdup(password);
}

/* ---- keys and certificates ---- */

static const char *const tls_names[TLS_FILES] = {
	[TLS_CERT] = "cert",
	[TLS_KEY] = "key",
	[TLS_CLIENT_CA] = "client_ca",
};

static bool expand_tls(struct config_tls *tls, const struct config_node *section,
		       struct config_findings *findings)
{
	char **const files[TLS_FILES] = { &tls->cert, &tls->key, &tls->client_ca };
	struct err err = { "" };
	bool ok = true;
	for (size_t i = 0; i < TLS_FILES; i++) {
		if (!*files[i] || expand(files[i], &err) == 0)
			continue;
		config_error(findings, config_at(config_node_get(section, tls_names[i])), "%s",
			     err.text);
		ok = false;
	}
	return ok;
}

/* The agent starts and reloads with it: clients that verify it will complain, others are served. */
static void warn_of_end(const struct config_node *node, const char *file, wall_t end,
			struct config_findings *findings)
{
	char date[DATE_TEXT_MAX];
	if (end > 0 && end < wall_now())
		config_warn(findings, config_at(node), "'%.200s' has expired at %s", file,
			    date_format(end, date));
}

static void warn_of_tls(const struct tls_keys *keys, const struct config_tls *tls,
			const struct config_node *section, struct config_findings *findings)
{
	if (tls_keys_key_is_open(keys))
		config_warn(findings, config_at(config_node_get(section, "key")),
			    "other users may read or write '%.200s': chmod o-rw", tls->key);
	warn_of_end(config_node_get(section, "cert"), tls->cert, tls_keys_end(keys, TLS_CERT),
		    findings);
	warn_of_end(config_node_get(section, "client_ca"), tls->client_ca,
		    tls_keys_end(keys, TLS_CLIENT_CA), findings);
}

void config_read_tls(struct config_draft *draft, const struct config_node *root,
		     struct tls_keys **ret, struct config_findings *findings)
{
	struct config_tls *tls = &draft->agent.tls;
	const struct config_node *agent = config_node_get(root, "agent");
	const struct config_node *section = config_node_get(config_node_get(agent, "api"), "tls");
	struct err err = { "" };
	enum tls_file which;
	if (!tls->cert || !tls->key) /* check_agent.c reports what is missing */
		return;
	if (!expand_tls(tls, section, findings))
		return;
	const char *const files[TLS_FILES] = { tls->cert, tls->key, tls->client_ca };
	if (tls_keys_load(files, ret, &which, &err) < 0)
		config_error(findings, config_at(config_node_get(section, tls_names[which])), "%s",
			     err.text);
	else
		warn_of_tls(*ret, tls, section, findings);
}

/* ---- all ---- */

static void refuse_both(const struct config_node *mapping, struct config_findings *findings)
{
	const struct config_node *file = config_node_get(mapping, "password_file");
	if (file && config_node_get(mapping, "password"))
		config_error(findings, config_at_key(file),
			     "there is a password too: specify one of them");
}

/* It is read later, for every request. */
static void read_token_file(char **file, const struct config_node *root, const char *key,
			    struct config_findings *findings)
{
	struct err err = { "" };
	if (*file && expand(file, &err) < 0)
		config_error(findings,
			     config_at(config_node_get(config_node_get(root, "agent"), key)), "%s",
			     err.text);
}

void config_read_secrets(struct config_draft *draft, const struct config_node *root,
			 struct config_findings *findings)
{
	struct config_draft_bgp *d = &draft->bgp;
	const struct config_node *bgp = config_node_get(root, "bgp");
	const struct config_node *list = config_node_get(bgp, "peers");
	const struct config_node *of_all = config_node_get(bgp, "password_file");
	const struct config_node *item = list ? list->first : NULL;
	refuse_both(bgp, findings);
	read_of_peer(&d->session, of_all, findings);
	for (size_t i = 0; item && i < d->n_peers; i++, item = item->next) {
		const struct config_node *own = config_node_get(item, "password_file");
		refuse_both(item, findings);
		read_of_peer(&d->peers[i], own ? own : of_all, findings);
	}
	read_token_file(&draft->agent.consul.token_file, root, "consul_token_file", findings);
	read_token_file(&draft->agent.nomad.token_file, root, "nomad_token_file", findings);
}
