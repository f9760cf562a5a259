/* SPDX-License-Identifier: MIT */
#include "bgp/attr_out.h"

#include "bgp/aspath.h"
#include "bgp/wire.h"

#define WELL_KNOWN     BGP_ATTR_FLAG_TRANSITIVE
#define OPT_TRANSITIVE (BGP_ATTR_FLAG_OPTIONAL | BGP_ATTR_FLAG_TRANSITIVE)
#define OPT_NON_TRANS  BGP_ATTR_FLAG_OPTIONAL

/* The extended length only where it is needed: some speakers reject it elsewhere. */
static void encode_header(struct writer *w, uint8_t flags, enum bgp_attr_type type, size_t len)
{
	bool extended = len > UINT8_MAX;
	if (len > UINT16_MAX)
		w->failed = true;
	writer_u8(w, extended ? flags | BGP_ATTR_FLAG_EXT_LEN : flags);
	writer_u8(w, (uint8_t)type);
	if (extended)
		writer_u16(w, (uint16_t)len);
	else
		writer_u8(w, (uint8_t)len);
}

static void encode_u32(struct writer *w, uint8_t flags, enum bgp_attr_type type, uint32_t value)
{
	encode_header(w, flags, type, 4);
	writer_u32(w, value);
}

static void encode_path(struct writer *w, uint8_t flags, enum bgp_attr_type type,
			const struct bgp_attrs_out *attrs, uint8_t as_size)
{
	encode_header(w, flags, type, bgp_as_path_size(attrs->n_as_path, as_size));
	bgp_as_path_encode(w, attrs->as_path, attrs->n_as_path, as_size);
}

static bool needs_as4_path(const struct bgp_attrs_out *attrs)
{
	if (attrs->four_octet_as)
		return false;
	for (size_t i = 0; i < attrs->n_as_path; i++)
		if (attrs->as_path[i] > UINT16_MAX)
			return true;
	return false;
}

static void encode_communities(struct writer *w, const struct bgp_attrs_out *attrs)
{
	if (attrs->n_communities > 0)
		encode_header(w, OPT_TRANSITIVE, BGP_ATTR_COMMUNITIES, 4 * attrs->n_communities);
	for (size_t i = 0; i < attrs->n_communities; i++)
		writer_u32(w, attrs->communities[i]);
}

static void encode_ext_communities(struct writer *w, const struct bgp_attrs_out *attrs)
{
	size_t n = attrs->n_ext_communities;
	if (n > 0)
		encode_header(w, OPT_TRANSITIVE, BGP_ATTR_EXT_COMMUNITIES, 8 * n);
	for (size_t i = 0; i < n; i++) {
		writer_u32(w, attrs->ext_communities[i].high);
		writer_u32(w, attrs->ext_communities[i].low);
	}
}

static void encode_large_communities(struct writer *w, const struct bgp_attrs_out *attrs)
{
	size_t n = attrs->n_large_communities;
	if (n > 0)
		encode_header(w, OPT_TRANSITIVE, BGP_ATTR_LARGE_COMMUNITIES, 12 * n);
	for (size_t i = 0; i < n; i++) {
		writer_u32(w, attrs->large_communities[i].global);
		writer_u32(w, attrs->large_communities[i].local1);
		writer_u32(w, attrs->large_communities[i].local2);
	}
}

void bgp_attrs_encode(struct writer *w, const struct bgp_attrs_out *attrs)
{
	encode_header(w, WELL_KNOWN, BGP_ATTR_ORIGIN, 1);
	writer_u8(w, (uint8_t)attrs->origin);
	encode_path(w, WELL_KNOWN, BGP_ATTR_AS_PATH, attrs, attrs->four_octet_as ? 4 : 2);
	if (attrs->next_hop.family == AF_INET)
		encode_u32(w, WELL_KNOWN, BGP_ATTR_NEXT_HOP, addr_to_v4(&attrs->next_hop));
	if (attrs->has_med)
		encode_u32(w, OPT_NON_TRANS, BGP_ATTR_MED, attrs->med);
	if (attrs->has_local_pref)
		encode_u32(w, WELL_KNOWN, BGP_ATTR_LOCAL_PREF, attrs->local_pref);
	encode_communities(w, attrs);
	encode_ext_communities(w, attrs);
	if (needs_as4_path(attrs))
		encode_path(w, OPT_TRANSITIVE, BGP_ATTR_AS4_PATH, attrs, 4);
	encode_large_communities(w, attrs);
	if (attrs->only_to_customer)
		encode_u32(w, OPT_TRANSITIVE, BGP_ATTR_ONLY_TO_CUSTOMER, attrs->only_to_customer);
}
