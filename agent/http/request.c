/* SPDX-License-Identifier: MIT */
#include "agent/http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/define.h"
#include "agent/config/parse.h"
#include "agent/config/types.h"
#include "agent/http/accept.h"
#include "agent/http/peer_definition.h"
#include "agent/model/peer_orders.h"
#include "agent/model/register_params.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* Stand for the name of an app, the address of a peer and the name of a file in a path; of one length. */
#define NAME      "NAME"
#define ADDR      "ADDR"
#define FILE_NAME "FILE"

enum methods {
	ANY_METHOD,
	READS,   /* GET and HEAD */
	CHANGES, /* POST, PUT and DELETE: no link and no image of a web page makes one */
	POST,
	GOCAST, /* those, and GET: for scripts made for GoCast */
	READS_POST_DELETE,
	APP, /* GET and HEAD; PUT and DELETE change it */
};

static const struct endpoint_row {
	const char *path;
	enum api_kind kind;
	enum role needs;
	enum methods methods;
} endpoints[] = {
	{ "/register", API_REGISTER, ROLE_REGISTER, GOCAST },
	{ "/unregister", API_UNREGISTER, ROLE_REGISTER, GOCAST },
	{ "/info", API_INFO, ROLE_READ, ANY_METHOD },
	{ "/ping", API_PING, ROLE_READ, ANY_METHOD },
	{ "/v1/status", API_STATUS, ROLE_READ, READS },
	{ "/v1/drain", API_DRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/undrain", API_UNDRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps", API_APPS, ROLE_READ, READS },
	/* The longer ones first: a name may have any character in it. */
	{ "/v1/apps/" NAME "/drain", API_DRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps/" NAME "/undrain", API_UNDRAIN, ROLE_REGISTER, CHANGES },
	{ "/v1/apps/" NAME "/check", API_CHECK, ROLE_REGISTER, POST },
	{ "/v1/apps/" NAME, API_APP, ROLE_READ, APP },
	{ "/v1/peers", API_PEERS, ROLE_READ, READS },
	{ "/v1/peers/" ADDR "/enable", API_PEER_ENABLE, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/disable", API_PEER_DISABLE, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/reset", API_PEER_RESET, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR "/refresh", API_PEER_REFRESH, ROLE_ADMIN, POST },
	{ "/v1/peers/" ADDR, API_PEER, ROLE_READ, READS_POST_DELETE },
	{ "/v1/routes", API_ROUTES, ROLE_READ, READS },
	{ "/v1/nat", API_NAT, ROLE_READ, READS },
	{ "/v1/consul", API_CONSUL, ROLE_READ, READS },
	{ "/v1/nomad", API_NOMAD, ROLE_READ, READS },
	{ "/v1/capabilities", API_CAPABILITIES, ROLE_READ, READS },
	{ "/v1/explain", API_EXPLAIN, ROLE_READ, READS },
	{ "/v1/events", API_EVENTS, ROLE_READ, READS },
	{ "/v1/log", API_LOG, ROLE_ADMIN, CHANGES },
	{ "/v1/reload", API_RELOAD, ROLE_ADMIN, POST },
	{ "/v1/confirm", API_CONFIRM, ROLE_ADMIN, POST },
	{ "/v1/diff", API_DIFF, ROLE_ADMIN, POST },
	{ "/v1/config", API_CONFIG, ROLE_ADMIN, READS },
	{ "/metrics", API_METRICS, ROLE_READ, READS },
	{ "/healthz", API_HEALTHZ, ROLE_READ, READS },
	{ "/readyz", API_READYZ, ROLE_READ, READS },
	{ "/", API_PAGE, ROLE_READ, READS },
	{ "/page/" FILE_NAME, API_PAGE_FILE, ROLE_READ, READS },
};

const char *request_endpoint(size_t i)
{
	return i < ARRAY_SIZE(endpoints) ? endpoints[i].path : NULL;
}

static int missing(struct err *err, const char *what)
{
	return err_set(err, -EINVAL, "%s is missing", what);
}

static int add_arg(struct app_spec *spec, const struct api_arg *arg, struct err *err)
{
	if (arg->value && strlen(arg->value) != arg->len)
		return err_set(err, -EINVAL, "the value of '%.80s' contains a NUL byte", arg->name);
	return register_param_add(spec, arg->name, arg->value ? arg->value : "", err);
}

static int parse_register(const struct api_request *request, struct api_call *call)
{
	int rc = 0;
	call->spec.source = APP_FROM_HTTP;
	for (size_t i = 0; rc == 0 && i < request->n_args; i++)
		rc = add_arg(&call->spec, &request->args[i], &call->err);
	if (rc < 0)
		return rc;
	call->by_name = request->n_args == 1 && call->spec.name;
	return call->by_name ? 0 : register_params_check(&call->spec, &call->err);
}

static int parse_unregister(const struct api_request *request, char **ret, struct err *err)
{
	for (size_t i = 0; i < request->n_args; i++)
		if (str_equal(request->args[i].name, "name")) {
			const char *value = request->args[i].value;
			if (!value || !*value)
				return err_set(err, -EINVAL, "name is empty");
			*ret = mem_strdup(value);
			return 0;
		}
	return missing(err, "name");
}

static int parse_span(const char *text, span_t *ret, struct err *err)
{
	int rc = duration_parse(text, ret, err);
	if (rc == 0 && *ret == 0)
		return err_set(err, -EINVAL, "'for' must be greater than zero, not '%.80s'", text);
	return rc;
}

#define CHECK_DEFAULT (30 * USEC_PER_SEC)
#define CHECK_MAX     (300 * USEC_PER_SEC)

static int parse_check(const struct api_request *request, struct api_call *call)
{
	struct err why;
	call->span = CHECK_DEFAULT;
	for (size_t i = 0; i < request->n_args; i++) {
		const char *name = request->args[i].name, *value = request->args[i].value;
		if (!str_equal(name, "timeout"))
			return err_set(&call->err, -EINVAL,
				       "unknown parameter '%.80s', expected timeout", name);
		if (duration_parse(value ? value : "", &call->span, &why) < 0 || call->span == 0 ||
		    call->span > CHECK_MAX)
			return err_set(&call->err, -EINVAL,
				       "timeout: '%.80s' is not a duration up to 5m, such as 10s",
				       value ? value : "");
	}
	return 0;
}

static int parse_drain(const struct api_request *request, struct api_call *call)
{
	call->reason = "";
	call->span = USEC_NEVER;
	for (size_t i = 0; i < request->n_args; i++) {
		const struct api_arg *arg = &request->args[i];
		int rc = 0;
		if (call->kind == API_DRAIN && str_equal(arg->name, "reason"))
			rc = api_arg_text(arg, &call->reason, &call->err);
		else if (call->kind == API_DRAIN && str_equal(arg->name, "for"))
			rc = parse_span(arg->value ? arg->value : "", &call->span, &call->err);
		else
			rc = err_set(&call->err, -EINVAL, "unknown parameter '%.80s', expected %s",
				     arg->name, call->kind == API_DRAIN ? "reason or for" : "none");
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void fail(struct api_call *call, unsigned status, bool json)
{
	call->kind = API_ERROR;
	call->status = status;
	call->json = json;
}

#define CONFIRM_MAX (UINT64_C(24) * 3600 * USEC_PER_SEC)

static int parse_confirm(const char *text, span_t *ret, struct err *err)
{
	struct err why;
	if (duration_parse(text, ret, &why) < 0 || *ret < USEC_PER_SEC || *ret > CONFIRM_MAX)
		return err_set(err, -EINVAL,
			       "confirm: '%.80s' is not a duration from 1s to 24h, such as 60s",
			       text);
	return 0;
}

/* Of /v1/reload; /v1/confirm and /v1/diff have no parameters. */
static int parse_configuration(const struct api_request *request, struct api_call *call)
{
	for (size_t i = 0; i < request->n_args; i++) {
		const char *name = request->args[i].name, *value = request->args[i].value;
		if (call->kind != API_RELOAD || !str_equal(name, "confirm"))
			return err_set(&call->err, -EINVAL,
				       "unknown parameter '%.80s', expected %s", name,
				       call->kind == API_RELOAD ? "confirm" : "none");
		if (parse_confirm(value ? value : "", &call->span, &call->err) < 0)
			return -EINVAL;
	}
	return 0;
}

static int parse_config(const struct api_request *request, struct api_call *call)
{
	for (size_t i = 0; i < request->n_args; i++) {
		const char *name = request->args[i].name, *value = request->args[i].value;
		bool defaults = str_equal(name, "defaults");
		if (!defaults && !str_equal(name, "include_api"))
			return err_set(
				&call->err, -EINVAL,
				"unknown parameter '%.80s', expected defaults or include_api",
				name);
		if (!value ||
		    !config_parse_bool(value, defaults ? &call->defaults : &call->include_api))
			return err_set(&call->err, -EINVAL,
				       "%s: '%.80s' is not a boolean, expected true or false", name,
				       value ? value : "");
	}
	return 0;
}

/* A stream is asked for as a browser does, or by a parameter. */
static bool accepts_stream(const char *accept)
{
	static const char type[] = "text/event-stream";
	const char *found = accept ? strcasestr(accept, type) : NULL;
	return found && (found == accept || strchr(" \t,", found[-1])) &&
	       strchr(" \t,;", found[strlen(type)]);
}

static int parse_mark(const char *name, const char *value, struct event_query *ret, struct err *err)
{
	ret->has_since = true;
	if (event_mark_parse(value, &ret->since) < 0)
		return err_set(err, -EINVAL, "%s: '%.80s' is not a number, nor EPOCH-NUMBER", name,
			       value);
	return 0;
}

static int parse_limit(const char *value, size_t *ret, struct err *err)
{
	uint64_t limit;
	if (str_to_u64(value, UINT32_MAX, &limit) < 0)
		return err_set(err, -EINVAL, "limit: '%.80s' is not a number", value);
	*ret = limit ? (size_t)limit : *ret;
	return 0;
}

static int parse_event_arg(const struct api_arg *arg, struct event_query *ret, struct err *err)
{
	const char *name = arg->name, *value = arg->value ? arg->value : "";
	if (str_equal(name, "since"))
		return parse_mark(name, value, ret, err);
	if (str_equal(name, "limit"))
		return parse_limit(value, &ret->limit, err);
	if (str_equal(name, "follow"))
		return api_arg_flag(arg, &ret->follow, err);
	if (str_equal(name, "kind"))
		return event_filter_set_kind(&ret->filter, value) < 0
			       ? err_set(err, -EINVAL, "kind: '%.80s…' is too long", value)
			       : 0;
	if (str_equal(name, "name"))
		return event_filter_set_name(&ret->filter, value) < 0
			       ? err_set(err, -EINVAL, "name: '%.80s…' is too long", value)
			       : 0;
	return err_set(err, -EINVAL,
		       "unknown parameter '%.80s', expected since, limit, kind, name or follow",
		       name);
}

/* A browser repeats the URL with the id of the last event it got: that is the later one. */
static int parse_events(const struct api_request *request, struct event_query *ret, struct err *err)
{
	int rc = 0;
	ret->follow = accepts_stream(request->accept);
	for (size_t i = 0; rc == 0 && i < request->n_args; i++)
		rc = parse_event_arg(&request->args[i], ret, err);
	if (rc == 0 && ret->follow && request->last_event_id && *request->last_event_id) {
		rc = parse_mark("Last-Event-ID", request->last_event_id, ret, err);
		ret->limit = 0;
	}
	return rc;
}

static const char *known_module(const char *name)
{
	for (size_t i = 0; log_modules[i]; i++)
		if (str_equal(log_modules[i], name))
			return log_modules[i];
	return NULL;
}

static int parse_log(const struct api_request *request, struct api_call *call)
{
	bool has_level = false;
	for (size_t i = 0; i < request->n_args; i++) {
		const char *name = request->args[i].name, *value = request->args[i].value;
		value = value ? value : "";
		if (str_equal(name, "level")) {
			has_level = true;
			if (log_level_parse(value, &call->level) < 0)
				return err_set(
					&call->err, -EINVAL,
					"level: '%.80s' is not error, warning, info, debug or "
					"trace",
					value);
		} else if (str_equal(name, "module")) {
			call->module = known_module(value);
			if (!call->module)
				return err_set(&call->err, -EINVAL, "module: no module '%.80s'",
					       value);
		} else {
			return err_set(&call->err, -EINVAL,
				       "unknown parameter '%.80s', expected level or module", name);
		}
	}
	return has_level ? 0 : missing(&call->err, "level");
}

static int parse_apps(const struct api_request *request, struct app_query *ret, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < request->n_args; i++) {
		const char *name = request->args[i].name, *value = request->args[i].value;
		if (str_equal(name, "sort"))
			rc = app_sort_parse(value ? value : "", &ret->sort, err);
		else if (str_equal(name, "limit"))
			rc = parse_limit(value ? value : "", &ret->limit, err);
		else
			rc = err_set(err, -EINVAL,
				     "unknown parameter '%.80s', expected sort or limit", name);
	}
	if (rc == 0 && ret->sort != APP_SORT_NONE &&
	    (ret->limit == 0 || ret->limit > APP_LIMIT_MAX))
		rc = err_set(err, -EINVAL, "sort needs a limit from 1 to %d", APP_LIMIT_MAX);
	return rc;
}

/* ---- orders for peers ---- */

bool api_is_about_peer(enum api_kind kind)
{
	return kind == API_PEER || kind == API_PEER_ADD || kind == API_PEER_DELETE ||
	       kind == API_PEER_ENABLE || kind == API_PEER_DISABLE || kind == API_PEER_RESET ||
	       kind == API_PEER_REFRESH;
}

static const char *peer_parameters(enum api_kind kind)
{
	return kind == API_PEER_RESET     ? "port, text, soft or hard"
	       : kind == API_PEER_DISABLE ? "port or text"
					  : "port";
}

static int parse_peer_order(const struct api_request *request, struct api_call *call)
{
	bool reset = call->kind == API_PEER_RESET,
	     has_text = reset || call->kind == API_PEER_DISABLE;
	call->reason = "";
	for (size_t i = 0; i < request->n_args; i++) {
		const struct api_arg *arg = &request->args[i];
		int rc;
		if (str_equal(arg->name, "port"))
			rc = api_arg_port(arg, &call->port, &call->err);
		else if (has_text && str_equal(arg->name, "text"))
			rc = api_arg_shutdown_text(arg, &call->reason, &call->err);
		else if (reset && str_equal(arg->name, "soft"))
			rc = api_arg_flag(arg, &call->soft, &call->err);
		else if (reset && str_equal(arg->name, "hard"))
			rc = api_arg_flag(arg, &call->hard, &call->err);
		else
			rc = err_set(&call->err, -EINVAL, "unknown parameter '%.80s', expected %s",
				     arg->name, peer_parameters(call->kind));
		if (rc < 0)
			return rc;
	}
	if (call->soft && (call->hard || *call->reason))
		return err_set(&call->err, -EINVAL,
			       "soft: the session goes on, which neither hard nor text is for");
	return 0;
}

static int parse_peer_add(const struct api_request *request, struct api_call *call)
{
	const struct peer_definition_source source = {
		.address = call->name,
		.args = request->args,
		.n_args = request->n_args,
		.body = request->body,
		.body_len = request->body_len,
	};
	return peer_definition_make(&source, &call->definition, &call->err);
}

static int parse_definition(const struct api_request *request, struct api_call *call)
{
	call->spec.name = mem_strdup(call->name); /* for the log */
	if (request->n_args == 0)
		return 0;
	return err_set(&call->err, -EINVAL,
		       "unknown parameter '%.80s', expected none: a definition is the body, a JSON "
		       "object",
		       request->args[0].name);
}

static int parse_page(const struct api_request *request, struct api_call *call)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < request->n_args; i++) {
		const struct api_arg *arg = &request->args[i];
		rc = page_query_set(&call->page, arg->name, arg->value ? arg->value : "",
				    &call->err);
	}
	return rc;
}

