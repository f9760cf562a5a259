/* SPDX-License-Identifier: MIT */
/*
 * A socket that sends ICMP echo requests and receives their replies: an ICMP datagram socket where
 * the sysctl net.ipv4.ping_group_range (for IPv6 too) includes a group of this process, else a raw
 * one, which takes CAP_NET_RAW.
 */
#ifndef NET_ICMP_SOCKET_H
#define NET_ICMP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/addr.h"
#include "lib/err.h"

/* The descriptor, or -errno. ICMP errors are queued (IP_RECVERR). */
int icmp_socket_open(uint8_t family, bool *ret_raw, struct err *err);
/* The identifier that the kernel gives to the requests of a connected datagram socket. */
int icmp_socket_identifier(int fd, uint16_t *ret);
/* Takes the oldest ICMP error off the queue. `ret_quoted` gets what the error quotes of the packet
 * that caused it, from its ICMP header on. -EAGAIN when there is none. */
struct icmp_error {
	int error; /* errno that stands for it */
	struct addr from;
	uint8_t quoted[64];
	size_t quoted_len;
};
int icmp_socket_read_error(int fd, struct icmp_error *ret);

/* Does net.ipv4.ping_group_range include one of the groups? False when it cannot be read. */
bool icmp_socket_is_allowed(const gid_t *groups, size_t n);

#endif
