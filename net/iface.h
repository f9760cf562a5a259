/* SPDX-License-Identifier: MIT */
/* A network interface: its state, its MAC address, its VRF. Reads only. */
#ifndef NET_IFACE_H
#define NET_IFACE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum iface_state {
	IFACE_UP,
	IFACE_NO_CARRIER,
	IFACE_DOWN, /* administratively */
	IFACE_GONE,
};
/* "is down", "has no carrier"; NULL when it is up. */
const char *iface_state_text(enum iface_state state);

#define IFACE_MAC_MAX 6

struct iface {
	enum iface_state state;
	uint8_t mac[IFACE_MAC_MAX];
	uint8_t mac_len;        /* 0: it has none, or one of another size */
	char name[IF_NAMESIZE]; /* "" when it is gone */
	uint32_t master;        /* the VRF or bridge that it belongs to; 0: none */
	bool is_in_vrf;         /* master is a VRF */
};
/* 0: there is no interface of that name, or the kernel could not be asked, and `*unsure` becomes
 * true (NULL: it does not matter). if_nametoindex() says ENOENT when the process is out of
 * descriptors. */
uint32_t iface_index(const char *name, bool *unsure);
/* An error: the kernel could not be asked, and the state is UP. */
int iface_read(uint32_t ifindex, struct iface *ret);
/* The VRF that the interface belongs to. "": none, or the one that all sockets of this process are
 * in (`ip vrf exec`). An error: the kernel could not be asked. */
int iface_vrf(uint32_t ifindex, char ret_name[static IF_NAMESIZE]);

#endif
