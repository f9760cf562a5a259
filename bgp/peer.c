/* SPDX-License-Identifier: MIT */
#include "bgp/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/hint.h"
#include "bgp/next_hop.h"
#include "bgp/notify.h"
#include "bgp/pair.h"
#include "bgp/peer_data.h"
#include "bgp/sockopt.h"
#include "bgp/update.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "process/loop.h"

static const struct bgp_conn_ops conn_ops;

static mono_t now(const struct bgp_peer *p)
{
	return loop_now(p->env.loop);
}

static bool is_ibgp(const struct bgp_peer *p)
{
	return bgp_peer_is_internal(p->env.config, &p->config);
}

/* `present`: those in use. */
static struct bgp_next_hops next_hops(struct bgp_peer *p, struct bgp_next_hops present)
{
	bgp_next_hops_choose(&p->config, &p->local.addr,
			     p->session->fsm.negotiated.extended_next_hop, &present,
			     &p->next_hop_unsure);
	return present;
}

/* ---- Graceful restart. ---- */

static void complete_open(struct bgp_conn *c, struct bgp_open *open)
{
	const struct bgp_peer *p = c->userdata;
	graceful_complete(&p->graceful, now(p), &open->graceful);
	open->long_lived.ipv4.forwarding = open->graceful.ipv4.forwarding;
	open->long_lived.ipv6.forwarding = open->graceful.ipv6.forwarding;
}

static bool keeps_our_routes(const struct bgp_conn *session)
{
	return session && session->fsm.negotiated.graceful_restart;
}

bool bgp_peer_keeps_routes(const struct bgp_peer *p)
{
	return keeps_our_routes(p->session);
}

void bgp_peer_restored(struct bgp_peer *p)
{
	p->restart_over = sd_event_source_disable_unref(p->restart_over);
	graceful_restored(&p->graceful);
	adj_out_end_deferral(&p->adj);
	bgp_peer_flush(p);
}

static int on_restart_over(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	bgp_peer_restored(userdata);
	return 0;
}

/* ---- The path to the peer. ---- */

static bool one_hop(const struct bgp_peer *p)
{
	return p->config.ttl_security || bgp_socket_ttl(&p->config, is_ibgp(p)) == 1;
}

static bool update_path(struct bgp_peer *p)
{
	return bgp_path_update(&p->path, &p->config, &p->local.addr, one_hop(p));
}

/* Ends a connection that cannot go on: its local address is gone, or the path that begins at that
 * address is lost. One from another address takes a path that is not known here, and stays. */
static bool give_up_lost(struct bgp_peer *p, struct bgp_conn *c)
{
	char why[200], text[ADDR_TEXT_MAX];
	struct bgp_socket_name own;
	if (c->fd < 0 || !bgp_socket_local_name(c->fd, &own) || addr_is_unspecified(&own.addr))
		return false;
	bool has_own = fib_has_address(&own.addr, own.scope);
	bool lost = p->path.state == BGP_PATH_LOST && addr_equal(&own.addr, &p->path.good.source);
	if (has_own && !lost)
		return false;
	if (!has_own && !p->path.link)
		snprintf(why, sizeof(why), "local address %s was removed",
			 addr_format(&own.addr, text));
	else
		snprintf(why, sizeof(why), "%s", p->path.trouble);
	if (c == p->session) {
		p->path_resets++;
		p->path_reset_at = now(p);
	}
	bgp_conn_give_up(c, why);
	return true;
}

void bgp_peer_update_path(struct bgp_peer *p)
{
	if (p->guest || p->stopped || bgp_peer_lacks_router(p))
		return;
	bool changed = update_path(p);
	changed = give_up_lost(p, p->challenger) || changed;
	changed = give_up_lost(p, p->in) || changed;
	changed = give_up_lost(p, &p->out) || changed;
	if (changed && !p->session && p->path.state != BGP_PATH_LOST)
		bgp_conn_hurry(&p->out);
	if (changed)
		p->env.changed(p, p->env.userdata);
}

/* ---- The session. ---- */

