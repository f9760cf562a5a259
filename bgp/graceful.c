/* SPDX-License-Identifier: MIT */
#include "bgp/graceful.h"

/* For how long the peer may keep our routes. */
static span_t longest(const struct graceful *g)
{
	return g->restart_time + (g->long_lived ? g->long_lived_time : 0);
}

void graceful_init(struct graceful *g, const struct bgp_config *config,
		   const struct bgp_peer_config *peer, mono_t now)
{
	*g = (struct graceful){
		.enabled = peer->graceful_restart,
		.long_lived = peer->graceful_restart && peer->long_lived_restart_time > 0,
		.restart_time = peer->restart_time,
		.long_lived_time = peer->long_lived_restart_time,
		.forwarding_ipv4 = config->forwarding_ipv4,
		.forwarding_ipv6 = config->forwarding_ipv6,
	};
	if (!g->enabled)
		return;
	/* The previous instance may have had a session until just now. */
	g->until = usec_add(now, peer->restart_time);
	g->stale_until = usec_add(now, longest(g));
}

bool graceful_restarting(const struct graceful *g, mono_t now)
{
	return !g->done && now < g->until;
}

bool graceful_defers_end_of_rib(const struct graceful *g, mono_t now)
{
	return !g->restored && now < g->until;
}

void graceful_complete(const struct graceful *g, mono_t now, struct bgp_graceful *offer)
{
	offer->restarting = graceful_restarting(g, now);
	offer->ipv4.forwarding = g->had_session || g->forwarding_ipv4;
	offer->ipv6.forwarding = g->had_session || g->forwarding_ipv6;
}

void graceful_restored(struct graceful *g)
{
	g->restored = true;
}

void graceful_done(struct graceful *g)
{
	g->done = true;
}

void graceful_session_up(struct graceful *g)
{
	g->had_session = true;
	g->stale_until = 0;
}

void graceful_session_down(struct graceful *g, bool keeps, mono_t now)
{
	g->stale_until = keeps ? usec_add(now, longest(g)) : 0;
}

bool graceful_may_be_stale(const struct graceful *g, mono_t now)
{
	return now < g->stale_until;
}