static void parse_args(const struct api_request *request, struct api_call *call)
{
	int rc = 0;
	if (call->kind == API_REGISTER)
		rc = parse_register(request, call);
	else if (call->kind == API_UNREGISTER || call->kind == API_EXPLAIN)
		rc = parse_unregister(request, &call->name, &call->err);
	else if (call->kind == API_DRAIN || call->kind == API_UNDRAIN)
		rc = parse_drain(request, call);
	else if (call->kind == API_RELOAD || call->kind == API_CONFIRM || call->kind == API_DIFF)
		rc = parse_configuration(request, call);
	else if (call->kind == API_PEER_ADD)
		rc = parse_peer_add(request, call);
	else if (api_is_about_peer(call->kind))
		rc = parse_peer_order(request, call);
	else if (call->kind == API_DEFINE || call->kind == API_UNDEFINE)
		rc = parse_definition(request, call);
	else if (call->kind == API_CHECK)
		rc = parse_check(request, call);
	else if (call->kind == API_CONFIG)
		rc = parse_config(request, call);
	else if (call->kind == API_LOG)
		rc = parse_log(request, call);
	else if (call->kind == API_APPS)
		rc = parse_apps(request, &call->apps, &call->err);
	else if (call->kind == API_EVENTS)
		rc = parse_events(request, &call->events, &call->err);
	else if (call->kind == API_PAGE)
		rc = parse_page(request, call);
	if (rc < 0) {
		err_prefix(&call->err, rc, "Invalid request: ");
		fail(call, 400, call->kind != API_REGISTER && call->kind != API_UNREGISTER);
	}
}

