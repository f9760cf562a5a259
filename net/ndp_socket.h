/* SPDX-License-Identifier: MIT */
/*
 * A raw ICMPv6 socket for the messages of net/ndp.h, of one interface. Takes CAP_NET_RAW. The
 * kernel keeps everything from it but advertisements of routers and neighbors, and replies to
 * echos.
 */
#ifndef NET_NDP_SOCKET_H
#define NET_NDP_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/ndp.h"

/* The descriptor, or -errno: -EPERM when the capability is missing. */
int ndp_socket_open(const char *ifname, struct err *err);
/* From `source`, an address of the interface, with a hop limit of 255. Messages to a group do not
 * come back. */
int ndp_socket_send(int fd, uint32_t ifindex, const struct addr *source, const struct addr *to,
		    const uint8_t *message, size_t len);
/* The next packet: *ret is a view into `buf`. -EAGAIN when there is none. */
int ndp_socket_receive(int fd, uint8_t *buf, size_t cap, struct ndp_packet *ret);

#endif
