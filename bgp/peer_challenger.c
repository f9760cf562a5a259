/* SPDX-License-Identifier: MIT */
/*
 * The third connection of a peer (RFC 4724 section 5): it has a slot of its own while it proves
 * itself, and becomes the incoming one when the session ends, whatever ends it.
 */
#include "bgp/challenge.h"
#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "process/loop.h"

#define WHY "the peer opened another connection: it has restarted (RFC 4724)"

bool bgp_peer_may_be_challenged(const struct bgp_peer *p)
{
	return p->session && bgp_challenge_is_open(&p->session->fsm);
}

static bool is_active(const struct bgp_peer *p)
{
	return p->challenger->fsm.state != BGP_IDLE;
}

bool bgp_peer_is_challenged(const struct bgp_peer *p)
{
	return is_active(p);
}

/* Another one means that the peer has given up the first. */
void bgp_peer_challenge(struct bgp_peer *p, int fd)
{
	if (is_active(p))
		bgp_peer_drop(p->challenger);
	bgp_conn_accept(p->challenger, fd, 0);
}

void bgp_peer_challenger_changed(struct bgp_peer *p)
{
	if (p->session &&
	    bgp_challenge_check(&p->session->fsm, &p->challenger->fsm) == BGP_CHALLENGE_REFUSED)
		bgp_peer_drop(p->challenger);
}

/* After a session that came in no attempt is due. */
static void want_attempt(struct bgp_peer *p, mono_t now)
{
	struct bgp_fsm *out = &p->out.fsm;
	if (bgp_fsm_is_resting(out) && !out->config.passive && !p->guest && !p->stopped)
		out->retry_at = now;
}

/* No attempt is made while it opens, as with any incoming connection; one is due after that. */
void bgp_peer_promote(struct bgp_peer *p)
{
	struct bgp_conn *former = p->in;
	if (p->session || !is_active(p) || former->fsm.state != BGP_IDLE)
		return;
	p->in = p->challenger;
	p->challenger = former;
	mono_t now = loop_now(p->env.loop);
	want_attempt(p, now);
	bgp_conn_defer(&p->out, usec_add(now, bgp_fsm_connect_timeout(&p->out.fsm)));
}

/* The former connection is closed without a NOTIFICATION (RFC 4724 4.2): its other end has gone. */
void bgp_peer_replace_session(struct bgp_peer *p)
{
	p->replaced++;
	bgp_conn_give_up(p->session, WHY);
}
