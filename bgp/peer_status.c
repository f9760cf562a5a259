/* SPDX-License-Identifier: MIT */
#include "bgp/peer_status.h"

#include "bgp/hint.h"
#include "bgp/peer.h"
#include "bgp/peer_data.h"
#include "bgp/sockopt.h"
#include "lib/array.h"
#include "process/loop.h"

static void add_counts(struct bgp_message_counts *sum, const struct bgp_message_counts *c)
{
	sum->open += c->open;
	sum->update += c->update;
	sum->keepalive += c->keepalive;
	sum->notification += c->notification;
	sum->refresh += c->refresh;
	sum->total += c->total;
}

static void session_status(const struct bgp_peer *p, struct bgp_peer_status *ret)
{
	const struct bgp_negotiated *n = &p->session->fsm.negotiated;
	ret->established_since = p->session->fsm.state_since;
	ret->hold_time = n->hold_time;
	ret->keepalive = n->keepalive;
	ret->four_octet_as = n->four_octet_as;
	ret->route_refresh = n->route_refresh;
	ret->enhanced_refresh = n->enhanced_refresh;
	ret->extended_messages = n->extended_messages;
	ret->graceful_restart = n->graceful_restart;
	ret->graceful_notification = n->graceful_notification;
	ret->long_lived = n->long_lived;
	ret->end_of_rib_deferred = p->adj.session.defer_end_of_rib;
	ret->ipv4_unicast = n->ipv4_unicast;
	ret->ipv6_unicast = n->ipv6_unicast;
	ret->extended_next_hop = n->extended_next_hop;
	ret->next_hop4 = p->adj.session.next_hop4;
	ret->next_hop6 = p->adj.session.next_hop6;
	ret->next_hop_since[0] = p->next_hop_since[0];
	ret->next_hop_since[1] = p->next_hop_since[1];
}

/* The router's last NOTIFICATION explains more than how later attempts fail, but for an expired
 * hold timer, and for an error in an OPEN that was sent before the configuration changed. */
static const char *told(const struct bgp_peer *p)
{
	bool hold_timer = p->notice.code == BGP_ERR_HOLD_TIMER && p->hint[0];
	bool changed = p->notice.code == BGP_ERR_OPEN && p->notice.at < p->configured_at;
	return hold_timer || changed ? "" : bgp_hint_notice(&p->config, &p->notice);
}

/* The hint of a failure is refuted once the connection gets further than it did. */
static const char *hint_of(const struct bgp_peer *p, const struct bgp_conn *c, mono_t now)
{
	const char *by_notice = told(p);
	if (p->disabled)
		return bgp_hint_disabled();
	if (bgp_peer_lacks_router(p))
		return bgp_hint_no_router(p->lack);
	if (!p->session && bgp_peer_awaits_path(p))
		return bgp_hint_awaits_path(p->config.unnumbered);
	bool heard = p->out.received.total + p->in->received.total > 0;
	const char *waiting = bgp_hint_waiting(&p->config, c->fsm.state, heard);
	if (by_notice[0])
		return c->fsm.state == BGP_ESTABLISHED ? "" : by_notice;
	if (c->fsm.state == BGP_OPENSENT && p->hint_reached == BGP_OPENSENT && p->hint[0])
		return p->hint;
	if (c->fsm.state < BGP_OPENSENT && !waiting[0])
		return p->hint;
	bool long_enough = usec_sub(now, c->fsm.state_since) >= p->config.connect_timeout;
	return long_enough || p->hint == waiting ? waiting : "";
}

/* The connection that is furthest stands for the peer. */
static const struct bgp_conn *leading(const struct bgp_peer *p)
{
	return p->in->fsm.state > p->out.fsm.state ? p->in : &p->out;
}

void bgp_peer_status(const struct bgp_peer *p, struct bgp_peer_status *ret)
{
	const struct bgp_conn *c = leading(p);
	mono_t now = loop_now(p->env.loop);
	bool knows_peer = c->fsm.state >= BGP_OPENCONFIRM;
	uint32_t peer_as = knows_peer ? c->fsm.negotiated.peer_as : p->out.fsm.config.peer_as;
	*ret = (struct bgp_peer_status){
		.config = &p->config,
		.local_as = bgp_peer_local_as(p->env.config, &p->config),
		.state = c->fsm.state,
		.state_since = c->fsm.state_since,
		.established_since = USEC_NEVER,
		.sessions = p->sessions,
		.replaced = p->replaced,
		.down_since = p->down_since,
		.last_error = p->disabled ? p->disabled_why : p->last_error,
		.disabled = p->disabled,
		.disabled_text = p->disabled_text,
		.admin_since = p->admin_since,
		.named_since = p->named_since,
		.next_hop_since = { USEC_NEVER, USEC_NEVER },
		.hint = hint_of(p, c, now),
		.notice = p->notice,
		.path_trouble = p->path.trouble,
		.awaits_path = bgp_peer_awaits_path(p) && !bgp_peer_lacks_router(p),
		.other_router = p->other_router,
		.path_source = p->path.source,
		.path_ifindex = p->path.good.ifindex,
		.path_ifname = p->path.good.ifname,
		.path_vrf = p->path.good.vrf,
		.path_is_direct = p->path.good.direct,
		.path_resets = p->path_resets,
		.path_reset_at = p->path_reset_at,
		.retry_at = bgp_fsm_retry_due(&p->out.fsm),
		.peer_as = peer_as,
		.peer_router_id = knows_peer ? c->fsm.negotiated.peer_router_id : 0,
		.local_addr = p->local.addr,
		.local_port = p->local.port,
		.restarting = graceful_restarting(&p->graceful, now),
		.ttl = bgp_socket_ttl(&p->config, bgp_peer_is_internal(p->env.config, &p->config)),
		.sent = p->out.sent,
		.received = p->out.received,
		.prefixes_received = p->prefixes_received,
		.prefixes_withdrawn = p->prefixes_withdrawn,
		.routes_received_of = { p->routes_received[0], p->routes_received[1] },
		.errors_tolerated = p->out.errors_tolerated + p->in->errors_tolerated +
				    p->challenger->errors_tolerated,
		.routes_sent = p->adj.n_sent[0] + p->adj.n_sent[1],
		.routes_sent_of = { p->adj.n_sent[0], p->adj.n_sent[1] },
		.routes_pending = adj_out_n_queued(&p->adj),
	};
	for (size_t i = 0; i < ARRAY_SIZE(p->incoming); i++) {
		add_counts(&ret->sent, &p->incoming[i].sent);
		add_counts(&ret->received, &p->incoming[i].received);
	}
	if (p->session)
		bgp_notice_expire(&ret->notice, p->session_since, now);
	if (knows_peer) {
		ret->peer_graceful = c->fsm.negotiated.peer_graceful;
		ret->peer_role = c->fsm.negotiated.peer_role;
	}
	if (p->session)
		session_status(p, ret);
}
