/* SPDX-License-Identifier: MIT */
#include "agent/programs/program.h"

#include <inttypes.h>

#include "lib/log.h"
#include "lib/str.h"
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

bool program_may_log(const struct program *p, struct line_limit *l, const char *what)
{
	span_t interval = 0;
	mono_t now = loop_now(p->env->loop);
	char text[DURATION_TEXT_MAX];
	uint64_t left_out = line_limit_end(l, now, &interval);
	if (left_out > 0)
		log_warn("exec", "process %s: %" PRIu64 " more %s in %s", p->spec.name, left_out,
			 what, duration_format(interval, text));
	return line_limit_allow(l, now);
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
