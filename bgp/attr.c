/* SPDX-License-Identifier: MIT */
/*
 * The list of path attributes of an UPDATE, read and written.
 *
 * Reading does not stop at the first error. RFC 7606 asks for the strongest reaction to anything in
 * the message, and treat-as-withdraw needs the prefixes, which may be in an attribute
 * (MP_REACH_NLRI) behind the broken one. So each error is raised on one verdict, which keeps the
 * strongest, and reading goes on with the next attribute.
 *
 * The format of each attribute and the reaction to a broken one are in `specs`; the functions below
 * only check values.
 */
#include "bgp/attr.h"

#include <inttypes.h>

#include "bgp/aspath.h"
#include "lib/array.h"
#include "lib/str.h"

struct decoder {
	const struct bgp_update_params *params;
	struct bgp_attrs_in *in;
	uint32_t seen[256 / 32]; /* every type, for duplicates */
	struct reader whole;     /* the attribute that is being read, with its header */
	uint32_t aggregator_as;  /* 0: no AGGREGATOR */
};

/* Takes a value whose length was checked; returns the error subcode, 0 when it is right. */
typedef uint8_t decode_fn(struct decoder *d, struct reader value);

static decode_fn decode_nothing, decode_origin, decode_as_path, decode_next_hop, decode_med,
	decode_local_pref, decode_aggregator, decode_communities, decode_ext_communities,
	decode_large_communities, decode_only_to_customer, decode_as4_path, decode_mp_reach,
	decode_mp_unreach;

enum length_rule {
	LEN_ANY, /* its decoder looks */
	LEN_IS,
	LEN_TIMES, /* a multiple, and not zero */
};

enum scope {
	FROM_ANYONE,
	FROM_IBGP, /* discarded when it comes from outside (RFC 7606 7.5, 7.9, 7.10) */
	FROM_OLD,  /* discarded when the peer has 4-octet AS numbers (RFC 6793 4.1, 6) */
};

#define WELL_KNOWN     BGP_ATTR_FLAG_TRANSITIVE
#define OPT_TRANSITIVE (BGP_ATTR_FLAG_OPTIONAL | BGP_ATTR_FLAG_TRANSITIVE)
#define OPT_NON_TRANS  BGP_ATTR_FLAG_OPTIONAL
#define DISCARD        BGP_TOLERATE_ATTR_DISCARD
#define WITHDRAW       BGP_TOLERATE_TREAT_AS_WITHDRAW
#define RESET          BGP_TOLERATE_SESSION_RESET

