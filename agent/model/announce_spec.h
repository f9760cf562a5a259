/* SPDX-License-Identifier: MIT */
/*
 * The announce specs of an app: the attributes of its routes while it is up, down, drained or
 * joining. Pure.
 *
 * The policy decides on a form of the route, whose attributes follow from the specs:
 *
 *	form    MED, prepends, LOCAL_PREF    communities besides those of vip_config
 *	up      of `up`                      of `up`
 *	down    of `down`, else of `up`      of `down`
 *	drain   of `drain`, else of `up`;    GRACEFUL_SHUTDOWN (RFC 8326), of `up` and `drain`
 *	        LOCAL_PREF else 0
 *	kept    as down, where `down` has attributes; else as drain would be if it had none
 *	join    of `join`, else of `up`; where    of `up` and `join`; GRACEFUL_SHUTDOWN where `join`
 *	        `join` has no attributes,         has no attributes
 *	        LOCAL_PREF 0
 *
 * A joiner that goes down or is drained has `join` between the state and `up`: it gets no more
 * attractive by that.
 *
 * Numbers that a spec does not set are those of `up`, because a route without a MED is preferred by
 * most routers; those that `up` does not set are those of vip_config. Numbers that none of them
 * sets are left to the peer (bgp/merge.h). A MED that the app sets is that of its first VIP:
 * `increase` is added for each further one.
 */
#ifndef AGENT_MODEL_ANNOUNCE_SPEC_H
#define AGENT_MODEL_ANNOUNCE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/merge.h"

enum announce_state { ANNOUNCE_UP, ANNOUNCE_DOWN, ANNOUNCE_DRAIN, ANNOUNCE_JOIN };
#define ANNOUNCE_STATES 4

enum route_form {
	ROUTE_NONE,
	ROUTE_UP,
	ROUTE_DOWN,  /* last resort */
	ROUTE_KEPT,  /* down, kept by keep_last or by the guard of the fleet */
	ROUTE_DRAIN, /* before it is withdrawn */
	ROUTE_JOIN,  /* up, by a definition that is not promoted yet */
};
const char *route_form_name(enum route_form form); /* "none", "up", … */

struct announce_spec {
	bool announce; /* not of UP, which always is; of JOIN: new definitions join */
	struct bgp_number med, local_pref, prepends, weight;
	struct bgp_communities communities;
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
};

/* Of one app; NULL for an app that sets nothing, to save memory. */
struct announce_specs {
	struct bgp_number med, local_pref, prepends, weight;
	struct bgp_number increase; /* of the MED, by each further VIP of the app */
	struct bgp_ext_communities
		ext_communities; /* of vip_config, as the numbers: in every state */
	struct bgp_large_communities large_communities;
	struct announce_spec of[ANNOUNCE_STATES];
};

struct announce_specs *announce_specs_new(void); /* all defaults */
void announce_specs_free(struct announce_specs *s);
/* NULL is accepted by all of these and means the defaults. */
struct announce_specs *announce_specs_copy(const struct announce_specs *s);
bool announce_specs_equal(const struct announce_specs *a, const struct announce_specs *b);
bool announce_specs_announces(const struct announce_specs *s, enum announce_state state);

/* The VIPs of an app differ in their MEDs. */
bool announce_specs_increases(const struct announce_specs *s);
/* The MED of the VIP at `place` among those of its app, from 0; at most 4294967295. One that the
 * app does not set stays that of the peer. */
void announce_specs_increase(const struct announce_specs *s, size_t place,
			     struct bgp_route_attrs *attrs);

/* Whether it sets any attribute. */
bool announce_spec_has_attrs(const struct announce_spec *s);

/* Storage for the lists that announce_specs_attrs() builds. */
struct announce_room {
	uint32_t communities[BGP_COMMUNITIES_ROOM];
	struct bgp_ext_community ext_communities[BGP_EXT_COMMUNITIES_MAX];
	struct bgp_large_community large_communities[BGP_LARGE_COMMUNITIES_MAX];
};

/* The attributes of a route of this form; `of_app` are the communities of vip_config. The lists
 * point into `room`. ROUTE_NONE is treated as ROUTE_UP. */
void announce_specs_attrs(const struct announce_specs *s, const struct bgp_communities *of_app,
			  enum route_form form, struct announce_room *room,
			  struct bgp_route_attrs *ret);
/* The same of an app that joins. */
void announce_specs_attrs_of_joiner(const struct announce_specs *s,
				    const struct bgp_communities *of_app, enum route_form form,
				    struct announce_room *room, struct bgp_route_attrs *ret);

#endif