static void session_up(struct bgp_conn *c)
{
	struct bgp_peer *p = c->userdata;
	const struct bgp_negotiated *n = &c->fsm.negotiated;
	if (c == p->challenger)
		bgp_peer_replace_session(p);
	p->session = c;
	p->session_since = now(p);
	p->down_since = USEC_NEVER;
	p->sessions++;
	p->routes_received[0] = p->routes_received[1] = 0;
	p->hint = "";
	p->local = (struct bgp_socket_name){ 0 };
	bgp_socket_local_name(c->fd, &p->local);
	p->next_hop_unsure = false;
	if (!p->guest) /* the good path, to know later what was lost */
		update_path(p);
	const struct bgp_next_hops hops = next_hops(p, (struct bgp_next_hops){ 0 });
	struct adj_out_session session = {
		.ipv4 = n->ipv4_unicast,
		.ipv6 = n->ipv6_unicast,
		.ibgp = n->ibgp,
		.four_octet_as = n->four_octet_as,
		.enhanced_refresh = n->enhanced_refresh,
		.otc = bgp_role_adds_otc(n->role),
		.defer_end_of_rib =
			n->graceful_restart && graceful_defers_end_of_rib(&p->graceful, now(p)),
		.local_as = bgp_peer_local_as(p->env.config, &p->config),
		.next_hop4 = hops.v4,
		.next_hop6 = hops.v6,
		.link_local = hops.link_local,
		.peer_attrs = bgp_peer_attrs_of(p->env.config, &p->config),
		.config = &p->config,
	};
	adj_out_up(&p->adj, &session);
	p->next_hop_since[0] = p->next_hop_since[1] = now(p);
	graceful_session_up(&p->graceful);
}

static void session_down(struct bgp_conn *c)
{
	struct bgp_peer *p = c->userdata;
	bgp_notice_session_over(&p->notice, p->session_since, now(p));
	p->graceful.long_lived = c->fsm.negotiated.long_lived;
	graceful_session_down(&p->graceful, !p->stopped && keeps_our_routes(c), now(p));
	p->session = NULL;
	p->down_since = now(p);
	p->local = (struct bgp_socket_name){ 0 };
	adj_out_down(&p->adj);
	/* The next one may have another source, and so another way. */
	if (!p->guest && !p->stopped && !bgp_peer_source(&p->config) && !bgp_peer_lacks_router(p))
		update_path(p);
}

/* A collision, or a second connection that does not replace the session, says nothing about the
 * peer. */
static void notification(struct bgp_conn *c, const struct bgp_notification *n, bool received)
{
	struct bgp_peer *p = c->userdata;
	if (n->code == BGP_ERR_CEASE && n->subcode == BGP_ERR_CEASE_COLLISION)
		return;
	if (c == p->challenger && p->session)
		return;
	if (p->session)
		bgp_notice_expire(&p->notice, p->session_since, now(p));
	bgp_notice_record(&p->notice, n, received, now(p));
}

/* ---- The pair of connections. ---- */

static struct bgp_pair pair_of(const struct bgp_peer *p)
{
	return (struct bgp_pair){ .out = &p->out.fsm,
				  .in = &p->in->fsm,
				  .has_session = p->session != NULL,
				  .guest = p->guest,
				  .stopped = p->stopped || bgp_peer_must_wait(p) ||
					     bgp_peer_is_challenged(p) };
}

void bgp_peer_drop(struct bgp_conn *c)
{
	struct bgp_notification n = { .code = BGP_ERR_CEASE, .subcode = BGP_ERR_CEASE_COLLISION };
	bgp_conn_stop(c, &n);
}

static void note_failure(struct bgp_peer *p, const struct bgp_conn *c, enum bgp_state reached,
			 enum bgp_conn_end end)
{
	struct bgp_attempt_evidence evidence = {
		.peer = &p->config,
		.reached = reached,
		.silent = end == BGP_END_SILENT,
		.closed = end == BGP_END_CLOSED,
		.path_trouble = p->path.trouble[0],
		.one_hop = one_hop(p),
		.gateway = addr_is_set(&p->path.gateway),
		.maybe_itself = bgp_path_gateway_may_be_peer(&p->path.gateway, &p->config.addr),
		.heard = p->out.received.total + p->in->received.total > 0,
	};
	snprintf(p->last_error, sizeof(p->last_error), "%s", c->fsm.why);
	p->hint = bgp_peer_is_greeting(p) ? "" : bgp_hint_failed(&evidence);
	p->hint_reached = reached;
}

