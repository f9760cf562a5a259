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

bool verdict_is_pending(const struct verdict *v)
{
	return v->last != HEALTH_UNKNOWN && v->last != v->health;
}

enum health health_of_quorum(const struct health_tally *t, size_t quorum)
{
	size_t all = t->n[HEALTH_UNKNOWN] + t->n[HEALTH_UP] + t->n[HEALTH_DOWN];
	if (quorum == 0 || quorum > all)
		quorum = all;
	if (t->n[HEALTH_UP] >= quorum)
		return HEALTH_UP;
	return t->n[HEALTH_UP] + t->n[HEALTH_UNKNOWN] < quorum ? HEALTH_DOWN : HEALTH_UNKNOWN;
}