static const struct spec {
	uint8_t type;
	uint8_t flags; /* Optional and Transitive bits */
	enum length_rule rule;
	uint8_t len;
	enum scope scope;
	enum bgp_tolerance bad_flags; /* RFC 7606 3 c, f */
	enum bgp_tolerance bad_value; /* RFC 7606 7, RFC 6793 6, RFC 8092 6, RFC 9234 5 */
	decode_fn *decode;
	const char *name;
} specs[] = {
	/* clang-format off */
	{ BGP_ATTR_ORIGIN, WELL_KNOWN, LEN_IS, 1, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_origin, "ORIGIN" },
	{ BGP_ATTR_AS_PATH, WELL_KNOWN, LEN_ANY, 0, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_as_path, "AS_PATH" },
	{ BGP_ATTR_NEXT_HOP, WELL_KNOWN, LEN_IS, 4, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_next_hop, "NEXT_HOP" },
	{ BGP_ATTR_MED, OPT_NON_TRANS, LEN_IS, 4, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_med, "MULTI_EXIT_DISC" },
	{ BGP_ATTR_LOCAL_PREF, WELL_KNOWN, LEN_IS, 4, FROM_IBGP, WITHDRAW, WITHDRAW,
	  decode_local_pref, "LOCAL_PREF" },
	{ BGP_ATTR_ATOMIC_AGGREGATE, WELL_KNOWN, LEN_IS, 0, FROM_ANYONE, DISCARD, DISCARD,
	  decode_nothing, "ATOMIC_AGGREGATE" },
	{ BGP_ATTR_AGGREGATOR, OPT_TRANSITIVE, LEN_ANY, 0, FROM_ANYONE, DISCARD, DISCARD,
	  decode_aggregator, "AGGREGATOR" },
	{ BGP_ATTR_COMMUNITIES, OPT_TRANSITIVE, LEN_TIMES, 4, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_communities, "COMMUNITIES" },
	{ BGP_ATTR_ORIGINATOR_ID, OPT_NON_TRANS, LEN_IS, 4, FROM_IBGP, WITHDRAW, WITHDRAW,
	  decode_nothing, "ORIGINATOR_ID" },
	{ BGP_ATTR_CLUSTER_LIST, OPT_NON_TRANS, LEN_TIMES, 4, FROM_IBGP, WITHDRAW, WITHDRAW,
	  decode_nothing, "CLUSTER_LIST" },
	{ BGP_ATTR_MP_REACH_NLRI, OPT_NON_TRANS, LEN_ANY, 0, FROM_ANYONE, RESET, RESET,
	  decode_mp_reach, "MP_REACH_NLRI" },
	{ BGP_ATTR_MP_UNREACH_NLRI, OPT_NON_TRANS, LEN_ANY, 0, FROM_ANYONE, RESET, RESET,
	  decode_mp_unreach, "MP_UNREACH_NLRI" },
	{ BGP_ATTR_EXT_COMMUNITIES, OPT_TRANSITIVE, LEN_TIMES, 8, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_ext_communities, "EXTENDED COMMUNITIES" },
	{ BGP_ATTR_AS4_PATH, OPT_TRANSITIVE, LEN_ANY, 0, FROM_OLD, WITHDRAW, DISCARD,
	  decode_as4_path, "AS4_PATH" },
	{ BGP_ATTR_AS4_AGGREGATOR, OPT_TRANSITIVE, LEN_IS, 8, FROM_OLD, WITHDRAW, DISCARD,
	  decode_nothing, "AS4_AGGREGATOR" },
	{ BGP_ATTR_IPV6_EXT_COMMUNITIES, OPT_TRANSITIVE, LEN_TIMES, 20, FROM_ANYONE, WITHDRAW,
	  WITHDRAW, decode_nothing, "IPV6 EXTENDED COMMUNITIES" },
	{ BGP_ATTR_LARGE_COMMUNITIES, OPT_TRANSITIVE, LEN_TIMES, 12, FROM_ANYONE, WITHDRAW,
	  WITHDRAW, decode_large_communities, "LARGE_COMMUNITY" },
	{ BGP_ATTR_ONLY_TO_CUSTOMER, OPT_TRANSITIVE, LEN_IS, 4, FROM_ANYONE, WITHDRAW, WITHDRAW,
	  decode_only_to_customer, "ONLY_TO_CUSTOMER" },
	/* clang-format on */
};

static const struct spec *spec_find(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
		if (specs[i].type == type)
			return &specs[i];
	return NULL;
}

const char *bgp_attr_name(uint8_t type)
{
	const struct spec *spec = spec_find(type);
	return spec ? spec->name : NULL;
}

uint8_t bgp_family_from_afi(uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST)
		return 0;
	return afi == BGP_AFI_IPV4 ? AF_INET : afi == BGP_AFI_IPV6 ? AF_INET6 : 0;
}

enum bgp_afi bgp_afi_from_family(uint8_t family)
{
	return family == AF_INET6 ? BGP_AFI_IPV6 : BGP_AFI_IPV4;
}

void bgp_verdict_raise(struct bgp_verdict *v, enum bgp_tolerance tolerance,
		       enum bgp_error_update subcode, struct reader quote)
{
	if (tolerance <= v->tolerance)
		return;
	v->tolerance = tolerance;
	v->error = (struct bgp_notification){ .code = BGP_ERR_UPDATE, .subcode = (uint8_t)subcode };
	v->error.data_len = reader_left(&quote);
	v->error.data = v->error.data_len > 0 ? quote.p : NULL;
}