static void changed(struct bgp_conn *c, enum bgp_state from, enum bgp_conn_end end)
{
	struct bgp_peer *p = c->userdata;
	if (c == p->challenger) {
		bgp_peer_challenger_changed(p);
		return;
	}
	struct bgp_pair pair = pair_of(p);
	struct bgp_pair_actions actions;
	bgp_pair_step(&pair, c == p->in, from, now(p), &actions);
	for (size_t i = 0; i < actions.n; i++) {
		switch (actions.items[i].type) {
		case BGP_PAIR_DEFER_OUT:
			bgp_conn_defer(&p->out, actions.items[i].until);
			break;
		case BGP_PAIR_OPEN_IN:
			bgp_conn_open(p->in);
			break;
		case BGP_PAIR_DROP_OUT:
			bgp_peer_drop(&p->out);
			break;
		case BGP_PAIR_DROP_IN:
			bgp_peer_drop(p->in);
			break;
		case BGP_PAIR_NOTE_FAILURE:
			note_failure(p, c, from, end);
			break;
		case BGP_PAIR_START_OUT:
			bgp_conn_start(&p->out);
			break;
		case BGP_PAIR_REPORT:
			p->env.changed(p, p->env.userdata);
			break;
		}
	}
	bgp_peer_promote(p);
	if (bgp_peer_must_wait(p)) /* no retry meanwhile */
		bgp_peer_settle_wait(p);
}

/* ---- Input and output of the session. ---- */

/* A peer may withdraw what it never announced. */
static void count_routes(struct bgp_peer *p, const struct bgp_update *u)
{
	for (size_t i = 0; i < u->n_withdrawn; i++) {
		uint64_t n = bgp_update_n_prefixes(&u->withdrawn[i], 1);
		uint64_t *routes = &p->routes_received[u->withdrawn[i].family == AF_INET6];
		*routes -= n < *routes ? n : *routes;
	}
	for (size_t i = 0; i < u->n_announced; i++)
		p->routes_received[u->announced[i].family == AF_INET6] +=
			bgp_update_n_prefixes(&u->announced[i], 1);
}

static void update(struct bgp_conn *c, const struct bgp_update *u)
{
	struct bgp_peer *p = c->userdata;
	p->prefixes_received += bgp_update_n_prefixes(u->announced, u->n_announced);
	p->prefixes_withdrawn += bgp_update_n_prefixes(u->withdrawn, u->n_withdrawn);
	count_routes(p, u);
	p->env.update(p, u, p->env.userdata);
}

static void refresh(struct bgp_conn *c, enum bgp_afi afi)
{
	struct bgp_peer *p = c->userdata;
	adj_out_refresh(&p->adj, afi);
}

static size_t next_message(struct bgp_conn *c, uint8_t *buf, size_t cap)
{
	struct bgp_peer *p = c->userdata;
	bool owed = adj_out_owes_end_of_rib(&p->adj);
	size_t n = adj_out_next(&p->adj, buf, cap);
	if (owed && !adj_out_owes_end_of_rib(&p->adj))
		graceful_done(&p->graceful);
	if (sent_log_pending(p->adj.log))
		p->env.sent(p, p->env.userdata);
	return n;
}

static const struct bgp_conn_ops conn_ops = {
	.changed = changed,
	.complete_open = complete_open,
	.notification = notification,
	.session_up = session_up,
	.session_down = session_down,
	.update = update,
	.refresh = refresh,
	.next_message = next_message,
};

/* ---- Life. ---- */

void bgp_peer_copy_config(struct bgp_peer *p, const struct bgp_peer_config *c)
{
	p->config = *c;
	if (!c->connect_timeout)
		p->config.connect_timeout = BGP_CONNECT_TIMEOUT;
	p->config.password_file = NULL;
	p->config.disabled_text = NULL;
	p->config.password = p->password = c->password ? mem_strdup(c->password) : NULL;
	p->config.description = p->description = c->description ? mem_strdup(c->description) : NULL;
	bgp_lists_copy(&p->config.communities, &p->config.ext_communities,
		       &p->config.large_communities);
}

/* A router that learns our address from an advertisement refuses connections until it has. */
#define FIRST_RETRY (100 * USEC_PER_MSEC)

struct bgp_fsm_config bgp_peer_fsm_config(const struct bgp_peer *p, bool incoming)
{
	const struct bgp_peer_config *c = &p->config;
	return (struct bgp_fsm_config){
		.local_as = bgp_peer_local_as(p->env.config, c),
		.router_id = p->env.config->router_id,
		.peer_as = c->as_rule == BGP_AS_INTERNAL ? bgp_peer_local_as(p->env.config, c)
							 : c->peer_as,
		.external = c->as_rule == BGP_AS_EXTERNAL,
		.passive = c->passive,
		.incoming = incoming,
		.hold_time = c->hold_time,
		.keepalive = c->keepalive,
		.send_hold_time = c->send_hold_time,
		.connect_timeout = c->connect_timeout,
		.connect_retry =
			c->unnumbered ? usec_min(c->connect_retry, FIRST_RETRY) : c->connect_retry,
		.connect_retry_max = c->connect_retry_max,
		.families = c->families,
		.extended_next_hop = c->unnumbered || c->addr.family == AF_INET6,
		.role = c->role,
		.role_strict = c->role_strict,
		.graceful_restart = c->graceful_restart,
		.restart_time = c->restart_time,
		.long_lived_time = c->long_lived_restart_time,
	};
}

