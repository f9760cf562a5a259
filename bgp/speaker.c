/* SPDX-License-Identifier: MIT */
#include "bgp/speaker.h"

#include <stdlib.h>

#include "bgp/notify.h"
#include "bgp/peer_status.h"
#include "bgp/reach.h"
#include "bgp/speaker_peers.h"
#include "lib/mem.h"
#include "process/loop.h"

/* How often a flush polls the peers' sockets: TCP does not report that an acknowledgement
 * arrived. */
#define FLUSH_POLL     (1 * USEC_PER_MSEC)
#define TOLD_PER_FLUSH 4096 /* a few milliseconds */
struct bgp_flush {
	struct list_node node;
	mono_t deadline;
	bool for_close; /* waits for linger rather than for output */
	bgp_flushed_cb *done;
	void *userdata;
};

/* ---- Output. ---- */

void bgp_speaker_announce(struct bgp_speaker *s, const struct bgp_route *route)
{
	bool different;
	struct rib_route *r =
		rib_announce(&s->rib, &route->prefix, s->config.origin, &route->attrs, &different);
	bool moved = r->suppressed != route->suppressed;
	r->suppressed = route->suppressed;
	r->aggregate = route->aggregate;
	rib_set_tag(r, route->tag, route->why);
	different = rib_set_variants(&s->rib, r, s->config.origin, route->variants,
				     route->n_variants) ||
		    different;
	if (rib_set_filter(r, route->filter) || moved || different)
		speaker_mark(s, r, &s->announced_at);
}

void bgp_speaker_withdraw(struct bgp_speaker *s, const struct prefix *prefix, const char *why)
{
	struct rib_route *r = rib_withdraw(&s->rib, prefix);
	if (!r)
		return;
	r->why = why;
	r->disowned = s->restoring; /* a peer whose session comes up later may have it */
	speaker_mark(s, r, &s->withdrawn_at);
	rib_collect(&s->rib, r);
}

void bgp_speaker_disown(struct bgp_speaker *s, const struct prefix *prefix)
{
	if (s->restoring)
		speaker_mark(s, rib_disown(&s->rib, prefix), NULL);
}

/* ---- Waiting until the peers have acknowledged everything. ---- */

static bool all_flushed(const struct bgp_speaker *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (!bgp_peer_flushed(s->peers[i]))
			return false;
	return true;
}

static void arm_flushes(struct bgp_speaker *s);

static int on_flush_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bgp_speaker *s = userdata;
	mono_t now = loop_now(s->loop);
	bool flushed = all_flushed(s), all_closed = !bgp_linger_busy(s->linger);
	struct list due;
	(void)source;
	(void)usec;
	/* Callbacks may add and free flushes, so those that are due are set apart first. */
	list_init(&due);
	list_for_each (it, &s->flushes) {
		struct bgp_flush *f = list_entry(it, struct bgp_flush, node);
		if ((f->for_close ? all_closed : flushed) || now >= f->deadline) {
			list_remove(it);
			list_append(&due, it);
		}
	}
	/* Told first: the events of what the callbacks do follow those of the withdrawals, but for
	 * the rest of very many. */
	if (!list_empty(&due))
		speaker_tell_sent(s, TOLD_PER_FLUSH);
	for (struct bgp_flush *f; (f = list_first(&due, struct bgp_flush, node));) {
		list_remove(&f->node);
		f->done(f->for_close ? all_closed : flushed, f->userdata);
	}
	arm_flushes(s);
	return 0;
}

static void arm_flushes(struct bgp_speaker *s)
{
	mono_t when = USEC_NEVER;
	if (!list_empty(&s->flushes))
		when = usec_add(loop_now(s->loop), FLUSH_POLL);
	loop_timer_set(s->loop, &s->flush_timer, when, LOOP_BGP, on_flush_timer, s);
}

static struct bgp_flush *flush_new(struct bgp_speaker *s, mono_t deadline, bool for_close,
				   bgp_flushed_cb *done, void *userdata)
{
	struct bgp_flush *f = mem_new(1, sizeof(*f));
	bool was_empty = list_empty(&s->flushes); /* else the timer runs already */
	*f = (struct bgp_flush){
		.deadline = deadline, .for_close = for_close, .done = done, .userdata = userdata
	};
	list_append(&s->flushes, &f->node);
	if (was_empty)
		arm_flushes(s);
	return f;
}

struct bgp_flush *bgp_speaker_flush(struct bgp_speaker *s, mono_t deadline, bgp_flushed_cb *done,
				    void *userdata)
{
	return flush_new(s, deadline, false, done, userdata);
}

void bgp_flush_free(struct bgp_flush *f)
{
	if (!f)
		return;
	list_remove(&f->node);
	free(f);
}

