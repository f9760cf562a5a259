/* SPDX-License-Identifier: MIT */
/*
 * UPDATEs to a peer. A model of the peer decodes every message that comes out and keeps a
 * table of its own; after each exchange that table must be what the rib says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/adj_out.h"
#include "bgp/codec.h"
#include "bgp/merge.h"
#include "bgp/update.h"
#include "lib/array.h"
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

static struct prefix numbered(uint8_t family, uint32_t i)
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

static uint32_t number_of(const struct prefix *p)
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

static struct model *model_new(void)
{
	struct model *m = mem_new(1, sizeof(*m));
	rib_init(&m->rib);
	adj_out_init(&m->adj, &m->rib);
	return m;
}

static void model_free(struct model *m)
{
	adj_out_down(&m->adj);
	adj_out_done(&m->adj);
	rib_done(&m->rib);
	free(m);
}

static void announce(struct model *m, uint8_t family, uint32_t i, uint32_t community)
{
	struct prefix p = numbered(family, i);
	struct bgp_route_attrs c = { .communities = { .values = &community, .n = 1 } };
	bool changed;
	struct rib_route *r = rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &c, &changed);
	if (changed)
		adj_out_mark(&m->adj, r);
}

static void withdraw(struct model *m, uint8_t family, uint32_t i)
{
	struct prefix p = numbered(family, i);
	struct rib_route *r = rib_withdraw(&m->rib, &p);
	if (!r)
		return;
	adj_out_mark(&m->adj, r);
	rib_collect(&m->rib, r);
}

static uint32_t last_community(const struct bgp_attrs *attrs)
{
	struct reader r = attrs->communities;
	uint32_t value = 0;
	while (reader_left(&r) > 0)
		value = reader_u32(&r);
	return value;
}

static void model_update(struct model *m, struct reader body)
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
static size_t exchange(struct model *m, size_t max)
{
	uint8_t buf[BGP_MESSAGE_MAX];
	size_t n, taken = 0;
	while (taken < max && (n = adj_out_next(&m->adj, buf, sizeof(buf))) > 0) {
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
	return taken;
}

/* The community that the rib says, or NULL where it has no such route. */
static const uint32_t *announced(const struct model *m, uint8_t family, uint32_t i)
{
	struct prefix p = numbered(family, i);
	const struct rib_route *r = rib_find(&m->rib, &p);
	return r && r->attrs ? &r->attrs->route.communities.values[0] : NULL;
}

static size_t assert_same(const struct model_route *at_peer, const uint32_t *in_rib)
{
	assert_int_equal(at_peer->present, in_rib != NULL);
	if (in_rib)
		assert_int_equal(at_peer->community, *in_rib);
	return in_rib ? 1 : 0;
}

static void assert_in_step(struct model *m)
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

static void drain(struct model *m)
{
	exchange(m, SIZE_MAX);
	assert_in_step(m);
}

static void routes_then_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	adj_out_up(&m->adj, &both_families);
	exchange(m, 2);
	assert_true(m->v4[1].present && m->v6[1].present);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->end_of_rib[1], 1);
	model_free(m);
}

static void ten_thousand_in_thirteen_updates(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 10000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_in_range(m->updates - 2, 1, 13); /* two are End-of-RIB */
	assert_in_range(m->largest, 4000, BGP_MESSAGE_MAX);
	model_free(m);
}

static void interleaved_attributes_are_packed_by_attributes(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 300; i++)
		announce(m, i % 2 ? AF_INET : AF_INET6, i, 100 + i % 3);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_int_equal(m->updates, 2 * 3 + 2); /* families × attributes, and End-of-RIB */
	model_free(m);
}

static struct model *connected(void)
{
	struct model *m = model_new();
	adj_out_up(&m->adj, &both_families);
	drain(m);
	m->updates = 0;
	return m;
}

static void changes_that_cancel_out_send_nothing(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	withdraw(m, AF_INET, 1);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	announce(m, AF_INET, 2, 100);
	drain(m);
	withdraw(m, AF_INET, 2);
	announce(m, AF_INET, 2, 100);
	drain(m);
	assert_true(m->v4[2].present);
	model_free(m);
}

static void withdrawals_leave_first(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	drain(m);
	for (uint32_t i = 1000; i < 9000; i++)
		announce(m, AF_INET, i, 100);
	exchange(m, 2); /* a long announcement is under way */
	withdraw(m, AF_INET, 1);
	exchange(m, 1);
	assert_false(m->v4[1].present);
	drain(m);
	model_free(m);
}

