/* SPDX-License-Identifier: MIT */
/*
 * A model of the peer of bgp/adj_out: it decodes every message that comes out and keeps a table of
 * its own; after each exchange that table must be what the rib says. Include after cmocka.h.
 */
#ifndef TESTS_UNIT_ADJ_OUT_MODEL_H
#define TESTS_UNIT_ADJ_OUT_MODEL_H

#include <stdlib.h>
#include <string.h>

#include "bgp/adj_out.h"
#include "bgp/codec.h"
#include "bgp/update.h"
#include "lib/mem.h"

#define MODEL_MAX 20000

struct model_route {
	bool present;
	uint32_t community; /* the last one */
};

struct model {
	struct rib rib;
	struct adj_out adj;
	struct model_route v4[MODEL_MAX], v6[MODEL_MAX]; /* by the number in the prefix */
	struct addr next_hop4;                           /* of the last IPv4 route */
	bool mp_unreach; /* the last message withdrew routes in MP_UNREACH_NLRI */
	size_t updates, end_of_rib[2], refresh_begin, refresh_end;
	size_t largest;
};

static inline struct prefix numbered(uint8_t family, uint32_t i)
{
	struct prefix p = { .len = family == AF_INET ? 32 : 128 };
	if (family == AF_INET) {
		p.addr = addr_v4(0x0a000000 + i);
		return p;
	}
	p.addr = (struct addr){ .family = AF_INET6, .bytes = { 0x20, 0x01, 0x0d, 0xb8 } };
	p.addr.bytes[14] = (uint8_t)(i >> 8);
	p.addr.bytes[15] = (uint8_t)i;
	return p;
}

static inline uint32_t number_of(const struct prefix *p)
{
	if (p->addr.family == AF_INET)
		return addr_to_v4(&p->addr) - 0x0a000000;
	return (uint32_t)p->addr.bytes[14] << 8 | p->addr.bytes[15];
}

static const struct adj_out_session both_families = {
	.ipv4 = true,
	.ipv6 = true,
	.four_octet_as = true,
	.local_as = 65001,
	.next_hop4 = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
	.next_hop6 = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
};

static const struct addr no_addr = { 0 };

static inline struct model *model_new(void)
{
	struct model *m = mem_new(1, sizeof(*m));
	rib_init(&m->rib);
	adj_out_init(&m->adj, &m->rib);
	return m;
}

static inline void model_free(struct model *m)
{
	adj_out_down(&m->adj);
	adj_out_done(&m->adj);
	rib_done(&m->rib);
	free(m);
}

static inline void announce(struct model *m, uint8_t family, uint32_t i, uint32_t community)
{
	struct prefix p = numbered(family, i);
	struct bgp_route_attrs c = { .communities = { .values = &community, .n = 1 } };
	bool changed;
	struct rib_route *r = rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &c, &changed);
	if (changed)
		adj_out_mark(&m->adj, r);
}

static inline void withdraw(struct model *m, uint8_t family, uint32_t i)
{
	struct prefix p = numbered(family, i);
	struct rib_route *r = rib_withdraw(&m->rib, &p);
	if (!r)
		return;
	adj_out_mark(&m->adj, r);
	rib_collect(&m->rib, r);
}

static inline uint32_t last_community(const struct bgp_attrs *attrs)
{
	struct reader r = attrs->communities;
	uint32_t value = 0;
	while (reader_left(&r) > 0)
		value = reader_u32(&r);
	return value;
}

