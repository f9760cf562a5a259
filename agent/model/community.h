/* SPDX-License-Identifier: MIT */
/* Communities as text: standard, extended and large. Pure. */
#ifndef AGENT_MODEL_COMMUNITY_H
#define AGENT_MODEL_COMMUNITY_H

#include <stdbool.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/err.h"

/* "100:200", both 0..65535; the well-known names of RFC 1997 and 8326 too ("no-export",
 * "graceful-shutdown"). */
int community_parse(const char *text, uint32_t *ret, struct err *err);
#define COMMUNITY_TEXT_MAX 12
const char *community_format(uint32_t value, char buf[static COMMUNITY_TEXT_MAX]);

/*
 * RFC 4360: "rt:65001:100" (route target) and "soo:…" (site of origin), with an AS number of two
 * or four octets (RFC 5668) or an IPv4 address in front; anything else as its eight octets,
 * "0x4004fde900000064".
 */
int ext_community_parse(const char *text, struct bgp_ext_community *ret, struct err *err);
#define EXT_COMMUNITY_TEXT_MAX 32
const char *ext_community_format(struct bgp_ext_community c,
				 char buf[static EXT_COMMUNITY_TEXT_MAX]);

/* RFC 8092: "65001:1:2", each 0 to 4294967295. */
int large_community_parse(const char *text, struct bgp_large_community *ret, struct err *err);
#define LARGE_COMMUNITY_TEXT_MAX 40
const char *large_community_format(struct bgp_large_community c,
				   char buf[static LARGE_COMMUNITY_TEXT_MAX]);

/* Append one, unless it is a duplicate. The caller frees `values`. */
int communities_add(struct bgp_communities *list, const char *text, struct err *err);
int ext_communities_add(struct bgp_ext_communities *list, const char *text, struct err *err);
int large_communities_add(struct bgp_large_communities *list, const char *text, struct err *err);

bool communities_equal(const struct bgp_communities *a, const struct bgp_communities *b);
bool ext_communities_equal(const struct bgp_ext_communities *a,
			   const struct bgp_ext_communities *b);
bool large_communities_equal(const struct bgp_large_communities *a,
			     const struct bgp_large_communities *b);

#endif