static void changed_attributes_are_announced_again(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	drain(m);
	announce(m, AF_INET, 1, 200);
	drain(m);
	assert_int_equal(m->v4[1].community, 200);
	/* New attributes may be where the freed ones were in memory. */
	for (uint32_t c = 300; c < 400; c++) {
		announce(m, AF_INET, 1, c);
		drain(m);
	}
	model_free(m);
}

/* The last community that the peer has of an IPv4 and an IPv6 route. */
static void expect_communities(const struct model *m, uint32_t v4, uint32_t v6)
{
	assert_int_equal(m->v4[1].community, v4);
	assert_int_equal(m->v6[1].community, v6);
}

static void set_communities(struct model *m, const struct bgp_communities *global,
			    const struct bgp_communities *peer)
{
	const struct bgp_peer_attrs common = { .global.communities = *global,
					       .peer.communities = *peer };
	adj_out_set_peer_attrs(&m->adj, &common);
}

/* A route of the rib has its own last, so those of bgp and of the peer show where it has none. */
static void other_communities_are_sent_with_every_route(void **state)
{
	uint32_t first[] = { 7, 8 }, second[] = { 9 };
	const struct bgp_communities none = { 0 }, two = { first, 2 }, front = { first, 1 },
				     back = { first + 1, 1 }, one = { second, 1 };
	(void)state;
	struct model *m = connected();
	struct prefix p4 = numbered(AF_INET, 1), p6 = numbered(AF_INET6, 1);
	bool changed;
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p4, BGP_ORIGIN_IGP,
					   &(struct bgp_route_attrs){ 0 }, &changed));
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p6, BGP_ORIGIN_IGP,
					   &(struct bgp_route_attrs){ 0 }, &changed));
	exchange(m, SIZE_MAX);
	set_communities(m, &two, &none);
	exchange(m, SIZE_MAX);
	expect_communities(m, 8, 8);
	m->updates = 0;
	set_communities(m, &front, &back); /* the same ones together */
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	set_communities(m, &two, &one);
	exchange(m, SIZE_MAX);
	expect_communities(m, 9, 9);
	assert_int_equal(m->updates, 2);
	set_communities(m, &none, &none);
	exchange(m, SIZE_MAX);
	expect_communities(m, 0, 0);
	adj_out_down(&m->adj);
	set_communities(m, &two, &none); /* nothing to be sent */
	assert_int_equal(m->adj.session.peer_attrs.global.communities.n, 0);
	model_free(m);
}

/* Only routes without a number of their own are sent again; LOCAL_PREF to iBGP, prepends to eBGP. */
static void other_numbers_are_sent_with_routes_that_have_none(void **state)
{
	(void)state;
	for (int ibgp = 0; ibgp < 2; ibgp++) {
		struct model *m = model_new();
		struct adj_out_session session = both_families;
		struct prefix own = numbered(AF_INET, 1), none = numbered(AF_INET, 2);
		const struct bgp_route_attrs with = { .has_med = true,
						      .has_local_pref = true,
						      .has_prepends = true };
		struct bgp_peer_attrs common = { 0 };
		bool changed;
		session.ibgp = ibgp;
		rib_announce(&m->rib, &own, BGP_ORIGIN_IGP, &with, &changed);
		rib_announce(&m->rib, &none, BGP_ORIGIN_IGP, &(struct bgp_route_attrs){ 0 },
			     &changed);
		adj_out_up(&m->adj, &session);
		exchange(m, SIZE_MAX);
		struct bgp_number *numbers[] = { &common.med, &common.local_pref,
						 &common.prepends };
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
			bool counts = i == 0 || (i == 1) == ibgp;
			m->v4[1].present = m->v4[2].present = false;
			*numbers[i] = (struct bgp_number){ true, 5 };
			adj_out_set_peer_attrs(&m->adj, &common);
			assert_int_equal(exchange(m, SIZE_MAX), counts);
			assert_false(m->v4[1].present);
			assert_int_equal(m->v4[2].present, counts);
		}
		adj_out_set_peer_attrs(&m->adj, &common);
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		model_free(m);
	}
}

static void a_lost_session_starts_from_nothing(void **state)
{
	(void)state;
	struct model *m = connected();
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET, 2, 100);
	drain(m);
	adj_out_down(&m->adj);
	memset(m->v4, 0, sizeof(m->v4));
	withdraw(m, AF_INET, 1); /* it was not sent yet */
	adj_out_up(&m->adj, &both_families);
	drain(m);
	assert_true(m->v4[2].present);
	model_free(m);
}

