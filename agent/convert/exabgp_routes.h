/* SPDX-License-Identifier: MIT */
/*
 * ExaBGP's static routes. They are collected over all neighbors, so that a route to several of them
 * is one route, and then become apps: those with the same attributes for the same peers share one.
 * Pure.
 */
#ifndef AGENT_CONVERT_EXABGP_ROUTES_H
#define AGENT_CONVERT_EXABGP_ROUTES_H

#include "agent/convert/document.h"
#include "agent/convert/statements.h"
#include "lib/addr.h"

struct exabgp_route {
	struct prefix prefix;
	json_t *attributes; /* as vip_config, and "name" */
	char *origin;
	struct addr next_hop; /* family 0: self */
	struct convert_at at;
	size_t *peers; /* positions among bgp.peers */
	size_t n_peers, cap_peers;
	bool lost;
};

struct exabgp_routes {
	struct exabgp_route *items;
	size_t n, cap;
	json_t *index; /* text of a route without its peers -> position */
};

/* The neighbor that a route is for. */
struct exabgp_route_to {
	size_t peer;    /* its position */
	json_t *object; /* of bgp.peers */
	const char *local_as;
	bool internal;
};

/* "route PREFIX …", "unicast PREFIX …", "attributes … nlri PREFIX…", also with a block. */
void exabgp_routes_carry(struct convert *c, struct exabgp_routes *routes, const struct statement *s,
			 const struct exabgp_route_to *to);
/* Adds the apps, the origin of all routes, and the next hops of peers. */
void exabgp_routes_finish(struct convert *c, struct exabgp_routes *routes);
void exabgp_routes_done(struct exabgp_routes *routes);

/* "as-path [ 65001 65001 ]" from position `*i` on: how often more than once the AS is there;
 * -EINVAL: it has another AS, or a set. */
int exabgp_prepends(const struct statement *s, size_t *i, const char *local_as, unsigned *ret);
/* A community, one of the extended ones, as we write it. False: there is no such thing here. */
bool exabgp_community(const char *word, char buf[static 32]);
bool exabgp_ext_community(const char *word, char buf[static 64]);

#endif
