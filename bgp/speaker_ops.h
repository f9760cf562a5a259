/* SPDX-License-Identifier: MIT */
/* Callbacks of a speaker to its user. */
#ifndef BGP_SPEAKER_OPS_H
#define BGP_SPEAKER_OPS_H

#include "bgp/config.h"
#include "bgp/msg.h"
#include "bgp/sent_log.h"
#include "bgp/status.h"

/* All optional. Called from the loop; none may free the speaker. */
struct bgp_speaker_ops {
	/* A session went up or down, or the reason that it is down changed. */
	void (*peer_changed)(const struct bgp_peer_status *status, void *userdata);
	/* A peer was sent a route, a withdrawal, or a number of them. Later, when the loop has
	 * nothing else to do; bgp_speaker_stop() and _leave() tell the rest at once. */
	void (*sent)(const struct bgp_peer_config *peer, const struct bgp_sent *sent,
		     void *userdata);
	/* A peer sent routes or withdrew some; the views live during the call. */
	void (*update_received)(const struct bgp_peer_status *status,
				const struct bgp_update *update, void *userdata);
};

#endif
