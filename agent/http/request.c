/* SPDX-License-Identifier: MIT */
#include "agent/http/request.h"

#include <errno.h>
#include <string.h>

#include "agent/http/accept.h"
#include "agent/http/endpoints.h"
#include "agent/http/request_args.h"
#include "lib/str.h"

/* False: there is no such file. */
static bool find_file(const struct api_request *request, struct api_call *call)
{
	call->file = page_file_find(call->name);
	if (!call->file || str_equal(call->name, PAGE_TEMPLATE))
		return false;
	bool packed = accept_allows(request->accept_encoding, "gzip");
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
	if (endpoint_kind(endpoint) == API_PAGE)
		return accept_prefers(request->accept, "text/html", "application/json");
	return endpoint_kind(endpoint) != API_PAGE_FILE || find_file(request, call);
}

void request_parse(const struct api_request *request, struct api_call *ret)
{
	*ret = (struct api_call){ .kind = API_ERROR, .needs = ROLE_READ };
	const struct endpoint_row *endpoint = endpoint_find(request->path, &ret->name);
	ret->endpoint = endpoint_index(endpoint);
	if (!is_there(endpoint, request, ret)) {
		err_set(&ret->err, -ENOENT, "'%.100s' not found", request->path);
		api_call_fail(ret, 404, true);
		return;
	}
	endpoint_set_kind(endpoint, request->method, ret);
	ret->allow = endpoint_other_methods(endpoint, request->method);
	if (ret->allow) {
		err_set(&ret->err, -EINVAL, "'%.100s' accepts %s only", request->path, ret->allow);
		api_call_fail(ret, 405, true);
		return;
	}
	ret->openmetrics =
		request->accept && strstr(request->accept, "application/openmetrics-text");
	ret->head = str_equal(request->method, "HEAD");
	ret->body = request->body;
	ret->body_len = request->body_len;
	int rc = request_parse_args(request, ret);
	if (rc < 0) {
		err_prefix(&ret->err, rc, "Invalid request: ");
		api_call_fail(ret, 400, ret->kind != API_REGISTER && ret->kind != API_UNREGISTER);
	}
}
