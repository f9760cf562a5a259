/* SPDX-License-Identifier: MIT */
#include "agent/http/reply_forms.h"

#include <stdio.h>
#include <stdlib.h>

#include "agent/http/endpoints.h"
#include "agent/status/view_json.h"
#include "lib/redact.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
#define TYPE_JSON "application/json"

void reply_text(struct api_reply *ret, unsigned status, const char *text)
{
	ret->status = status;
	ret->content_type = TYPE_TEXT;
	if (asprintf(&ret->body, "%s\n", text) < 0)
		abort(); /* out of memory, see lib/mem.h */
	redact(ret->body);
}

void reply_json(struct api_reply *ret, unsigned status, json_t *value)
{
	ret->status = status;
	ret->content_type = TYPE_JSON;
	ret->body = stream_json_text(value);
	json_decref(value);
}

json_t *reply_error(const char *text, bool with_endpoints)
{
	json_t *o = json_pack("{s:o}", "error", view_text(text)), *paths = json_array();
	const char *path;
	for (size_t i = 0; (path = request_endpoint(i)); i++)
		json_array_append_new(paths, json_string(path));
	if (with_endpoints)
		json_object_set(o, "endpoints", paths);
	json_decref(paths);
	return o;
}

void reply_change(struct api_reply *ret, json_t *value)
{
	json_object_set_new(value, "stored", json_false());
	ret->body_unstored = stream_json_text(value);
	json_object_set_new(value, "stored", json_true());
	reply_json(ret, 200, value);
}

void reply_stream(struct api_reply *ret, struct stream *stream)
{
	ret->status = 200;
	ret->content_type = TYPE_JSON;
	ret->stream = stream;
}