static bool is_read(const char *method)
{
	return str_equal(method, "GET") || str_equal(method, "HEAD");
}

static bool is_change(const char *method)
{
	return str_equal(method, "POST") || str_equal(method, "PUT") || str_equal(method, "DELETE");
}

/* The methods of the path when this is none of them, as in Allow; else NULL. */
static const char *other_methods(enum methods methods, const char *method)
{
	switch (methods) {
	case ANY_METHOD:
		break;
	case READS:
		return is_read(method) ? NULL : "GET, HEAD";
	case CHANGES:
		return is_change(method) ? NULL : "POST, PUT, DELETE";
	case POST:
		return str_equal(method, "POST") ? NULL : "POST";
	case APP:
		return is_read(method) || (is_change(method) && !str_equal(method, "POST"))
			       ? NULL
			       : "GET, HEAD, PUT, DELETE";
	case GOCAST:
		return is_change(method) || str_equal(method, "GET") ? NULL
								     : "GET, POST, PUT, DELETE";
	case READS_POST_DELETE:
		if (is_read(method) || str_equal(method, "POST") || str_equal(method, "DELETE"))
			return NULL;
		return "GET, HEAD, POST, DELETE";
	}
	return NULL;
}

static const char *find_place(const char *pattern)
{
	const char *place = strstr(pattern, NAME);
	place = place ? place : strstr(pattern, ADDR);
	return place ? place : strstr(pattern, FILE_NAME);
}

