/* SPDX-License-Identifier: MIT */
/* The peers that `peers` and `except_peers` of an app name, against those that there are. Pure. */
#ifndef AGENT_MODEL_PEER_NAMES_H
#define AGENT_MODEL_PEER_NAMES_H

#include <stddef.h>

#include "bgp/peer_filter.h"
#include "lib/err.h"

struct peer_names {
	const struct bgp_peer_config *const *peers;
	size_t n;
};

/* -EINVAL, and a text with the names that there are, when a name is that of no peer. `f` may be
 * NULL.
 */
int peer_names_check(const struct peer_names *names, const struct bgp_peer_filter *f,
		     struct err *err);
int peer_refs_check(const struct peer_names *names, const struct bgp_peer_refs *refs,
		    struct err *err);
/* How many peers may have the route. */
size_t peer_names_count(const struct peer_names *names, const struct bgp_peer_filter *f);

#endif