static uint8_t decode_nothing(struct decoder *d, struct reader value)
{
	(void)d, (void)value;
	return 0;
}

static uint8_t decode_origin(struct decoder *d, struct reader value)
{
	uint8_t origin = reader_u8(&value);
	if (origin > BGP_ORIGIN_INCOMPLETE)
		return BGP_ERR_UPDATE_ORIGIN;
	d->in->attrs.origin = origin;
	return 0;
}

/* A confederation is one AS to the outside (RFC 5065 5.3); inside it, a speaker without
 * confederations may well see its segments. */
static uint8_t decode_as_path(struct decoder *d, struct reader value)
{
	uint8_t as_size = d->params->four_octet_as ? 4 : 2;
	if (!bgp_as_path_is_valid(value, as_size, d->params->is_ibgp))
		return BGP_ERR_UPDATE_AS_PATH;
	d->in->attrs.as_path = value;
	d->in->attrs.as_size = as_size;
	return 0;
}

static uint8_t decode_as4_path(struct decoder *d, struct reader value)
{
	if (reader_left(&value) == 0 || !bgp_as_path_is_valid(value, 4, true))
		return BGP_ERR_UPDATE_OPTIONAL;
	d->in->attrs.as4_path = value;
	return 0;
}

/* RFC 4271 6.3: an address that a host can have. Loopback is accepted, for tests. */
static uint8_t decode_next_hop(struct decoder *d, struct reader value)
{
	uint32_t v4 = reader_u32(&value);
	if (v4 == 0 || v4 >> 28 >= 14)
		return BGP_ERR_UPDATE_NEXT_HOP;
	d->in->attrs.next_hop = addr_v4(v4);
	return 0;
}

static uint8_t decode_med(struct decoder *d, struct reader value)
{
	d->in->attrs.med = reader_u32(&value);
	return 0;
}

static uint8_t decode_local_pref(struct decoder *d, struct reader value)
{
	d->in->attrs.local_pref = reader_u32(&value);
	return 0;
}

static uint8_t decode_aggregator(struct decoder *d, struct reader value)
{
	size_t as_size = d->params->four_octet_as ? 4 : 2;
	if (reader_left(&value) != as_size + 4)
		return BGP_ERR_UPDATE_LENGTH;
	d->aggregator_as = as_size == 4 ? reader_u32(&value) : reader_u16(&value);
	return 0;
}

static uint8_t decode_communities(struct decoder *d, struct reader value)
{
	d->in->attrs.communities = value;
	return 0;
}

static uint8_t decode_ext_communities(struct decoder *d, struct reader value)
{
	d->in->attrs.ext_communities = value;
	return 0;
}

static uint8_t decode_large_communities(struct decoder *d, struct reader value)
{
	d->in->attrs.large_communities = value;
	return 0;
}

/* As any received route is dropped, nothing else of RFC 9234 5 applies to it. */
static uint8_t decode_only_to_customer(struct decoder *d, struct reader value)
{
	d->in->attrs.only_to_customer = reader_u32(&value);
	return 0;
}

static uint8_t negotiated_family(const struct bgp_update_params *params, struct reader *value)
{
	uint16_t afi = reader_u16(value);
	uint8_t family = bgp_family_from_afi(afi, reader_u8(value));
	if (family == AF_INET)
		return params->ipv4_unicast ? AF_INET : 0;
	return family == AF_INET6 && params->ipv6_unicast ? AF_INET6 : 0;
}

/* RFC 4760 3, RFC 2545 3: an IPv6 next hop may be followed by the link-local address. The length
 * says which family it is of (RFC 8950 3). */
