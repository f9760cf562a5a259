/* SPDX-License-Identifier: MIT */
#include "agent/model/app_state.h"

const char *app_state_name(enum health health, enum route_form form, bool drained)
{
	if (drained)
		return form == ROUTE_NONE ? "drained" : "draining";
	switch (form) {
	case ROUTE_KEPT:
		return "kept";
	case ROUTE_DOWN:
		return "last-resort";
	case ROUTE_NONE:
	case ROUTE_UP:
	case ROUTE_DRAIN:
		break;
	}
	return health_name(health);
}
