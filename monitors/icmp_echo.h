/* SPDX-License-Identifier: MIT */
/* ICMP echo requests and replies (RFC 792, RFC 4443). Pure. */
#ifndef MONITORS_ICMP_ECHO_H
#define MONITORS_ICMP_ECHO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICMP_ECHO_COOKIE 16
#define ICMP_ECHO_SIZE   (8 + ICMP_ECHO_COOKIE)

/* Of one check: requests carry the same identifier and random cookie, and are numbered from 1. */
struct icmp_echo {
	uint8_t family;
	uint16_t id;
	uint16_t sequence; /* of the latest request */
	uint8_t cookie[ICMP_ECHO_COOKIE];
};

void icmp_echo_build(const struct icmp_echo *e, uint8_t buf[static ICMP_ECHO_SIZE]);
/* The reply to one of the requests. `with_ip_header`: as raw sockets of IPv4 get it. */
bool icmp_echo_is_reply(const uint8_t *message, size_t len, const struct icmp_echo *e,
			bool with_ip_header);
/* The start of one of the requests, as an ICMP error quotes it: at least 8 bytes. */
bool icmp_echo_is_request(const uint8_t *quoted, size_t len, const struct icmp_echo *e);

#endif
