/* SPDX-License-Identifier: MIT */
/* A NAT mapping as configured: a value, and its text. Pure. */
#ifndef NAT_SPEC_H
#define NAT_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"

/* tcp:53:8053 — VIP:listen goes to the host's own address:dest.
 * tcp:80:172.17.0.2:80, tcp:80:[fd00::2]:80 — to that address:dest; VIPs of its family only. */
struct nat_spec {
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t listen, dest;
	struct addr to; /* family 0: the host's own */
};

#define NAT_SPEC_TEXT_MAX (ADDR_TEXT_MAX + 20)

/* -EINVAL, and a text that says what was expected. */
int nat_spec_parse(const char *text, struct nat_spec *ret, struct err *err);
const char *nat_spec_format(const struct nat_spec *s, char buf[static NAT_SPEC_TEXT_MAX]);
bool nat_spec_equal(const struct nat_spec *a, const struct nat_spec *b);
/* Whether it applies to VIPs of this family. */
bool nat_spec_covers(const struct nat_spec *s, uint8_t family);
/* Whether both match the same packets of some VIP. */
bool nat_spec_overlaps(const struct nat_spec *a, const struct nat_spec *b);
const char *nat_proto_name(uint8_t proto); /* "tcp", "udp" */

#endif
