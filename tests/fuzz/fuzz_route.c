/* SPDX-License-Identifier: MIT */
/*
 * A request as it comes in, to the decision: four octets say who sends it and what is configured,
 * then "METHOD PATH?QUERY" and a header a line. The decision is compared with a plain statement of
 * the rules of docs/security.md, which knows the paths by heart.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/http/request.h"
#include "agent/model/rights.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define ARGS_MAX    256
#define HEADERS_MAX 64
#define INPUT_MAX   65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct header {
	const char *name, *value;
};

/* Who sends it, and what is configured. */
struct scene {
	struct api_rules rules;
	struct api_client client;
	bool bad_token, http_1_0, read_only, to_vip, host_is_ours;
};

struct input {
	const char *method, *path;
	struct api_arg args[ARGS_MAX];
	size_t n_args;
	struct header headers[HEADERS_MAX];
	size_t n_headers;
};

static void must(int condition)
{
	if (!condition)
		abort();
}

static struct scene scene_of(const uint8_t d[static 4])
{
	static struct api_grant tokens[] = { { .name = (char *)"t", .role = ROLE_REGISTER } };
	static char *hosts[] = { (char *)"listed" }, *origins[] = { (char *)"http://listed" };
	static uint32_t uids[] = { 7 };
	struct scene s = { .bad_token = d[1] & 1,
			   .http_1_0 = d[1] & 2,
			   .read_only = d[1] & 4,
			   .to_vip = d[1] & 8,
			   .host_is_ours = d[1] & 16 };
	s.rules.local = d[0] & 3;
	s.rules.remote = d[0] >> 2 & 3;
	s.rules.proxied = d[0] & 16;
	s.rules.on_vips = d[0] & 32;
	s.rules.hosts = (struct api_names){ hosts, d[0] >> 6 & 1 };
	s.rules.origins = (struct api_names){ origins, d[0] >> 7 };
	s.rules.tokens = (struct api_grants){ .items = tokens, .n = 1 };
	s.rules.uids = (struct api_ids){ uids, 1 };
	tokens[0].role = d[1] >> 6;
	s.client = (struct api_client){ .unix_socket = d[2] & 1,
					.own_check = d[2] & 2,
					.this_host = d[2] & 4,
					.token = d[2] & 8,
					.label = d[2] & 8 ? "t" : NULL,
					.uid = d[3] & 15,
					.agent_uid = 3 };
	return s;
}

static size_t read_args(char *query, struct api_arg *args)
{
	size_t n = 0;
	for (char *pair; n < ARGS_MAX && (pair = strsep(&query, "&"));) {
		const char *name = strsep(&pair, "=");
		args[n++] = (struct api_arg){ name, pair, pair ? strlen(pair) : 0 };
	}
	return n;
}

static void read_input(char *text, struct input *in)
{
	char *line = strsep(&text, "\n");
	in->method = strsep(&line, " ");
	char *target = line;
	in->path = target ? strsep(&target, "?") : "";
	in->n_args = read_args(target, in->args);
	while (in->n_headers < HEADERS_MAX && (line = strsep(&text, "\n")) && *line) {
		const char *name = strsep(&line, ":");
		in->headers[in->n_headers++] = (struct header){ name, line ? line : "" };
	}
}

/* The decision as it is made */

static unsigned decide(const struct scene *s, const struct input *in, struct api_call *call)
{
	struct principal principal;
	struct err err = { "" };
	const struct api_request request = { .method = in->method,
					     .path = in->path,
					     .args = in->args,
					     .n_args = in->n_args,
					     .body = "" };
	request_parse(&request, call);
	struct request_facts facts = { .needs = call->needs,
				       .change = call->change,
				       .unix_socket = s->client.unix_socket,
				       .read_only = s->read_only,
				       .to_vip = s->to_vip,
				       .bad_token = s->bad_token,
				       .http_1_0 = s->http_1_0,
				       .host_is_ours = s->host_is_ours };
	for (size_t i = 0; i < in->n_headers; i++)
		request_facts_add(&facts, in->headers[i].name, in->headers[i].value);
	principal_of(&s->rules, &s->client, &principal);
	unsigned status = rights_check(&s->rules, &principal, &facts, &err);
	if (status)
		must(err.text[0] != 0);
	return status ? status : call->kind == API_ERROR ? call->status : 0;
}

/* The rules, plainly */

static size_t count(const struct input *in, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < in->n_headers; i++)
		n += strcasecmp(in->headers[i].name, name) == 0;
	return n;
}

/* The last of that name. */
static const char *header(const struct input *in, const char *name)
{
	for (size_t i = in->n_headers; i > 0; i--)
		if (strcasecmp(in->headers[i - 1].name, name) == 0)
			return in->headers[i - 1].value;
	return NULL;
}

static bool ends(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n > m && str_equal(text + n - m, end);
}

/* The rest of the path after `start`; "": none. */
static const char *behind(const char *path, const char *start)
{
	return str_starts(path, start) ? path + strlen(start) : "";
}

static bool reads(const char *method)
{
	return str_equal(method, "GET") || str_equal(method, "HEAD");
}

static enum role role_for_peer(const char *method, const char *name)
{
	static const char *const orders[] = { "/enable", "/disable", "/reset", "/refresh" };
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (ends(name, orders[i]))
			return ROLE_ADMIN;
	return reads(method) ? ROLE_READ : ROLE_ADMIN;
}

