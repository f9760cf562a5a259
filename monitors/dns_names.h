/* SPDX-License-Identifier: MIT */
/* Names of response codes and record types (RFC 1035, 2136, 3597, 6891). Pure. */
#ifndef MONITORS_DNS_NAMES_H
#define MONITORS_DNS_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* "NXDOMAIN", in any letter case, or a number up to 15; -EINVAL */
int dns_rcode_parse(const char *text, uint16_t *ret);
bool dns_rcode_is_valid(const char *text);
const char *dns_rcode_name(uint16_t rcode); /* "?" when it has none */
/* "A", "aaaa", "TYPE65"; -EINVAL */
int dns_type_parse(const char *text, uint16_t *ret);

#endif
