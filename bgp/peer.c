/* SPDX-License-Identifier: MIT */
#include "bgp/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/collision.h"
#include "bgp/graceful.h"
#include "bgp/notify.h"
#include "bgp/path.h"
#include "bgp/sockopt.h"
#include "bgp/update.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "process/loop.h"

struct bgp_peer {
	struct bgp_peer_env env;
	struct bgp_peer_config config; /* owns its strings and lists */
	char *password;
	struct bgp_conn out, in;
	struct bgp_conn *session; /* the established one, else NULL */
	bool guest, stopped;
	struct adj_out adj;
	struct graceful graceful;
	sd_event_source *restart_over;
	struct bgp_path path;
	bool next_hop_unsure; /* the kernel could not be asked for one */
	uint64_t path_resets; /* sessions that ended with the way to the peer */
	usec_t path_reset_at;
	struct addr local_addr;
	uint16_t local_port;
	uint64_t sessions;
	uint64_t prefixes_received, prefixes_withdrawn;
	char last_error[320];
	const char *hint;
};

static const struct bgp_conn_ops conn_ops;

/* ---- Next hops. ---- */

/* The address of the other family that is nearest to the peer: on the interface towards it. Without
 * a way to it there is no telling, and the session may outlive that: then it stays `present`. */
static struct addr address_towards(struct bgp_peer *p, uint8_t family, struct addr present)
{
	struct addr found = { 0 };
	struct fib_path way;
	uint32_t scope = p->config.ifname[0] ? if_nametoindex(p->config.ifname) : 0;
	int r = fib_lookup(&p->config.addr, scope, &way, NULL);
	bool has_way = r == 0;
	if (has_way)
		r = fib_interface_address(way.ifindex, family, &found, NULL);
	bool unsure = fib_is_unavailable(r);
	p->next_hop_unsure = p->next_hop_unsure || unsure;
	return has_way && !unsure ? found : present;
}

/* Next hop self (RFC 4271 5.1.3): the session's own address where it is of the family. */
static struct addr choose_next_hop(struct bgp_peer *p, uint8_t family, struct addr present)
{
	const struct addr *own = &p->local_addr;
	if (family == AF_INET6 && addr_is_set(&p->config.local_ip6))
		return p->config.local_ip6;
	if (own->family == family && !(family == AF_INET6 && addr_is_link_local(own)))
		return *own;
	if (p->config.local_ip.family == family)
		return p->config.local_ip;
	return address_towards(p, family, present);
}

static void learn_local_address(struct bgp_peer *p, int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	p->local_addr = (struct addr){ 0 };
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0)
		addr_from_sockaddr(&ss, &p->local_addr, &p->local_port);
}

/* ---- Graceful restart. ---- */

static usec_t now(const struct bgp_peer *p)
{
	return loop_now(p->env.loop);
}

static void complete_open(struct bgp_conn *c, struct bgp_open *open)
{
	const struct bgp_peer *p = c->userdata;
	graceful_complete(&p->graceful, now(p), &open->graceful);
}