static void a_refresh_sends_everything_again(void **state)
{
	(void)state;
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		struct model *m = model_new();
		struct adj_out_session session = both_families;
		session.enhanced_refresh = enhanced;
		for (uint32_t i = 0; i < 2000; i++)
			announce(m, AF_INET, i, 100);
		announce(m, AF_INET6, 1, 100);
		adj_out_up(&m->adj, &session);
		drain(m);
		memset(m->v4, 0, sizeof(m->v4));
		adj_out_refresh(&m->adj, BGP_AFI_IPV4);
		drain(m);
		assert_int_equal(m->refresh_begin, enhanced);
		assert_int_equal(m->refresh_end, enhanced);
		adj_out_refresh(&m->adj, (enum bgp_afi)77);
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		model_free(m);
	}
}

static void mark_all(struct model *m)
{
	for (size_t i = 0; i < m->rib.n_ids; i++)
		if (m->rib.by_id[i])
			adj_out_mark(&m->adj, m->rib.by_id[i]);
}

/* A route that was sent again, for a refresh or another next hop, is like any other afterwards. */
static void a_route_is_sent_again_once(void **state)
{
	const struct addr other4 = { .family = AF_INET, .bytes = { 192, 0, 2, 77 } };
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	drain(m);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	adj_out_set_next_hops(&m->adj, &other4, &both_families.next_hop6, &no_addr);
	assert_true(exchange(m, SIZE_MAX) > 0);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	/* Withdrawn before it was sent again, and announced as it was. */
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	withdraw(m, AF_INET, 7);
	drain(m);
	announce(m, AF_INET, 7, 100);
	drain(m);
	mark_all(m);
	assert_int_equal(exchange(m, SIZE_MAX), 0);
	model_free(m);
}

/* Half of the first routes are on the wire when the other half goes and something else comes. */
static void routes_marked_during_a_batch_are_sent(void **state)
{
	(void)state;
	struct model *m = model_new();
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &both_families);
	exchange(m, 1); /* about 800 of them */
	for (uint32_t i = 800; i < 1000; i++)
		withdraw(m, AF_INET, i);
	announce(m, AF_INET, 2000, 100);
	while (!m->v4[2000].present) {
		assert_int_equal(m->end_of_rib[0], 0); /* that would say that it is complete */
		assert_int_equal(exchange(m, 1), 1);
	}
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	model_free(m);
}

static void a_refresh_during_the_first_routes_follows_them(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.enhanced_refresh = true;
	for (uint32_t i = 0; i < 1000; i++)
		announce(m, AF_INET, i, 100);
	adj_out_up(&m->adj, &session);
	exchange(m, 1);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->refresh_begin, 1);
	assert_int_equal(m->refresh_end, 1);
	model_free(m);
}

static void end_of_rib_can_be_held_back(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.defer_end_of_rib = true;
	announce(m, AF_INET, 1, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	assert_false(adj_out_pending(&m->adj)); /* nothing that could be waited for */
	assert_true(adj_out_owes_end_of_rib(&m->adj));
	announce(m, AF_INET, 2, 100);
	withdraw(m, AF_INET, 1);
	drain(m);
	announce(m, AF_INET6, 3, 100);
	adj_out_end_deferral(&m->adj);
	assert_true(adj_out_pending(&m->adj));
	exchange(m, 1);
	assert_true(m->v6[3].present); /* the route before its End-of-RIB */
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->end_of_rib[1], 1);
	assert_false(adj_out_owes_end_of_rib(&m->adj));
	model_free(m);
}

