/* SPDX-License-Identifier: MIT */
/*
 * The peers that a route is for: those that are named, without those that are excepted. Without
 * names it is for every peer that is not excepted. Pure.
 *
 * A name is an address, which is every peer at that address; an address with an interface,
 * fe80::1%eth0; the interface of a peer that is configured with one; or a description.
 */
#ifndef BGP_PEER_FILTER_H
#define BGP_PEER_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "bgp/config.h"
#include "lib/addr.h"

#define BGP_PEER_NAME_TEXT_MAX 80

struct bgp_peer_ref {
	struct addr addr; /* family 0: `text` is an interface or a description */
	char ifname[IF_NAMESIZE];
	char *text; /* owned; the address in its canonical form */
};

struct bgp_peer_refs {
	struct bgp_peer_ref *items;
	size_t n;
};

struct bgp_peer_filter {
	struct bgp_peer_refs only, except;
};

/* Attributes of a route for some peers. */
struct bgp_route_variant {
	struct bgp_route_attrs attrs;
	const struct bgp_peer_filter *filter;
};

/* `text` is one of the names, letter by letter. */
bool bgp_peer_refs_has(const struct bgp_peer_refs *refs, const char *text);
/* Appends a name, unless it is there already. */
void bgp_peer_refs_add(struct bgp_peer_refs *refs, const char *text);
bool bgp_peer_ref_matches(const struct bgp_peer_ref *ref, const struct bgp_peer_config *peer);

/* NULL is the filter that lets every peer have the route, for all of these. */
bool bgp_peer_filter_allows(const struct bgp_peer_filter *f, const struct bgp_peer_config *peer);
/* The same names; their order does not matter. */
bool bgp_peer_filter_equal(const struct bgp_peer_filter *a, const struct bgp_peer_filter *b);
struct bgp_peer_filter *bgp_peer_filter_copy(const struct bgp_peer_filter *f);
void bgp_peer_filter_free(struct bgp_peer_filter *f);

#endif
