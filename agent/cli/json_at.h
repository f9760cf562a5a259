/* SPDX-License-Identifier: MIT */
/* Members of the API's objects by path: "negotiated.hold_time_seconds". Pure. A member that is
 * missing or of another type reads as nothing: the agent may be of another version than this
 * client. */
#ifndef AGENT_CLI_JSON_AT_H
#define AGENT_CLI_JSON_AT_H

#include <jansson.h>
#include <stdbool.h>

/* NULL: there is none. */
const json_t *json_at(const json_t *object, const char *path);
/* "" for none. */
const char *text_at(const json_t *object, const char *path);
/* -1 for none. */
double number_at(const json_t *object, const char *path);
long long count_at(const json_t *object, const char *path);
bool true_at(const json_t *object, const char *path);

#endif