/* The name, when the path is PREFIX NAME SUFFIX; NULL: it is not. Free it. */
static char *match_name(const char *path, const char *pattern)
{
	const char *place = find_place(pattern);
	size_t before = place ? (size_t)(place - pattern) : 0, n = strlen(path);
	const char *suffix = place ? place + strlen(NAME) : NULL;
	if (!suffix || n <= before + strlen(suffix) || strncmp(path, pattern, before) != 0 ||
	    !str_equal(path + n - strlen(suffix), suffix))
		return NULL;
	char *name = mem_strdup(path + before);
	name[n - before - strlen(suffix)] = 0;
	return name;
}

static const struct endpoint_row *find_endpoint(const char *path, char **ret_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		if (find_place(endpoints[i].path))
			*ret_name = match_name(path, endpoints[i].path);
		if (*ret_name || str_equal(endpoints[i].path, path))
			return &endpoints[i];
	}
	return NULL;
}

size_t request_takes_body(const char *method, const char *path)
{
	char *name = NULL;
	const struct endpoint_row *endpoint = find_endpoint(path, &name);
	free(name);
	if (!endpoint)
		return 0;
	if (endpoint->kind == API_APP && str_equal(method, "PUT"))
		return CONFIG_DEFINITION_MAX;
	if (endpoint->kind == API_PEER && str_equal(method, "POST"))
		return PEER_DEFINITION_MAX;
	return endpoint->kind == API_DIFF ? CONFIG_FILE_MAX : 0;
}