static void end(struct bgp_speaker *s,
		void (*end_peer)(struct bgp_peer *p, const struct bgp_notification *why),
		const struct bgp_notification *why, mono_t deadline, bgp_flushed_cb *done,
		void *userdata)
{
	if (s->stopping)
		return;
	bgp_listener_close(&s->listener);
	bgp_vrf_listeners_close(s->vrfs);
	for (size_t i = 0; i < s->n_peers; i++)
		end_peer(s->peers[i], why);
	speaker_tell_sent(s, SIZE_MAX);
	s->stopping = flush_new(s, deadline, true, done, userdata);
}

void bgp_speaker_stop(struct bgp_speaker *s, const char *text, mono_t deadline,
		      bgp_flushed_cb *done, void *userdata)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data);
	end(s, bgp_peer_stop, &why, deadline, done, userdata);
}

void bgp_speaker_leave(struct bgp_speaker *s, const char *text, mono_t deadline,
		       bgp_flushed_cb *done, void *userdata)
{
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_RESET, text, data);
	end(s, bgp_peer_leave, &why, deadline, done, userdata);
}

/* ---- Life. ---- */

static void on_host_changed(void *userdata)
{
	struct bgp_speaker *s = userdata;
	bool unsure = false;
	for (size_t i = 0; i < s->n_peers; i++) {
		bgp_peer_update_path(s->peers[i]);
		bgp_peer_recheck_next_hops(s->peers[i]);
		unsure = unsure || bgp_peer_is_unsure(s->peers[i]);
	}
	bgp_discovery_host_changed(s->discovery);
	if (!s->stopping)
		speaker_listen_in_vrfs(s);
	if (unsure || bgp_discovery_is_unsure(s->discovery))
		hostwatch_again(s->host);
}

void bgp_speaker_return(struct bgp_speaker *s)
{
	if (!s->stopping)
		return;
	bgp_flush_free(s->stopping);
	s->stopping = NULL;
	bgp_speaker_set_output(s, BGP_OUTPUT_ALL);
	/* Without a listener the peers are still connected to. */
	struct err err = { "" };
	struct bgp_config config = speaker_present_config(s);
	if (config.listen && speaker_listen(s, &config, &err) < 0)
		bgp_listener_close(&s->listener);
	free((void *)config.peers);
	speaker_listen_in_vrfs(s);
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_return(s->peers[i]);
}

