/* SPDX-License-Identifier: MIT */
/* The routers of unnumbered peers, as they are found. */
#include <stdlib.h>

#include "bgp/speaker_peers.h"
#include "lib/log.h"
#include "lib/str.h"

static void log_other(const struct bgp_peer *p, const struct bgp_found *found)
{
	char name[BGP_PEER_NAME_MAX], router[ADDR_TEXT_MAX], other[ADDR_TEXT_MAX];
	if (!addr_is_set(&found->other))
		return;
	log_warn("bgp",
		 "peer %s: %s advertises itself on interface %s, too: only %s, which was heard "
		 "first, is the peer; a link to several routers needs peers with an address",
		 bgp_peer_name(bgp_peer_config(p), name), addr_format(&found->other, other),
		 bgp_peer_config(p)->ifname, addr_format(&found->router, router));
}

/* The same link-local address may be the router of another interface. */
static const struct bgp_peer_config *
other_with(const struct bgp_speaker *s, const struct bgp_peer *self, const struct addr *addr)
{
	for (size_t i = 0; i < s->n_configured; i++) {
		const struct bgp_peer_config *c = bgp_peer_config(s->peers[i]);
		if (s->peers[i] != self && addr_equal(&c->addr, addr))
			return c;
	}
	return NULL;
}

static void protect(struct bgp_speaker *s, const struct bgp_peer_config *c)
{
	struct err err = { "" };
	if (bgp_listener_protect(&s->listener, c, &err) < 0)
		log_error("bgp", "%s", err.text);
}

static void drop_key(struct bgp_speaker *s, const struct bgp_peer *self,
		     const struct bgp_peer_config *former)
{
	const struct bgp_peer_config *other = other_with(s, self, &former->addr);
	if (other && other->password)
		protect(s, other);
	else
		bgp_listener_unprotect(&s->listener, former);
}

static void add_key(struct bgp_speaker *s, const struct bgp_peer *self)
{
	char name[BGP_PEER_NAME_MAX], other_name[BGP_PEER_NAME_MAX];
	const struct bgp_peer_config *c = bgp_peer_config(self);
	const struct bgp_peer_config *other = other_with(s, self, &c->addr);
	protect(s, c);
	if (other && !str_same(other->password, c->password))
		log_error("bgp",
			  "peer %s: another password than peer %s, whose router has the same "
			  "address: a listener has one TCP MD5 key per address, and connections of "
			  "one of the two fail; use the same password, or remove bgp.listen",
			  bgp_peer_name(c, name), bgp_peer_name(other, other_name));
}

/* A listener has the key of a peer by its address. */
static void set_router(struct bgp_speaker *s, struct bgp_peer *p, const struct bgp_found *found)
{
	const struct bgp_peer_config former = *bgp_peer_config(p);
	bool moves = !addr_equal(&former.addr, &found->router);
	bgp_peer_set_router(p, found);
	if (!moves || s->listener.fd < 0)
		return;
	if (addr_is_set(&former.addr))
		drop_key(s, p, &former);
	if (addr_is_set(&found->router))
		add_key(s, p);
	const struct bgp_config moved = { .peers = &former, .n_peers = 1 };
	bgp_vrf_listeners_unprotect(s->vrfs, &moved);
	speaker_listen_in_vrfs(s);
}

void speaker_on_found(const char *ifname, const struct bgp_found *found, void *userdata)
{
	struct bgp_speaker *s = userdata;
	for (size_t i = 0; i < s->n_configured; i++) {
		const struct bgp_peer_config *c = bgp_peer_config(s->peers[i]);
		if (!c->unnumbered || !str_equal(c->ifname, ifname))
			continue;
		set_router(s, s->peers[i], found);
		log_other(s->peers[i], found);
	}
}

void speaker_watch_links(struct bgp_speaker *s)
{
	struct bgp_config config = speaker_present_config(s);
	bgp_discovery_watch(s->discovery, config.peers, config.n_peers);
	free((void *)config.peers);
	if (bgp_discovery_is_unsure(s->discovery))
		hostwatch_again(s->host);
}