struct bgp_peer *bgp_peer_new(const struct bgp_peer_env *env, const struct bgp_peer_config *config,
			      bool guest)
{
	struct bgp_peer *p = mem_new(1, sizeof(*p));
	p->env = *env;
	p->hint = "";
	p->down_since = p->admin_since = p->named_since = now(p);
	p->guest = guest;
	bgp_peer_copy_config(p, config);
	adj_out_init(&p->adj, env->rib);
	p->adj.log = env->sent ? &p->sent_log : NULL;
	graceful_init(&p->graceful, env->config, config, now(p));
	const struct bgp_fsm_config out = bgp_peer_fsm_config(p, false);
	const struct bgp_fsm_config in = bgp_peer_fsm_config(p, true);
	bgp_conn_init(&p->out, env->loop, &out, &p->config, env->linger, &conn_ops, p);
	for (size_t i = 0; i < ARRAY_SIZE(p->incoming); i++)
		bgp_conn_init(&p->incoming[i], env->loop, &in, &p->config, env->linger, &conn_ops,
			      p);
	p->in = &p->incoming[0];
	p->challenger = &p->incoming[1];
	if (config->disabled) { /* the peer has dropped the routes of the previous instance */
		bgp_peer_has_no_past(p);
		bgp_peer_set_disabled(p, config->disabled_text);
	}
	return p;
}

void bgp_peer_free(struct bgp_peer *p)
{
	if (!p)
		return;
	bgp_conn_done(&p->out);
	for (size_t i = 0; i < ARRAY_SIZE(p->incoming); i++)
		bgp_conn_done(&p->incoming[i]);
	sd_event_source_disable_unref(p->restart_over);
	adj_out_down(&p->adj);
	adj_out_done(&p->adj);
	sent_log_done(&p->sent_log, p->env.rib);
	bgp_lists_free(&p->config.communities, &p->config.ext_communities,
		       &p->config.large_communities);
	free(p->password);
	free(p->description);
	free(p);
}

void bgp_peer_start(struct bgp_peer *p)
{
	if (p->disabled)
		return;
	if (graceful_defers_end_of_rib(&p->graceful, now(p)))
		loop_timer_set(p->env.loop, &p->restart_over, p->graceful.until, LOOP_BGP,
			       on_restart_over, p);
	if (!bgp_peer_lacks_router(p))
		update_path(p);
	if (bgp_peer_must_wait(p))
		p->env.changed(p, p->env.userdata);
	else
		bgp_conn_start(&p->out);
}

/* The challenger first, as it would take the place of a session that ends. */
void bgp_peer_stop_all(struct bgp_peer *p, const struct bgp_notification *why)
{
	bgp_conn_stop(p->challenger, why);
	bgp_conn_stop(&p->out, why);
	bgp_conn_stop(p->in, why);
}

void bgp_peer_stop(struct bgp_peer *p, const struct bgp_notification *why)
{
	uint8_t data[BGP_HARD_RESET_DATA_MAX];
	struct bgp_notification hard = bgp_notification_hard_reset(why, data);
	struct bgp_conn *session = p->session;
	p->stopped = true;
	if (session)
		bgp_conn_stop(session, session->fsm.negotiated.graceful_notification ? &hard : why);
	bgp_peer_stop_all(p, why);
}

/* A peer with RFC 8538 keeps our routes after a NOTIFICATION. Any other would drop them, also while
 * it waits for us to restart, so it gets none and the connection is just closed. */
void bgp_peer_leave(struct bgp_peer *p, const struct bgp_notification *why)
{
	struct bgp_conn *session = p->session;
	bool waits = !session && graceful_may_be_stale(&p->graceful, now(p));
	bool keeps = keeps_our_routes(session);
	bool silent = waits || (keeps && !session->fsm.negotiated.graceful_notification);
	/* The withdrawals of this turn; linger sends the part that the socket does not take. */
	bgp_peer_flush(p);
	p->stopped = true;
	bgp_peer_stop_all(p, silent ? NULL : why);
	if (keeps)
		graceful_session_down(&p->graceful, true, now(p));
}

