/* SPDX-License-Identifier: MIT */
/* ICMP messages as a ping check gets them. The first byte picks the family, and whether it is a
 * reply, with or without an IP header, or what an ICMP error quotes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "monitors/icmp_echo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct icmp_echo e = { .id = 0x1234, .sequence = 2, .cookie = "vipherald cookie" };
	if (size == 0)
		return 0;
	e.family = data[0] & 1 ? AF_INET6 : AF_INET;
	const uint8_t *message = data + 1;
	size_t len = size - 1;
	if (data[0] & 2) {
		if (icmp_echo_is_request(message, len, &e) && len < 8)
			abort();
	} else if (icmp_echo_is_reply(message, len, &e, data[0] & 4)) {
		if (len < ICMP_ECHO_SIZE ||
		    memcmp(message + len - ICMP_ECHO_COOKIE, e.cookie, ICMP_ECHO_COOKIE) != 0)
			abort();
	}
	return 0;
}
