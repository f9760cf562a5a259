/* SPDX-License-Identifier: MIT */
#include "consul/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/array.h"
#include "lib/str.h"

#define UNIX "unix://"

void consul_config_done(struct consul_config *c)
{
	char *texts[] = { c->addr,     c->token,      c->token_file, c->ca_file,   c->cert_file,
			  c->key_file, c->datacenter, c->namespace,  c->partition, c->match_tag };
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	*c = (struct consul_config){ 0 };
}

/* An empty variable counts as unset. */
static const char *from_env(consul_getenv *env, const char *name)
{
	const char *value = env(name);
	return value && *value ? value : NULL;
}

static const char *first_of(const char *a, const char *b)
{
	return a ? a : b;
}

static int parse_bool(const char *name, const char *text, bool *ret, struct err *err)
{
	static const char *const yes[] = { "1", "t", "true" }, *const no[] = { "0", "f", "false" };
	for (size_t i = 0; i < 3; i++)
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*ret = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	return err_set(err, -EINVAL, "%s is '%.40s', expected true or false", name, text);
}

/* "…/v1/" and "…/" are "…". */
static void cut_path(char *text)
{
	size_t n = strlen(text);
	if (n > 0 && text[n - 1] == '/')
		text[--n] = 0;
	if (n > 3 && str_equal(text + n - 3, "/v1"))
		text[n - 3] = 0;
}

static int bad_addr(const struct consul_settings *s, const char *text, struct err *err)
{
	return err_set(err, -EINVAL,
		       "'%.100s' is not a %s address, expected http://HOST:PORT, "
		       "https://HOST:PORT or unix:///PATH, with or without /v1",
		       text, s->nomad ? "Nomad" : "Consul");
}

static bool has_blank(const char *text)
{
	for (; *text; text++)
		if (isspace((unsigned char)*text) || iscntrl((unsigned char)*text))
			return true;
	return false;
}

static int set_addr(struct consul_settings *s, const char *addr, bool ssl, struct err *err)
{
	if (has_blank(addr))
		return bad_addr(s, addr, err);
	if (str_starts(addr, UNIX)) {
		if (str_copy(s->unix_path, sizeof(s->unix_path), addr + strlen(UNIX)) < 0)
			return bad_addr(s, addr, err);
		cut_path(s->unix_path);
		if (s->unix_path[0] != '/')
			return bad_addr(s, addr, err);
		return str_copy(s->base, sizeof(s->base), "http://localhost");
	}
	bool has_scheme = str_starts(addr, "http://") || str_starts(addr, "https://");
	if (!has_scheme && strstr(addr, "://"))
		return bad_addr(s, addr, err);
	int n = snprintf(s->base, sizeof(s->base), "%s%s",
			 has_scheme ? ""
			 : ssl      ? "https://"
				    : "http://",
			 addr);
	if (n < 0 || (size_t)n >= sizeof(s->base))
		return bad_addr(s, addr, err);
	char *host = strstr(s->base, "://") + 3;
	cut_path(host);
	return *host && *host != '/' ? 0 : bad_addr(s, addr, err);
}

static int set_flags(struct consul_settings *s, const struct consul_config *config,
		     consul_getenv *env, bool *ret_ssl, struct err *err)
{
	bool verify = config->tls_verify;
	const struct {
		const char *name;
		bool *value;
	} flags[] = {
		{ "CONSUL_HTTP_SSL", ret_ssl },
		{ "CONSUL_HTTP_SSL_VERIFY", &verify },
		{ "CONSUL_STALE", &s->stale },
	};
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		const char *text = from_env(env, flags[i].name);
		int r = text ? parse_bool(flags[i].name, text, flags[i].value, err) : 0;
		if (r < 0)
			return r;
	}
	s->insecure = !verify;
	return 0;
}

/* The environment of Nomad's own command line takes precedence over the keys. */
static int make_nomad(const struct consul_config *config, consul_getenv *env,
		      struct consul_settings *ret, struct err *err)
{
	struct consul_settings s = { .nomad = true };
	bool skip = !config->tls_verify;
	const char *addr = first_of(from_env(env, "NOMAD_ADDR"), config->addr);
	const char *flag = from_env(env, "NOMAD_SKIP_VERIFY");
	if (!addr)
		return err_set(err, -ENOENT, "no nomad_addr");
	int r = flag ? parse_bool("NOMAD_SKIP_VERIFY", flag, &skip, err) : 0;
	if (r == 0)
		r = set_addr(&s, addr, false, err);
	if (r < 0)
		return r;
	s.insecure = skip;
	s.token = first_of(from_env(env, "NOMAD_TOKEN"), config->token);
	s.token_file = s.token ? NULL : config->token_file;
	s.ca_file = first_of(from_env(env, "NOMAD_CACERT"), config->ca_file);
	s.cert_file = first_of(from_env(env, "NOMAD_CLIENT_CERT"), config->cert_file);
	s.key_file = first_of(from_env(env, "NOMAD_CLIENT_KEY"), config->key_file);
	s.datacenter = first_of(from_env(env, "NOMAD_REGION"), config->datacenter);
	s.namespace = first_of(from_env(env, "NOMAD_NAMESPACE"), config->namespace);
	*ret = s;
	return 0;
}