static void disowned_routes_are_withdrawn_before_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	struct prefix before = numbered(AF_INET, 1), after = numbered(AF_INET6, 2);
	struct prefix back = numbered(AF_INET, 3);
	session.defer_end_of_rib = true;
	m->v4[1].present = m->v6[2].present = m->v4[3].present =
		true; /* from the previous instance */
	rib_disown(&m->rib, &before);
	rib_disown(&m->rib, &back);
	announce(m, AF_INET, 3, 100);
	adj_out_up(&m->adj, &session);
	exchange(m, SIZE_MAX);
	assert_false(m->v4[1].present);
	assert_true(m->v4[3].present);
	adj_out_mark(&m->adj, rib_disown(&m->rib, &after));
	assert_true(adj_out_pending(&m->adj));
	exchange(m, SIZE_MAX);
	assert_false(m->v6[2].present);
	assert_int_equal(m->end_of_rib[0] + m->end_of_rib[1], 0);
	assert_int_equal(m->adj.n_sent[0], 1);
	size_t updates = m->updates;
	adj_out_mark(&m->adj, rib_find(&m->rib, &after));
	assert_false(adj_out_pending(&m->adj));
	rib_collect_disowned(&m->rib);
	assert_null(rib_find(&m->rib, &before));
	assert_non_null(rib_find(&m->rib, &back));
	adj_out_end_deferral(&m->adj);
	drain(m);
	assert_int_equal(m->updates, updates + 2); /* End-of-RIB */
	model_free(m);
}

static void disowned_routes_are_not_sent_to_other_peers(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct prefix p = numbered(AF_INET, 1);
	rib_disown(&m->rib, &p);
	adj_out_up(&m->adj, &both_families);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, 2); /* End-of-RIB */
	rib_collect_disowned(&m->rib);
	model_free(m);
}

/* RFC 7313 4: no BoRR before End-of-RIB. */
static void a_refresh_does_not_wait_for_a_deferred_end_of_rib(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	session.defer_end_of_rib = session.enhanced_refresh = true;
	announce(m, AF_INET, 1, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	memset(m->v4, 0, sizeof(m->v4));
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_true(m->v4[1].present);
	assert_int_equal(m->refresh_begin + m->refresh_end, 0);
	assert_int_equal(m->end_of_rib[0], 0);
	adj_out_end_deferral(&m->adj);
	adj_out_refresh(&m->adj, BGP_AFI_IPV4);
	drain(m);
	assert_int_equal(m->end_of_rib[0], 1);
	assert_int_equal(m->refresh_begin, 1);
	assert_int_equal(m->refresh_end, 1);
	model_free(m);
}

static void next_hops_that_come_and_go(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	const struct addr none = { 0 };
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	session.next_hop6 = none;
	adj_out_up(&m->adj, &session);
	exchange(m, SIZE_MAX);
	assert_false(m->v6[1].present);
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	drain(m);
	assert_true(m->v6[1].present);
	m->updates = 0;
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, &both_families.next_hop6,
			      &no_addr);
	drain(m);
	assert_int_equal(m->updates, 0); /* nothing changed */
	struct addr other = addr_v4(0xc0000263);
	adj_out_set_next_hops(&m->adj, &other, &none, &none);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, 2);
	assert_true(m->v4[1].present && !m->v6[1].present);
	model_free(m);
}

static void states_say_why_a_route_is_not_there(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	struct prefix p4 = numbered(AF_INET, 1), p6 = numbered(AF_INET6, 1);
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET6, 1, 100);
	struct rib_route *r4 = rib_find(&m->rib, &p4), *r6 = rib_find(&m->rib, &p6);
	assert_int_equal(adj_out_state(&m->adj, NULL, NULL), BGP_ROUTE_UNKNOWN);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_NO_SESSION);
	session.ipv6 = false;
	adj_out_up(&m->adj, &session);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_PENDING);
	assert_int_equal(adj_out_state(&m->adj, r6, NULL), BGP_ROUTE_NO_FAMILY);
	exchange(m, SIZE_MAX);
	assert_int_equal(adj_out_state(&m->adj, r4, NULL), BGP_ROUTE_SENT);
	session.ipv6 = true;
	session.next_hop6 = (struct addr){ 0 };
	adj_out_up(&m->adj, &session);
	assert_int_equal(adj_out_state(&m->adj, r6, NULL), BGP_ROUTE_NO_NEXT_HOP);
	exchange(m, SIZE_MAX);
	assert_false(m->v6[1].present);
	model_free(m);
}

/* RFC 8950: as long as there is no IPv4 address, IPv4 routes have the IPv6 next hop, and are withdrawn
 * in the form in which they are announced, also when the next hop has gone with them. */