static enum role role_for_app(const char *method, const char *name)
{
	static const char *const orders[] = { "/drain", "/undrain", "/check" };
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		if (ends(name, orders[i]))
			return ROLE_REGISTER;
	return reads(method) ? ROLE_READ : ROLE_REGISTER;
}

static enum role role_needed(const struct input *in)
{
	static const char *const admin[] = { "/v1/log", "/v1/reload", "/v1/confirm", "/v1/diff",
					     "/v1/config" };
	static const char *const others[] = { "/register", "/unregister", "/v1/drain",
					      "/v1/undrain" };
	for (size_t i = 0; i < ARRAY_SIZE(admin); i++)
		if (str_equal(in->path, admin[i]))
			return ROLE_ADMIN;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (str_equal(in->path, others[i]))
			return ROLE_REGISTER;
	const char *app = behind(in->path, "/v1/apps/"), *peer = behind(in->path, "/v1/peers/");
	if (*app)
		return role_for_app(in->method, app);
	return *peer ? role_for_peer(in->method, peer) : ROLE_READ;
}

static enum role role_had(const struct scene *s)
{
	const struct api_client *c = &s->client;
	if (c->own_check)
		return s->rules.local > ROLE_READ ? ROLE_READ : s->rules.local;
	if (c->token)
		return s->rules.tokens.items[0].role;
	if (c->unix_socket && (c->uid == 0 || c->uid == c->agent_uid || c->uid == 7))
		return ROLE_ADMIN;
	return c->unix_socket || c->this_host ? s->rules.local : s->rules.remote;
}

static bool host_is_known(const struct scene *s, const char *host)
{
	size_t n = strcspn(host, ":");
	return s->host_is_ours ||
	       (s->rules.hosts.n > 0 && ((n == 6 && strncasecmp(host, "listed", 6) == 0) ||
					 strncasecmp(host, "[listed]", 8) == 0));
}

static bool origin_is_known(const struct scene *s, const struct input *in, const char *origin)
{
	const char *place = strstr(origin, "://"), *host = header(in, "Host");
	if (s->rules.origins.n > 0 && strcasecmp(origin, "http://listed") == 0)
		return true;
	return place && host && strcasecmp(place + 3, host) == 0;
}

static bool page_is_foreign(const struct scene *s, const struct input *in)
{
	const char *origin = header(in, "Origin"), *site = header(in, "Sec-Fetch-Site");
	const char *referer = header(in, "Referer");
	if (count(in, "Origin") > 1 || count(in, "Sec-Fetch-Site") > 1)
		return true;
	if (origin)
		return !origin_is_known(s, in, origin);
	if (site)
		return !str_equal(site, "none") && !str_equal(site, "same-origin");
	if (!referer)
		return false;
	char *page = mem_strdup(referer), *place = strstr(page, "://");
	if (place)
		place[3 + strcspn(place + 3, "/?#")] = 0;
	bool foreign = !origin_is_known(s, in, page);
	free(page);
	return foreign;
}

/* It says nothing of a page, and only what the browser adds to any request of who sends it. */
static bool browser_is_mute(const struct scene *s, const struct input *in)
{
	const char *agent = header(in, "User-Agent");
	return agent && strncasecmp(agent, "Mozilla/", 8) == 0 && !s->client.token &&
	       !s->client.unix_socket && !header(in, "Origin") && !header(in, "Sec-Fetch-Site") &&
	       !header(in, "Referer");
}

static bool may(const struct scene *s, const struct input *in)
{
	enum role needed = role_needed(in);
	const char *host = header(in, "Host");
	bool proxy = count(in, "Forwarded") + count(in, "X-Forwarded-For") + count(in, "Via") +
		     count(in, "X-Forwarded-Host") + count(in, "X-Real-IP");
	if (count(in, "Host") != 1 && !(count(in, "Host") == 0 && s->http_1_0))
		return false;
	if (s->bad_token || (s->to_vip && !s->rules.on_vips) || role_had(s) < needed)
		return false;
	if (needed == ROLE_READ)
		return true;
	if (s->client.own_check || s->read_only || page_is_foreign(s, in) || browser_is_mute(s, in))
		return false;
	if (proxy && !s->rules.proxied)
		return false;
	return s->client.unix_socket || !host || host_is_known(s, host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;
	struct api_call call;
	if (size < 4 || size > INPUT_MAX)
		return 0;
	char *text = mem_new(size - 3, 1);
	memcpy(text, data + 4, size - 4);
	in = (struct input){ 0 };
	const struct scene s = scene_of(data);
	read_input(text, &in);
	unsigned status = decide(&s, &in, &call);
	bool refused = status == 401 || status == 403 || (status == 400 && call.kind != API_ERROR);
	/* Never done, and not so much as parsed for a client, when it may not be. */
	if (status == 0 || status == 404 || status == 405)
		must(may(&s, &in));
	if (may(&s, &in))
		must(!refused);
	/* The call matches the path. */
	if (call.kind != API_ERROR)
		must(call.needs == role_needed(&in) && call.change == (call.needs > ROLE_READ));
	api_call_done(&call);
	free(text);
	return 0;
}
