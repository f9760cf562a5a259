/* SPDX-License-Identifier: MIT */
/*
 * Hints to the operator why a session does not come up, from the evidence at hand. Pure.
 *
 * Every hint is a constant, so that equal hints are the same pointer; "" is none.
 */
#ifndef BGP_HINT_H
#define BGP_HINT_H

#include <stdbool.h>

#include "bgp/config.h"
#include "bgp/notice.h"
#include "bgp/status.h"
#include "bgp/router_link.h"

struct bgp_attempt_evidence {
	const struct bgp_peer_config *peer;
	enum bgp_state reached;
	bool silent;       /* it failed because nothing was heard for too long */
	bool closed;       /* the peer, or its host, closed or refused it */
	bool path_trouble; /* an interface or a route is missing, which is reported itself */
	bool one_hop;      /* the session cannot cross a router: TTL 1 or GTSM */
	bool heard;        /* the peer has spoken BGP to us before: keys and TTLs matched */
	bool gateway;      /* the route to the peer leads through one … */
	bool maybe_itself; /* … which may be the peer, under another address */
};

/* The operator has disabled it. */
const char *bgp_hint_disabled(void);
/* After an attempt to connect has failed. */
const char *bgp_hint_failed(const struct bgp_attempt_evidence *e);
/* While a connection stays in `state` longer than an attempt may take. */
const char *bgp_hint_waiting(const struct bgp_peer_config *peer, enum bgp_state state, bool heard);
/* While nothing is opened, as bfd.required is set and BFD is not up. `unnumbered`: the peer is
 * configured by its interface. */
const char *bgp_hint_awaits_path(bool unnumbered);
/* An unnumbered peer whose router is not known. */
const char *bgp_hint_no_router(enum bgp_lack lack);
/* After a NOTIFICATION; "" also for one that explains itself. */
const char *bgp_hint_notice(const struct bgp_peer_config *peer, const struct bgp_notice *notice);

#endif
