/* SPDX-License-Identifier: MIT */
#include "agent/model/app_state.h"

static enum app_state state_of_health(enum health health)
{
	switch (health) {
	case HEALTH_UNKNOWN:
		return APP_UNKNOWN;
	case HEALTH_UP:
		return APP_UP;
	case HEALTH_DOWN:
		return APP_DOWN;
	}
	return APP_UNKNOWN;
}

enum app_state app_state_of(enum health health, enum route_form form, bool drained)
{
	if (drained)
		return form == ROUTE_NONE ? APP_DRAINED : APP_DRAINING;
	switch (form) {
	case ROUTE_KEPT:
		return APP_KEPT;
	case ROUTE_DOWN:
		return APP_LAST_RESORT;
	case ROUTE_JOIN:
		return APP_JOINING;
	case ROUTE_NONE:
	case ROUTE_UP:
	case ROUTE_DRAIN:
		break;
	}
	return state_of_health(health);
}

int app_state_rank(enum app_state state)
{
	return state == APP_DOWN ? 0 : state == APP_UP ? 2 : 1;
}

const char *app_state_word(enum app_state state)
{
	static const char *const words[APP_STATES] = {
		[APP_UNKNOWN] = "unknown", [APP_UP] = "up",
		[APP_DOWN] = "down",       [APP_LAST_RESORT] = "last-resort",
		[APP_KEPT] = "kept",       [APP_DRAINING] = "draining",
		[APP_DRAINED] = "drained", [APP_JOINING] = "joining",
	};
	return words[state];
}

const char *app_state_name(enum health health, enum route_form form, bool drained)
{
	return app_state_word(app_state_of(health, form, drained));
}
