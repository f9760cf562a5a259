/* SPDX-License-Identifier: MIT */
/* Communities as ExaBGP writes them, beside our own ways (agent/model/community.h). Pure. */
#ifndef AGENT_PROGRAMS_EXA_COMMUNITY_H
#define AGENT_PROGRAMS_EXA_COMMUNITY_H

#include <stdint.h>

#include "bgp/config.h"
#include "lib/err.h"

/* "65000:1", "0xfde80001", "4259840001", "no-export", "nopeer", "blackhole" … */
int exa_community_parse(const char *text, uint32_t *ret, struct err *err);
/*
 * "target:65001:100", "origin:192.0.2.1:100", "65001:100" (a target), "target4:…" and "65001L:100"
 * for four octets, "bandwidth:65001:125000000", "0x0002fde900000064". An IPv4 address makes the
 * type of RFC 4360 3.2, where ExaBGP 4 writes that of an AS.
 */
int exa_ext_community_parse(const char *text, struct bgp_ext_community *ret, struct err *err);

#endif