static bool decode_mp_next_hop(struct reader next_hop, uint8_t family, bool extended,
			       struct addr *ret)
{
	size_t len = reader_left(&next_hop);
	bool is_v6 = len == 16 || len == 32;
	if (is_v6 ? family == AF_INET && !extended : family == AF_INET6 || len != 4)
		return false;
	uint8_t found = is_v6 ? AF_INET6 : AF_INET;
	*ret = addr_from_bytes(found, reader_bytes(&next_hop, addr_size(found)));
	/* BIRD, which has no global address on the link. */
	if (len == 32 && addr_is_unspecified(ret))
		*ret = addr_from_bytes(AF_INET6, reader_bytes(&next_hop, addr_size(AF_INET6)));
	return true;
}

/* RFC 4271 6.3: routes to an address that no router can have. */
static void check_mp_next_hop(struct decoder *d, const struct addr *next_hop)
{
	if (addr_is_unspecified(next_hop) || addr_is_multicast(next_hop))
		bgp_verdict_raise(&d->in->verdict, WITHDRAW, BGP_ERR_UPDATE_NEXT_HOP,
				  (struct reader){ 0 });
}

static uint8_t decode_mp_reach(struct decoder *d, struct reader value)
{
	struct bgp_mp mp = { .present = true, .whole = d->whole };
	mp.family = negotiated_family(d->params, &value);
	struct reader next_hop = reader_sub(&value, reader_u8(&value));
	reader_u8(&value); /* reserved: RFC 4760 3 */
	if (value.failed)
		return BGP_ERR_UPDATE_OPTIONAL;
	if (mp.family &&
	    !decode_mp_next_hop(next_hop, mp.family, d->params->extended_next_hop, &mp.next_hop))
		return BGP_ERR_UPDATE_OPTIONAL;
	if (mp.family)
		check_mp_next_hop(d, &mp.next_hop);
	mp.prefixes = value;
	d->in->reach = mp;
	return 0;
}

static uint8_t decode_mp_unreach(struct decoder *d, struct reader value)
{
	struct bgp_mp mp = { .present = true, .whole = d->whole };
	mp.family = negotiated_family(d->params, &value);
	if (value.failed)
		return BGP_ERR_UPDATE_OPTIONAL;
	mp.prefixes = value;
	d->in->unreach = mp;
	return 0;
}

static bool length_is_right(const struct spec *spec, size_t len)
{
	switch (spec->rule) {
	case LEN_ANY:
		return true;
	case LEN_IS:
		return len == spec->len;
	case LEN_TIMES:
		return len > 0 && len % spec->len == 0;
	}
	return false;
}

static bool is_out_of_scope(const struct decoder *d, const struct spec *spec)
{
	if (spec->scope == FROM_IBGP)
		return !d->params->is_ibgp;
	return spec->scope == FROM_OLD && d->params->four_octet_as;
}

static void decode_known(struct decoder *d, const struct spec *spec, uint8_t flags,
			 struct reader value)
{
	struct bgp_verdict *v = &d->in->verdict;
	if (is_out_of_scope(d, spec)) {
		bgp_verdict_raise(v, DISCARD, BGP_ERR_UPDATE_OPTIONAL, d->whole);
		return;
	}
	if ((flags ^ spec->flags) & (BGP_ATTR_FLAG_OPTIONAL | BGP_ATTR_FLAG_TRANSITIVE)) {
		bgp_verdict_raise(v, spec->bad_flags, BGP_ERR_UPDATE_FLAGS, d->whole);
		return;
	}
	if (!length_is_right(spec, reader_left(&value))) {
		bgp_verdict_raise(v, spec->bad_value, BGP_ERR_UPDATE_LENGTH, d->whole);
		return;
	}
	uint8_t subcode = spec->decode(d, value);
	if (subcode)
		bgp_verdict_raise(v, spec->bad_value, subcode, d->whole);
	else if (spec->type < 64)
		d->in->attrs.present |= (uint64_t)1 << spec->type;
}

static bool is_mp(uint8_t type)
{
	return type == BGP_ATTR_MP_REACH_NLRI || type == BGP_ATTR_MP_UNREACH_NLRI;
}