/* The kind and the role of a path whose methods differ in them. */
static void set_kind(const struct endpoint_row *endpoint, const char *method, struct api_call *ret)
{
	ret->kind = endpoint->kind;
	ret->needs = endpoint->needs;
	if (endpoint->methods == APP && !is_read(method)) {
		ret->kind = str_equal(method, "PUT") ? API_DEFINE : API_UNDEFINE;
		ret->needs = ROLE_REGISTER;
	}
	if (endpoint->methods == READS_POST_DELETE && !is_read(method)) {
		ret->kind = str_equal(method, "POST") ? API_PEER_ADD : API_PEER_DELETE;
		ret->needs = ROLE_ADMIN;
	}
	ret->change = ret->needs > ROLE_READ;
}

/* False: there is no such file. */
static bool find_file(const struct api_request *request, struct api_call *call)
{
	call->file = page_file_find(call->name);
	if (!call->file || str_equal(call->name, PAGE_TEMPLATE))
		return false;
	bool packed = accept_takes(request->accept_encoding, "gzip");
	call->octets = packed ? &call->file->packed : &call->file->plain;
	call->not_modified =
		request->if_none_match && strstr(request->if_none_match, call->octets->etag);
	return true;
}

static bool is_there(const struct endpoint_row *endpoint, const struct api_request *request,
		     struct api_call *call)
{
	if (!endpoint)
		return false;
	if (endpoint->kind == API_PAGE)
		return accept_prefers(request->accept, "text/html", "application/json");
	return endpoint->kind != API_PAGE_FILE || find_file(request, call);
}

