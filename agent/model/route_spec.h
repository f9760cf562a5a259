/* SPDX-License-Identifier: MIT */
/*
 * Attributes and peers that a program gave one of its routes. The attributes of the app
 * (agent/model/announce_spec.h) do not add to it; those of `bgp` and of the peer do, as with every
 * route. Immutable once it is in use, and shared: equal routes need not be stored twice. Pure.
 */
#ifndef AGENT_MODEL_ROUTE_SPEC_H
#define AGENT_MODEL_ROUTE_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/model/announce_spec.h"
#include "bgp/config.h"
#include "bgp/peer_filter.h"
#include "lib/addr.h"

struct route_spec {
	size_t refs;
	struct bgp_origin_choice origin;
	struct bgp_number med, local_pref;
	struct bgp_as_path as_path; /* as it is sent, our AS is not added */
	struct addr next_hop;       /* family 0: ours */
	struct bgp_communities communities;
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
	struct bgp_peer_filter *peers; /* NULL: all */
	/* The route for other peers, with other attributes; owned. NULL: no more. */
	struct route_spec *other;
};

struct route_spec *route_spec_new(void); /* with one reference */
/* A copy of its own, to be changed; for these peers, without `other`. */
struct route_spec *route_spec_copy(const struct route_spec *s, const struct bgp_peer_filter *peers);
struct route_spec *route_spec_ref(struct route_spec *s); /* NULL is accepted, as by the next */
void route_spec_unref(struct route_spec *s);
/* The same attributes, whatever the peers. */
bool route_spec_attrs_equal(const struct route_spec *a, const struct route_spec *b);
/* Also in all that is for other peers. */
bool route_spec_equal(const struct route_spec *a, const struct route_spec *b);
/* Of it and its others, the one for this peer. NULL: none. */
const struct route_spec *route_spec_for(const struct route_spec *s,
					const struct bgp_peer_config *peer);

/* The attributes in this form: as a drain or keep_last changes them, see announce_specs_attrs().
 * The lists point into `room` and into the spec. */
void route_spec_attrs(const struct route_spec *s, enum route_form form, struct announce_room *room,
		      struct bgp_route_attrs *ret);

#endif
