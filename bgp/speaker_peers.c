/* SPDX-License-Identifier: MIT */
#include "bgp/speaker_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/peer_status.h"
#include "bgp/sockopt.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/iface.h"
#include "process/loop.h"

/* Peers without configuration that are kept at a time (accept_any). */
#define GUESTS_MAX 1024

/* ---- Output. ---- */

/* Without a session the time says nothing. */
static void record_latency(mono_t *since, bool any_session, struct histogram *ret)
{
	if (*since && any_session)
		histogram_add(ret, usec_sub(loop_clock(), *since));
	*since = 0;
}

static int on_output(sd_event_source *source, void *userdata)
{
	struct bgp_speaker *s = userdata;
	(void)source;
	bool any_session = false;
	for (size_t i = 0; i < s->n_peers; i++) {
		bgp_peer_flush(s->peers[i]);
		any_session = any_session || bgp_peer_is_established(s->peers[i]);
	}
	if (s->rib.output == BGP_OUTPUT_ALL)
		record_latency(&s->announced_at, any_session, &s->latencies.announce);
	record_latency(&s->withdrawn_at, any_session, &s->latencies.withdraw);
	return 0;
}

void speaker_flush_later(struct bgp_speaker *s)
{
	loop_defer(s->loop, &s->output, LOOP_FLUSH, on_output, s);
}

void speaker_mark(struct bgp_speaker *s, struct rib_route *route, mono_t *since)
{
	if (since && !*since)
		*since = loop_now(s->loop);
	for (size_t i = 0; i < s->n_peers; i++)
		bgp_peer_mark(s->peers[i], route);
	speaker_flush_later(s);
}

/* ---- What was sent. ---- */

#define TOLD_PER_TURN 64

struct teller {
	const struct bgp_speaker *speaker;
	const struct bgp_peer *peer;
};

static void tell(const struct bgp_sent *sent, void *userdata)
{
	const struct teller *t = userdata;
	t->speaker->ops.sent(bgp_peer_config(t->peer), sent, t->speaker->userdata);
}

bool speaker_tell_sent(struct bgp_speaker *s, size_t max)
{
	for (size_t i = 0; s->ops.sent && i < s->n_peers; i++) {
		struct teller t = { s, s->peers[i] };
		for (; max > 0 && bgp_peer_tell_sent(s->peers[i], tell, &t); max--)
			;
	}
	return max == 0;
}

static int on_tell(sd_event_source *source, void *userdata)
{
	struct bgp_speaker *s = userdata;
	(void)source;
	if (speaker_tell_sent(s, TOLD_PER_TURN))
		loop_defer(s->loop, &s->tell, LOOP_IDLE, on_tell, s);
	return 0;
}

static void peer_sent(struct bgp_peer *p, void *userdata)
{
	struct bgp_speaker *s = userdata;
	(void)p;
	loop_defer(s->loop, &s->tell, LOOP_IDLE, on_tell, s);
}

/* ---- Peers. ---- */

/* Frees guests that have left: in a turn of its own, never from inside their events. */
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

