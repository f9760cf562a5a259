/* SPDX-License-Identifier: MIT */
/*
 * "http://HOST/PATH" and "https://HOST/PATH": a GET by libcurl (net/http.h). It passes with a
 * status in the range, and with the header and the part of the body that are expected.
 *
 * `tls_name` is the name in SNI, in the Host header and in the certificate, wherever the URL
 * points: the VIP's certificate can be checked at 127.0.0.1. `tls_ca` is the file with the trusted
 * authorities; when it cannot be read, the result is unknown.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/match.h"
#include "monitors/monitor.h"
#include "monitors/target.h"

#define BODY_MAX ((size_t)256 << 10) /* the rest is not read */

/* Those of http first, as https has them too. */
enum { STATUS, HEADER, BODY, N_HTTP_OPTIONS, TLS_NAME = N_HTTP_OPTIONS, TLS_CA, N_HTTPS_OPTIONS };

extern const struct monitor_kind monitor_kind_https;

struct http_check {
	char *ca; /* server.ca_file points here; NULL: the system's */
	struct http_call *call;
	struct monitor_env *env;
	const struct monitor_spec *spec;
	monitor_done_cb *done;
	void *userdata;
	char *url, *connect_to; /* NULL: as the spec says */
	struct http_server server;
	struct err refused; /* by the guard */
};

/* The text "http://HOST" is a URL itself, in "http:http://HOST" the argument is one; else NULL. */
static const char *url_of(const struct monitor_spec *s)
{
	const char *arg = monitor_spec_argument(s), *name = s->kind->name;
	if (arg && str_starts(arg, "//"))
		return s->text;
	return arg && str_starts(arg, name) && str_starts(arg + strlen(name), "://") ? arg : NULL;
}

static void check_free(struct http_check *h)
{
	http_cancel(h->call);
	free(h->url);
	free(h->connect_to);
	free(h->ca);
	free(h);
}

/* "Name: part", or "Name" alone. */
static bool header_matches(const struct http_response *response, const char *wanted)
{
	char name[64];
	size_t n = strcspn(wanted, ":");
	snprintf(name, sizeof(name), "%.*s", (int)n, wanted);
	const char *part = wanted + n + (wanted[n] == ':');
	part += strspn(part, " ");
	return http_headers_have(response->headers, name, part);
}

/* "status 403: Forbidden", by the first line of the body. */
static void say_status(const struct http_check *h, const struct http_response *response,
		       struct monitor_result *ret)
{
	char shown[128];
	if (h->spec->hide_answer)
		snprintf(ret->said, sizeof(ret->said), "status %ld", response->status);
	else
		snprintf(ret->said, sizeof(ret->said), "status %ld: %s", response->status,
			 str_printable(shown, sizeof(shown), response->body,
				       strcspn(response->body, "\r\n")));
}

static void judge(const struct http_check *h, const struct http_response *response,
		  struct monitor_result *ret)
{
	const char *header = monitor_spec_option(h->spec, HEADER);
	const char *body = monitor_spec_option(h->spec, BODY);
	ret->health = HEALTH_DOWN;
	if (response->not_made)
		ret->health = HEALTH_UNKNOWN;
	if (response->error[0])
		snprintf(ret->said, sizeof(ret->said), "no answer: %s", response->error);
	else if (!http_status_matches(monitor_spec_option(h->spec, STATUS), response->status))
		say_status(h, response, ret);
	else if (header && !header_matches(response, header))
		snprintf(ret->said, sizeof(ret->said), "status %ld without the header '%.100s'",
			 response->status, header);
	else if (body && !bytes_contain(response->body, response->len, body))
		snprintf(ret->said, sizeof(ret->said), "status %ld without '%.100s' in the body",
			 response->status, body);
	else
		ret->health = HEALTH_UP;
}

static void on_http_done(const struct http_response *response, void *userdata)
{
	struct http_check *h = userdata;
	struct monitor_result result = { .health = HEALTH_UNKNOWN };
	if (h->refused.text[0])
		snprintf(result.said, sizeof(result.said), "%s", h->refused.text);
	else
		judge(h, response, &result);
	result.cert_end = response->cert_end;
	monitor_done_cb *done = h->done;
	void *done_userdata = h->userdata;
	h->call = NULL; /* freed by the client */
	check_free(h);
	done(&result, done_userdata);
}

static int on_socket(int fd, const struct addr *to, void *userdata)
{
	struct http_check *h = userdata;
	return monitor_guard(h->env, fd, to, &h->refused);
}

/* "https://HOST:PORT/PATH" becomes "https://NAME:PORT/PATH", connected to HOST. */
static void use_tls_name(struct http_check *h, const char *name)
{
	const char *authority = strstr(url_of(h->spec), "//") + 2;
	int all = (int)strcspn(authority, "/?#");
	const char *at = memchr(authority, '@', (size_t)all);
	int user = at ? (int)(at + 1 - authority) : 0; /* "NAME:PASSWORD@" */
	authority += user;
	all -= user;
	int host = authority[0] == '[' ? (int)strcspn(authority, "]") + 1
				       : (int)strcspn(authority, ":/?#");
	const char *port = host < all ? authority + host + 1 : "443";
	int port_len = host < all ? all - host - 1 : 3;
	if (asprintf(&h->url, "https://%.*s%s:%.*s%s", user, authority - user, name, port_len, port,
		     authority + all) < 0 ||
	    asprintf(&h->connect_to, "::%.*s:%.*s", host, authority, port_len, port) < 0)
		abort(); /* out of memory, see lib/mem.h */
}