void request_parse(const struct api_request *request, struct api_call *ret)
{
	*ret = (struct api_call){ .kind = API_ERROR, .needs = ROLE_READ };
	const struct endpoint_row *endpoint = find_endpoint(request->path, &ret->name);
	ret->endpoint = endpoint ? (size_t)(endpoint - endpoints) : ARRAY_SIZE(endpoints);
	if (!is_there(endpoint, request, ret)) {
		err_set(&ret->err, -ENOENT, "'%.100s' not found", request->path);
		fail(ret, 404, true);
		return;
	}
	set_kind(endpoint, request->method, ret);
	ret->allow = other_methods(endpoint->methods, request->method);
	if (ret->allow) {
		err_set(&ret->err, -EINVAL, "'%.100s' accepts %s only", request->path, ret->allow);
		fail(ret, 405, true);
		return;
	}
	ret->openmetrics =
		request->accept && strstr(request->accept, "application/openmetrics-text");
	ret->head = str_equal(request->method, "HEAD");
	ret->body = request->body;
	ret->body_len = request->body_len;
	parse_args(request, ret);
}

void api_call_refuse(struct api_call *call, unsigned status, const struct err *err)
{
	bool text = call->kind == API_REGISTER || call->kind == API_UNREGISTER ||
		    call->kind == API_PING || (call->kind == API_ERROR && !call->json);
	call->err = *err;
	fail(call, status, !text);
}

void api_call_done(struct api_call *call)
{
	app_spec_done(&call->spec);
	mem_free(&call->name);
	mem_free(&call->definition);
}
