/* SPDX-License-Identifier: MIT */
/* The paths of the API: what each is, the role that it needs, and the methods that it takes.
 * Pure. */
#ifndef AGENT_HTTP_ENDPOINTS_H
#define AGENT_HTTP_ENDPOINTS_H

#include <stddef.h>

#include "agent/http/call.h"

struct endpoint_row;

/* NULL: there is no such path. *ret_name: what stands in the place of NAME, ADDR or FILE, which is
 * the caller's to free; untouched where there is none. */
const struct endpoint_row *endpoint_find(const char *path, char **ret_name);
/* As in request_endpoint(); behind the last for NULL. */
size_t endpoint_index(const struct endpoint_row *endpoint);
enum api_kind endpoint_kind(const struct endpoint_row *endpoint);
/* The methods of the path when this is none of them, as in Allow; else NULL. */
const char *endpoint_other_methods(const struct endpoint_row *endpoint, const char *method);
/* The kind, the role, and whether it is a change. */
void endpoint_set_kind(const struct endpoint_row *endpoint, const char *method,
		       struct api_call *ret);

/* How long the body of a request may be that is kept for request_parse(); 0: it is dropped. */
size_t request_body_max(const char *method, const char *path);
/* The paths of the API, with "NAME" for the name of an app and "ADDR" for the address of a peer;
 * NULL after the last. */
const char *request_endpoint(size_t i);

#endif
