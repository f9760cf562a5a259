/* SPDX-License-Identifier: MIT */
/*
 * Path attributes: one table has the format of each and how a broken one is handled (RFC 7606), and
 * decoding follows it. Most callers need update.h only.
 */
#ifndef BGP_ATTR_H
#define BGP_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "lib/bytes.h"

/* The strongest reaction so far, and the NOTIFICATION for it. */
struct bgp_verdict {
	enum bgp_tolerance tolerance;
	struct bgp_notification error;
};

/* Keeps the stronger of *v and an UPDATE error that quotes `quote` (may be empty). */
void bgp_verdict_raise(struct bgp_verdict *v, enum bgp_tolerance tolerance,
		       enum bgp_error_update subcode, struct reader quote);

/* MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760). */
struct bgp_mp {
	bool present;
	uint8_t family;         /* 0: not negotiated, to be ignored */
	struct addr next_hop;   /* MP_REACH_NLRI only */
	struct reader prefixes; /* syntax is not checked yet */
	struct reader whole;    /* the attribute with its header, to be quoted */
};

struct bgp_attrs_in {
	struct bgp_attrs attrs;
	struct bgp_mp reach, unreach;
	bool has_others; /* anything but MP_UNREACH_NLRI, even if it could not be read */
	struct bgp_verdict verdict;
};

/* Reads the whole list, whatever is wrong with it. */
void bgp_attrs_decode(struct reader list, const struct bgp_update_params *params,
		      struct bgp_attrs_in *ret);

/* "AS_PATH"; NULL for one that this speaker does not know. */
const char *bgp_attr_name(uint8_t type);
/* AF_INET, AF_INET6; 0 for any other. */
uint8_t bgp_family_from_afi(uint16_t afi, uint8_t safi);
enum bgp_afi bgp_afi_from_family(uint8_t family);

/* Received attributes as text, cut to `size`; all return `buf`, which is "" for an empty list. The
 * path is the merged one of RFC 6793 4.2.3, communities are "65001:100 65535:666". */
char *bgp_attrs_as_path_text(const struct bgp_attrs *attrs, char *buf, size_t size);
char *bgp_attrs_communities_text(const struct bgp_attrs *attrs, char *buf, size_t size);
char *bgp_attrs_large_communities_text(const struct bgp_attrs *attrs, char *buf, size_t size);

#endif
