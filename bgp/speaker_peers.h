/* SPDX-License-Identifier: MIT */
/* The data of a speaker, its peers, and the listener through which they come: for speaker.c, which
 * owns it, and speaker_change.c. */
#ifndef BGP_SPEAKER_PEERS_H
#define BGP_SPEAKER_PEERS_H

#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "bgp/discovery.h"
#include "bgp/linger.h"
#include "bgp/listener.h"
#include "bgp/peer.h"
#include "bgp/rib.h"
#include "bgp/speaker_ops.h"
#include "bgp/vrf_listeners.h"
#include "lib/err.h"
#include "lib/list.h"
#include "net/hostwatch.h"

struct bgp_speaker {
	sd_event *loop;
	struct bgp_config config; /* its lists are ours, `peers` is not used */
	struct bgp_speaker_ops ops;
	void *userdata;
	struct rib rib;
	/* The turn of the loop in which the oldest change began that is not with the sockets; 0:
	 * none. */
	mono_t announced_at, withdrawn_at;
	struct bgp_latencies latencies;
	bool restoring; /* peers may have routes of the previous instance */
	struct bgp_linger *linger;
	struct bgp_peer **peers; /* the configured ones first, then guests */
	size_t n_peers, n_configured, cap_peers;
	struct bgp_listener listener;
	bool has_vrf_keys;       /* the listener: bgp_vrf_shares_listener() when they were set */
	struct err keys_trouble; /* as it was logged */
	struct bgp_vrf_listeners *vrfs; /* of peers in VRFs */
	struct err no_listener;         /* why; empty: there is one, or none is wanted */
	sd_event_source *output, *tell, *flush_timer, *sweep;
	struct hostwatch *host;
	struct bgp_discovery *discovery; /* of routers, for unnumbered peers */
	struct list flushes;
	struct bgp_flush *stopping;
};

/* Marked routes are sent in this turn of the loop. */
void speaker_flush_later(struct bgp_speaker *s);
/* The route has changed: every peer is told in this turn of the loop. `since` is announced_at or
 * withdrawn_at; NULL: not counted. */
void speaker_mark(struct bgp_speaker *s, struct rib_route *route, mono_t *since);

/* Tells the user what peers were sent, `max` entries at most. False: nothing is left. */
bool speaker_tell_sent(struct bgp_speaker *s, size_t max);

struct bgp_peer *speaker_add_peer(struct bgp_speaker *s, const struct bgp_peer_config *config,
				  bool guest);
/* Takes over one that exists. */
void speaker_append_peer(struct bgp_speaker *s, struct bgp_peer *p);
/* The configuration as it is now, with the peers that it has; free the list. */
struct bgp_config speaker_present_config(const struct bgp_speaker *s);

/* For the discovery: tells the unnumbered peer on that interface. */
void speaker_on_found(const char *ifname, const struct bgp_found *found, void *userdata);
/* The links to watch are those of the present peers. */
void speaker_watch_links(struct bgp_speaker *s);

/* For the listener: hands a connection to its peer. */
void speaker_on_accepted(int fd, const struct sockaddr_storage *from, void *userdata);
/* -EINVAL: a peer is passive, and there is no listener. */
int speaker_check_passive(const struct bgp_config *config, struct err *err);
/* If all peers have ttl_security, the listener drops packets from further away before a handshake
 * (RFC 5082 3). If only some have, their sessions are protected from accept() on. */
bool speaker_all_near(const struct bgp_config *config);
/* Gives the listener the passwords of these peers. */
int speaker_protect(struct bgp_speaker *s, const struct bgp_config *config, struct err *err);
/* Opens and closes those of VRFs, with the keys where the kernel looks for them now. */
void speaker_listen_in_vrfs(struct bgp_speaker *s);
/* Opens the listener. */
int speaker_listen(struct bgp_speaker *s, const struct bgp_config *config, struct err *err);

#endif
