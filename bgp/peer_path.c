/* SPDX-License-Identifier: MIT */
/*
 * Reports of BFD about the path to a peer (RFC 5882). A path that goes down ends the session with
 * Cease/BFD Down (RFC 9384); the peer reconnects as after any loss, and only `bfd.required` waits
 * until the path is up.
 */
#include "bgp/msg.h"
#include "bgp/notify.h"
#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "bgp/wire.h"

bool bgp_peer_awaits_path(const struct bgp_peer *p)
{
	return p->config.bfd.on && p->config.bfd.required && !p->path_is_up;
}

bool bgp_peer_must_wait(const struct bgp_peer *p)
{
	return bgp_peer_awaits_path(p) || bgp_peer_lacks_router(p);
}

/* No attempt is due any more; a session, and what is needed to get back to it, stays. */
static void stop_attempts(struct bgp_peer *p)
{
	if (!p->session)
		bgp_peer_stop_all(p, NULL);
	else if (bgp_peer_is_challenged(p))
		bgp_peer_drop(p->challenger);
}

void bgp_peer_settle_wait(struct bgp_peer *p)
{
	if (p->guest || p->stopped)
		return;
	if (bgp_peer_must_wait(p))
		stop_attempts(p);
	else if (!p->session && bgp_peer_over(p))
		bgp_conn_start(&p->out);
}

void bgp_peer_path_up(struct bgp_peer *p)
{
	p->path_is_up = true;
	bgp_peer_settle_wait(p);
}

void bgp_peer_path_unknown(struct bgp_peer *p)
{
	p->path_is_up = false;
	bgp_peer_settle_wait(p);
}

/* A peer that keeps our routes over a NOTIFICATION is to drop them (RFC 9384 4, RFC 8538 3.1). */
void bgp_peer_path_down(struct bgp_peer *p, const char *why)
{
	const struct bgp_notification n = { .code = BGP_ERR_CEASE,
					    .subcode = BGP_ERR_CEASE_BFD_DOWN };
	uint8_t data[BGP_HARD_RESET_DATA_MAX];
	struct bgp_notification hard = bgp_notification_hard_reset(&n, data);
	struct bgp_conn *session = p->session;
	p->path_is_up = false;
	if (p->guest || p->stopped)
		return;
	bgp_conn_path_down(p->challenger, &n, why);
	if (session)
		bgp_conn_path_down(session,
				   session->fsm.negotiated.graceful_notification ? &hard : &n, why);
	bgp_conn_path_down(&p->out, &n, why);
	bgp_conn_path_down(p->in, &n, why);
	bgp_peer_settle_wait(p);
}