void bgp_peer_return(struct bgp_peer *p)
{
	if (!p->stopped || p->disabled || !graceful_may_be_stale(&p->graceful, now(p)))
		return;
	p->stopped = false;
	if (!bgp_peer_must_wait(p))
		bgp_conn_start(&p->out);
}

static void refuse(struct bgp_peer *p, int fd, enum bgp_error_cease subcode)
{
	uint8_t buf[BGP_HEADER_SIZE + 2];
	struct bgp_notification n = { .code = BGP_ERR_CEASE, .subcode = (uint8_t)subcode };
	bgp_linger_add(p->env.linger, fd, buf, bgp_encode_notification(buf, sizeof(buf), &n));
}

/* A second incoming connection replaces one that is not established: the peer has given up the
 * first one. */
void bgp_peer_accept(struct bgp_peer *p, int fd)
{
	if (p->disabled) {
		bgp_peer_refuse_disabled(p, fd);
		return;
	}
	bool replaces = bgp_peer_may_be_challenged(p);
	/* One that replaces the session would begin a new one, which has to wait as any. */
	bool unwanted = p->stopped || (bgp_peer_must_wait(p) && (!p->session || replaces));
	if (unwanted || (p->session == p->in && !replaces)) {
		refuse(p, fd, unwanted ? BGP_ERR_CEASE_REJECTED : BGP_ERR_CEASE_COLLISION);
		return;
	}
	if (bgp_socket_adopt(fd, &p->config, is_ibgp(p), NULL) < 0) {
		close(fd);
		return;
	}
	if (replaces) {
		bgp_peer_challenge(p, fd);
		return;
	}
	if (p->in->fsm.state != BGP_IDLE)
		bgp_peer_drop(p->in);
	struct bgp_pair pair = pair_of(p);
	bgp_conn_accept(p->in, fd, bgp_pair_open_due(&pair, now(p)));
}

const struct bgp_peer_config *bgp_peer_config(const struct bgp_peer *p)
{
	return &p->config;
}

void bgp_peer_mark(struct bgp_peer *p, struct rib_route *route)
{
	adj_out_mark(&p->adj, route);
}

void bgp_peer_mark_all(struct bgp_peer *p)
{
	adj_out_mark_all(&p->adj);
}

void bgp_peer_recheck_next_hops(struct bgp_peer *p)
{
	const struct adj_out_session *present = &p->adj.session;
	p->next_hop_unsure = false;
	if (!p->session)
		return;
	const struct bgp_next_hops hops = next_hops(
		p, (struct bgp_next_hops){ present->next_hop4, present->next_hop6, { 0 } });
	if (!addr_equal(&hops.v4, &present->next_hop4))
		p->next_hop_since[0] = now(p);
	if (!addr_equal(&hops.v6, &present->next_hop6))
		p->next_hop_since[1] = now(p);
	adj_out_set_next_hops(&p->adj, &hops.v4, &hops.v6, &hops.link_local);
	bgp_peer_flush(p);
}

void bgp_peer_flush(struct bgp_peer *p)
{
	if (p->session && adj_out_pending(&p->adj))
		bgp_conn_flush(p->session);
}

bool bgp_peer_tell_sent(struct bgp_peer *p, sent_log_cb *tell, void *userdata)
{
	return sent_log_tell(&p->sent_log, p->env.rib, tell, userdata);
}

bool bgp_peer_is_unsure(const struct bgp_peer *p)
{
	return !p->stopped && (p->path.unsure || p->next_hop_unsure);
}

bool bgp_peer_flushed(const struct bgp_peer *p)
{
	if (!p->session)
		return !graceful_may_be_stale(&p->graceful, now(p));
	return !adj_out_pending(&p->adj) && bgp_conn_flushed(p->session);
}

bool bgp_peer_over(const struct bgp_peer *p)
{
	return bgp_fsm_is_resting(&p->out.fsm) && bgp_fsm_is_resting(&p->in->fsm) &&
	       !bgp_peer_is_challenged(p);
}

enum bgp_route_state bgp_peer_route_state(const struct bgp_peer *p, const struct rib_route *route)
{
	return adj_out_state(&p->adj, route, &p->config);
}

enum bgp_route_state bgp_peer_new_route_state(const struct bgp_peer *p, uint8_t family,
					      const struct addr *own_next_hop)
{
	return adj_out_state_of_new(&p->adj, family, own_next_hop);
}
