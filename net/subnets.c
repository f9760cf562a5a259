/* SPDX-License-Identifier: MIT */
#include "net/subnets.h"

#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"

static uint8_t length_of(const struct addr *mask)
{
	uint8_t len = 0;
	for (size_t i = 0; i < addr_size(mask->family); i++)
		len += (uint8_t)__builtin_popcount(mask->bytes[i]);
	return len;
}

static bool get_addr(const struct sockaddr *sa, struct addr *ret)
{
	struct sockaddr_storage ss = { 0 };
	uint16_t port;
	if (!sa || (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return false;
	size_t size =
		sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	__builtin_memcpy(&ss, sa, size);
	return addr_from_sockaddr(&ss, ret, &port);
}

static void add(struct subnets *s, const struct ifaddrs *i)
{
	struct addr addr, mask;
	/* Without ARP no neighbour looks for an address on the link. */
	if ((i->ifa_flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT)) ||
	    !get_addr(i->ifa_addr, &addr) || !get_addr(i->ifa_netmask, &mask))
		return;
	uint8_t len = length_of(&mask);
	if (len == 0 || len == addr_size(addr.family) * 8 || addr_is_link_local(&addr))
		return;
	s->list = mem_grow(s->list, &s->room, s->n + 1, sizeof(*s->list));
	struct subnet *subnet = &s->list[s->n++];
	subnet->prefix = (struct prefix){ .addr = addr_mask(&addr, len), .len = len };
	snprintf(subnet->ifname, sizeof(subnet->ifname), "%s", i->ifa_name);
}

void subnets_load(struct subnets *ret)
{
	struct ifaddrs *all;
	*ret = (struct subnets){ 0 };
	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		add(ret, i);
	freeifaddrs(all);
}

void subnets_done(struct subnets *s)
{
	free(s->list);
	*s = (struct subnets){ 0 };
}

const struct subnet *subnets_around(const struct subnets *s, const struct prefix *vip)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].prefix.len <= vip->len &&
		    prefix_contains(&s->list[i].prefix, &vip->addr))
			return &s->list[i];
	return NULL;
}

/* IPv4 neighbours ask for the address by ARP instead of following the router's route, and every
 * host that has it answers; an IPv6 address on lo is not solicited on the link. */
const char *subnets_advice(const struct prefix *vip)
{
	return vip->addr.family == AF_INET
		       ? "neighbours ask for it by ARP and bypass BGP. Choose a VIP outside"
		       : "neighbours look for it on the link and do not reach it. Choose a VIP "
			 "outside";
}
