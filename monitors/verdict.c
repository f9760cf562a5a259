/* SPDX-License-Identifier: MIT */
#include "monitors/verdict.h"

const char *health_name(enum health h)
{
	switch (h) {
	case HEALTH_UNKNOWN:
		return "unknown";
	case HEALTH_UP:
		return "up";
	case HEALTH_DOWN:
		return "down";
	}
	return "unknown";
}

bool verdict_step(struct verdict *v, enum health result)
{
	if (result == HEALTH_UNKNOWN)
		return false;
	if (result != v->last)
		v->streak = 0;
	v->last = result;
	if (v->streak < UINT16_MAX)
		v->streak++;
	if (result == v->health || v->streak < (result == HEALTH_UP ? v->rise : v->fall))
		return false;
	v->health = result;
	return true;
}

enum health health_combine(enum health a, enum health b)
{
	if (a == HEALTH_DOWN || b == HEALTH_DOWN)
		return HEALTH_DOWN;
	return a == HEALTH_UNKNOWN || b == HEALTH_UNKNOWN ? HEALTH_UNKNOWN : HEALTH_UP;
}