static bool keeps_our_routes(const struct bgp_conn *session)
{
	return session && session->fsm.negotiated.graceful_restart;
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

/* ---- The way to the peer. ---- */

static bool one_hop(const struct bgp_peer *p)
{
	bool ibgp = p->config.peer_as == p->env.config->local_as;
	return p->config.ttl_security || bgp_socket_ttl(&p->config, ibgp) == 1;
}

/* True when the connection was of no use any more. One that is not made from where the kernel's way
 * begins takes another way than the one that we know of. */
static bool give_up_lost(struct bgp_peer *p, struct bgp_conn *c)
{
	char why[200], text[ADDR_TEXT_MAX];
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	struct addr own;
	uint16_t port;
	if (c->fd < 0 || getsockname(c->fd, (struct sockaddr *)&ss, &len) < 0 ||
	    !addr_from_sockaddr(&ss, &own, &port) || addr_is_unspecified(&own))
		return false;
	bool has_own = fib_has_address(&own, addr_scope(&ss));
	bool lost = p->path.state == BGP_PATH_LOST && addr_equal(&own, &p->path.good.source);
	if (has_own && !lost)
		return false;
	if (!has_own && !p->path.link)
		snprintf(why, sizeof(why), "this host does not have its address %s any more",
			 addr_format(&own, text));
	else
		snprintf(why, sizeof(why), "%s", p->path.trouble);
	if (c == p->session) {
		p->path_resets++;
		p->path_reset_at = loop_now(p->env.loop);
	}
	bgp_conn_give_up(c, why);
	return true;
}

void bgp_peer_update_path(struct bgp_peer *p)
{
	char before[sizeof(p->path.trouble)];
	if (p->guest || p->stopped)
		return;
	memcpy(before, p->path.trouble, sizeof(before));
	bool changed = bgp_path_update(&p->path, &p->config, one_hop(p));
	changed = give_up_lost(p, &p->in) || changed;
	changed = give_up_lost(p, &p->out) || changed;
	if (changed && !p->session && p->path.state != BGP_PATH_LOST)
		bgp_conn_hurry(&p->out);
	if (strcmp(before, p->path.trouble) != 0)
		p->env.changed(p, p->env.userdata);
}

/* ---- What the connections report. ---- */

static struct bgp_conn *other(struct bgp_peer *p, const struct bgp_conn *c)
{
	return c == &p->out ? &p->in : &p->out;
}

static void session_up(struct bgp_conn *c)
{
	struct bgp_peer *p = c->userdata;
	const struct bgp_negotiated *n = &c->fsm.negotiated;
	p->session = c;
	p->sessions++;
	p->hint = "";
	learn_local_address(p, c->fd);
	p->next_hop_unsure = false;
	if (!p->guest) /* what it was while it was good is what a loss is told from */
		bgp_path_update(&p->path, &p->config, one_hop(p));
	struct adj_out_session session = {
		.ipv4 = n->ipv4_unicast,
		.ipv6 = n->ipv6_unicast,
		.ibgp = n->ibgp,
		.four_octet_as = n->four_octet_as,
		.enhanced_refresh = n->enhanced_refresh,
		.defer_end_of_rib =
			n->graceful_restart && graceful_defers_end_of_rib(&p->graceful, now(p)),
		.local_as = p->env.config->local_as,
		.next_hop4 = choose_next_hop(p, AF_INET, (struct addr){ 0 }),
		.next_hop6 = choose_next_hop(p, AF_INET6, (struct addr){ 0 }),
		.global = p->env.config->communities,
		.peer = p->config.communities,
	};
	adj_out_up(&p->adj, &session);
	graceful_session_up(&p->graceful);
}

static void session_down(struct bgp_conn *c)
{
	struct bgp_peer *p = c->userdata;
	graceful_session_down(&p->graceful, !p->stopped && keeps_our_routes(c), now(p));
	p->session = NULL;
	p->local_addr = (struct addr){ 0 };
	p->local_port = 0;
	adj_out_down(&p->adj);
}

static void drop(struct bgp_conn *c)
{
	struct bgp_notification n = { .code = BGP_ERR_CEASE, .subcode = BGP_ERR_CEASE_COLLISION };
	bgp_conn_stop(c, &n);
}

static void resolve_collision(struct bgp_peer *p, struct bgp_conn *c)
{
	switch (bgp_collision_check(&c->fsm, &other(p, c)->fsm)) {
	case BGP_COLLISION_NONE:
		break;
	case BGP_COLLISION_DROP_THIS:
		drop(c);
		break;
	case BGP_COLLISION_DROP_OTHER:
		drop(other(p, c));
		break;
	}
}

/* Only one of the two opens at a time where that can be had, see peer.h. */
static void alternate(struct bgp_peer *p, struct bgp_conn *c)
{
	bool ended = c->fsm.state == BGP_IDLE;
	usec_t now = loop_now(p->env.loop);
	if (c == &p->out && ended && !p->stopped)
		bgp_conn_open(&p->in);
	if (p->in.fsm.state != BGP_IDLE)
		bgp_conn_defer(&p->out, usec_add(now, p->config.connect_timeout));
	else if (c == &p->in) /* the peer may not know yet that its connection ended */
		bgp_conn_defer(&p->out, usec_add(now, p->config.connect_retry));
}

static bool resting(const struct bgp_conn *c)
{
	return c->fsm.state == BGP_IDLE && bgp_fsm_deadline(&c->fsm) == USEC_NEVER;
}

static const char *hint_for_silence(const struct bgp_peer_config *c)
{
	if (c->password && c->ttl_security)
		return "no answer at all: besides routing and firewalls, a password (TCP MD5) or "
		       "ttl_security that does not match the peer's shows only as silence";
	if (c->password)
		return "no answer at all: besides routing and firewalls, a password (TCP MD5) that "
		       "does not match the peer's, or ttl_security wanted by the peer, shows only "
		       "as silence";
	if (c->ttl_security)
		return "no answer at all: besides routing and firewalls, ttl_security that the "
		       "peer "
		       "does not have, a peer more than one hop away, or a password (TCP MD5) "
		       "wanted by the peer shows only as silence";
	return "no answer at all: besides routing and firewalls, a password (TCP MD5) or "
	       "ttl_security (GTSM) wanted by the peer shows only as silence";
}

/* An eBGP session with TTL 1 cannot cross a router. */
static bool beyond_one_hop(const struct bgp_peer *p)
{
	struct fib_path way;
	bool ibgp = p->config.peer_as == p->env.config->local_as;
	uint32_t scope = p->config.ifname[0] ? if_nametoindex(p->config.ifname) : 0;
	return bgp_socket_ttl(&p->config, ibgp) == 1 &&
	       fib_lookup(&p->config.addr, scope, &way, NULL) == 0 && addr_is_set(&way.gateway);
}

static const char *hint_for_failure(const struct bgp_peer *p, bool silent)
{
	if (p->path.trouble[0])
		return ""; /* that says it */
	if (beyond_one_hop(p))
		return "the peer is behind a gateway, and an eBGP session reaches one hop only: "
		       "set "
		       "multi_hop: true for this peer";
	return silent ? hint_for_silence(&p->config) : "";
}

static void changed(struct bgp_conn *c, enum bgp_state from, bool silent)
{
	struct bgp_peer *p = c->userdata;
	enum bgp_state to = c->fsm.state;
	alternate(p, c);
	if (to == BGP_OPENCONFIRM) {
		resolve_collision(p, c);
		return;
	}
	if (to == BGP_ESTABLISHED && !resting(other(p, c)))
		drop(other(p, c)); /* attempts that are under way or due are not needed any more */
	bool failed = to == BGP_IDLE || (to == BGP_ACTIVE && from != BGP_IDLE);
	if (failed && c->fsm.why[0] && !p->session) {
		snprintf(p->last_error, sizeof(p->last_error), "%s", c->fsm.why);
		p->hint = hint_for_failure(p, silent);
	}
	if (c == &p->in && to == BGP_IDLE && !p->guest && !p->stopped && resting(&p->out))
		bgp_conn_start(&p->out);
	p->env.changed(p, p->env.userdata);
}

static void count_update(struct bgp_peer *p, const struct bgp_update *u)
{
	struct prefix prefix;
	for (size_t i = 0; i < u->n_withdrawn; i++)
		for (struct reader r = u->withdrawn[i].prefixes;
		     bgp_nlri_next(&r, u->withdrawn[i].family, &prefix);)
			p->prefixes_withdrawn++;
	for (size_t i = 0; i < u->n_announced; i++)
		for (struct reader r = u->announced[i].prefixes;
		     bgp_nlri_next(&r, u->announced[i].family, &prefix);)
			p->prefixes_received++;
}

static void update(struct bgp_conn *c, const struct bgp_update *u)
{
	struct bgp_peer *p = c->userdata;
	count_update(p, u);
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
		graceful_told(&p->graceful);
	return n;
}

static const struct bgp_conn_ops conn_ops = {
	.changed = changed,
	.complete_open = complete_open,
	.session_up = session_up,
	.session_down = session_down,
	.update = update,
	.refresh = refresh,
	.next_message = next_message,
};

/* ---- Life. ---- */

static void copy_config(struct bgp_peer *p, const struct bgp_peer_config *c)
{
	p->config = *c;
	if (!c->connect_timeout)
		p->config.connect_timeout = BGP_CONNECT_TIMEOUT;
	p->config.password = p->password = c->password ? mem_strdup(c->password) : NULL;
	p->config.communities.values =
		mem_copy(c->communities.values, c->communities.n * sizeof(uint32_t));
}

struct bgp_peer *bgp_peer_new(const struct bgp_peer_env *env, const struct bgp_peer_config *config,
			      bool guest)
{
	struct bgp_peer *p = mem_new(1, sizeof(*p));
	p->env = *env;
	p->hint = "";
	p->guest = guest;
	copy_config(p, config);
	adj_out_init(&p->adj, env->rib);
	graceful_init(&p->graceful, env->config, config, now(p));
	struct bgp_fsm_config fsm = {
		.local_as = env->config->local_as,
		.router_id = env->config->router_id,
		.peer_as = config->peer_as,
		.passive = config->passive,
		.hold_time = config->hold_time,
		.keepalive = config->keepalive,
		.send_hold_time = config->send_hold_time,
		.connect_timeout = p->config.connect_timeout,
		.connect_retry = config->connect_retry,
		.connect_retry_max = config->connect_retry_max,
		.graceful_restart = config->graceful_restart,
		.restart_time = config->restart_time,
	};
	bgp_conn_init(&p->out, env->loop, &fsm, &p->config, env->linger, &conn_ops, p);
	fsm.incoming = true;
	bgp_conn_init(&p->in, env->loop, &fsm, &p->config, env->linger, &conn_ops, p);
	return p;
}

void bgp_peer_free(struct bgp_peer *p)
{
	if (!p)
		return;
	bgp_conn_done(&p->out);
	bgp_conn_done(&p->in);
	sd_event_source_disable_unref(p->restart_over);
	adj_out_down(&p->adj);
	adj_out_done(&p->adj);
	free(p->config.communities.values);
	free(p->password);
	free(p);
}

void bgp_peer_start(struct bgp_peer *p)
{
	if (graceful_defers_end_of_rib(&p->graceful, now(p)))
		loop_timer_set(p->env.loop, &p->restart_over, p->graceful.until, LOOP_BGP,
			       on_restart_over, p);
	bgp_path_update(&p->path, &p->config, one_hop(p));
	bgp_conn_start(&p->out);
}

void bgp_peer_stop(struct bgp_peer *p, const struct bgp_notification *why)
{
	uint8_t data[BGP_HARD_RESET_DATA_MAX];
	struct bgp_notification hard = bgp_notification_hard_reset(why, data);
	struct bgp_conn *session = p->session;
	p->stopped = true;
	if (session)
		bgp_conn_stop(session, session->fsm.negotiated.graceful_notification ? &hard : why);
	bgp_conn_stop(&p->out, why);
	bgp_conn_stop(&p->in, why);
}

/* A NOTIFICATION keeps the routes of a peer that understands RFC 8538; to any other it would mean
 * to drop them, also while it waits for us to come back: then the connection just ends. */
void bgp_peer_leave(struct bgp_peer *p, const struct bgp_notification *why)
{
	struct bgp_conn *session = p->session;
	bool waits = !session && graceful_may_be_stale(&p->graceful, now(p));
	bool keeps = keeps_our_routes(session);
	bool silent = waits || (keeps && !session->fsm.negotiated.graceful_notification);
	bgp_peer_flush(
		p); /* withdrawals of this turn; linger sends what the socket does not take */
	p->stopped = true;
	bgp_conn_stop(&p->out, silent ? NULL : why);
	bgp_conn_stop(&p->in, silent ? NULL : why);
	if (keeps)
		graceful_session_down(&p->graceful, true, now(p));
}

void bgp_peer_return(struct bgp_peer *p)
{
	if (!p->stopped || !graceful_may_be_stale(&p->graceful, now(p)))
		return;
	p->stopped = false;
	bgp_conn_start(&p->out);
}

static void refuse(struct bgp_peer *p, int fd, enum bgp_error_cease subcode)
{
	uint8_t buf[BGP_HEADER_SIZE + 2];
	struct bgp_notification n = { .code = BGP_ERR_CEASE, .subcode = (uint8_t)subcode };
	bgp_linger_add(p->env.linger, fd, buf, bgp_encode_notification(buf, sizeof(buf), &n));
}

/* When our OPEN on a connection that the peer made now is due; 0: at once. An attempt of ours
 * that has not got far in its time is not waited for. */
static usec_t open_due(const struct bgp_peer *p)
{
	const struct bgp_fsm *ours = &p->out.fsm;
	usec_t now = loop_now(p->env.loop);
	bool undecided = ours->state == BGP_CONNECT || ours->state == BGP_OPENSENT;
	bool young = usec_sub(now, ours->state_since) < BGP_DELAY_OPEN;
	return undecided && young ? usec_add(now, BGP_DELAY_OPEN) : 0;
}

/* A second incoming connection replaces one that is not established: the peer knows best which
 * of its own it has given up. */
void bgp_peer_accept(struct bgp_peer *p, int fd)
{
	bool ibgp = p->config.peer_as == p->env.config->local_as;
	if (p->stopped || p->session == &p->in) {
		refuse(p, fd, p->stopped ? BGP_ERR_CEASE_REJECTED : BGP_ERR_CEASE_COLLISION);
		return;
	}
	if (bgp_socket_adopt(fd, &p->config, ibgp, NULL) < 0) {
		close(fd);
		return;
	}
	if (p->in.fsm.state != BGP_IDLE)
		drop(&p->in);
	bgp_conn_accept(&p->in, fd, open_due(p));
}

const struct bgp_peer_config *bgp_peer_config(const struct bgp_peer *p)
{
	return &p->config;
}

void bgp_peer_mark(struct bgp_peer *p, struct rib_route *route)
{
	adj_out_mark(&p->adj, route);
}

void bgp_peer_recheck_next_hops(struct bgp_peer *p)
{
	const struct adj_out_session *present = &p->adj.session;
	p->next_hop_unsure = false;
	if (!p->session)
		return;
	struct addr v4 = choose_next_hop(p, AF_INET, present->next_hop4);
	struct addr v6 = choose_next_hop(p, AF_INET6, present->next_hop6);
	adj_out_set_next_hops(&p->adj, &v4, &v6);
	bgp_peer_flush(p);
}

void bgp_peer_flush(struct bgp_peer *p)
{
	if (p->session && adj_out_pending(&p->adj))
		bgp_conn_flush(p->session);
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

bool bgp_peer_established(const struct bgp_peer *p)
{
	return p->session != NULL;
}

bool bgp_peer_over(const struct bgp_peer *p)
{
	return resting(&p->out) && resting(&p->in);
}

enum bgp_route_state bgp_peer_route_state(const struct bgp_peer *p, const struct rib_route *route)
{
	return adj_out_state(&p->adj, route);
}

/* ---- Status. ---- */

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
	ret->end_of_rib_deferred = p->adj.session.defer_end_of_rib;
	ret->ipv4_unicast = n->ipv4_unicast;
	ret->ipv6_unicast = n->ipv6_unicast;
	ret->next_hop4 = p->adj.session.next_hop4;
	ret->next_hop6 = p->adj.session.next_hop6;
}

/* TCP may connect although BGP does not come through, in one direction or both: some routers
 * answer the SYN before they apply TTL security. */
static const char *hint_now(const struct bgp_peer *p, const struct bgp_conn *c)
{
	usec_t waited = usec_sub(loop_now(p->env.loop), c->fsm.state_since);
	bool opening = c->fsm.state == BGP_OPENSENT || c->fsm.state == BGP_OPENCONFIRM;
	bool expecting = c->fsm.state == BGP_ACTIVE && p->config.passive;
	if (waited < p->config.connect_timeout || !(opening || expecting))
		return p->hint;
	return opening ? hint_for_silence(&p->config)
		       : "the peer has not connected: is it configured to? Besides routing and "
			 "firewalls, a password (TCP MD5) or ttl_security that differs between the "
			 "two shows only as silence";
}

/* The connection that is furthest stands for the peer. */
static const struct bgp_conn *leading(const struct bgp_peer *p)
{
	return p->in.fsm.state > p->out.fsm.state ? &p->in : &p->out;
}

void bgp_peer_status(const struct bgp_peer *p, struct bgp_peer_status *ret)
{
	const struct bgp_conn *c = leading(p);
	bool knows_peer = c->fsm.state >= BGP_OPENCONFIRM;
	uint32_t peer_as = knows_peer ? c->fsm.negotiated.peer_as : p->config.peer_as;
	*ret = (struct bgp_peer_status){
		.config = &p->config,
		.local_as = p->env.config->local_as,
		.state = c->fsm.state,
		.state_since = c->fsm.state_since,
		.established_since = USEC_NEVER,
		.sessions = p->sessions,
		.last_error = p->last_error,
		.hint = hint_now(p, c),
		.path_trouble = p->path.trouble,
		.path_resets = p->path_resets,
		.path_reset_at = p->path_reset_at,
		.retry_at = bgp_fsm_retry_due(&p->out.fsm),
		.peer_as = peer_as,
		.peer_router_id = knows_peer ? c->fsm.negotiated.peer_router_id : 0,
		.local_addr = p->local_addr,
		.local_port = p->local_port,
		.peer_graceful =
			knows_peer ? c->fsm.negotiated.peer_graceful : (struct bgp_graceful){ 0 },
		.restarting = graceful_restarting(&p->graceful, now(p)),
		.ttl = bgp_socket_ttl(&p->config, peer_as == p->env.config->local_as),
		.sent = p->out.sent,
		.received = p->out.received,
		.prefixes_received = p->prefixes_received,
		.prefixes_withdrawn = p->prefixes_withdrawn,
		.errors_tolerated = p->out.errors_tolerated + p->in.errors_tolerated,
		.routes_sent = p->adj.n_sent,
		.routes_pending = adj_out_n_queued(&p->adj),
	};
	add_counts(&ret->sent, &p->in.sent);
	add_counts(&ret->received, &p->in.received);
	if (p->session)
		session_status(p, ret);
}
