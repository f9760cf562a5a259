/* SPDX-License-Identifier: MIT */
#include "agent/daemon/recovery.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/loop.h"

/* How often the verdicts are counted: two counters are compared. */
#define POLL_INTERVAL (20 * USEC_PER_MSEC)
/* How long routers have to acknowledge End-of-RIB before VIPs are removed. */
#define ACK_MAX (3 * USEC_PER_SEC)

struct recovery {
	sd_event *loop;
	struct bgp_speaker *speaker;
	const struct registry *registry;
	const struct reconcile *reconcile;
	unsigned expected; /* sources that have not arrived */
	mono_t started_at;
	mono_t until; /* the speaker does not hold End-of-RIB any longer */
	bool graceful, suspended;
	sd_event_source *poll;
	struct bgp_flush *ack;
	recovery_done_cb *recovered; /* NULL: called */
	void *userdata;
};

/* The longest restart time: each peer has its own end, and nothing waits beyond the last. */
static span_t longest(const struct bgp_speaker *speaker)
{
	struct bgp_peer_status p;
	span_t span = 0;
	for (size_t i = 0; i < bgp_speaker_n_peers(speaker); i++) {
		bgp_speaker_peer_status(speaker, i, &p);
		if (p.config->graceful_restart && p.config->restart_time > span)
			span = p.config->restart_time;
	}
	return span;
}

struct recovery *recovery_new(sd_event *loop, struct bgp_speaker *speaker,
			      const struct registry *registry, const struct reconcile *reconcile,
			      recovery_done_cb *recovered, void *userdata)
{
	struct recovery *r = mem_new(1, sizeof(*r));
	*r = (struct recovery){
		.loop = loop,
		.speaker = speaker,
		.registry = registry,
		.reconcile = reconcile,
		.started_at = USEC_NEVER,
		.until = usec_add(loop_now(loop), longest(speaker)),
		.graceful = bgp_speaker_is_graceful(speaker),
		.recovered = recovered,
		.userdata = userdata,
	};
	return r;
}

void recovery_free(struct recovery *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->poll);
	bgp_flush_free(r->ack);
	free(r);
}

static void finish(struct recovery *r)
{
	recovery_done_cb *recovered = r->recovered;
	r->recovered = NULL;
	if (recovered)
		recovered(r->userdata);
}

static void on_acked(bool complete, void *userdata)
{
	(void)complete; /* a router that does not acknowledge does not keep the VIPs for ever */
	struct recovery *r = userdata;
	bgp_flush_free(r->ack);
	r->ack = NULL;
	finish(r);
}

static void send_end_of_rib(struct recovery *r)
{
	mono_t limit = usec_add(loop_now(r->loop), ACK_MAX);
	bgp_speaker_restored(r->speaker);
	r->ack = bgp_speaker_flush(r->speaker, limit, on_acked, r);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct recovery *r = userdata;
	mono_t now = loop_now(r->loop);
	size_t waiting = registry_n(r->registry, HEALTH_UNKNOWN);
	bool decided = waiting == 0 && reconcile_settled(r->reconcile);
	if (!decided && now < r->until)
		return loop_timer_set(r->loop, &r->poll, usec_add(now, POLL_INTERVAL), LOOP_APPLY,
				      on_poll, r);
	if (waiting > 0)
		log_warn("agent",
			 "restart_time expired and %zu app%s no verdict yet: sending End-of-RIB, "
			 "routers drop their routes of the previous instance",
			 waiting, waiting == 1 ? " has" : "s have");
	else
		log_info("agent", "graceful restart: all apps have a verdict, sending End-of-RIB");
	send_end_of_rib(r);
	return 0;
}

mono_t recovery_deadline(const struct recovery *r)
{
	return r->until;
}

mono_t recovery_started_at(const struct recovery *r)
{
	return r->started_at;
}

void recovery_expect(struct recovery *r)
{
	r->expected++;
}

void recovery_arrived(struct recovery *r)
{
	if (--r->expected > 0)
		return;
	r->started_at = loop_now(r->loop);
	if (r->suspended)
		return;
	if (r->graceful)
		loop_timer_set(r->loop, &r->poll, loop_now(r->loop), LOOP_APPLY, on_poll, r);
	else
		finish(r);
}

void recovery_suspend(struct recovery *r)
{
	r->suspended = true;
	r->poll = sd_event_source_disable_unref(r->poll);
	bgp_flush_free(r->ack);
	r->ack = NULL;
}

void recovery_abandon(struct recovery *r)
{
	recovery_suspend(r);
	bgp_speaker_restored(r->speaker);
	finish(r);
}