int bgp_speaker_new(sd_event *loop, const struct bgp_config *config,
		    const struct bgp_speaker_ops *ops, void *userdata, struct bgp_speaker **ret,
		    struct err *err)
{
	int r = speaker_check_passive(config, err);
	if (r < 0)
		return r;
	struct bgp_speaker *s = mem_new(1, sizeof(*s));
	s->loop = sd_event_ref(loop);
	s->latencies.announce.scale = s->latencies.withdraw.scale = &histogram_of_latencies;
	s->config = *config;
	s->config.peers = NULL;
	bgp_lists_copy(&s->config.communities, &s->config.ext_communities,
		       &s->config.large_communities);
	s->ops = *ops;
	s->userdata = userdata;
	bgp_listener_init(&s->listener, loop, speaker_on_accepted, s);
	s->linger = bgp_linger_new(loop, NULL, NULL);
	s->vrfs = bgp_vrf_listeners_new(loop, speaker_on_accepted, s);
	s->discovery = bgp_discovery_new(loop, speaker_on_found, s);
	rib_init(&s->rib);
	list_init(&s->flushes);
	for (size_t i = 0; i < config->n_peers; i++)
		speaker_add_peer(s, &config->peers[i], false);
	s->n_configured = s->n_peers;
	s->restoring = bgp_speaker_is_graceful(s);
	r = hostwatch_new(loop, on_host_changed, s, &s->host, err);
	if (r == 0 && config->listen)
		r = speaker_listen(s, config, err);
	if (r < 0) {
		bgp_speaker_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

const char *bgp_speaker_no_listener(const struct bgp_speaker *s)
{
	return s->no_listener.text[0] ? s->no_listener.text : NULL;
}

void bgp_speaker_free(struct bgp_speaker *s)
{
	if (!s)
		return;
	bgp_flush_free(s->stopping);
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_free(s->peers[i]);
	bgp_discovery_free(s->discovery);
	bgp_vrf_listeners_free(s->vrfs);
	free(s->peers);
	bgp_linger_free(s->linger);
	rib_done(&s->rib);
	hostwatch_free(s->host);
	bgp_listener_close(&s->listener);
	sd_event_source_disable_unref(s->output);
	sd_event_source_disable_unref(s->tell);
	sd_event_source_disable_unref(s->flush_timer);
	sd_event_source_disable_unref(s->sweep);
	bgp_lists_free(&s->config.communities, &s->config.ext_communities,
		       &s->config.large_communities);
	sd_event_unref(s->loop);
	free(s);
}

void bgp_speaker_start(struct bgp_speaker *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_start(s->peers[i]);
	speaker_listen_in_vrfs(s);
	speaker_watch_links(s);
}

void bgp_speaker_restored(struct bgp_speaker *s)
{
	s->restoring = false;
	rib_collect_disowned(&s->rib);
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_restored(s->peers[i]);
}

bool bgp_speaker_is_graceful(const struct bgp_speaker *s)
{
	bool graceful = false;
	for (size_t i = 0; i < s->n_peers; i++)
		graceful = graceful || bgp_peer_config(s->peers[i])->graceful_restart;
	return graceful;
}

/* ---- Orders of the operator. ---- */

void bgp_speaker_disable(struct bgp_speaker *s, size_t peer, const char *text)
{
	bgp_peer_disable(s->peers[peer], text);
}

void bgp_speaker_enable(struct bgp_speaker *s, size_t peer)
{
	bgp_peer_enable(s->peers[peer]);
}

void bgp_speaker_reset(struct bgp_speaker *s, size_t peer, const char *text, bool hard)
{
	bgp_peer_reset(s->peers[peer], text, hard);
}

bool bgp_speaker_refresh(struct bgp_speaker *s, size_t peer)
{
	return bgp_peer_refresh(s->peers[peer]);
}

/* ---- BFD. ---- */

void bgp_speaker_path_up(struct bgp_speaker *s, size_t peer)
{
	bgp_peer_path_up(s->peers[peer]);
}

void bgp_speaker_path_down(struct bgp_speaker *s, size_t peer, const char *why)
{
	bgp_peer_path_down(s->peers[peer], why);
}

void bgp_speaker_path_unknown(struct bgp_speaker *s, size_t peer)
{
	bgp_peer_path_unknown(s->peers[peer]);
}

/* ---- Status. ---- */

const struct bgp_peer_config *bgp_speaker_peer_config(const struct bgp_speaker *s, size_t peer)
{
	return bgp_peer_config(s->peers[peer]);
}

size_t bgp_speaker_n_peers(const struct bgp_speaker *s)
{
	return s->n_peers;
}

void bgp_speaker_peer_status(const struct bgp_speaker *s, size_t peer, struct bgp_peer_status *ret)
{
	bgp_peer_status(s->peers[peer], ret);
	if (ret->config->unnumbered)
		ret->adverts_heard = bgp_discovery_adverts(s->discovery, ret->config->ifname);
}

enum bgp_route_state bgp_speaker_route_state(const struct bgp_speaker *s, size_t peer,
					     const struct prefix *prefix)
{
	return bgp_peer_route_state(s->peers[peer], rib_find(&s->rib, prefix));
}

enum bgp_route_state bgp_speaker_new_route_state(const struct bgp_speaker *s, size_t peer,
						 uint8_t family, const struct addr *own_next_hop)
{
	return bgp_peer_new_route_state(s->peers[peer], family, own_next_hop);
}

const struct bgp_latencies *bgp_speaker_latencies(const struct bgp_speaker *s)
{
	return &s->latencies;
}

size_t bgp_speaker_n_routes(const struct bgp_speaker *s)
{
	return s->rib.n_announced;
}

/* A peer that has it decides: where all is well, one is asked. */
static struct bgp_reach reach_at(struct bgp_peer *const *peers, size_t n,
				 const struct rib_route *route)
{
	struct bgp_reach reach = { 0 };
	for (size_t i = 0; i < n && reach.sent == 0; i++)
		bgp_reach_add(&reach, bgp_peer_route_state(peers[i], route));
	return reach;
}

/* Peers without a session have all the same to say of a route that is for all: one of them stands
 * for the others. */
static size_t pick_peers(const struct bgp_speaker *s, struct bgp_peer **ret)
{
	const struct bgp_peer *down = NULL;
	size_t n = 0;
	for (size_t i = 0; i < s->n_configured; i++) {
		bool is_up = bgp_peer_is_established(s->peers[i]);
		if (is_up || !down)
			ret[n++] = s->peers[i];
		if (!is_up)
			down = s->peers[i];
	}
	return n;
}

struct bgp_route_counts bgp_speaker_count_routes(const struct bgp_speaker *s)
{
	struct bgp_route_counts counts = { 0 };
	struct bgp_peer **picked = mem_new(s->n_configured + 1, sizeof(struct bgp_peer *));
	size_t n = pick_peers(s, picked);
	for (size_t id = 0; id < s->rib.n_ids; id++) {
		const struct rib_route *route = s->rib.by_id[id];
		if (!route || !route->attrs || route->aggregate)
			continue;
		struct bgp_reach reach = route->filter ? reach_at(s->peers, s->n_configured, route)
						       : reach_at(picked, n, route);
		counts.sent += reach.sent > 0;
		counts.suppressed += reach.asked > 0 && reach.state == BGP_ROUTE_SUPPRESSED;
		counts.refused += bgp_reach_is_refused(&reach);
	}
	free(picked);
	return counts;
}
