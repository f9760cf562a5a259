/* SPDX-License-Identifier: MIT */
/*
 * How an app is announced in each of its states. Pure.
 *
 * The states are the configuration's words. What the policy decides on is a form of the route:
 *
 *	form    MED, prepends, LOCAL_PREF    communities besides those of vip_config
 *	up      of `up`                      of `up`
 *	down    of `down`, else of `up`      of `down`
 *	drain   of `drain`, else of `up`;    GRACEFUL_SHUTDOWN (RFC 8326), of `up` and `drain`
 *	        LOCAL_PREF else 0
 *	kept    as down, where `down` has attributes; else as drain would be if it had none
 *
 * What a state leaves open is as in `up`, because a route that loses its MED becomes more
 * attractive at most routers, not less.
 */
#ifndef AGENT_MODEL_ANNOUNCE_SPEC_H
#define AGENT_MODEL_ANNOUNCE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/merge.h"

enum announce_state { ANNOUNCE_UP, ANNOUNCE_DOWN, ANNOUNCE_DRAIN };
#define ANNOUNCE_STATES 3

enum route_form {
	ROUTE_NONE,
	ROUTE_UP,
	ROUTE_DOWN,  /* the last resort */
	ROUTE_KEPT,  /* down, as is its whole group at once: the checks are not believed */
	ROUTE_DRAIN, /* about to go */
};
const char *route_form_name(enum route_form form); /* "none", "up", … */

struct announce_number {
	bool given;
	uint32_t value;
};

struct announce_spec {
	bool announce; /* not of UP, which always is */
	struct announce_number med, local_pref, prepends;
	struct bgp_communities communities;
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
};

/* Of one app; NULL where nothing is said, as with most of ten thousand apps. */
struct announce_specs {
	struct bgp_ext_communities ext_communities; /* of vip_config: in every state */
	struct bgp_large_communities large_communities;
	struct announce_spec of[ANNOUNCE_STATES];
};

struct announce_specs *announce_specs_new(void); /* all defaults */
void announce_specs_free(struct announce_specs *s);
/* All of these take NULL for the defaults. */
struct announce_specs *announce_specs_copy(const struct announce_specs *s);
bool announce_specs_equal(const struct announce_specs *a, const struct announce_specs *b);
bool announce_specs_announces(const struct announce_specs *s, enum announce_state state);

/* Whether the state says anything about attributes. */
bool announce_spec_has_attrs(const struct announce_spec *s);

/* The lists that announce_specs_attrs() makes. */
struct announce_room {
	uint32_t communities[BGP_COMMUNITIES_ROOM];
	struct bgp_ext_community ext_communities[BGP_EXT_COMMUNITIES_MAX];
	struct bgp_large_community large_communities[BGP_LARGE_COMMUNITIES_MAX];
};

/* What a route of this form carries; `of_app` are the communities of vip_config. The lists point
 * into `room`. ROUTE_NONE is as ROUTE_UP. */
void announce_specs_attrs(const struct announce_specs *s, const struct bgp_communities *of_app,
			  enum route_form form, struct announce_room *room,
			  struct bgp_route_attrs *ret);

#endif
