/* SPDX-License-Identifier: MIT */
#include "agent/daemon/shutdown.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

struct shutdown {
	sd_event *loop;
	const struct shutdown_ops *ops;
	void *userdata;
	struct shutdown_fsm fsm;
	sd_event_source *timer;
};

static void step(struct shutdown *s, enum shutdown_event event, const char *signal);

struct shutdown *shutdown_new(sd_event *loop, const struct shutdown_ops *ops, void *userdata)
{
	struct shutdown *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->ops = ops;
	s->userdata = userdata;
	return s;
}

void shutdown_free(struct shutdown *s)
{
	if (!s)
		return;
	sd_event_source_disable_unref(s->timer);
	free(s);
}

enum shutdown_state shutdown_state(const struct shutdown *s)
{
	return s->fsm.state;
}

/* Actions */

static void drain(struct shutdown *s)
{
	mono_t now = loop_now(s->loop), end = s->ops->drain(s->userdata);
	shutdown_fsm_set_drain_end(&s->fsm, end);
	if (end <= now) {
		step(s, SHUTDOWN_ON_TIMER, NULL);
		return;
	}
	log_info("agent", "draining all apps before stopping");
	s->ops->report("draining all apps", end - now + SHUTDOWN_MAX, s->userdata);
}

static void withdraw(struct shutdown *s)
{
	log_event(LOG_INFO, "agent", EVENT("agent.stopping"), "withdrawing all routes");
	s->ops->report("withdrawing all routes", SHUTDOWN_MAX, s->userdata);
	s->ops->withdraw(usec_add(s->fsm.began, SHUTDOWN_FLUSH), s->userdata);
}

static void leave(struct shutdown *s)
{
	log_info("agent",
		 "closing sessions for a restart, routers with graceful restart keep the routes");
	s->ops->report("closing sessions for a restart", SHUTDOWN_MAX, s->userdata);
	s->ops->leave(usec_add(loop_now(s->loop), SHUTDOWN_LEAVE), s->userdata);
}

static void apply(struct shutdown *s, unsigned actions, bool leaving)
{
	if (actions & SHUTDOWN_DO_DRAIN)
		drain(s);
	if (actions & SHUTDOWN_DO_REOPEN)
		s->ops->reopen(s->userdata);
	if (actions & SHUTDOWN_DO_WITHDRAW)
		withdraw(s);
	if (actions & SHUTDOWN_DO_GIVE_UP)
		s->ops->give_up(s->userdata);
	if (actions & SHUTDOWN_DO_CLOSE)
		s->ops->close(usec_add(s->fsm.began, SHUTDOWN_CLOSE), s->userdata);
	if (actions & SHUTDOWN_DO_LEAVE)
		leave(s);
	if (actions & SHUTDOWN_DO_EXIT) {
		log_info("agent",
			 leaving ? "stopped for a restart, VIPs and NAT rules stay" : "stopped");
		if (s->ops->exit)
			s->ops->exit(leaving, s->userdata);
		else
			sd_event_exit(s->loop, 0);
	}
}

/* Events */

static const char *describe(enum shutdown_event event, enum shutdown_state before,
			    enum shutdown_state after)
{
	if (after == before)
		return "already stopping";
	if (after == SHUTDOWN_LEAVING)
		return "stopping for a restart";
	if (before == SHUTDOWN_DRAINING)
		return "stopping, drain cut short";
	if (before == SHUTDOWN_LEAVING)
		return "stopping, no restart";
	if (event == SHUTDOWN_ON_RESTART)
		return "no peer has bgp.graceful_restart, stopping without";
	return "stopping";
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	step(userdata, SHUTDOWN_ON_TIMER, NULL);
	return 0;
}

/* `signal` NULL: the event is none. */
static void step(struct shutdown *s, enum shutdown_event event, const char *signal)
{
	struct shutdown_facts facts = { 0 };
	enum shutdown_state before = s->fsm.state;
	s->ops->facts(&facts, s->userdata);
	unsigned actions = shutdown_fsm_step(&s->fsm, event, &facts, loop_now(s->loop));
	if (signal)
		log_info("agent", "%s: %s", signal, describe(event, before, s->fsm.state));
	apply(s, actions, before == SHUTDOWN_LEAVING);
	loop_timer_set(s->loop, &s->timer, shutdown_fsm_deadline(&s->fsm), LOOP_APPLY, on_timer, s);
}

void shutdown_stop(struct shutdown *s, const char *signal)
{
	step(s, SHUTDOWN_ON_STOP, signal);
}

void shutdown_restart(struct shutdown *s, const char *signal)
{
	step(s, SHUTDOWN_ON_RESTART, signal);
}

void shutdown_drained(struct shutdown *s)
{
	if (s->fsm.state != SHUTDOWN_DRAINING)
		return;
	shutdown_fsm_set_drain_end(&s->fsm, loop_now(s->loop));
	step(s, SHUTDOWN_ON_TIMER, NULL);
}

void shutdown_vips_removed(struct shutdown *s)
{
	step(s, SHUTDOWN_ON_VIPS_REMOVED, NULL);
}

void shutdown_sessions_closed(struct shutdown *s, bool complete)
{
	if (!complete && s->fsm.state == SHUTDOWN_CLOSING)
		log_warn("agent", "a peer did not close its session in time");
	step(s, SHUTDOWN_ON_SESSIONS_CLOSED, NULL);
}
