/* SPDX-License-Identifier: MIT */
/* The path attributes of an UPDATE to send. */
#ifndef BGP_ATTR_OUT_H
#define BGP_ATTR_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "lib/addr.h"
#include "lib/bytes.h"

/* The arrays belong to the caller and are only read. */
struct bgp_attrs_out {
	enum bgp_origin origin;
	const uint32_t *as_path; /* one AS_SEQUENCE; none inside the own AS */
	size_t n_as_path;
	bool four_octet_as; /* else AS_TRANS and, where needed, AS4_PATH */
	/* NEXT_HOP if IPv4; else it belongs in MP_REACH_NLRI, followed by `link_local` if that is
	 * set (RFC 2545 3). */
	struct addr next_hop, link_local;
	bool has_med, has_local_pref;
	uint32_t med, local_pref;
	const uint32_t *communities;
	size_t n_communities;
	const struct bgp_ext_community *ext_communities; /* RFC 4360 */
	size_t n_ext_communities;
	const struct bgp_large_community *large_communities; /* RFC 8092 */
	size_t n_large_communities;
	uint32_t only_to_customer; /* RFC 9234; 0: without it */
};

/* In ascending order of type, without MP_REACH_NLRI. */
void bgp_attrs_encode(struct writer *w, const struct bgp_attrs_out *attrs);

#endif