/* It needs none of the session, and does not change with that. */
static void a_next_hop_of_its_own(void **state)
{
	(void)state;
	const struct addr own = { AF_INET, { 192, 0, 2, 77 } },
			  other = { AF_INET, { 10, 9, 9, 9 } };
	struct bgp_route_attrs attrs = { .next_hop = own };
	struct prefix p = numbered(AF_INET, 1);
	struct model *m = model_new();
	struct adj_out_session s = both_families;
	bool changed;
	s.next_hop4 = no_addr;
	adj_out_up(&m->adj, &s);
	adj_out_mark(&m->adj, rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed));
	announce(m, AF_INET, 2, 7);
	exchange(m, SIZE_MAX);
	assert_true(m->v4[1].present && !m->v4[2].present);
	assert_true(addr_equal(&m->next_hop4, &own));
	size_t before = m->updates;
	adj_out_set_next_hops(&m->adj, &other, &s.next_hop6, &no_addr);
	exchange(m, SIZE_MAX);
	assert_int_equal(m->updates, before + 1); /* the other route alone */
	assert_true(addr_equal(&m->next_hop4, &other));
	assert_true(m->v4[1].present && m->v4[2].present);
	model_free(m);
}

static void ipv4_routes_over_ipv6(void **state)
{
	(void)state;
	struct model *m = model_new();
	struct adj_out_session session = both_families;
	const struct addr *v6 = &both_families.next_hop6;
	const struct addr link_local = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	session.next_hop4 = *v6;
	announce(m, AF_INET, 1, 100);
	announce(m, AF_INET, 2, 100);
	adj_out_up(&m->adj, &session);
	drain(m);
	assert_true(addr_equal(&m->next_hop4, v6));
	assert_int_equal(m->end_of_rib[0], 1);
	withdraw(m, AF_INET, 2);
	drain(m);
	assert_true(m->mp_unreach);
	m->updates = 0;
	adj_out_set_next_hops(&m->adj, v6, v6, &link_local);
	drain(m);
	assert_int_equal(m->updates, 1);
	adj_out_set_next_hops(&m->adj, &no_addr, &no_addr, &no_addr);
	exchange(m, SIZE_MAX);
	assert_true(m->mp_unreach && !m->v4[1].present);
	adj_out_set_next_hops(&m->adj, &both_families.next_hop4, v6, &link_local);
	drain(m);
	assert_true(addr_equal(&m->next_hop4, &both_families.next_hop4));
	withdraw(m, AF_INET, 1);
	drain(m);
	assert_false(m->mp_unreach);
	model_free(m);
}

/* Any order of changes, with a peer that takes a few messages now and then. */
static void random_changes_converge(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct model *m = connected();
		srand(seed);
		for (int i = 0; i < 5000; i++) {
			uint8_t family = rand() % 2 ? AF_INET : AF_INET6;
			uint32_t number = (uint32_t)rand() % 200;
			if (rand() % 3)
				announce(m, family, number, 100 + (uint32_t)rand() % 4);
			else
				withdraw(m, family, number);
			if (rand() % 50 == 0)
				exchange(m, (size_t)rand() % 3);
			if (rand() % 500 == 0)
				adj_out_refresh(&m->adj, BGP_AFI_IPV4);
			if (rand() % 1000 == 0) {
				adj_out_up(&m->adj, &both_families);
				memset(m->v4, 0, sizeof(m->v4));
				memset(m->v6, 0, sizeof(m->v6));
			}
		}
		drain(m);
		model_free(m);
	}
}