static void peer_changed(struct bgp_peer *p, void *userdata)
{
	struct bgp_speaker *s = userdata;
	struct bgp_peer_status status;
	if (bgp_peer_over(p) && s->config.accept_any)
		loop_defer(s->loop, &s->sweep, LOOP_INPUT, on_sweep, s);
	if (bgp_peer_is_unsure(p))
		hostwatch_again(s->host);
	if (bgp_peer_config(p)->unnumbered)
		bgp_discovery_session(s->discovery, bgp_peer_config(p)->ifname,
				      bgp_peer_is_established(p));
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

void speaker_append_peer(struct bgp_speaker *s, struct bgp_peer *p)
{
	s->peers = mem_grow(s->peers, &s->cap_peers, s->n_peers + 1, sizeof(struct bgp_peer *));
	s->peers[s->n_peers++] = p;
}

struct bgp_peer *speaker_add_peer(struct bgp_speaker *s, const struct bgp_peer_config *config,
				  bool guest)
{
	struct bgp_peer_env env = { .loop = s->loop,
				    .config = &s->config,
				    .rib = &s->rib,
				    .linger = s->linger,
				    .changed = peer_changed,
				    .sent = s->ops.sent ? peer_sent : NULL,
				    .update = peer_update,
				    .userdata = s };
	struct bgp_peer *p = bgp_peer_new(&env, config, guest);
	speaker_append_peer(s, p);
	return p;
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
	return speaker_add_peer(s, &guest, true);
}

/* Where a connection comes from. */
struct origin {
	struct addr addr;
	uint32_t device; /* the interface of a link-local address, else the VRF; 0: none */
};

/* The same address may be a router on every interface, or in every VRF. `home`: the VRF that the
 * agent itself was started in; peers without one are in that. */
static bool is_from(const struct bgp_peer_config *c, const struct origin *from, uint32_t home)
{
	uint32_t device = c->ifname[0] ? iface_index(c->ifname, NULL) : home;
	return addr_equal(&c->addr, &from->addr) && from->device == device &&
	       (device || !c->ifname[0]);
}

static struct bgp_peer *find_peer(struct bgp_speaker *s, int fd,
				  const struct sockaddr_storage *address)
{
	struct origin from = { .device = addr_scope(address) };
	uint32_t home = s->listener.fd >= 0 ? bgp_socket_device(s->listener.fd) : 0;
	uint16_t port;
	if (!addr_from_sockaddr(address, &from.addr, &port))
		return NULL;
	if (!from.device)
		from.device = bgp_socket_device(fd);
	for (size_t i = 0; i < s->n_configured; i++)
		if (is_from(bgp_peer_config(s->peers[i]), &from, home))
			return s->peers[i];
	return add_guest(s, &from.addr, addr_scope(address));
}

/* A session from a VIP would make it the next hop of all others, and end with it. */
static bool is_to_vip(const struct bgp_speaker *s, const struct bgp_peer *p, int fd)
{
	struct bgp_socket_name here;
	char vip[ADDR_TEXT_MAX], name[BGP_PEER_NAME_MAX];
	if (!bgp_socket_local_name(fd, &here))
		return false;
	const struct prefix host = prefix_of_host(&here.addr);
	if (!rib_find(&s->rib, &host))
		return false;
	log_warn("bgp",
		 "peer %s: refused a connection to %s, which is a VIP: set the address of this "
		 "neighbor on the router to one of the host's own",
		 bgp_peer_name(bgp_peer_config(p), name), addr_format(&here.addr, vip));
	return true;
}

/* The kernel checked no password of it, as net.ipv4.tcp_l3mdev_accept has changed since the keys
 * were set. Listeners are not touched while they accept. */
static bool lacks_key(struct bgp_speaker *s, const struct bgp_peer *p)
{
	const struct bgp_peer_config *c = bgp_peer_config(p);
	if (!c->in_vrf || !c->password || s->has_vrf_keys || !bgp_vrf_shares_listener())
		return false; /* those that VRFs have of their own have their keys */
	hostwatch_again(s->host);
	return true;
}

void speaker_on_accepted(int fd, const struct sockaddr_storage *from, void *userdata)
{
	struct bgp_peer *p = find_peer(userdata, fd, from);
	if (p && !lacks_key(userdata, p) && !is_to_vip(userdata, p, fd))
		bgp_peer_accept(p, fd);
	else
		close(fd);
}

/* ---- The listener. ---- */

bool speaker_all_near(const struct bgp_config *config)
{
	size_t i = 0;
	while (i < config->n_peers && config->peers[i].ttl_security)
		i++;
	return i > 0 && i == config->n_peers && !config->accept_any;
}

int speaker_protect(struct bgp_speaker *s, const struct bgp_config *config, struct err *err)
{
	int r = 0;
	bool shared = bgp_vrf_shares_listener();
	for (size_t i = 0; i < config->n_peers && r == 0; i++)
		if (shared || !config->peers[i].in_vrf)
			r = bgp_listener_protect(&s->listener, &config->peers[i], err);
	if (r == 0)
		s->has_vrf_keys = shared;
	return r;
}

int speaker_listen(struct bgp_speaker *s, const struct bgp_config *config, struct err *err)
{
	int r = bgp_listener_open(&s->listener, &config->listen_at, speaker_all_near(config), NULL,
				  err);
	if (r == -EACCES && config->listen_if_allowed) {
		s->no_listener = *err;
		return 0;
	}
	return r < 0 ? r : speaker_protect(s, config, err);
}

static bool has_key_without_vrfs(const struct bgp_config *config, const struct addr *addr)
{
	for (size_t i = 0; i < config->n_peers; i++)
		if (!config->peers[i].in_vrf && config->peers[i].password &&
		    addr_equal(&config->peers[i].addr, addr))
			return true;
	return false;
}

/* An administrator may have changed net.ipv4.tcp_l3mdev_accept. */
static void follow_sysctl(struct bgp_speaker *s, const struct bgp_config *config)
{
	struct err err = { "" };
	bool shared = bgp_vrf_shares_listener();
	if (s->listener.fd < 0)
		s->has_vrf_keys = shared; /* there is none that would lack them */
	if (s->has_vrf_keys == shared)
		return;
	for (size_t i = 0; i < config->n_peers && !shared; i++)
		if (config->peers[i].in_vrf &&
		    !has_key_without_vrfs(config, &config->peers[i].addr))
			bgp_listener_unprotect(&s->listener, &config->peers[i]);
	if (speaker_protect(s, config, &err) < 0 && !str_same(err.text, s->keys_trouble.text))
		log_error("bgp", "%s", err.text);
	s->keys_trouble = err;
}

void speaker_listen_in_vrfs(struct bgp_speaker *s)
{
	struct bgp_config now = speaker_present_config(s);
	follow_sysctl(s, &now);
	bgp_vrf_listeners_update(s->vrfs, &now, speaker_all_near(&now));
	free((void *)now.peers);
}

struct bgp_config speaker_present_config(const struct bgp_speaker *s)
{
	struct bgp_config config = s->config;
	struct bgp_peer_config *peers = mem_new(s->n_configured + 1, sizeof(*peers));
	for (size_t i = 0; i < s->n_configured; i++)
		peers[i] = *bgp_peer_config(s->peers[i]);
	config.peers = peers;
	config.n_peers = s->n_configured;
	return config;
}

int speaker_check_passive(const struct bgp_config *config, struct err *err)
{
	for (size_t i = 0; i < config->n_peers; i++)
		if (config->peers[i].passive && !config->listen)
			return err_set(err, -EINVAL, "a passive peer needs bgp.listen");
	return 0;
}
