/* SPDX-License-Identifier: MIT */
/* A peer that is configured by its interface: its address is learnt, and may become another one. */
#include <stdio.h>
#include <string.h>

#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "lib/backoff.h"
#include "lib/str.h"
#include "process/loop.h"

bool bgp_peer_lacks_router(const struct bgp_peer *p)
{
	return p->config.unnumbered && !addr_is_set(&p->config.addr);
}

bool bgp_peer_is_established(const struct bgp_peer *p)
{
	return p->session != NULL;
}

/* FRR refuses connections until it has heard our advertisement. */
#define GREETING (3 * USEC_PER_SEC)

bool bgp_peer_is_greeting(const struct bgp_peer *p)
{
	return p->config.unnumbered && usec_sub(loop_now(p->env.loop), p->router_since) < GREETING;
}

/* Nothing of the former router is left here: its session, the path to it, what its failures
 * told. */
static void leave_router(struct bgp_peer *p, const char *why)
{
	bool stopped = p->stopped, had_session = p->session, keeps = bgp_peer_keeps_routes(p);
	p->stopped = true; /* nothing connects to the former address any more */
	if (p->session)
		bgp_conn_give_up(p->session, why);
	bgp_peer_stop_all(p, NULL);
	p->stopped = stopped;
	if (had_session) {
		graceful_session_down(&p->graceful, keeps, loop_now(p->env.loop));
		snprintf(p->last_error, sizeof(p->last_error), "%s", why);
	}
	p->hint = "";
	p->env.changed(p, p->env.userdata);
}

/* The stale routes of one that has gone are waited for no more: another one has its place. */
static void meet_router(struct bgp_peer *p, const struct addr *router)
{
	if (addr_is_set(&p->last_router) && !addr_equal(&p->last_router, router))
		graceful_session_down(&p->graceful, false, 0);
	p->last_router = *router;
}

static void change_router(struct bgp_peer *p, const struct bgp_found *found)
{
	char why[200], text[ADDR_TEXT_MAX];
	if (found->why[0])
		snprintf(why, sizeof(why), "%s", found->why);
	else if (addr_is_set(&found->router))
		snprintf(why, sizeof(why), "the router does not answer any more, and %s is there",
			 addr_format(&found->router, text));
	else
		snprintf(why, sizeof(why), "the router does not answer any more");
	if (addr_is_set(&p->config.addr))
		leave_router(p, why);
	p->path_is_up = false; /* that was the other's */
	p->config.addr = found->router;
	p->router_since = loop_now(p->env.loop);
	p->path = (struct bgp_path){ 0 };
	backoff_reset(&p->out.fsm.backoff);
	if (addr_is_set(&found->router))
		meet_router(p, &found->router);
	if (addr_is_set(&found->router) && !p->stopped)
		bgp_peer_start(p);
}

void bgp_peer_set_router(struct bgp_peer *p, const struct bgp_found *found)
{
	if (!addr_equal(&p->config.addr, &found->router))
		change_router(p, found);
	p->lack = found->lack;
	p->other_router = found->other;
	if (!addr_is_set(&found->router))
		snprintf(p->path.trouble, sizeof(p->path.trouble), "%s", found->why);
	p->env.changed(p, p->env.userdata);
}
