/* SPDX-License-Identifier: MIT */
/* The state of an app as a word of the API, of metrics and of Consul. Pure. */
#ifndef AGENT_MODEL_APP_STATE_H
#define AGENT_MODEL_APP_STATE_H

#include <stdbool.h>

#include "agent/model/announce_spec.h"
#include "monitors/verdict.h"

enum app_state {
	APP_UNKNOWN,
	APP_UP,
	APP_DOWN,
	APP_LAST_RESORT, /* down and announced */
	APP_KEPT,        /* with its group */
	APP_DRAINING,
	APP_DRAINED,
	APP_JOINING, /* up, with the attributes of states.join */
};
#define APP_STATES 8

enum app_state app_state_of(enum health health, enum route_form form, bool drained);
/* To show what needs attention first: 0: down; 1: not as it should be, or drained; 2: up. */
int app_state_rank(enum app_state state);
const char *app_state_word(enum app_state state); /* "unknown", "last-resort", … */
/* Both in one. */
const char *app_state_name(enum health health, enum route_form form, bool drained);

#endif
