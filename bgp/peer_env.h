/* SPDX-License-Identifier: MIT */
/* The surroundings that all peers of a speaker share. */
#ifndef BGP_PEER_ENV_H
#define BGP_PEER_ENV_H

#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "bgp/linger.h"
#include "bgp/msg.h"
#include "bgp/rib.h"

struct bgp_peer;

struct bgp_peer_env {
	sd_event *loop;
	const struct bgp_config *config; /* without the peers */
	struct rib *rib;
	struct bgp_linger *linger;
	/* The state of the session, or the trouble with the path, changed. */
	void (*changed)(struct bgp_peer *peer, void *userdata);
	/* It was sent routes: bgp_peer_tell_sent(). NULL: not asked for. */
	void (*sent)(struct bgp_peer *peer, void *userdata);
	void (*update)(struct bgp_peer *peer, const struct bgp_update *update, void *userdata);
	void *userdata;
};

#endif
