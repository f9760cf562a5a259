/* SPDX-License-Identifier: MIT */
/*
 * Listeners of VRFs, beside that of bgp.listen: one for each VRF that a peer is in, by its `device`
 * or, when it is link-local or unnumbered, by its interface, with the keys of its peers. A VRF may
 * come later, go and come again.
 *
 * With net.ipv4.tcp_l3mdev_accept the kernel gives the connections of all VRFs to the other
 * listener, and refuses these.
 */
#ifndef BGP_VRF_LISTENERS_H
#define BGP_VRF_LISTENERS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "bgp/config.h"
#include "bgp/listener.h"

struct bgp_vrf_listeners;

struct bgp_vrf_listeners *bgp_vrf_listeners_new(sd_event *loop, bgp_listener_cb *accepted,
						void *userdata);
void bgp_vrf_listeners_free(struct bgp_vrf_listeners *l);
/* Listens in the VRFs of the peers, if `listen` says so, and in no other, with their keys; to be
 * called when the configuration or the host has changed. `near` as of bgp_socket_listen(). What
 * fails is logged, and tried again with the next call. */
void bgp_vrf_listeners_update(struct bgp_vrf_listeners *l, const struct bgp_config *config,
			      bool near);
/* Before the configuration changes: connections of these peers need no password any more. */
void bgp_vrf_listeners_unprotect(struct bgp_vrf_listeners *l, const struct bgp_config *config);
void bgp_vrf_listeners_close(struct bgp_vrf_listeners *l);
/* Connections in VRFs come to the other listener. */
bool bgp_vrf_shares_listener(void);

#endif