/* RFC 7606 3 g. True when `type` was there before. */
static bool is_repeated(struct decoder *d, uint8_t type)
{
	uint32_t bit = (uint32_t)1 << type % 32;
	bool repeated = d->seen[type / 32] & bit;
	d->seen[type / 32] |= bit;
	if (repeated)
		bgp_verdict_raise(&d->in->verdict, is_mp(type) ? RESET : DISCARD,
				  BGP_ERR_UPDATE_MALFORMED, (struct reader){ 0 });
	return repeated;
}

/* RFC 7606 4: the list is over where an attribute does not fit into it. If it is one that holds
 * prefixes, they are lost, and so is the session (RFC 7606 3 j). */
static void decode_overrun(struct decoder *d, uint8_t type)
{
	d->in->has_others = true;
	bgp_verdict_raise(&d->in->verdict, is_mp(type) ? RESET : WITHDRAW, BGP_ERR_UPDATE_MALFORMED,
			  (struct reader){ 0 });
}

static void decode_next(struct decoder *d, struct reader *list)
{
	d->whole = *list;
	uint8_t flags = reader_u8(list), type = reader_u8(list);
	size_t len = flags & BGP_ATTR_FLAG_EXT_LEN ? reader_u16(list) : reader_u8(list);
	struct reader value = reader_sub(list, len);
	if (list->failed) {
		decode_overrun(d, type);
		return;
	}
	d->whole.end = list->p;
	if (type != BGP_ATTR_MP_UNREACH_NLRI)
		d->in->has_others = true;
	if (is_repeated(d, type))
		return;
	const struct spec *spec = spec_find(type);
	if (spec)
		decode_known(d, spec, flags, value);
	else if (!(flags & BGP_ATTR_FLAG_OPTIONAL))
		bgp_verdict_raise(&d->in->verdict, RESET, BGP_ERR_UPDATE_UNKNOWN_WELL_KNOWN,
				  d->whole);
}

void bgp_attrs_decode(struct reader list, const struct bgp_update_params *params,
		      struct bgp_attrs_in *ret)
{
	*ret = (struct bgp_attrs_in){ 0 };
	struct decoder d = { .params = params, .in = ret };
	while (reader_left(&list) > 0)
		decode_next(&d, &list);
	/* RFC 6793 4.2.3: a speaker without AS4_PATH has aggregated since. */
	if (d.aggregator_as != 0 && d.aggregator_as != BGP_AS_TRANS) {
		ret->attrs.as4_path = (struct reader){ 0 };
		ret->attrs.present &= ~((uint64_t)1 << BGP_ATTR_AS4_PATH);
	}
}

char *bgp_attrs_as_path_text(const struct bgp_attrs *attrs, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	if (attrs->as_size == 2 && bgp_attrs_has(attrs, BGP_ATTR_AS4_PATH))
		bgp_as_path_add_merged_text(&sb, attrs->as_path, attrs->as4_path);
	else
		bgp_as_path_add_text(&sb, attrs->as_path, attrs->as_size);
	return buf;
}

char *bgp_attrs_communities_text(const struct bgp_attrs *attrs, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	struct reader r = attrs->communities;
	while (reader_left(&r) > 0) {
		uint16_t as = reader_u16(&r), value = reader_u16(&r);
		strbuf_add(&sb, "%s%u:%u", sb.len > 0 ? " " : "", as, value);
	}
	return buf;
}

char *bgp_attrs_large_communities_text(const struct bgp_attrs *attrs, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	struct reader r = attrs->large_communities;
	while (reader_left(&r) > 0) {
		uint32_t as = reader_u32(&r), value1 = reader_u32(&r), value2 = reader_u32(&r);
		strbuf_add(&sb, "%s%" PRIu32 ":%" PRIu32 ":%" PRIu32, sb.len > 0 ? " " : "", as,
			   value1, value2);
	}
	return buf;
}
