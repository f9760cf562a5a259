/* SPDX-License-Identifier: MIT */
/*
 * What a VIP is to the kernel, part by part; whose a part is and whether it should be there is
 * net/loopback.h's.
 *
 * IPv4 /32: an address on lo, with which the kernel makes a local route; and one of our own,
 * because the kernel's may be removed (`ip route flush table local`), and nobody would see that
 * nothing answers on the address any more.
 *
 * IPv4 network: a local route. An address with its length would do, too, but would make every
 * address of that network that somebody adds to lo later its secondary, which the kernel removes
 * with it; and its last address would be broadcast.
 *
 * IPv6, any length: an address, and a local route of our own: the kernel acknowledges an address
 * before it has made the route, and makes one for the address only.
 *
 * Both carry our number (IFA_PROTO, rtm_protocol), by which a later run knows them.
 */
#ifndef NET_VIPADDR_H
#define NET_VIPADDR_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "net/nladdr.h"
#include "net/nlsock.h"

enum { VIP_ADDRESS = 1, VIP_ROUTE = 2 };

/* The parts that the VIP needs, as bits. */
uint8_t vipaddr_parts(const struct prefix *vip);
/* An address is added exclusively: -EEXIST when there is one. A route that is there already serves
 * as well: 0. The label is "lo:NAME", cut to what the kernel takes. */
int vipaddr_add(struct nlsock *s, const struct prefix *vip, uint8_t part, const char *app_name);
/* 0 also when it is not there. Never removes a route that is not tagged as ours. */
int vipaddr_del(struct nlsock *s, const struct prefix *vip, uint8_t part);
/* Gives an address that is ours and there its lifetime, flags and tag back. */
int vipaddr_mend(struct nlsock *s, const struct prefix *vip);
/* Has the address, as the kernel shows it, the lifetime and the tag that we gave it? `tags`: the
 * kernel knows the tag. */
bool vipaddr_intact(const struct nladdr *a, bool tags);
/* Is all about it as we make it, but for tag and label? */
bool vipaddr_as_made(const struct nladdr *a);
/* The label of its address: "" for IPv6. */
void vipaddr_label(const struct prefix *vip, const char *app_name, char ret[static IFNAMSIZ]);
/* Linux 5.18 and later. */
bool vipaddr_kernel_tags(void);

#endif
