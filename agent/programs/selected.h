/* SPDX-License-Identifier: MIT */
/* The peers that the selectors of a line are for, as they are when it comes. Pure. */
#ifndef AGENT_PROGRAMS_SELECTED_H
#define AGENT_PROGRAMS_SELECTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/programs/line_selectors.h"
#include "bgp/peer_filter.h"
#include "bgp/status.h"

bool selected_matches(const struct line_selector *s, const struct bgp_peer_status *peer,
		      uint32_t router_id);
/* *ret NULL: there are no selectors, all peers. False: they are for none. Free it. */
bool selected_peers(const struct line_selectors *selectors, const struct bgp_peer_status *peers,
		    size_t n, uint32_t router_id, struct bgp_peer_filter **ret);

#endif
