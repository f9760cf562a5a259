/* SPDX-License-Identifier: MIT */
/*
 * Reading an UPDATE: the three fields of RFC 4271 are cut out, then everything is read and every
 * error is raised on one verdict (attr.c), then the verdict is applied. Only two kinds of errors
 * reset the session: lengths that contradict each other, and prefixes that cannot be read, since
 * the routes that the message is about are unknown then.
 *
 * Writing: all four kinds (announce or withdraw, IPv4 or IPv6) are a list of prefixes with up to
 * two lengths around it and something behind it, so one builder serves them all:
 *
 *	announce IPv4	header, 0, attributes, prefixes
 *	withdraw IPv4	header, inner{prefixes}, no attributes
 *	announce IPv6	header, 0, outer{MP_REACH_NLRI inner{…, prefixes}, other attributes}
 *	withdraw IPv6	header, 0, outer{MP_UNREACH_NLRI inner{…, prefixes}}
 *
 * IPv4 with an IPv6 next hop (RFC 8950) has the forms of IPv6.
 *
 * The part behind the prefixes is written first and parked at the end of the buffer.
 */
#include "bgp/update.h"

#include <string.h>

#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/wire.h"

static size_t prefix_bytes(uint8_t len)
{
	return ((size_t)len + 7) / 8;
}

bool bgp_nlri_next(struct reader *prefixes, uint8_t family, struct prefix *ret)
{
	if (reader_left(prefixes) == 0)
		return false;
	uint8_t len = reader_u8(prefixes);
	if (len > addr_size(family) * 8) {
		prefixes->failed = true;
		return false;
	}
	struct addr a = { .family = family };
	reader_copy(prefixes, a.bytes, prefix_bytes(len));
	if (prefixes->failed)
		return false;
	/* RFC 4271 4.3: the value of trailing bits is irrelevant. */
	*ret = (struct prefix){ .addr = addr_mask(&a, len), .len = len };
	return true;
}

size_t bgp_update_n_prefixes(const struct bgp_nlri *fields, size_t n)
{
	size_t count = 0;
	struct prefix prefix;
	for (size_t i = 0; i < n; i++)
		for (struct reader r = fields[i].prefixes;
		     bgp_nlri_next(&r, fields[i].family, &prefix);)
			count++;
	return count;
}

static bool nlri_is_valid(struct reader prefixes, uint8_t family)
{
	struct prefix ignored;
	while (bgp_nlri_next(&prefixes, family, &ignored))
		;
	return !prefixes.failed;
}

/* The message as it was read, before the verdict is applied. */
struct parts {
	struct reader withdrawn, announced; /* IPv4, the fields of RFC 4271 */
	bool has_attrs;
	struct bgp_attrs_in in;
};

/* RFC 7606 5.3; for MP attributes the subcode is the one of RFC 4760 section 7. */
static void check_nlri(struct parts *p)
{
	struct bgp_verdict *v = &p->in.verdict;
	struct reader nothing = { 0 };
	if (!nlri_is_valid(p->withdrawn, AF_INET) || !nlri_is_valid(p->announced, AF_INET))
		bgp_verdict_raise(v, BGP_TOLERATE_SESSION_RESET, BGP_ERR_UPDATE_NETWORK, nothing);
	const struct bgp_mp *mps[] = { &p->in.reach, &p->in.unreach };
	for (size_t i = 0; i < 2; i++)
		if (mps[i]->family && !nlri_is_valid(mps[i]->prefixes, mps[i]->family))
			bgp_verdict_raise(v, BGP_TOLERATE_SESSION_RESET, BGP_ERR_UPDATE_OPTIONAL,
					  mps[i]->whole);
}

static void check_present(struct parts *p, enum bgp_attr_type type)
{
	struct bgp_verdict *v = &p->in.verdict;
	if (bgp_attrs_has(&p->in.attrs, type) || v->tolerance >= BGP_TOLERATE_TREAT_AS_WITHDRAW)
		return;
	bgp_verdict_raise(v, BGP_TOLERATE_TREAT_AS_WITHDRAW, BGP_ERR_UPDATE_MISSING_WELL_KNOWN,
			  (struct reader){ 0 });
	v->error.own[0] = (uint8_t)type;
	v->error.data_len = 1;
}

/* RFC 7606 3 d. NEXT_HOP belongs to the NLRI field only (RFC 4760 3), LOCAL_PREF to routes of the
 * own AS (RFC 4271 5). */
