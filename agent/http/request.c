/* SPDX-License-Identifier: MIT */
#include "agent/http/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/register_params.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "lib/utf8.h"

#define APP_PATH "/v1/apps/"

static const struct endpoint_row {
	const char *path;
	enum api_kind kind;
	bool any_method;
} endpoints[] = {
	{ "/register", API_REGISTER, true },
	{ "/unregister", API_UNREGISTER, true },
	{ "/info", API_INFO, true },
	{ "/ping", API_PING, true },
	{ "/v1/apps", API_APPS, false },
	{ "/v1/peers", API_PEERS, false },
	{ "/v1/routes", API_ROUTES, false },
	{ "/v1/nat", API_NAT, false },
	{ "/v1/consul", API_CONSUL, false },
	{ "/metrics", API_METRICS, false },
	{ "/v1/drain", API_DRAIN, true },
	{ "/v1/undrain", API_UNDRAIN, true },
	{ "/v1/status", API_STATUS, false },
	{ "/healthz", API_HEALTHZ, false },
	{ "/v1/capabilities", API_CAPABILITIES, false },
	{ "/readyz", API_READYZ, false },
};

static int missing(struct err *err, const char *what)
{
	return err_set(err, -EINVAL, "%s is missing", what);
}

static int add_arg(struct app_spec *spec, const struct api_arg *arg, struct err *err)
{
	if (arg->value && strlen(arg->value) != arg->len)
		return err_set(err, -EINVAL, "the value of '%.80s' has a NUL byte in it",
			       arg->name);
	return register_param_add(spec, arg->name, arg->value ? arg->value : "", err);
}

static int parse_register(const struct api_request *request, struct app_spec *spec, struct err *err)
{
	int rc = 0;
	spec->source = APP_FROM_HTTP;
	spec->local = request->local;
	for (size_t i = 0; rc == 0 && i < request->n_args; i++)
		rc = add_arg(spec, &request->args[i], err);
	return rc < 0 ? rc : register_params_check(spec, err);
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

static int parse_span(const char *text, usec_t *ret, struct err *err)
{
	int rc = duration_parse(text, ret, err);
	if (rc == 0 && *ret == 0)
		return err_set(err, -EINVAL, "for '%.80s' is no time at all", text);
	return rc;
}

static int parse_reason(const struct api_arg *arg, const char **ret, struct err *err)
{
	struct err found;
	*ret = arg->value ? arg->value : "";
	if (strlen(*ret) != arg->len)
		return err_set(err, -EINVAL, "reason holds U+0000, a control character");
	if (utf8_check(*ret, &found) < 0)
		return err_set(err, -EINVAL, "reason holds %s", found.text);
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
			rc = parse_reason(arg, &call->reason, &call->err);
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

static void parse_args(const struct api_request *request, struct api_call *call)
{
	int rc = 0;
	if (call->kind == API_REGISTER)
		rc = parse_register(request, &call->spec, &call->err);
	else if (call->kind == API_UNREGISTER)
		rc = parse_unregister(request, &call->name, &call->err);
	else if (call->kind == API_DRAIN || call->kind == API_UNDRAIN)
		rc = parse_drain(request, call);
	if (rc < 0) {
		err_prefix(&call->err, rc, "Invalid request: ");
		fail(call, 400, call->kind == API_DRAIN || call->kind == API_UNDRAIN);
	}
}

static bool is_read(const char *method)
{
	return str_equal(method, "GET") || str_equal(method, "HEAD");
}

/* What stands behind the name of an app. */
static const struct endpoint_row app_endpoints[] = {
	{ "/drain", API_DRAIN, true },
	{ "/undrain", API_UNDRAIN, true },
	{ "", API_APP, false },
};

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), n_end = strlen(end);
	return n > n_end && str_equal(text + n - n_end, end);
}

/* "/v1/apps/NAME" and what is below it. */
static bool find_app_endpoint(const char *path, struct endpoint_row *ret, char **ret_name)
{
	if (!str_starts(path, APP_PATH))
		return false;
	const char *rest = path + strlen(APP_PATH);
	for (size_t i = 0; i < sizeof(app_endpoints) / sizeof(app_endpoints[0]); i++)
		if (ends_with(rest, app_endpoints[i].path)) {
			*ret = app_endpoints[i];
			*ret_name = mem_strdup(rest);
			(*ret_name)[strlen(rest) - strlen(ret->path)] = 0;
			return true;
		}
	return false;
}

static bool find_endpoint(const char *path, struct endpoint_row *ret, char **ret_name)
{
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
		if (str_equal(endpoints[i].path, path)) {
			*ret = endpoints[i];
			return true;
		}
	return find_app_endpoint(path, ret, ret_name);
}

void request_parse(const struct api_request *request, struct api_call *ret)
{
	struct endpoint_row endpoint;
	*ret = (struct api_call){ .kind = API_ERROR };
	if (!find_endpoint(request->path, &endpoint, &ret->name)) {
		err_set(&ret->err, -ENOENT, "there is nothing at '%.100s'", request->path);
		fail(ret, 404, true);
		return;
	}
	if (!endpoint.any_method && !is_read(request->method)) {
		err_set(&ret->err, -EINVAL, "'%.100s' takes GET only", request->path);
		fail(ret, 405, true);
		return;
	}
	ret->kind = endpoint.kind;
	parse_args(request, ret);
}

void api_call_done(struct api_call *call)
{
	app_spec_done(&call->spec);
	mem_free(&call->name);
}