int consul_settings_make(const struct consul_config *config, consul_getenv *env,
			 struct consul_settings *ret, struct err *err)
{
	if (config->nomad)
		return make_nomad(config, env, ret, err);
	struct consul_settings s = { 0 };
	bool ssl = false;
	const char *addr = first_of(from_env(env, "CONSUL_HTTP_ADDR"), config->addr);
	if (!addr)
		return err_set(err, -ENOENT, "no consul_addr");
	int r = set_flags(&s, config, env, &ssl, err);
	if (r == 0)
		r = set_addr(&s, addr, ssl, err);
	if (r < 0)
		return r;
	s.node = from_env(env, "CONSUL_NODE");
	if (s.node && strlen(s.node) >= CONSUL_NAME_MAX)
		return err_set(err, -EINVAL, "CONSUL_NODE is too long");
	s.token = first_of(from_env(env, "CONSUL_TOKEN"), from_env(env, "CONSUL_HTTP_TOKEN"));
	s.token_file = s.token ? NULL : from_env(env, "CONSUL_HTTP_TOKEN_FILE");
	if (!s.token && !s.token_file) {
		s.token = config->token;
		s.token_file = config->token ? NULL : config->token_file;
	}
	s.ca_file = first_of(from_env(env, "CONSUL_CACERT"), config->ca_file);
	s.cert_file = first_of(from_env(env, "CONSUL_CLIENT_CERT"), config->cert_file);
	s.key_file = first_of(from_env(env, "CONSUL_CLIENT_KEY"), config->key_file);
	s.datacenter = config->datacenter;
	s.namespace = first_of(from_env(env, "CONSUL_NAMESPACE"), config->namespace);
	s.partition = first_of(from_env(env, "CONSUL_PARTITION"), config->partition);
	*ret = s;
	return 0;
}

/* ---- URLs ---- */

static void add_encoded(struct strbuf *sb, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		if (isalnum(*p) || strchr("-._~", *p))
			strbuf_add(sb, "%c", *p);
		else
			strbuf_add(sb, "%%%02X", *p);
}

static void add_param(struct strbuf *sb, char *separator, const char *key, const char *value)
{
	strbuf_add(sb, "%c%s", *separator, key);
	*separator = '&';
	if (!value)
		return;
	strbuf_add(sb, "=");
	add_encoded(sb, value);
}

bool consul_settings_url(const struct consul_settings *s, const char *path, const char *name,
			 uint64_t index, unsigned wait_ms, char buf[static CONSUL_URL_MAX])
{
	return consul_settings_url_in(s, s->namespace, path, name, index, wait_ms, buf);
}

bool consul_settings_url_in(const struct consul_settings *s, const char *namespace,
			    const char *path, const char *name, uint64_t index, unsigned wait_ms,
			    char buf[static CONSUL_URL_MAX])
{
	struct strbuf sb = strbuf_over(buf, CONSUL_URL_MAX);
	char separator = '?', number[32];
	strbuf_add(&sb, "%s/v1/%s", s->base, path);
	if (name) {
		strbuf_add(&sb, "/");
		add_encoded(&sb, name);
	}
	if (s->datacenter)
		add_param(&sb, &separator, s->nomad ? "region" : "dc", s->datacenter);
	if (namespace)
		add_param(&sb, &separator, s->nomad ? "namespace" : "ns", namespace);
	if (s->partition)
		add_param(&sb, &separator, "partition", s->partition);
	if (s->consistent || s->stale)
		add_param(&sb, &separator, s->consistent ? "consistent" : "stale", NULL);
	if (index > 0) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)index);
		add_param(&sb, &separator, "index", number);
		snprintf(number, sizeof(number), "%ums", wait_ms);
		add_param(&sb, &separator, "wait", number);
	}
	return sb.len + 1 < CONSUL_URL_MAX;
}