static void check_mandatory(struct parts *p, const struct bgp_update_params *params)
{
	bool is_classic = reader_left(&p->announced) > 0;
	if (!is_classic && (!p->in.reach.family || reader_left(&p->in.reach.prefixes) == 0))
		return;
	check_present(p, BGP_ATTR_ORIGIN);
	check_present(p, BGP_ATTR_AS_PATH);
	if (is_classic)
		check_present(p, BGP_ATTR_NEXT_HOP);
	if (params->is_ibgp)
		check_present(p, BGP_ATTR_LOCAL_PREF);
}

/* RFC 7606 5.2: attributes without a route that they belong to. With an error among them it is not
 * certain that there was none, so there is nothing that could be taken for withdrawn. */
static void check_reachable(struct parts *p)
{
	bool is_reachable = reader_left(&p->announced) > 0 ||
			    (p->in.reach.present && reader_left(&p->in.reach.prefixes) > 0);
	if (p->in.verdict.tolerance == BGP_TOLERATE_TREAT_AS_WITHDRAW && !is_reachable)
		p->in.verdict.tolerance = BGP_TOLERATE_SESSION_RESET;
}

static void read_parts(struct reader body, const struct bgp_update_params *params, struct parts *p)
{
	*p = (struct parts){ 0 };
	p->withdrawn = reader_sub(&body, reader_u16(&body));
	struct reader list = reader_sub(&body, reader_u16(&body));
	if (body.failed) {
		bgp_verdict_raise(&p->in.verdict, BGP_TOLERATE_SESSION_RESET,
				  BGP_ERR_UPDATE_MALFORMED, (struct reader){ 0 });
		return;
	}
	p->announced = body;
	p->has_attrs = reader_left(&list) > 0;
	bgp_attrs_decode(list, params, &p->in);
	check_nlri(p);
	check_mandatory(p, params);
	check_reachable(p);
}

static void add_nlri(struct bgp_nlri *list, size_t *n, uint8_t family, struct addr next_hop,
		     struct reader prefixes)
{
	if (family && reader_left(&prefixes) > 0)
		list[(*n)++] = (struct bgp_nlri){ .family = family,
						  .next_hop = next_hop,
						  .prefixes = prefixes };
}

static void fill_nlri(const struct parts *p, uint8_t family4, struct bgp_update *u)
{
	struct addr none = { 0 };
	const struct bgp_mp *reach = &p->in.reach, *unreach = &p->in.unreach;
	add_nlri(u->withdrawn, &u->n_withdrawn, family4, none, p->withdrawn);
	add_nlri(u->withdrawn, &u->n_withdrawn, unreach->family, none, unreach->prefixes);
	if (u->tolerance == BGP_TOLERATE_TREAT_AS_WITHDRAW) {
		add_nlri(u->withdrawn, &u->n_withdrawn, family4, none, p->announced);
		add_nlri(u->withdrawn, &u->n_withdrawn, reach->family, none, reach->prefixes);
	} else {
		add_nlri(u->announced, &u->n_announced, family4, u->attrs.next_hop, p->announced);
		add_nlri(u->announced, &u->n_announced, reach->family, reach->next_hop,
			 reach->prefixes);
	}
}

/* RFC 4724 2: nothing at all, or an MP_UNREACH_NLRI without prefixes and nothing else. */
static uint8_t end_of_rib_family(const struct parts *p)
{
	const struct bgp_mp *unreach = &p->in.unreach;
	if (reader_left(&p->withdrawn) > 0 || reader_left(&p->announced) > 0 || p->in.has_others)
		return 0;
	if (!p->has_attrs)
		return AF_INET;
	return unreach->present && reader_left(&unreach->prefixes) == 0 ? unreach->family : 0;
}

enum bgp_tolerance bgp_update_decode(struct reader body, const struct bgp_update_params *params,
				     struct bgp_update *ret, struct bgp_notification *ret_error)
{
	struct parts p;
	read_parts(body, params, &p);
	*ret_error = p.in.verdict.error;
	if (p.in.verdict.tolerance == BGP_TOLERATE_SESSION_RESET)
		return BGP_TOLERATE_SESSION_RESET;

