/* SPDX-License-Identifier: MIT */
#include "agent/daemon/shutdown_fsm.h"

static unsigned withdraw(struct shutdown_fsm *f, mono_t now)
{
	f->state = SHUTDOWN_WITHDRAWING;
	f->began = now;
	return SHUTDOWN_DO_WITHDRAW;
}

static unsigned close_sessions(struct shutdown_fsm *f)
{
	f->state = SHUTDOWN_CLOSING;
	return SHUTDOWN_DO_CLOSE;
}

static unsigned exit_when_done(struct shutdown_fsm *f)
{
	if (!f->vips_removed || !f->sessions_closed)
		return 0;
	f->state = SHUTDOWN_ENDED;
	return SHUTDOWN_DO_EXIT;
}

static unsigned stop(struct shutdown_fsm *f, const struct shutdown_facts *facts, mono_t now)
{
	if (!facts->drain)
		return withdraw(f, now);
	f->state = SHUTDOWN_DRAINING;
	f->drain_end = USEC_NEVER;
	return SHUTDOWN_DO_DRAIN;
}

static unsigned when_running(struct shutdown_fsm *f, enum shutdown_event event,
			     const struct shutdown_facts *facts, mono_t now)
{
	switch (event) {
	case SHUTDOWN_ON_STOP:
		return stop(f, facts, now);
	case SHUTDOWN_ON_RESTART:
		if (!facts->graceful)
			return stop(f, facts, now);
		f->state = SHUTDOWN_LEAVING;
		return SHUTDOWN_DO_LEAVE;
	case SHUTDOWN_ON_TIMER:
	case SHUTDOWN_ON_VIPS_REMOVED:
	case SHUTDOWN_ON_SESSIONS_CLOSED:
		break;
	}
	return 0;
}

static unsigned when_draining(struct shutdown_fsm *f, enum shutdown_event event,
			      const struct shutdown_facts *facts, mono_t now)
{
	switch (event) {
	case SHUTDOWN_ON_STOP:
		return withdraw(f, now);
	case SHUTDOWN_ON_RESTART:
		return facts->graceful ? 0 : withdraw(f, now);
	case SHUTDOWN_ON_TIMER:
		return now < f->drain_end ? 0 : withdraw(f, now);
	case SHUTDOWN_ON_VIPS_REMOVED:
	case SHUTDOWN_ON_SESSIONS_CLOSED:
		break;
	}
	return 0;
}

static unsigned when_withdrawing(struct shutdown_fsm *f, enum shutdown_event event, mono_t now)
{
	switch (event) {
	case SHUTDOWN_ON_VIPS_REMOVED:
		f->vips_removed = true;
		return close_sessions(f);
	case SHUTDOWN_ON_TIMER:
		return now < usec_add(f->began, SHUTDOWN_UNBIND) ? 0 : close_sessions(f);
	case SHUTDOWN_ON_STOP:
	case SHUTDOWN_ON_RESTART:
	case SHUTDOWN_ON_SESSIONS_CLOSED:
		break;
	}
	return 0;
}

static unsigned when_closing(struct shutdown_fsm *f, enum shutdown_event event, mono_t now)
{
	switch (event) {
	case SHUTDOWN_ON_VIPS_REMOVED:
		f->vips_removed = true;
		return exit_when_done(f);
	case SHUTDOWN_ON_SESSIONS_CLOSED:
		f->sessions_closed = true;
		return exit_when_done(f);
	case SHUTDOWN_ON_TIMER:
		if (f->vips_removed || now < usec_add(f->began, SHUTDOWN_MAX))
			return 0;
		f->vips_removed = true;
		return SHUTDOWN_DO_GIVE_UP | exit_when_done(f);
	case SHUTDOWN_ON_STOP:
	case SHUTDOWN_ON_RESTART:
		break;
	}
	return 0;
}

static unsigned when_leaving(struct shutdown_fsm *f, enum shutdown_event event, mono_t now)
{
	switch (event) {
	case SHUTDOWN_ON_STOP:
		return SHUTDOWN_DO_REOPEN | withdraw(f, now);
	case SHUTDOWN_ON_SESSIONS_CLOSED:
		f->state = SHUTDOWN_ENDED;
		return SHUTDOWN_DO_EXIT;
	case SHUTDOWN_ON_RESTART:
	case SHUTDOWN_ON_TIMER:
	case SHUTDOWN_ON_VIPS_REMOVED:
		break;
	}
	return 0;
}

unsigned shutdown_fsm_step(struct shutdown_fsm *f, enum shutdown_event event,
			   const struct shutdown_facts *facts, mono_t now)
{
	switch (f->state) {
	case SHUTDOWN_RUNNING:
		return when_running(f, event, facts, now);
	case SHUTDOWN_DRAINING:
		return when_draining(f, event, facts, now);
	case SHUTDOWN_WITHDRAWING:
		return when_withdrawing(f, event, now);
	case SHUTDOWN_CLOSING:
		return when_closing(f, event, now);
	case SHUTDOWN_LEAVING:
		return when_leaving(f, event, now);
	case SHUTDOWN_ENDED:
		break;
	}
	return 0;
}

void shutdown_fsm_set_drain_end(struct shutdown_fsm *f, mono_t end)
{
	f->drain_end = end;
}

mono_t shutdown_fsm_deadline(const struct shutdown_fsm *f)
{
	switch (f->state) {
	case SHUTDOWN_DRAINING:
		return f->drain_end;
	case SHUTDOWN_WITHDRAWING:
		return usec_add(f->began, SHUTDOWN_UNBIND);
	case SHUTDOWN_CLOSING:
		return f->vips_removed ? USEC_NEVER : usec_add(f->began, SHUTDOWN_MAX);
	case SHUTDOWN_RUNNING:
	case SHUTDOWN_LEAVING:
	case SHUTDOWN_ENDED:
		break;
	}
	return USEC_NEVER;
}
