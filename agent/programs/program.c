/* SPDX-License-Identifier: MIT */
#include "agent/programs/program.h"

#include "process/loop.h"

const char *program_state_name(enum program_state s)
{
	switch (s) {
	case PROGRAM_RUNS:
		return "running";
	case PROGRAM_WAITS:
		return "waiting";
	case PROGRAM_DONE:
		return "done";
	case PROGRAM_READS:
		return "reading";
	case PROGRAM_STOPS:
		return "stopping";
	}
	return "unknown";
}

struct app *program_app(const struct program *p)
{
	struct app *app = app_get(p->env->registry, p->spec.name);
	return app && app->spec->source == APP_FROM_PROCESS ? app : NULL;
}

#define FAILURES 3

bool program_keeps_failing(const struct program *p, mono_t now)
{
	bool well = p->state == PROGRAM_RUNS && usec_sub(now, p->state_since) >= PROGRAM_RAN_WELL;
	bool tries = p->state == PROGRAM_RUNS || p->state == PROGRAM_WAITS;
	return tries && !well && p->backoff.tries >= FAILURES;
}

void program_set_state(struct program *p, enum program_state state)
{
	p->state = state;
	p->state_since = loop_now(p->env->loop);
}
