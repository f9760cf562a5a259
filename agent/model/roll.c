/* SPDX-License-Identifier: MIT */
#include "agent/model/roll.h"

#include <stdlib.h>

#include "lib/mono.h"
#include "lib/str.h"

static const char *const names[ROLL_PHASES] = {
	[ROLL_WAITING] = "waiting",     [ROLL_DRAINING] = "draining",   [ROLL_DRAINED] = "drained",
	[ROLL_RETURNING] = "returning", [ROLL_RELEASING] = "releasing", [ROLL_FAILED] = "failed",
};

const char *roll_phase_name(enum roll_phase phase)
{
	return names[phase];
}

bool roll_phase_parse(const char *name, enum roll_phase *ret)
{
	for (unsigned i = 0; i < ROLL_PHASES; i++)
		if (str_equal(names[i], name)) {
			*ret = (enum roll_phase)i;
			return true;
		}
	return false;
}

bool roll_drains(const struct roll *r)
{
	return r->phase == ROLL_DRAINING || r->phase == ROLL_DRAINED || r->phase == ROLL_FAILED;
}

enum roll_phase roll_phase_after_start(enum roll_phase phase, bool rebooted)
{
	switch (phase) {
	case ROLL_DRAINING:
	case ROLL_DRAINED: /* the reboot was the command, or its end */
		return rebooted ? ROLL_RETURNING : phase;
	case ROLL_WAITING: /* its client is gone */
		return rebooted ? ROLL_RELEASING : phase;
	case ROLL_RETURNING:
	case ROLL_RELEASING:
	case ROLL_FAILED: /* an operator is to look first */
		break;
	}
	return phase;
}

/* Waiting for a slot may take as long as all hosts before it. */
static span_t phase_limit(enum roll_phase phase)
{
	switch (phase) {
	case ROLL_WAITING:
		return USEC_NEVER;
	case ROLL_DRAINING:
	case ROLL_DRAINED:
		return 3600 * USEC_PER_SEC;
	case ROLL_RETURNING:
		return 600 * USEC_PER_SEC;
	case ROLL_RELEASING:
		return 60 * USEC_PER_SEC;
	case ROLL_FAILED:
		break;
	}
	return 0;
}

bool roll_is_stuck(const struct roll *r, wall_t now)
{
	return usec_add(r->since, phase_limit(r->phase)) <= now || r->phase == ROLL_FAILED;
}

void roll_done(struct roll *r)
{
	for (size_t i = 0; i < r->n_apps; i++)
		free(r->apps[i]);
	*r = (struct roll){ 0 };
}
