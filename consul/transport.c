/* SPDX-License-Identifier: MIT */
#include "consul/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"

#define BODY_MAX       ((size_t)32 << 20)
#define POLL_GRACE     (5 * USEC_PER_SEC)
#define ANSWER_MAX     (10 * USEC_PER_SEC)
#define CONNECT_MAX    (5 * USEC_PER_SEC)
#define TOKEN_MAX      4096
#define ERROR_BODY_MAX 160

struct consul_transport {
	struct http *http;
	struct consul_settings settings;
	struct http_server server;
};

int consul_transport_new(sd_event *loop, const struct consul_config *config, consul_getenv *env,
			 struct consul_transport **ret, struct err *err)
{
	struct consul_transport *t = mem_new(1, sizeof(*t));
	int r = consul_settings_make(config, env, &t->settings, err);
	if (r == 0)
		r = http_new(loop, &t->http, err);
	if (r < 0) {
		consul_transport_free(t);
		return r;
	}
	t->server = (struct http_server){
		.unix_path = t->settings.unix_path[0] ? t->settings.unix_path : NULL,
		.ca_file = t->settings.ca_file,
		.cert_file = t->settings.cert_file,
		.key_file = t->settings.key_file,
		.insecure = t->settings.insecure,
	};
	*ret = t;
	return 0;
}

void consul_transport_free(struct consul_transport *t)
{
	if (!t)
		return;
	http_free(t->http);
	free(t);
}

void consul_transport_be_consistent(struct consul_transport *t)
{
	t->settings.consistent = true;
}

const char *consul_transport_address(const struct consul_transport *t)
{
	const char *at = strrchr(t->settings.base, '@'); /* user and password are before it */
	if (t->settings.unix_path[0])
		return t->settings.unix_path;
	return at ? at + 1 : t->settings.base;
}

const char *consul_transport_node(const struct consul_transport *t)
{
	return t->settings.node;
}

/* ---- calls ---- */

/* Read for each call, so that a rotated token is used. */
static bool read_token(const char *file, char buf[static TOKEN_MAX])
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, TOKEN_MAX - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	buf[strcspn(buf, " \t\r\n")] = 0;
	return buf[0];
}

static int start_call(struct consul_transport *t, const struct http_request *request,
		      http_done_cb *done, void *userdata, struct http_call **ret, struct err *err)
{
	char from_file[TOKEN_MAX], header[TOKEN_MAX + 32];
	const char *token = t->settings.token, *headers[] = { NULL, NULL };
	struct http_request r = *request;
	if (t->settings.token_file) {
		if (!read_token(t->settings.token_file, from_file))
			return err_set(err, -EIO, "token file '%s' cannot be read or is empty",
				       t->settings.token_file);
		token = from_file;
	}
	if (token) {
		snprintf(header, sizeof(header), "X-%s-Token: %s",
			 t->settings.nomad ? "Nomad" : "Consul", token);
		headers[0] = header;
	}
	r.server = &t->server;
	r.headers = headers;
	r.connect_timeout = CONNECT_MAX;
	r.body_max = BODY_MAX;
	return http_start(t->http, &r, done, userdata, ret, err);
}

/* Consul adds up to a sixteenth of the wait, so that not all blocking queries end together. */
static span_t time_limit(uint64_t index, span_t wait)
{
	return index > 0 ? wait + wait / 16 + POLL_GRACE : ANSWER_MAX;
}

int consul_transport_get(struct consul_transport *t, const char *path, const char *name,
			 uint64_t index, span_t wait, http_done_cb *done, void *userdata,
			 struct http_call **ret, struct err *err)
{
	char url[CONSUL_URL_MAX];
	struct http_request request = { .url = url, .timeout = time_limit(index, wait) };
	if (!consul_settings_url(&t->settings, path, name, index, (unsigned)(wait / USEC_PER_MSEC),
				 url))
		return err_set(err, -ENAMETOOLONG,
			       "the URL is too long: node, datacenter, namespace and partition "
			       "must fit into %d bytes",
			       CONSUL_URL_MAX);
	return start_call(t, &request, done, userdata, ret, err);
}

int consul_transport_get_in(struct consul_transport *t, const char *namespace, const char *path,
			    const char *name, http_done_cb *done, void *userdata,
			    struct http_call **ret, struct err *err)
{
	char url[CONSUL_URL_MAX];
	struct http_request request = { .url = url, .timeout = ANSWER_MAX };
	if (!consul_settings_url_in(&t->settings, namespace, path, name, 0, 0, url))
		return err_set(err, -ENAMETOOLONG, "the URL is longer than %d bytes",
			       CONSUL_URL_MAX);
	return start_call(t, &request, done, userdata, ret, err);
}

int consul_transport_put(struct consul_transport *t, const char *path, const char *name,
			 const char *body, http_done_cb *done, void *userdata,
			 struct http_call **ret)
{
	char url[CONSUL_URL_MAX];
	struct http_request request = {
		.method = "PUT", .url = url, .body = body, .timeout = ANSWER_MAX
	};
	if (!consul_settings_url(&t->settings, path, name, 0, 0, url))
		return -ENAMETOOLONG;
	return start_call(t, &request, done, userdata, ret, NULL);
}

/* ---- answers ---- */

static void describe_status(const struct http_response *r, struct err *err)
{
	char body[ERROR_BODY_MAX];
	str_printable(body, sizeof(body), r->body, strcspn(r->body, "\r\n"));
	err_set(err, -EIO, "HTTP %ld%s%s%s", r->status, body[0] ? ": " : "", body,
		r->status == 403 ? " (check the token)" : "");
}

/* "X-Consul-Index" or "X-Nomad-Index" */
static bool get_header(const struct http_response *r, const char *name,
		       char text[static HTTP_HEADER_MAX])
{
	char full[64];
	snprintf(full, sizeof(full), "X-Consul-%s", name);
	if (http_headers_get(r->headers, full, text))
		return true;
	snprintf(full, sizeof(full), "X-Nomad-%s", name);
	return http_headers_get(r->headers, full, text);
}

static bool header_is(const struct http_response *r, const char *name, const char *value)
{
	char text[HTTP_HEADER_MAX];
	return get_header(r, name, text) && str_equal(text, value);
}

void consul_transport_answer(const struct http_response *r, struct consul_answer *ret,
			     struct err *err)
{
	char text[HTTP_HEADER_MAX];
	ret->refused = r->status == 403 || r->status == 429;
	if (r->error[0])
		err_set(err, -EIO, "%s", r->error);
	else if (r->status != 200)
		describe_status(r, err);
	ret->failed = r->error[0] || r->status != 200;
	ret->cut_off = r->error[0] && !r->timed_out;
	ret->error = err->text;
	if (!get_header(r, "Index", text) || str_to_u64(text, UINT64_MAX - 1, &ret->index) < 0)
		ret->index = 0;
	ret->leaderless = header_is(r, "KnownLeader", "false");
	ret->filtered = header_is(r, "Results-Filtered-By-ACLs", "true");
}
