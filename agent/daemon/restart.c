/* SPDX-License-Identifier: MIT */
#include "agent/daemon/restart.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How often it is looked whether the last verdict is there: two counters are compared. */
#define LOOK_EVERY (20 * USEC_PER_MSEC)
/* How long routers have to take End-of-RIB before VIPs go that they may still send traffic to. */
#define TOLD_MAX   (3 * USEC_PER_SEC)
#define LEAVE_MAX  (1 * USEC_PER_SEC)
#define LEAVE_TEXT "vipherald: restarting"

struct restart {
	sd_event *loop;
	struct bgp_speaker *speaker;
	const struct registry *registry;
	const struct reconcile *reconcile;
	unsigned expected; /* sources that have not arrived */
	usec_t until;      /* then the speaker waits no longer either */
	bool graceful;
	sd_event_source *look;
	struct bgp_flush *flush;
	restart_restored_cb *restored;
	void *restored_userdata;
	restart_left_cb *left; /* not NULL: leaving */
	void *left_userdata;
};

/* The longest restart time: each peer has its own end, and nothing waits beyond the last. */
static usec_t longest(const struct bgp_speaker *speaker)
{
	struct bgp_peer_status p;
	usec_t span = 0;
	for (size_t i = 0; i < bgp_speaker_n_peers(speaker); i++) {
		bgp_speaker_peer_status(speaker, i, &p);
		if (p.config->graceful_restart && p.config->restart_time > span)
			span = p.config->restart_time;
	}
	return span;
}

struct restart *restart_new(sd_event *loop, struct bgp_speaker *speaker,
			    const struct registry *registry, const struct reconcile *reconcile,
			    restart_restored_cb *restored, void *userdata)
{
	struct restart *r = mem_new(1, sizeof(*r));
	*r = (struct restart){
		.loop = loop,
		.speaker = speaker,
		.registry = registry,
		.reconcile = reconcile,
		.until = usec_add(loop_now(loop), longest(speaker)),
		.graceful = bgp_speaker_is_graceful(speaker),
		.restored = restored,
		.restored_userdata = userdata,
	};
	return r;
}

void restart_free(struct restart *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->look);
	bgp_flush_free(r->flush);
	free(r);
}

/* After the start */

static void tell_restored(struct restart *r)
{
	restart_restored_cb *restored = r->restored;
	r->restored = NULL;
	if (restored)
		restored(r->restored_userdata);
}

static void on_told(bool complete, void *userdata)
{
	(void)complete; /* who does not answer does not hold up the VIPs for ever */
	struct restart *r = userdata;
	bgp_flush_free(r->flush);
	r->flush = NULL;
	tell_restored(r);
}

static void let_routers_forget(struct restart *r)
{
	usec_t now = loop_now(r->loop);
	bgp_speaker_restored(r->speaker);
	r->flush = bgp_speaker_flush(r->speaker, usec_add(now, TOLD_MAX), on_told, r);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct restart *r = userdata;
	usec_t now = loop_now(r->loop);
	size_t waiting = registry_n(r->registry, HEALTH_UNKNOWN);
	bool restored = waiting == 0 && reconcile_settled(r->reconcile);
	if (!restored && now < r->until)
		return loop_timer_set(r->loop, &r->look, usec_add(now, LOOK_EVERY), LOOP_APPLY,
				      on_look, r);
	if (waiting > 0)
		log_warn("agent",
			 "%zu apps have no verdict yet and restart_time is over: routers forget "
			 "the routes that a former run announced for them",
			 waiting);
	else
		log_info("agent", "every app has a verdict: routers may forget routes of a former "
				  "run that were not announced again");
	let_routers_forget(r);
	return 0;
}

usec_t restart_deadline(const struct restart *r)
{
	return r->until;
}

void restart_expect(struct restart *r)
{
	r->expected++;
}

void restart_arrived(struct restart *r)
{
	if (--r->expected > 0 || r->left)
		return;
	if (r->graceful)
		loop_timer_set(r->loop, &r->look, loop_now(r->loop), LOOP_APPLY, on_look, r);
	else
		tell_restored(r);
}

bool restart_is_waiting(const struct restart *r)
{
	return r->expected > 0;
}

void restart_abandon(struct restart *r)
{
	r->look = sd_event_source_disable_unref(r->look);
	bgp_flush_free(r->flush);
	r->flush = NULL;
	r->restored = NULL;
	bgp_speaker_restored(r->speaker);
}

/* Before the next start */

static void log_who_forgets(const struct bgp_speaker *speaker)
{
	char text[ADDR_TEXT_MAX];
	struct bgp_peer_status p;
	for (size_t i = 0; i < bgp_speaker_n_peers(speaker); i++) {
		bgp_speaker_peer_status(speaker, i, &p);
		if (p.state == BGP_ESTABLISHED && !p.graceful_restart)
			log_warn("bgp",
				 "peer %s: has no graceful restart, its routes go until the next "
				 "start",
				 addr_format(&p.config->addr, text));
	}
}

static void on_closed(bool complete, void *userdata)
{
	(void)complete; /* the routers see the end of the connections all the same */
	struct restart *r = userdata;
	r->left(r->left_userdata);
}

void restart_leave(struct restart *r, restart_left_cb *left, void *userdata)
{
	r->look = sd_event_source_disable_unref(r->look);
	bgp_flush_free(r->flush);
	r->flush = NULL;
	r->left = left;
	r->left_userdata = userdata;
	log_who_forgets(r->speaker);
	bgp_speaker_leave(r->speaker, LEAVE_TEXT, usec_add(loop_now(r->loop), LEAVE_MAX), on_closed,
			  r);
}
