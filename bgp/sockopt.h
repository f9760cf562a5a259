/* SPDX-License-Identifier: MIT */
/* BGP's sockets, and the options that protect them: TTL security (RFC 5082), TCP MD5 (RFC 2385). */
#ifndef BGP_SOCKOPT_H
#define BGP_SOCKOPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/err.h"

/* Begins to connect to the peer; *ret_fd is the socket, CLOEXEC and NONBLOCK, on which EPOLLOUT
 * reports the end of the attempt. */
int bgp_socket_connect(const struct bgp_peer_config *peer, bool ibgp, int *ret_fd, struct err *err);
/* `near`: only neighbours on the link may connect (RFC 5082). `vrf`: of that VRF alone; NULL: as
 * net.ipv4.tcp_l3mdev_accept says. For -EADDRINUSE and -EACCES the text says what to do. */
int bgp_socket_listen(const struct endpoint *at, bool near, const char *vrf, int *ret_fd,
		      struct err *err);
/* The VRF, or the interface of a link-local connection, that the socket is bound to; 0: none. */
uint32_t bgp_socket_device(int fd);
/* Prepares an accepted socket for the peer that it came from. */
int bgp_socket_adopt(int fd, const struct bgp_peer_config *peer, bool ibgp, struct err *err);
/* Asks for signatures (RFC 2385), on a socket in any state: a new key counts from the next segment
 * on. Without a password none are asked for any more. */
int bgp_socket_set_password(int fd, const struct bgp_peer_config *peer, struct err *err);
struct bgp_socket_name {
	struct addr addr;
	uint16_t port;
	uint32_t scope; /* interface of a link-local address, or the VRF; else 0 */
};
/* The local end of a connection. False when there is none; *ret stays then. */
bool bgp_socket_local_name(int fd, struct bgp_socket_name *ret);
/* How an attempt ended: 0 or -errno. */
int bgp_socket_error(int fd);
/* Bytes that the other host has not acknowledged yet. */
size_t bgp_socket_unacknowledged(int fd);
/* The TTL of packets to the peer. */
uint8_t bgp_socket_ttl(const struct bgp_peer_config *peer, bool ibgp);

#endif
