/* SPDX-License-Identifier: MIT */
/*
 * JSON written straight into text, in the form of all answers (agent/status/stream.h), for lists of
 * thousands: a tree of each element costs several times as much. Pure.
 */
#ifndef AGENT_STATUS_JSON_OUT_H
#define AGENT_STATUS_JSON_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent/status/view_json.h"

/* Zeroed: empty. The text belongs to the caller, and ends with NUL after each call. */
struct json_out {
	char *text;
	size_t len, cap;
};

/* As they are. */
void json_out_add(struct json_out *o, const char *octets);
/* '{' or '[', as an element of what is open; and its end. */
void json_out_open(struct json_out *o, char bracket);
void json_out_close(struct json_out *o, char bracket);
/* Of the value that follows. */
void json_out_key(struct json_out *o, const char *key);
/* Values. Text as view_text() makes it; NULL: null. */
void json_out_text(struct json_out *o, const char *text);
void json_out_bool(struct json_out *o, bool value);
void json_out_count(struct json_out *o, size_t n);
void json_out_json(struct json_out *o, json_t *value); /* takes it over */
/* Members: a key and its value. */
void json_out_add_text(struct json_out *o, const char *key, const char *text);
void json_out_add_bool(struct json_out *o, const char *key, bool value);
void json_out_add_count(struct json_out *o, const char *key, size_t n);
void json_out_add_json(struct json_out *o, const char *key, json_t *value);
/* KEY and KEY_seconds, as view_add_time() adds them. */
void json_out_time(struct json_out *o, const struct view_clock *clock, const char *key, mono_t at);

#endif
