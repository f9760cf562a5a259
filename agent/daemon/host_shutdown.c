/* SPDX-License-Identifier: MIT */
#include "agent/daemon/host_shutdown.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/app/drains.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/inhibitor.h"
#include "process/loop.h"

#define REASON "the host shuts down"
/* Time for routes to be withdrawn after the drain, and for routers to acknowledge that, as at a
 * stop. */
#define ACK_LIMIT SHUTDOWN_FLUSH

struct host_shutdown {
	struct agent *agent;
	struct inhibitor *inhibitor;
	bool waits;                    /* for the last route to go */
	mono_t limit;                  /* it does no longer; 0: the drain is not over */
	sd_event_source *turn, *timer; /* it has gone; the drain, or the limit, is over */
	struct bgp_flush *flush;
};

static void stop_waiting(struct host_shutdown *h)
{
	h->waits = false;
	h->limit = 0;
	h->turn = sd_event_source_disable_unref(h->turn);
	h->timer = sd_event_source_disable_unref(h->timer);
	bgp_flush_free(h->flush);
	h->flush = NULL;
}

static void on_flushed(bool complete, void *userdata)
{
	struct host_shutdown *h = userdata;
	bgp_flush_free(h->flush);
	h->flush = NULL;
	log_info("agent", "all routes withdrawn, %s: the host may go on with its shutdown",
		 complete ? "acknowledged by all peers" : "but not yet acknowledged by every peer");
	inhibitor_release(h->inhibitor);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void wait_until(struct host_shutdown *h, mono_t when)
{
	loop_timer_set(h->agent->loop, &h->timer, when, LOOP_APPLY, on_timer, h);
}

/* The routers are asked once the last route has gone. */
static void step(struct host_shutdown *h)
{
	struct agent *a = h->agent;
	mono_t now = loop_now(a->loop), end = registry_drained_at(a->registry, now);
	size_t announced = reconcile_counts(actuator_reconcile(a->actuator)).announced;
	if (!h->waits)
		return;
	if (end > now) {
		wait_until(h, end);
		return;
	}
	h->limit = h->limit ? h->limit : usec_add(now, ACK_LIMIT);
	if (announced > 0 && now < h->limit) {
		wait_until(h, h->limit);
		return;
	}
	if (announced > 0)
		log_warn("agent", "%zu route%s not withdrawn in time, the host may go on anyway",
			 announced, announced == 1 ? " was" : "s were");
	h->waits = false;
	h->flush = bgp_speaker_flush(a->speaker, usec_add(now, ACK_LIMIT), on_flushed, h);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	step(userdata);
	return 0;
}

static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	step(userdata);
	return 0;
}

static void on_unannounced(void *userdata)
{
	struct host_shutdown *h = userdata;
	if (h->waits)
		loop_defer(h->agent->loop, &h->turn, LOOP_APPLY, on_turn, h);
}

static void begin(struct host_shutdown *h)
{
	struct agent *a = h->agent;
	mono_t now = loop_now(a->loop);
	bool drain = a->config->agent.shutdown_drain;
	log_event(LOG_INFO, "agent", EVENT("host.shutdown"), REASON ", %s all routes",
		  drain ? "draining" : "withdrawing");
	registry_drain(a->registry, NULL, DRAIN_BY_HOST, NULL, REASON, USEC_NEVER, now);
	if (!drain)
		registry_end_drains(a->registry, now);
	h->waits = true;
	loop_defer(a->loop, &h->turn, LOOP_APPLY, on_turn, h);
}

static void cancel(struct host_shutdown *h)
{
	struct agent *a = h->agent;
	stop_waiting(h);
	log_event(LOG_INFO, "agent", EVENT("host.resumed"),
		  "the shutdown of the host was cancelled, announcing again");
	registry_undrain(a->registry, NULL, DRAIN_BY_HOST, NULL, loop_now(a->loop));
	inhibitor_acquire(h->inhibitor);
}

bool host_shutdown_is_near(const struct agent *a)
{
	return registry_agent_drain(a->registry)->requests[DRAIN_BY_HOST].on;
}

static void on_shutdown(bool begins, void *userdata)
{
	struct host_shutdown *h = userdata;
	if (begins == host_shutdown_is_near(h->agent))
		return;
	if (begins)
		begin(h);
	else
		cancel(h);
}

static void on_acquired(void *userdata)
{
	(void)userdata;
	log_info("agent", "a shutdown of the host waits until the routes are withdrawn");
}

#define NO_WAIT "a shutdown of the host does not wait until the routes are withdrawn"

static void on_failed(int rc, const struct err *why, void *userdata)
{
	(void)userdata;
	if (rc == -EHOSTUNREACH || rc == -ENXIO || rc == -ECONNRESET)
		log_debug("agent", "logind: %s; " NO_WAIT, why->text);
	else
		log_warn("agent", "logind: %s; " NO_WAIT, why->text);
}

struct host_shutdown *host_shutdown_new(struct agent *a)
{
	static const struct inhibitor_ops ops = { on_shutdown, on_acquired, on_failed };
	struct err err = { "" };
	struct host_shutdown *h = mem_new(1, sizeof(*h));
	h->agent = a;
	if (inhibitor_new(a->loop, "vipherald", "withdraw the routes first", &ops, h, &h->inhibitor,
			  &err) == 0) {
		reconcile_on_unannounced(actuator_reconcile(a->actuator), on_unannounced, h);
		return h;
	}
	log_debug("agent", "%s; a shutdown of the host is not noticed before SIGTERM", err.text);
	free(h);
	return NULL;
}

void host_shutdown_leave(struct host_shutdown *h)
{
	if (!h)
		return;
	stop_waiting(h);
	inhibitor_leave(h->inhibitor);
}

void host_shutdown_free(struct host_shutdown *h)
{
	if (!h)
		return;
	stop_waiting(h);
	reconcile_on_unannounced(actuator_reconcile(h->agent->actuator), NULL, NULL);
	inhibitor_free(h->inhibitor);
	free(h);
}