static int set_ca(struct http_check *h, struct err *err)
{
	const char *ca = monitor_spec_option(h->spec, TLS_CA);
	if (!ca)
		ca = h->env->tls_ca;
	if (!ca || h->spec->kind != &monitor_kind_https)
		return 0;
	if (access(ca, R_OK) < 0)
		return err_set(err, -errno, "cannot read tls_ca '%.100s': %s", ca, strerror(errno));
	h->server.ca_file = h->ca = mem_strdup(ca); /* a reload may change that of the agent */
	return 0;
}

static int start_call(struct http_check *h, span_t timeout, struct err *err)
{
	struct http *http;
	const char *tls_name = monitor_spec_option(h->spec, TLS_NAME);
	int r = monitor_env_http(h->env, &http, err);
	if (r == 0)
		r = set_ca(h, err);
	if (r < 0)
		return r;
	if (tls_name)
		use_tls_name(h, tls_name);
	const struct http_request request = {
		.server = &h->server,
		.url = h->url ? h->url : url_of(h->spec),
		.timeout = timeout,
		.connect_timeout = timeout,
		.body_max = BODY_MAX,
		.body_cut = true,
		.cert_end = h->spec->kind == &monitor_kind_https,
		.connect_to = h->connect_to,
		.on_socket = on_socket,
	};
	return http_start(http, &request, on_http_done, h, &h->call, err);
}

static int check_start(struct monitor_env *env, const struct monitor_spec *spec, span_t timeout,
		       monitor_done_cb *done, void *userdata, void **ret_running, struct err *err)
{
	struct http_check *h = mem_new(1, sizeof(*h));
	h->env = env;
	h->spec = spec;
	h->done = done;
	h->userdata = userdata;
	int r = start_call(h, timeout, err);
	if (r < 0) {
		check_free(h);
		return r;
	}
	*ret_running = h;
	return 0;
}

static void check_cancel(void *running)
{
	check_free(running);
}

static const struct monitor_ops ops = {
	.said_up = "answered as expected",
	.start = check_start,
	.cancel = check_cancel,
};

/* ---- the descriptors ---- */

static int parse(const struct monitor_spec *s, void *parsed, struct err *err)
{
	(void)parsed;
	char example[64];
	const char *url = url_of(s);
	snprintf(example, sizeof(example), "%s://127.0.0.1/health", s->kind->name);
	return monitor_url_check(url ? url : "", example, err);
}

static bool equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	return str_equal(url_of(a), url_of(b));
}

static bool target(const struct monitor_spec *s, struct addr *ret)
{
	return monitor_url_target(url_of(s), ret);
}

static const struct monitor_option options[N_HTTPS_OPTIONS] = {
	[STATUS] = { .name = "status",
		     .doc = "Of `http`: codes and ranges that pass, like `200-299,404`.",
		     .preset = "`200-299`",
		     .is_valid = http_status_list_is_valid,
		     .expected = "codes and ranges from 100 to 599 like 200-299,404" },
	[HEADER] = { .name = "header",
		     .doc = "Of `http`: a header that must be there, `Name` or `Name: part of its "
			    "value`.",
		     .is_valid = http_header_is_valid,
		     .expected = "'Name' or 'Name: part of its value'" },
	[BODY] = { .name = "body",
		   .doc = "Of `http`: what must be in the first 256 KB of the body.",
		   .is_valid = text_is_valid,
		   .expected = "part of the body" },
	[TLS_NAME] = { .name = "tls_name",
		       .doc = "Of `https`: the name to ask for and to find in the certificate, "
			      "instead of the URL's.",
		       .preset = "the URL's host",
		       .is_valid = host_name_is_valid,
		       .expected = "a host name like www.example.com" },
	[TLS_CA] = { .name = "tls_ca",
		     .doc = "Of `https`: a PEM file of the certificate authorities to trust.",
		     .preset = "`agent.tls_ca`",
		     .is_valid = file_path_is_valid,
		     .expected = "the absolute path of a PEM file" },
};

const struct monitor_kind monitor_kind_http = {
	.name = "http",
	.format = "http://HOST/PATH",
	.doc = "A URL: the answer is as expected.",
	.access = MONITOR_USES_NETWORK,
	.options = options,
	.n_options = N_HTTP_OPTIONS,
	.parse = parse,
	.equal = equal,
	.target = target,
	.ops = &ops,
};

const struct monitor_kind monitor_kind_https = {
	.name = "https",
	.format = "https://HOST/PATH",
	.doc = "The same; the certificate must be valid.",
	.access = MONITOR_USES_NETWORK,
	.options = options,
	.n_options = N_HTTPS_OPTIONS,
	.parse = parse,
	.equal = equal,
	.target = target,
	.ops = &ops,
};
