/* SPDX-License-Identifier: MIT */
/* Another configuration for a speaker that runs. */
#include <errno.h>
#include <stdlib.h>

#include "bgp/notify.h"
#include "bgp/speaker.h"
#include "bgp/speaker_peers.h"
#include "lib/mem.h"

static bool listens_alike(const struct bgp_config *a, const struct bgp_config *b)
{
	return a->listen == b->listen && addr_equal(&a->listen_at.addr, &b->listen_at.addr) &&
	       a->listen_at.port == b->listen_at.port && speaker_all_near(a) == speaker_all_near(b);
}

static void close_listener(struct bgp_speaker *s)
{
	bgp_listener_close(&s->listener);
	s->no_listener = (struct err){ "" };
}

static bool has_password_for(const struct bgp_config *config, const struct bgp_peer_config *like)
{
	for (size_t i = 0; i < config->n_peers; i++)
		if (config->peers[i].password && addr_equal(&config->peers[i].addr, &like->addr))
			return true;
	return false;
}

/* A listener has one key for an address. */
static int change_passwords(struct bgp_speaker *s, const struct bgp_config *before,
			    const struct bgp_config *after, struct err *err)
{
	int r = speaker_protect(s, after, err);
	const struct bgp_config *in_effect = r < 0 ? before : after;
	const struct bgp_config *undone = r < 0 ? after : before;
	bool shared = bgp_vrf_shares_listener();
	for (size_t i = 0; i < undone->n_peers; i++)
		if ((shared || !undone->peers[i].in_vrf) &&
		    !has_password_for(in_effect, &undone->peers[i]))
			bgp_listener_unprotect(&s->listener, &undone->peers[i]);
	if (r < 0)
		speaker_protect(s, before, NULL);
	return r;
}

/* The former listener is closed first, since both may have the same port, and opened again when the
 * new one cannot be. */
static int change_listener(struct bgp_speaker *s, const struct bgp_config *before,
			   const struct bgp_config *after, struct err *err)
{
	int r = 0;
	if (listens_alike(before, after))
		return s->listener.fd < 0 ? 0 : change_passwords(s, before, after, err);
	close_listener(s);
	if (after->listen)
		r = speaker_listen(s, after, err);
	if (r < 0) {
		close_listener(s);
		struct err why = { "" }; /* why there was none before, perhaps */
		if (before->listen && speaker_listen(s, before, &why) < 0)
			close_listener(s);
	}
	return r;
}

static struct bgp_peer *detach_peer(struct bgp_speaker *s, const struct bgp_peer_config *like)
{
	for (size_t i = 0; i < s->n_configured; i++) {
		struct bgp_peer *p = s->peers[i];
		if (p && bgp_peer_is_same(bgp_peer_config(p), like)) {
			s->peers[i] = NULL;
			return p;
		}
	}
	return NULL;
}

static void remove_peer(struct bgp_peer *p)
{
	const struct bgp_notification why = { .code = BGP_ERR_CEASE,
					      .subcode = BGP_ERR_CEASE_DECONFIGURED };
	bgp_peer_stop(p, &why);
	bgp_peer_free(p);
}

static void start_peer(struct bgp_speaker *s, struct bgp_peer *p)
{
	if (!s->restoring)
		bgp_peer_has_no_past(p);
	bgp_peer_start(p);
}

static void change_peers(struct bgp_speaker *s, const struct bgp_config *after, bool reset)
{
	speaker_tell_sent(s, SIZE_MAX); /* before peers go */
	struct bgp_peer **former = s->peers;
	size_t n_former = s->n_peers, n_configured = s->n_configured;
	struct bgp_peer **kept = mem_new(after->n_peers + 1, sizeof(struct bgp_peer *));
	for (size_t i = 0; i < after->n_peers; i++)
		kept[i] = detach_peer(s, &after->peers[i]);
	s->peers = NULL;
	s->n_peers = s->cap_peers = 0;
	for (size_t i = 0; i < after->n_peers; i++)
		if (kept[i])
			speaker_append_peer(s, kept[i]);
		else
			speaker_add_peer(s, &after->peers[i], false);
	s->n_configured = s->n_peers;
	for (size_t i = n_configured; i < n_former; i++)
		speaker_append_peer(s, former[i]);
	for (size_t i = 0; i < n_configured; i++)
		if (former[i])
			remove_peer(former[i]);
	for (size_t i = 0; i < after->n_peers; i++) {
		const struct bgp_peer_config *c = &after->peers[i];
		if (kept[i])
			bgp_peer_change(
				kept[i], c,
				reset || bgp_peer_change_resets(bgp_peer_config(kept[i]), c));
		else
			start_peer(s, s->peers[i]);
	}
	free(former);
	free(kept);
}

static void change_origin(struct bgp_speaker *s)
{
	for (size_t id = 0; id < s->rib.n_ids; id++) {
		struct rib_route *route = s->rib.by_id[id];
		if (route && route->attrs && rib_set_origin(&s->rib, route, s->config.origin))
			speaker_mark(s, route, NULL);
	}
}

/* All but the peers. */
static void copy_config(struct bgp_speaker *s, const struct bgp_config *config)
{
	bool ipv4 = s->config.forwarding_ipv4, ipv6 = s->config.forwarding_ipv6;
	s->config = *config;
	s->config.peers = NULL;
	s->config.n_peers = 0;
	s->config.forwarding_ipv4 = ipv4;
	s->config.forwarding_ipv6 = ipv6;
	bgp_lists_copy(&s->config.communities, &s->config.ext_communities,
		       &s->config.large_communities);
}

/* The next peers, with the routers that were discovered for those that stay. */
static struct bgp_peer_config *with_routers(const struct bgp_config *present,
					    const struct bgp_config *next)
{
	struct bgp_peer_config *peers = mem_new(next->n_peers + 1, sizeof(*peers));
	for (size_t i = 0; i < next->n_peers; i++) {
		peers[i] = next->peers[i];
		for (size_t j = 0; j < present->n_peers && peers[i].unnumbered; j++)
			if (bgp_peer_is_same(&present->peers[j], &peers[i]))
				peers[i].addr = present->peers[j].addr;
	}
	return peers;
}

int bgp_speaker_change(struct bgp_speaker *s, const struct bgp_config *next, struct err *err)
{
	struct bgp_config before = speaker_present_config(s), with = *next;
	const struct bgp_config *config = &with;
	with.peers = with_routers(&before, next);
	bool reset = before.local_as != config->local_as || before.router_id != config->router_id;
	int r = speaker_check_passive(config, err);
	if (r == 0)
		r = change_listener(s, &before, config, err);
	if (r == 0) {
		bgp_vrf_listeners_unprotect(s->vrfs, &before);
		copy_config(s, config);
		change_peers(s, config, reset);
		change_origin(s);
		speaker_listen_in_vrfs(s);
		speaker_watch_links(s);
		bgp_lists_free(&before.communities, &before.ext_communities,
			       &before.large_communities);
	}
	free((void *)before.peers);
	free((void *)with.peers);
	return r;
}

void bgp_speaker_set_output(struct bgp_speaker *s, enum bgp_output output)
{
	bool limited = s->rib.output != BGP_OUTPUT_ALL;
	s->rib.output = output;
	if (!limited || output != BGP_OUTPUT_ALL)
		return;
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_mark_all(s->peers[i]);
	speaker_flush_later(s);
}
