/* SPDX-License-Identifier: MIT */
#include "agent/http/request_args.h"

#include <errno.h>
#include <string.h>

#include "agent/config/types.h"
#include "agent/http/fleet_args.h"
#include "agent/http/peer_definition.h"
#include "agent/model/peer_orders.h"
#include "agent/model/register_params.h"
#include "lib/mem.h"
#include "lib/str.h"

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

#define WHAT_IF_PARAMETERS "fail, peer_down or consul_away"

static int add_name(const struct api_arg *arg, const char **names, size_t *n, struct err *err)
{
	if (*n == WHAT_IF_NAMES_MAX)
		return err_set(err, -EINVAL, "%s: more than %d of them", arg->name,
			       WHAT_IF_NAMES_MAX);
	if (!arg->value || !*arg->value)
		return err_set(err, -EINVAL, "%s is empty", arg->name);
	return api_arg_text(arg, &names[(*n)++], err);
}

static int parse_what_if(const struct api_request *request, struct what_if_query *ret,
			 struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < request->n_args; i++) {
		const struct api_arg *arg = &request->args[i];
		if (str_equal(arg->name, "fail"))
			rc = add_name(arg, ret->fails, &ret->n_fails, err);
		else if (str_equal(arg->name, "peer_down"))
			rc = add_name(arg, ret->peers, &ret->n_peers, err);
		else if (str_equal(arg->name, "consul_away"))
			rc = api_arg_flag(arg, &ret->consul_away, err);
		else if (str_equal(arg->name, "fleet"))
			rc = api_arg_flag(arg, &ret->fleet, err);
		else
			rc = err_set(
				err, -EINVAL,
				"unknown parameter '%.80s', expected fleet, " WHAT_IF_PARAMETERS,
				arg->name);
	}
	bool none = ret->n_fails + ret->n_peers == 0 && !ret->consul_away && !ret->config;
	return rc == 0 && none ? missing(err, WHAT_IF_PARAMETERS) : rc;
}

/* ---- orders for peers ---- */

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

int request_parse_args(const struct api_request *request, struct api_call *call)
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
	else if (api_is_about_fleet(call->kind))
		rc = fleet_query_parse(request, call->kind, &call->fleet, &call->err);
	else if (call->kind == API_WHAT_IF)
		rc = parse_what_if(request, &call->what_if, &call->err);
	else if (call->kind == API_EVENTS)
		rc = parse_events(request, &call->events, &call->err);
	else if (call->kind == API_PAGE)
		rc = parse_page(request, call);
	return rc;
}
