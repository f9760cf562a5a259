/* SPDX-License-Identifier: MIT */
#include "bgp/speaker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/listener.h"
#include "bgp/notify.h"
#include "bgp/peer.h"
#include "bgp/peer_status.h"
#include "bgp/reach.h"
#include "bgp/sockopt.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "net/hostwatch.h"
#include "process/loop.h"

/* How often a flush polls the peers' sockets: TCP does not report that an acknowledgement
 * arrived. */
#define FLUSH_POLL (1 * USEC_PER_MSEC)
/* Peers without configuration that are kept at a time (accept_any). */
#define GUESTS_MAX 1024

struct bgp_speaker {
	sd_event *loop;
	struct bgp_config config; /* its lists are ours, `peers` is not used */
	struct bgp_speaker_ops ops;
	void *userdata;
	struct rib rib;
	bool restoring; /* peers may have routes of the previous instance */
	struct bgp_linger *linger;
	struct bgp_peer **peers; /* the configured ones first, then guests */
	size_t n_peers, n_configured, cap_peers;
	struct bgp_listener listener;
	struct err no_listener; /* why; empty: there is one, or none is wanted */
	sd_event_source *output, *flush_timer, *sweep;
	struct hostwatch *host;
	struct list flushes;
	struct bgp_flush *stopping;
};

struct bgp_flush {
	struct list_node node;
	mono_t deadline;
	bool for_close; /* waits for linger rather than for output */
	bgp_flushed_cb *done;
	void *userdata;
};

/* ---- Output. ---- */

static int on_output(sd_event_source *source, void *userdata)
{
	struct bgp_speaker *s = userdata;
	(void)source;
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_flush(s->peers[i]);
	return 0;
}

static void mark(struct bgp_speaker *s, struct rib_route *route)
{
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_mark(s->peers[i], route);
	loop_defer(s->loop, &s->output, LOOP_FLUSH, on_output, s);
}

void bgp_speaker_announce(struct bgp_speaker *s, const struct bgp_route *route)
{
	bool different;
	struct rib_route *r =
		rib_announce(&s->rib, &route->prefix, s->config.origin, &route->attrs, &different);
	if (different)
		mark(s, r);
}

void bgp_speaker_withdraw(struct bgp_speaker *s, const struct prefix *prefix)
{
	struct rib_route *r = rib_withdraw(&s->rib, prefix);
	if (!r)
		return;
	r->disowned = s->restoring; /* a peer whose session comes up later may have it */
	mark(s, r);
	rib_collect(&s->rib, r);
}

