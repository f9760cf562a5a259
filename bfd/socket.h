/* SPDX-License-Identifier: MIT */
/*
 * Sockets of BFD: one that receives for each family, port and VRF, and one for each session that
 * sends from a port of its own (RFC 5881 4). None needs a capability.
 */
#ifndef BFD_SOCKET_H
#define BFD_SOCKET_H

#include "bfd/table.h"
#include "lib/err.h"

struct bfd_listener {
	int fd; /* -1: it could not be opened yet */
	uint8_t family;
	bool multihop;
	char vrf[IF_NAMESIZE];
};

/* No packet is longer; octets beyond are not looked at. */
#define BFD_RECEIVE_MAX 256

/* As many are received at once. */
#define BFD_BATCH 16

struct bfd_batch {
	struct bfd_datagram items[BFD_BATCH]; /* their octets are in `data` */
	size_t n;
	bool is_last; /* nothing more has arrived */
	uint8_t data[BFD_BATCH][BFD_RECEIVE_MAX];
};

/* The descriptor, or -errno. `shared`: as those of bfd_listener_share(). */
int bfd_listener_open(const struct bfd_listener *l, bool shared, struct err *err);
/* To the kernel, a UDP socket in a VRF and one in none are in each other's way unless both share
 * the port. On for as long as it takes to open another one: another process that binds the port
 * with SO_REUSEADDR meanwhile would take our packets. */
void bfd_listener_share(const struct bfd_listener *l, bool on);
/* Reads the datagrams that have arrived. One that does not say where it came from is dropped. */
void bfd_listener_receive(const struct bfd_listener *l, struct bfd_batch *ret);
bool bfd_listener_serves(const struct bfd_listener *l, const struct bfd_key *key);

/* The descriptor, or -errno: bound to the address, the interface or VRF of the key, and `port`.
 * *ret_ifindex: of key->ifname. */
int bfd_sender_open(const struct bfd_key *key, uint16_t port, unsigned *ret_ifindex,
		    struct err *err);
/* 0 or -errno. */
int bfd_sender_send(int fd, const struct bfd_key *key, unsigned ifindex, const uint8_t *data,
		    size_t len);

#endif
