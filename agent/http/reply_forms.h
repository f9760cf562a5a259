/* SPDX-License-Identifier: MIT */
/* The forms of a reply: text, JSON, an error, the result of a change, a long list. */
#ifndef AGENT_HTTP_REPLY_FORMS_H
#define AGENT_HTTP_REPLY_FORMS_H

#include <jansson.h>
#include <stdbool.h>

#include "agent/http/reply.h"

void reply_text(struct api_reply *ret, unsigned status, const char *text);
/* Takes the value over, as those below. */
void reply_json(struct api_reply *ret, unsigned status, json_t *value);
/* {"error": text}; for a path that was not found, with the paths that exist. */
json_t *reply_error(const char *text, bool with_endpoints);
/* The reply to a change: "stored" says whether it is in the state file, which is known when the
 * reply is sent. */
void reply_change(struct api_reply *ret, json_t *value);
void reply_stream(struct api_reply *ret, struct stream *stream);

#endif
