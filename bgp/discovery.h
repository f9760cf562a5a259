/* SPDX-License-Identifier: MIT */
/*
 * Finds the routers of peers that are configured by their interface: the shell around
 * router_link.h. A link is up while its interface is, and has a link-local address that has passed
 * duplicate address detection; it begins anew with another interface of that name, and when its
 * address is gone.
 */
#ifndef BGP_DISCOVERY_H
#define BGP_DISCOVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "bgp/router_link.h"
#include "lib/addr.h"

/* Of one interface. */
struct bgp_found {
	struct addr router; /* family 0: not known, `why` says why */
	struct addr other;  /* is there as well, and not the peer; family 0: none */
	enum bgp_lack lack;
	const char *why; /* in words; "": BGP_LACK_NOTHING */
};

/* From the loop, when anything of it has changed. */
typedef void bgp_discovery_cb(const char *ifname, const struct bgp_found *found, void *userdata);

struct bgp_discovery;
struct bgp_discovery *bgp_discovery_new(sd_event *loop, bgp_discovery_cb *found, void *userdata);
void bgp_discovery_free(struct bgp_discovery *d);
/* The links of the unnumbered ones of these peers; those that are there stay as they are. */
void bgp_discovery_watch(struct bgp_discovery *d, const struct bgp_peer_config *peers, size_t n);
/* Interfaces or addresses have changed. */
void bgp_discovery_host_changed(struct bgp_discovery *d);
/* The kernel could not be asked for one of the links, which is as it was: to be told again. */
bool bgp_discovery_is_unsure(const struct bgp_discovery *d);
/* Router advertisements that were heard on the link of an unnumbered peer, from whichever
 * router. */
uint64_t bgp_discovery_adverts(const struct bgp_discovery *d, const char *ifname);
/* The session with the router came up or ended. Calls nothing from inside. */
void bgp_discovery_session(struct bgp_discovery *d, const char *ifname, bool up);

#endif
