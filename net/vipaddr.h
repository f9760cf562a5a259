/* SPDX-License-Identifier: MIT */
/*
 * The parts of a VIP in the kernel, as values. Whether a part is ours and should be there is
 * net/lo_mirror.h's; adding and removing them net/nlvip.h's. Pure.
 *
 * IPv4 /32: an address on lo, for which the kernel makes a local route; and a local route of our
 * own, because the kernel's may be removed (`ip route flush table local`), after which nothing
 * would answer on the address and no notification would say so.
 *
 * IPv4 network: a local route. An address with its length would do, too, but every address of that
 * network that is added to lo later would become its secondary, which the kernel removes with it;
 * and its last address would be broadcast.
 *
 * IPv6, any length: an address, and a local route of our own: the kernel acknowledges an address
 * before it has made the route, and makes one for the address only.
 *
 * On another interface than lo, an address of full length only: its local route is the kernel's, in
 * the table of the interface (that of its VRF), and goes when the interface is down.
 *
 * Both carry our number (IFA_PROTO, rtm_protocol), by which the next instance knows them.
 *
 * The host must not choose a VIP as the source of its own connections, whose answers might reach
 * another host that announces the same VIP. So IPv4 addresses have scope host: they serve clients
 * all the same, but the kernel never selects them towards a destination beyond this host. IPv6
 * addresses have a preferred lifetime of 0 ("deprecated", RFC 6724 rule 3). Version 0.1.0 gave IPv4
 * addresses scope global.
 */
#ifndef NET_VIPADDR_H
#define NET_VIPADDR_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net/nladdr.h"

enum { VIP_ADDRESS = 1, VIP_ROUTE = 2 };

/* An interface. */
struct vip_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
};
extern const struct vip_link vip_link_lo;

/* The parts that the VIP needs there, as bits. */
uint8_t vipaddr_parts(const struct prefix *vip, bool on_lo);
/* Its address, with the label of the app; `app_name` NULL: without a label. */
struct nladdr vipaddr_make(const struct prefix *vip, const struct vip_link *link,
			   const char *app_name);
/* Does the kernel's address have the lifetime, the scope and the tag that we give it? `tags`: the
 * kernel knows the tag. */
bool vipaddr_intact(const struct nladdr *a, bool tags);
/* The scope of an IPv4 address is not ours. The kernel cannot change it in place. */
bool vipaddr_wrong_scope(const struct nladdr *a);
/* Is it as vipaddr_make() makes it, or as version 0.1.0 did, but for tag and label? */
bool vipaddr_as_made(const struct nladdr *a);
/* "lo:NAME", cut to what the kernel accepts, or to "lo"; "" for IPv6. */
void vipaddr_label(const struct prefix *vip, const char *ifname, const char *app_name,
		   char ret[static IFNAMSIZ]);

#endif