/* Route 1 with community 1 for peer 10.0.0.1, and `of_other` for 10.0.0.2; 0: not for that one. */
static void announce_variants(struct model *m, uint32_t of_other)
{
	struct bgp_peer_filter *first = mem_new(1, sizeof(*first));
	struct bgp_peer_filter *other = mem_new(1, sizeof(*other));
	struct prefix p = numbered(AF_INET, 1);
	uint32_t one = 1;
	bool changed;
	const struct bgp_route_attrs attrs = { .communities = { &one, 1 } };
	const struct bgp_route_variant variant = {
		.attrs = { .communities = { &of_other, 1 },
			   .next_hop = { AF_INET, { 192, 0, 2, (uint8_t)of_other } } },
		.filter = other,
	};
	bgp_peer_refs_add(&first->only, "10.0.0.1");
	bgp_peer_refs_add(&other->only, "10.0.0.2");
	struct rib_route *r = rib_announce(&m->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	changed = rib_set_filter(r, first) || changed;
	if (rib_set_variants(&m->rib, r, BGP_ORIGIN_IGP, &variant, of_other > 0) || changed)
		adj_out_mark(&m->adj, r);
	bgp_peer_filter_free(first);
	bgp_peer_filter_free(other);
}

static void peers_get_their_own_attributes(void **state)
{
	(void)state;
	for (uint8_t peer = 1; peer <= 3; peer++) {
		const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, peer } } };
		struct adj_out_session session = both_families;
		struct model *m = model_new();
		struct prefix p = numbered(AF_INET, 1);
		session.config = &config;
		announce_variants(m, 2);
		/* A session that never was has no configuration. */
		assert_int_equal(adj_out_state(&m->adj, rib_find(&m->rib, &p), &config),
				 peer == 3 ? BGP_ROUTE_FILTERED : BGP_ROUTE_NO_SESSION);
		adj_out_up(&m->adj, &session);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->v4[1].present, peer != 3);
		assert_int_equal(m->v4[1].community, peer == 3 ? 0 : peer);
		assert_int_equal(adj_out_state(&m->adj, rib_find(&m->rib, &p), &config),
				 peer == 3 ? BGP_ROUTE_FILTERED : BGP_ROUTE_SENT);
		if (peer == 2)
			assert_int_equal(m->next_hop4.bytes[3], 2);
		m->updates = 0;
		announce_variants(m, 2); /* nothing changes */
		assert_int_equal(exchange(m, SIZE_MAX), 0);
		announce_variants(m, 7); /* for the second peer only */
		exchange(m, SIZE_MAX);
		assert_int_equal(m->updates, peer == 2);
		assert_int_equal(m->v4[1].community, peer == 3 ? 0 : peer == 2 ? 7 : 1);
		struct rib_route *r = rib_find(&m->rib, &p);
		assert_true(rib_set_origin(&m->rib, r, BGP_ORIGIN_EGP));
		assert_false(rib_set_origin(&m->rib, r, BGP_ORIGIN_EGP));
		adj_out_mark(&m->adj, r);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->updates, peer == 3 ? 0 : peer); /* one more for the first two */
		announce_variants(m, 0);
		exchange(m, SIZE_MAX);
		assert_int_equal(m->v4[1].present, peer == 1);
		announce_variants(m, 2);
		withdraw(m, AF_INET, 1);
		drain(m);
		model_free(m);
	}
}

static void communities_merge_in_order_and_once(void **state)
{
	(void)state;
	uint32_t global[] = { 1, 2 }, peer[] = { 3, 2 }, route[] = { 1, 4, 4 }, got[8];
	static const uint32_t expected[] = { 1, 2, 3, 4 };
	struct bgp_communities a = { global, 2 }, b = { peer, 2 }, c = { route, 3 };
	const struct bgp_communities *lists[] = { &a, &b, &c };
	assert_int_equal(bgp_communities_merge(lists, 3, got, 8), 4);
	assert_memory_equal(got, expected, sizeof(expected));
	assert_int_equal(bgp_communities_merge(lists, 3, got, 3), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_then_end_of_rib),
		cmocka_unit_test(ten_thousand_in_thirteen_updates),
		cmocka_unit_test(interleaved_attributes_are_packed_by_attributes),
		cmocka_unit_test(changes_that_cancel_out_send_nothing),
		cmocka_unit_test(withdrawals_leave_first),
		cmocka_unit_test(changed_attributes_are_announced_again),
		cmocka_unit_test(other_communities_are_sent_with_every_route),
		cmocka_unit_test(other_numbers_are_sent_with_routes_that_have_none),
		cmocka_unit_test(a_lost_session_starts_from_nothing),
		cmocka_unit_test(a_refresh_sends_everything_again),
		cmocka_unit_test(a_route_is_sent_again_once),
		cmocka_unit_test(routes_marked_during_a_batch_are_sent),
		cmocka_unit_test(a_refresh_during_the_first_routes_follows_them),
		cmocka_unit_test(end_of_rib_can_be_held_back),
		cmocka_unit_test(disowned_routes_are_withdrawn_before_end_of_rib),
		cmocka_unit_test(disowned_routes_are_not_sent_to_other_peers),
		cmocka_unit_test(a_refresh_does_not_wait_for_a_deferred_end_of_rib),
		cmocka_unit_test(next_hops_that_come_and_go),
		cmocka_unit_test(a_next_hop_of_its_own),
		cmocka_unit_test(ipv4_routes_over_ipv6),
		cmocka_unit_test(states_say_why_a_route_is_not_there),
		cmocka_unit_test(random_changes_converge),
		cmocka_unit_test(peers_get_their_own_attributes),
		cmocka_unit_test(communities_merge_in_order_and_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