static inline void model_update(struct model *m, struct reader body)
{
	struct bgp_update_params params = { .four_octet_as = m->adj.session.four_octet_as,
					    .is_ibgp = m->adj.session.ibgp,
					    .ipv4_unicast = true,
					    .ipv6_unicast = true,
					    .extended_next_hop = true };
	struct bgp_notification error = { 0 };
	struct bgp_update u;
	struct prefix p;
	assert_int_equal(bgp_update_decode(body, &params, &u, &error), BGP_TOLERATE_NOTHING_WRONG);
	m->updates++;
	m->mp_unreach = reader_u16(&body) == 0 && u.n_withdrawn > 0;
	if (u.n_announced > 0 && u.announced[0].family == AF_INET)
		m->next_hop4 = u.announced[0].next_hop;
	m->end_of_rib[0] += u.end_of_rib4;
	m->end_of_rib[1] += u.end_of_rib6;
	for (size_t i = 0; i < u.n_withdrawn; i++)
		for (struct reader r = u.withdrawn[i].prefixes;
		     bgp_nlri_next(&r, u.withdrawn[i].family, &p);) {
			struct model_route *t = p.addr.family == AF_INET ? m->v4 : m->v6;
			/* Nothing is withdrawn that was not announced. */
			assert_true(t[number_of(&p)].present);
			t[number_of(&p)].present = false;
		}
	for (size_t i = 0; i < u.n_announced; i++)
		for (struct reader r = u.announced[i].prefixes;
		     bgp_nlri_next(&r, u.announced[i].family, &p);) {
			struct model_route *t = p.addr.family == AF_INET ? m->v4 : m->v6;
			t[number_of(&p)] = (struct model_route){ true, last_community(&u.attrs) };
		}
}

/* Takes at most `max` messages. */
static inline size_t exchange(struct model *m, size_t max)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t n, taken = 0;
	while (taken < max) {
		bool pending = adj_out_pending(&m->adj);
		n = adj_out_next(&m->adj, buf, sizeof(buf));
		if (n == 0)
			break;
		assert_true(pending);
		struct bgp_frame_view frame;
		struct bgp_notification error;
		struct bgp_route_refresh refresh;
		assert_int_equal(bgp_frame_next(buf, n, BGP_MESSAGE_MAX, &frame, &error),
				 BGP_FRAME_COMPLETE);
		assert_int_equal(frame.size, n);
		taken++;
		if (n > m->largest)
			m->largest = n;
		if (frame.type == BGP_MSG_UPDATE) {
			model_update(m, frame.body);
			continue;
		}
		assert_int_equal(frame.type, BGP_MSG_ROUTE_REFRESH);
		assert_true(bgp_decode_route_refresh(&frame, true, &refresh, &error));
		m->refresh_begin += refresh.subtype == BGP_REFRESH_BEGIN;
		m->refresh_end += refresh.subtype == BGP_REFRESH_END;
	}
	if (taken < max)
		assert_false(adj_out_pending(&m->adj));
	return taken;
}

/* The community that the rib says, or NULL where it has no such route. */
static const uint32_t *announced(const struct model *m, uint8_t family, uint32_t i)
{
	struct prefix p = numbered(family, i);
	const struct rib_route *r = rib_find(&m->rib, &p);
	return r && r->attrs ? &r->attrs->route.communities.values[0] : NULL;
}

static inline size_t assert_same(const struct model_route *at_peer, const uint32_t *in_rib)
{
	assert_int_equal(at_peer->present, in_rib != NULL);
	if (in_rib)
		assert_int_equal(at_peer->community, *in_rib);
	return in_rib ? 1 : 0;
}

static inline void assert_in_step(struct model *m)
{
	size_t n = 0;
	for (uint32_t i = 0; i < MODEL_MAX; i++) {
		n += assert_same(&m->v4[i], announced(m, AF_INET, i));
		n += assert_same(&m->v6[i], announced(m, AF_INET6, i));
	}
	assert_int_equal(m->adj.n_sent[0] + m->adj.n_sent[1], n);
	assert_false(adj_out_pending(&m->adj));
	/* Withdrawn routes are forgotten as soon as the peer knows. */
	assert_int_equal(HASH_COUNT(m->rib.routes), n);
}

static inline void drain(struct model *m)
{
	exchange(m, SIZE_MAX);
	assert_in_step(m);
}

static inline struct model *connected(void)
{
	struct model *m = model_new();
	adj_out_up(&m->adj, &both_families);
	drain(m);
	m->updates = 0;
	return m;
}

#endif