	struct bgp_update u = { .attrs = p.in.attrs, .tolerance = p.in.verdict.tolerance };
	fill_nlri(&p, params->ipv4_unicast ? AF_INET : 0, &u);
	uint8_t end_of_rib = end_of_rib_family(&p);
	u.end_of_rib4 = end_of_rib == AF_INET;
	u.end_of_rib6 = end_of_rib == AF_INET6;
	*ret = u;
	return u.tolerance;
}

static void begin(struct bgp_update_builder *b, uint8_t *buf, size_t cap, uint8_t family)
{
	size_t max = cap < BGP_MESSAGE_EXT_MAX ? cap : BGP_MESSAGE_EXT_MAX;
	*b = (struct bgp_update_builder){ .w = writer_over(buf, max), .family = family };
	bgp_message_begin(&b->w, BGP_MSG_UPDATE);
}

/* Moves everything written since `from` to the end of the buffer, out of the way of prefixes. */
static void park_tail(struct bgp_update_builder *b, size_t from)
{
	if (b->w.failed)
		return;
	b->tail = b->w.len - from;
	b->w.len = from;
	b->w.cap -= b->tail;
	memmove(b->w.buf + b->w.cap, b->w.buf + from, b->tail);
}

/* Always with the extended length: how long it gets is not known yet. */
static void begin_mp(struct bgp_update_builder *b, enum bgp_attr_type type)
{
	writer_u16(&b->w, 0); /* withdrawn routes */
	b->outer = writer_open_u16(&b->w);
	writer_u8(&b->w, BGP_ATTR_FLAG_OPTIONAL | BGP_ATTR_FLAG_EXT_LEN);
	writer_u8(&b->w, (uint8_t)type);
	b->inner = writer_open_u16(&b->w);
	writer_u16(&b->w, (uint16_t)bgp_afi_from_family(b->family));
	writer_u8(&b->w, BGP_SAFI_UNICAST);
}

void bgp_update_begin_announce(struct bgp_update_builder *b, uint8_t *buf, size_t cap,
			       const struct bgp_attrs_out *attrs, uint8_t family)
{
	begin(b, buf, cap, family);
	if (family == AF_INET && attrs->next_hop.family == AF_INET) {
		writer_u16(&b->w, 0); /* withdrawn routes */
		size_t list = writer_open_u16(&b->w);
		bgp_attrs_encode(&b->w, attrs);
		writer_close_u16(&b->w, list);
		return;
	}
	begin_mp(b, BGP_ATTR_MP_REACH_NLRI);
	size_t next_hop = writer_open_u8(&b->w);
	writer_bytes(&b->w, attrs->next_hop.bytes, sizeof(attrs->next_hop.bytes));
	if (addr_is_set(&attrs->link_local))
		writer_bytes(&b->w, attrs->link_local.bytes, sizeof(attrs->link_local.bytes));
	writer_close_u8(&b->w, next_hop);
	writer_u8(&b->w, 0); /* reserved */
	size_t from = b->w.len;
	bgp_attrs_encode(&b->w, attrs);
	park_tail(b, from);
}

void bgp_update_begin_withdraw(struct bgp_update_builder *b, uint8_t *buf, size_t cap,
			       uint8_t family, bool mp)
{
	begin(b, buf, cap, family);
	if (family != AF_INET || mp) {
		begin_mp(b, BGP_ATTR_MP_UNREACH_NLRI);
		return;
	}
	b->inner = writer_open_u16(&b->w);
	size_t from = b->w.len;
	writer_u16(&b->w, 0); /* no attributes */
	park_tail(b, from);
}

bool bgp_update_add(struct bgp_update_builder *b, const struct prefix *prefix)
{
	size_t bytes = prefix_bytes(prefix->len);
	if (prefix->addr.family != b->family || writer_left(&b->w) < 1 + bytes)
		return false;
	writer_u8(&b->w, prefix->len);
	writer_bytes(&b->w, prefix->addr.bytes, bytes);
	b->n++;
	return true;
}

size_t bgp_update_finish(struct bgp_update_builder *b)
{
	if (b->w.failed || b->n == 0)
		return 0;
	if (b->inner)
		writer_close_u16(&b->w, b->inner);
	memmove(b->w.buf + b->w.len, b->w.buf + b->w.cap, b->tail);
	b->w.len += b->tail;
	b->w.cap += b->tail;
	b->tail = 0;
	if (b->outer)
		writer_close_u16(&b->w, b->outer);
	return bgp_message_finish(&b->w);
}