void bgp_speaker_disown(struct bgp_speaker *s, const struct prefix *prefix)
{
	if (s->restoring)
		mark(s, rib_disown(&s->rib, prefix));
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
	for (size_t i = 0; i < s->n_peers; i++)
		end_peer(s->peers[i], why);
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

/* ---- Peers. ---- */

static void peer_changed(struct bgp_peer *p, void *userdata)
{
	struct bgp_speaker *s = userdata;
	struct bgp_peer_status status;
	if (bgp_peer_over(p) && s->sweep)
		sd_event_source_set_enabled(s->sweep, SD_EVENT_ONESHOT);
	if (bgp_peer_is_unsure(p))
		hostwatch_again(s->host);
	if (!s->ops.peer_changed)
		return;
	bgp_peer_status(p, &status);
	s->ops.peer_changed(&status, s->userdata);
}

static void peer_update(struct bgp_peer *p, const struct bgp_update *update, void *userdata)
{
	struct bgp_speaker *s = userdata;
	struct bgp_peer_status status;
	if (!s->ops.update_received)
		return;
	bgp_peer_status(p, &status);
	s->ops.update_received(&status, update, s->userdata);
}

static void append_peer(struct bgp_speaker *s, struct bgp_peer *p)
{
	s->peers = mem_grow(s->peers, &s->cap_peers, s->n_peers + 1, sizeof(struct bgp_peer *));
	s->peers[s->n_peers++] = p;
}

static struct bgp_peer *add_peer(struct bgp_speaker *s, const struct bgp_peer_config *config,
				 bool guest)
{
	struct bgp_peer_env env = { .loop = s->loop,
				    .config = &s->config,
				    .rib = &s->rib,
				    .linger = s->linger,
				    .changed = peer_changed,
				    .update = peer_update,
				    .userdata = s };
	struct bgp_peer *p = bgp_peer_new(&env, config, guest);
	append_peer(s, p);
	return p;
}

/* Guests that have left are freed in a turn of their own, never from inside their events. */
static int on_sweep(sd_event_source *source, void *userdata)
{
	struct bgp_speaker *s = userdata;
	(void)source;
	for (size_t i = s->n_configured; i < s->n_peers;) {
		if (!bgp_peer_over(s->peers[i])) {
			i++;
			continue;
		}
		bgp_peer_free(s->peers[i]);
		s->peers[i] = s->peers[--s->n_peers];
	}
	return 0;
}

static struct bgp_peer *add_guest(struct bgp_speaker *s, const struct addr *addr, uint32_t scope)
{
	struct bgp_peer_config guest = {
		.addr = *addr,
		.multi_hop = true,
		.hold_time = 90 * USEC_PER_SEC,
		.passive = true,
	};
	if (scope)
		if_indextoname(scope, guest.ifname);
	if (!s->config.accept_any || s->n_peers - s->n_configured >= GUESTS_MAX)
		return NULL;
	return add_peer(s, &guest, true);
}

/* The same link-local address may be a router on every interface. */
static bool is_from(const struct bgp_peer_config *c, const struct addr *addr, uint32_t scope)
{
	return addr_equal(&c->addr, addr) && (!c->ifname[0] || if_nametoindex(c->ifname) == scope);
}

static struct bgp_peer *find_peer(struct bgp_speaker *s, const struct sockaddr_storage *from)
{
	struct addr addr;
	uint16_t port;
	if (!addr_from_sockaddr(from, &addr, &port))
		return NULL;
	for (size_t i = 0; i < s->n_configured; i++)
		if (is_from(bgp_peer_config(s->peers[i]), &addr, addr_scope(from)))
			return s->peers[i];
	return add_guest(s, &addr, addr_scope(from));
}

static void on_accepted(int fd, const struct sockaddr_storage *from, void *userdata)
{
	struct bgp_peer *p = find_peer(userdata, from);
	if (p)
		bgp_peer_accept(p, fd);
	else
		close(fd);
}

/* ---- Life. ---- */

/* If all peers have ttl_security, the listener drops packets from further away before a handshake
 * (RFC 5082 3). If only some have, their sessions are protected from accept() on. */
static bool all_near(const struct bgp_config *config)
{
	size_t i = 0;
	while (i < config->n_peers && config->peers[i].ttl_security)
		i++;
	return i > 0 && i == config->n_peers && !config->accept_any;
}

static int protect(struct bgp_speaker *s, const struct bgp_config *config, struct err *err)
{
	int r = 0;
	for (size_t i = 0; i < config->n_peers && r == 0; i++)
		r = bgp_listener_protect(&s->listener, &config->peers[i], err);
	return r;
}

static int start_listening(struct bgp_speaker *s, const struct bgp_config *config, struct err *err)
{
	int r = bgp_listener_open(&s->listener, &config->listen_at, all_near(config), err);
	if (r == -EACCES && config->listen_if_allowed) {
		s->no_listener = *err;
		return 0;
	}
	return r < 0 ? r : protect(s, config, err);
}

/* The configuration as it is now, with the peers that it has; free the list. */
static struct bgp_config present_config(const struct bgp_speaker *s)
{
	struct bgp_config config = s->config;
	struct bgp_peer_config *peers = mem_new(s->n_configured + 1, sizeof(*peers));
	for (size_t i = 0; i < s->n_configured; i++)
		peers[i] = *bgp_peer_config(s->peers[i]);
	config.peers = peers;
	config.n_peers = s->n_configured;
	return config;
}

static void on_host_changed(void *userdata)
{
	struct bgp_speaker *s = userdata;
	bool unsure = false;
	for (size_t i = 0; i < s->n_peers; i++) {
		bgp_peer_update_path(s->peers[i]);
		bgp_peer_recheck_next_hops(s->peers[i]);
		unsure = unsure || bgp_peer_is_unsure(s->peers[i]);
	}
	if (unsure)
		hostwatch_again(s->host);
}

void bgp_speaker_return(struct bgp_speaker *s)
{
	if (!s->stopping)
		return;
	bgp_flush_free(s->stopping);
	s->stopping = NULL;
	/* Without a listener the peers are still connected to. */
	struct err err = { "" };
	struct bgp_config config = present_config(s);
	if (config.listen && start_listening(s, &config, &err) < 0)
		bgp_listener_close(&s->listener);
	free((void *)config.peers);
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_return(s->peers[i]);
}

static int check_passive(const struct bgp_config *config, struct err *err)
{
	for (size_t i = 0; i < config->n_peers; i++)
		if (config->peers[i].passive && !config->listen)
			return err_set(err, -EINVAL, "a passive peer needs bgp.listen");
	return 0;
}

int bgp_speaker_new(sd_event *loop, const struct bgp_config *config,
		    const struct bgp_speaker_ops *ops, void *userdata, struct bgp_speaker **ret,
		    struct err *err)
{
	int r = check_passive(config, err);
	if (r < 0)
		return r;
	struct bgp_speaker *s = mem_new(1, sizeof(*s));
	s->loop = sd_event_ref(loop);
	s->config = *config;
	s->config.peers = NULL;
	s->config.communities.values =
		mem_copy(config->communities.values, config->communities.n * sizeof(uint32_t));
	s->ops = *ops;
	s->userdata = userdata;
	bgp_listener_init(&s->listener, loop, on_accepted, s);
	s->linger = bgp_linger_new(loop, NULL, NULL);
	rib_init(&s->rib);
	list_init(&s->flushes);
	for (size_t i = 0; i < config->n_peers; i++)
		add_peer(s, &config->peers[i], false);
	s->n_configured = s->n_peers;
	s->restoring = bgp_speaker_is_graceful(s);
	r = hostwatch_new(loop, on_host_changed, s, &s->host, err);
	if (r == 0 && config->listen)
		r = start_listening(s, config, err);
	if (r == 0 && config->accept_any)
		r = sd_event_add_defer(loop, &s->sweep, on_sweep, s);
	if (r < 0) {
		bgp_speaker_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* ---- Another configuration. ---- */

static bool listens_alike(const struct bgp_config *a, const struct bgp_config *b)
{
	return a->listen == b->listen && addr_equal(&a->listen_at.addr, &b->listen_at.addr) &&
	       a->listen_at.port == b->listen_at.port && all_near(a) == all_near(b);
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
	int r = protect(s, after, err);
	const struct bgp_config *in_effect = r < 0 ? before : after;
	const struct bgp_config *undone = r < 0 ? after : before;
	for (size_t i = 0; i < undone->n_peers; i++)
		if (!has_password_for(in_effect, &undone->peers[i]))
			bgp_listener_unprotect(&s->listener, &undone->peers[i]);
	if (r < 0)
		protect(s, before, NULL);
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
		r = start_listening(s, after, err);
	if (r < 0) {
		close_listener(s);
		struct err why = { "" }; /* why there was none before, perhaps */
		if (before->listen && start_listening(s, before, &why) < 0)
			close_listener(s);
	}
	return r;
}

static struct bgp_peer *take_peer(struct bgp_speaker *s, const struct bgp_peer_config *like)
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
	struct bgp_peer **former = s->peers;
	size_t n_former = s->n_peers, n_configured = s->n_configured;
	struct bgp_peer **kept = mem_new(after->n_peers + 1, sizeof(struct bgp_peer *));
	for (size_t i = 0; i < after->n_peers; i++)
		kept[i] = take_peer(s, &after->peers[i]);
	s->peers = NULL;
	s->n_peers = s->cap_peers = 0;
	for (size_t i = 0; i < after->n_peers; i++)
		if (kept[i])
			append_peer(s, kept[i]);
		else
			add_peer(s, &after->peers[i], false);
	s->n_configured = s->n_peers;
	for (size_t i = n_configured; i < n_former; i++)
		append_peer(s, former[i]);
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
	bool different;
	for (size_t id = 0; id < s->rib.n_ids; id++) {
		struct rib_route *route = s->rib.by_id[id];
		if (!route || !route->attrs || route->attrs->origin == s->config.origin)
			continue;
		rib_announce(&s->rib, &route->prefix, s->config.origin, &route->attrs->route,
			     &different);
		mark(s, route);
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
	s->config.communities.values =
		mem_copy(config->communities.values, config->communities.n * sizeof(uint32_t));
}

int bgp_speaker_change(struct bgp_speaker *s, const struct bgp_config *config, struct err *err)
{
	struct bgp_config before = present_config(s);
	uint32_t *communities = s->config.communities.values;
	bool reset = before.local_as != config->local_as || before.router_id != config->router_id;
	int r = check_passive(config, err);
	if (r == 0)
		r = change_listener(s, &before, config, err);
	if (r == 0) {
		copy_config(s, config);
		change_peers(s, config, reset);
		change_origin(s);
		free(communities);
	}
	free((void *)before.peers);
	return r;
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
	free(s->peers);
	bgp_linger_free(s->linger);
	rib_done(&s->rib);
	hostwatch_free(s->host);
	bgp_listener_close(&s->listener);
	sd_event_source_disable_unref(s->output);
	sd_event_source_disable_unref(s->flush_timer);
	sd_event_source_disable_unref(s->sweep);
	free(s->config.communities.values);
	sd_event_unref(s->loop);
	free(s);
}

void bgp_speaker_start(struct bgp_speaker *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_start(s->peers[i]);
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

/* ---- Status. ---- */

size_t bgp_speaker_n_peers(const struct bgp_speaker *s)
{
	return s->n_peers;
}

void bgp_speaker_peer_status(const struct bgp_speaker *s, size_t peer, struct bgp_peer_status *ret)
{
	bgp_peer_status(s->peers[peer], ret);
}

enum bgp_route_state bgp_speaker_route_state(const struct bgp_speaker *s, size_t peer,
					     const struct prefix *prefix)
{
	return bgp_peer_route_state(s->peers[peer], rib_find(&s->rib, prefix));
}

size_t bgp_speaker_n_routes(const struct bgp_speaker *s)
{
	return s->rib.n_announced;
}

struct bgp_route_counts bgp_speaker_count_routes(const struct bgp_speaker *s)
{
	struct bgp_route_counts counts = { 0 };
	for (size_t id = 0; id < s->rib.n_ids; id++) {
		const struct rib_route *route = s->rib.by_id[id];
		struct bgp_reach reach = { 0 };
		if (!route || !route->attrs)
			continue;
		for (size_t i = 0; i < s->n_configured; i++)
			bgp_reach_add(&reach, bgp_peer_route_state(s->peers[i], route));
		counts.sent += reach.sent > 0;
		counts.refused += bgp_reach_is_refused(&reach);
	}
	return counts;
}
