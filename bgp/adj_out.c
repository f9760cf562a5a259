/* SPDX-License-Identifier: MIT */
#include "bgp/adj_out.h"

#include <stdlib.h>
#include <string.h>

#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/merge.h"
#include "bgp/update.h"
#include "lib/array.h"
#include "lib/mem.h"

enum {
	SLOT_IN_WITHDRAW = 1, /* the id is in a withdraw queue */
	SLOT_IN_ANNOUNCE = 2, /* the id is in `announce` */
	SLOT_IN_BATCH = 4,    /* the id is in `batch` */
	SLOT_RESEND = 8,      /* send even if the peer holds the same */
	SLOT_DISOWNED = 16,   /* a route of the previous instance was withdrawn */
	SLOT_FOR_PEER = 32,   /* marked because of the peer, not of a change of the route */
};

#define SLOT_QUEUED (SLOT_IN_WITHDRAW | SLOT_IN_ANNOUNCE | SLOT_IN_BATCH)

/* ---- Queues of ids. ---- */

static void queue_push(struct adj_queue *q, uint32_t id)
{
	q->ids = mem_grow(q->ids, &q->cap, q->n + 1, sizeof(uint32_t));
	q->ids[q->n++] = id;
}

static size_t queue_len(const struct adj_queue *q)
{
	return q->n - q->head;
}

static bool queue_empty(const struct adj_queue *q)
{
	return q->head == q->n;
}

static void queue_pop(struct adj_queue *q)
{
	if (++q->head == q->n)
		q->head = q->n = 0;
}

static void queue_done(struct adj_queue *q)
{
	free(q->ids);
	*q = (struct adj_queue){ 0 };
}

/* ---- Slots. ---- */

static bool slot_in_use(const struct adj_slot *slot)
{
	return slot->sent || (slot->flags & SLOT_QUEUED);
}

/* A route is kept while a slot of it is in use; this maintains its count of holders. */
static void slot_changed(struct adj_out *a, struct rib_route *route, bool was_in_use)
{
	bool is = slot_in_use(&a->slots[route->id]);
	if (is && !was_in_use)
		route->holders++;
	if (was_in_use && !is) {
		route->holders--;
		rib_collect(a->rib, route);
	}
}

static void slot_set_flag(struct adj_out *a, struct rib_route *route, uint8_t flag)
{
	struct adj_slot *slot = &a->slots[route->id];
	bool was = slot_in_use(slot);
	slot->flags |= flag;
	slot_changed(a, route, was);
}

static void slot_clear_flags(struct adj_out *a, struct rib_route *route, uint8_t flags)
{
	struct adj_slot *slot = &a->slots[route->id];
	bool was = slot_in_use(slot);
	slot->flags &= (uint8_t)~flags;
	slot_changed(a, route, was);
}

static size_t family_index(uint8_t family)
{
	return family == AF_INET6;
}

static void slot_set_sent(struct adj_out *a, struct rib_route *route, uint64_t attrs_id)
{
	struct adj_slot *slot = &a->slots[route->id];
	bool was = slot_in_use(slot);
	size_t *n_sent = &a->n_sent[family_index(route->prefix.addr.family)];
	if (!slot->sent && attrs_id)
		++*n_sent;
	if (slot->sent && !attrs_id)
		--*n_sent;
	slot->sent = attrs_id;
	slot_changed(a, route, was);
}

/* ---- The routes that the peer should hold. ---- */

static bool family_negotiated(const struct adj_out *a, uint8_t family)
{
	return family == AF_INET6 ? a->session.ipv6 : a->session.ipv4;
}

static const struct addr *next_hop(const struct adj_out *a, uint8_t family)
{
	return family == AF_INET6 ? &a->session.next_hop6 : &a->session.next_hop4;
}

/* The route is not for this peer. */
static bool is_filtered(const struct adj_out *a, const struct rib_route *route)
{
	return route->suppressed || (route->filter && !rib_attrs_for(route, a->session.config));
}

/* The attributes for this peer, whose session is up; those of the route when it is for others only.
 * NULL: withdrawn. */
static const struct rib_attrs *attrs_of(const struct adj_out *a, const struct rib_route *route)
{
	const struct rib_attrs *own =
		route->n_variants > 0 ? rib_attrs_for(route, a->session.config) : NULL;
	return own ? own : route->attrs;
}

static bool has_own_next_hop(const struct rib_attrs *attrs)
{
	return attrs && addr_is_set(&attrs->route.next_hop);
}

static const struct addr *next_hop_by(const struct adj_out *a, const struct rib_route *route,
				      const struct rib_attrs *attrs)
{
	return has_own_next_hop(attrs) ? &attrs->route.next_hop
				       : next_hop(a, route->prefix.addr.family);
}

static bool is_limited(const struct adj_out *a)
{
	return a->rib->output != BGP_OUTPUT_ALL;
}

/* As if the route were for this peer; NULL: no family, no next hop, or withdrawn. */
static const struct rib_attrs *can_announce(const struct adj_out *a, const struct rib_route *route)
{
	const struct rib_attrs *attrs = attrs_of(a, route);
	bool can = family_negotiated(a, route->prefix.addr.family) &&
		   addr_is_set(next_hop_by(a, route, attrs));
	return can ? attrs : NULL;
}

static const struct rib_attrs *wanted(const struct adj_out *a, const struct rib_route *route)
{
	return is_filtered(a, route) ? NULL : can_announce(a, route);
}

/* While output is limited the filter is not asked: it may be that of before the reload. */
static bool may_stay(const struct adj_out *a, const struct rib_route *route)
{
	if (a->rib->output == BGP_OUTPUT_CHANGING && route->aggregate)
		return true;
	return is_limited(a) ? can_announce(a, route) : wanted(a, route);
}

static bool needs_withdraw(const struct adj_out *a, const struct rib_route *route)
{
	return a->slots[route->id].sent && !may_stay(a, route);
}

static bool needs_announce(const struct adj_out *a, const struct rib_route *route)
{
	const struct adj_slot *slot = &a->slots[route->id];
	const struct rib_attrs *attrs = wanted(a, route);
	return attrs && (attrs->id != slot->sent || (slot->flags & SLOT_RESEND));
}

/* The attributes of a route of the previous instance: no route of this one has this id. */
#define ATTRS_OF_PREVIOUS_INSTANCE UINT64_MAX

/* Without End-of-RIB yet, the peer may hold the route from the previous instance: it is withdrawn
 * when it was disowned, or is announced and not for this peer. */
static void assume_sent(struct adj_out *a, struct rib_route *route)
{
	struct adj_slot *slot = &a->slots[route->id];
	bool may_hold = a->session.defer_end_of_rib && !slot->sent &&
			family_negotiated(a, route->prefix.addr.family);
	bool not_its = route->attrs ? is_filtered(a, route) : route->disowned;
	if (!may_hold || !not_its || (slot->flags & SLOT_DISOWNED))
		return;
	slot->flags |= SLOT_DISOWNED; /* once is enough */
	slot_set_sent(a, route, ATTRS_OF_PREVIOUS_INSTANCE);
}

static struct adj_slot *slot_of(struct adj_out *a, const struct rib_route *route)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it misses that adj_out_init() clears it. */
	a->slots = mem_grow(a->slots, &a->cap_slots, route->id + 1, sizeof(struct adj_slot));
	return &a->slots[route->id];
}

static void mark(struct adj_out *a, struct rib_route *route)
{
	assume_sent(a, route);
	uint8_t flags = a->slots[route->id].flags;
	if (needs_withdraw(a, route) && !(flags & SLOT_IN_WITHDRAW)) {
		queue_push(&a->families[family_index(route->prefix.addr.family)].withdraw,
			   route->id);
		slot_set_flag(a, route, SLOT_IN_WITHDRAW);
	} else if (needs_announce(a, route) && !(flags & SLOT_IN_ANNOUNCE)) {
		queue_push(&a->announce, route->id);
		slot_set_flag(a, route, SLOT_IN_ANNOUNCE);
	}
}

void adj_out_mark(struct adj_out *a, struct rib_route *route)
{
	if (!a->up)
		return;
	slot_of(a, route)->flags &= (uint8_t)~SLOT_FOR_PEER;
	mark(a, route);
}

/* ---- The session goes up and down. ---- */

void adj_out_init(struct adj_out *a, struct rib *rib)
{
	*a = (struct adj_out){ .rib = rib };
}

void adj_out_up(struct adj_out *a, const struct adj_out_session *session)
{
	adj_out_down(a);
	a->up = true;
	a->session = *session;
	a->mp4 = session->next_hop4.family == AF_INET6;
	for (size_t i = 0; i < a->rib->n_ids; i++)
		if (a->rib->by_id[i])
			adj_out_mark(a, a->rib->by_id[i]);
	a->families[0].end_of_rib = session->ipv4;
	a->families[1].end_of_rib = session->ipv6;
}

void adj_out_down(struct adj_out *a)
{
	struct rib *rib = a->rib;
	struct sent_log *log = a->log;
	for (size_t id = 0; id < a->cap_slots && id < rib->n_ids; id++) {
		bool was = slot_in_use(&a->slots[id]);
		a->slots[id] = (struct adj_slot){ 0 };
		if (rib->by_id[id])
			slot_changed(a, rib->by_id[id], was);
	}
	adj_out_done(a);
	adj_out_init(a, rib);
	a->log = log;
	sent_log_session_down(log);
}

void adj_out_done(struct adj_out *a)
{
	mem_free(&a->slots);
	a->cap_slots = 0;
	queue_done(&a->announce);
	queue_done(&a->batch);
	for (size_t i = 0; i < 2; i++)
		queue_done(&a->families[i].withdraw);
}

void adj_out_refresh(struct adj_out *a, enum bgp_afi afi)
{
	uint8_t family = bgp_family_from_afi((uint16_t)afi, BGP_SAFI_UNICAST);
	if (a->up && family && family_negotiated(a, family))
		a->families[family_index(family)].begin_refresh = true;
}

void adj_out_end_deferral(struct adj_out *a)
{
	a->session.defer_end_of_rib = false;
}

bool adj_out_owes_end_of_rib(const struct adj_out *a)
{
	return a->families[0].end_of_rib || a->families[1].end_of_rib;
}

/* ---- Packing. ---- */

/* To be sent even if the peer holds the same. */
static void mark_one_again(struct adj_out *a, struct rib_route *route)
{
	struct adj_slot *slot = slot_of(a, route);
	if (may_stay(a, route))
		slot->flags |= SLOT_RESEND | SLOT_FOR_PEER;
	mark(a, route);
}

static void mark_again(struct adj_out *a, uint8_t family, const char *why)
{
	a->again_why = why;
	for (size_t i = 0; i < a->rib->n_ids; i++)
		if (a->rib->by_id[i] && a->rib->by_id[i]->prefix.addr.family == family)
			mark_one_again(a, a->rib->by_id[i]);
}

/* The session has another next hop, which routes with one of their own do not have. */
static void mark_next_hop(struct adj_out *a, uint8_t family)
{
	a->again_why = BGP_SENT_FOR_PEER;
	for (size_t i = 0; i < a->rib->n_ids; i++) {
		struct rib_route *route = a->rib->by_id[i];
		if (route && route->prefix.addr.family == family &&
		    !has_own_next_hop(attrs_of(a, route)))
			mark_one_again(a, route);
	}
}

void adj_out_set_next_hops(struct adj_out *a, const struct addr *v4, const struct addr *v6,
			   const struct addr *link_local)
{
	struct adj_out_session *s = &a->session;
	bool beside = !addr_equal(&s->link_local, link_local);
	bool new4 = !addr_equal(&s->next_hop4, v4) || (beside && v4->family == AF_INET6);
	bool new6 = !addr_equal(&s->next_hop6, v6) || beside;
	if (!a->up)
		return;
	if (addr_is_set(v4))
		a->mp4 = v4->family == AF_INET6;
	s->next_hop4 = *v4;
	s->next_hop6 = *v6;
	s->link_local = *link_local;
	if (new4)
		mark_next_hop(a, AF_INET);
	if (new6)
		mark_next_hop(a, AF_INET6);
}

/* A route that has its own numbers is not concerned by others of the peer. */
static void mark_numbers(struct adj_out *a, const struct bgp_peer_attrs *before)
{
	a->again_why = BGP_SENT_FOR_PEER;
	for (size_t i = 0; i < a->rib->n_ids; i++) {
		const struct rib_route *route = a->rib->by_id[i];
		if (route && route->attrs &&
		    bgp_peer_attrs_numbers_differ(before, &a->session.peer_attrs,
						  &attrs_of(a, route)->route, a->session.ibgp))
			mark_one_again(a, a->rib->by_id[i]);
	}
}

void adj_out_set_peer_attrs(struct adj_out *a, const struct bgp_peer_attrs *peer_attrs)
{
	const struct bgp_peer_attrs before = a->session.peer_attrs;
	if (!a->up)
		return;
	bool alike = bgp_peer_attrs_lists_equal(&before, peer_attrs);
	a->session.peer_attrs = *peer_attrs;
	if (alike) {
		mark_numbers(a, &before);
		return;
	}
	mark_again(a, AF_INET, BGP_SENT_FOR_PEER);
	mark_again(a, AF_INET6, BGP_SENT_FOR_PEER);
}

void adj_out_recheck_filters(struct adj_out *a)
{
	for (size_t i = 0; a->up && i < a->rib->n_ids; i++) {
		if (!a->rib->by_id[i] || !a->rib->by_id[i]->filter)
			continue;
		slot_of(a, a->rib->by_id[i])->flags |= SLOT_FOR_PEER;
		mark(a, a->rib->by_id[i]);
	}
}

void adj_out_mark_all(struct adj_out *a)
{
	for (size_t i = 0; a->up && i < a->rib->n_ids; i++) {
		if (!a->rib->by_id[i])
			continue;
		slot_of(a, a->rib->by_id[i]); /* makes room */
		mark(a, a->rib->by_id[i]);
	}
}

/* A refresh that is requested during the first routes follows their End-of-RIB, unless that is
 * deferred; one that is requested during another refresh follows its end. */
static bool can_begin_refresh(const struct adj_out *a, const struct adj_family *f)
{
	bool wait = f->end_of_refresh || (f->end_of_rib && !a->session.defer_end_of_rib);
	return f->begin_refresh && !wait;
}

/* BoRR, and every route of the family marked to be sent again. */
static size_t begin_refresh(struct adj_out *a, uint8_t family, uint8_t *buf, size_t cap)
{
	struct adj_family *f = &a->families[family_index(family)];
	f->begin_refresh = false;
	f->end_of_refresh = a->session.enhanced_refresh && !f->end_of_rib;
	mark_again(a, family, BGP_SENT_FOR_REFRESH);
	if (!f->end_of_refresh)
		return 0;
	struct bgp_route_refresh begin = { .afi = (uint16_t)bgp_afi_from_family(family),
					   .subtype = BGP_REFRESH_BEGIN,
					   .safi = BGP_SAFI_UNICAST };
	return bgp_encode_route_refresh(buf, cap, &begin);
}

static void log_withdrawal(struct adj_out *a, struct rib_route *route)
{
	sent_log_route(a->log, route, true, route->attrs ? BGP_SENT_FOR_PEER : route->why);
}

/* Before it counts as sent. */
static void log_announcement(struct adj_out *a, struct rib_route *route)
{
	const struct adj_slot *slot = &a->slots[route->id];
	if (a->families[family_index(route->prefix.addr.family)].end_of_rib)
		sent_log_first(a->log);
	else if (slot->sent == attrs_of(a, route)->id)
		sent_log_again(a->log, a->again_why);
	else
		sent_log_route(a->log, route, false,
			       slot->flags & SLOT_FOR_PEER ? BGP_SENT_FOR_PEER : route->why);
}

/* One message of withdrawals. */
static size_t next_withdraw(struct adj_out *a, uint8_t family, uint8_t *buf, size_t cap)
{
	struct adj_queue *q = &a->families[family_index(family)].withdraw;
	struct bgp_update_builder b;
	if (queue_empty(q))
		return 0;
	bgp_update_begin_withdraw(&b, buf, cap, family, a->mp4);
	while (!queue_empty(q)) {
		struct rib_route *route = a->rib->by_id[q->ids[q->head]];
		bool needed = needs_withdraw(a, route);
		if (needed && !bgp_update_add(&b, &route->prefix))
			break;
		queue_pop(q);
		/* The flag keeps the route until it is not needed any more. */
		if (needed) {
			log_withdrawal(a, route);
			slot_set_sent(a, route, 0);
		}
		slot_clear_flags(a, route, SLOT_IN_WITHDRAW);
	}
	return bgp_update_finish(&b);
}

struct batch_key {
	uint64_t key; /* family, then attributes */
	uint32_t id;
};

static int batch_key_cmp(const void *a, const void *b)
{
	const struct batch_key *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorts the routes marked so far by attributes, so that those that share them share UPDATEs. */
static void fill_batch(struct adj_out *a)
{
	size_t n = a->announce.n; /* its head is 0: it is taken as a whole */
	struct batch_key *keys = mem_new(n, sizeof(*keys));
	for (size_t i = 0; i < n; i++) {
		struct rib_route *route = a->rib->by_id[a->announce.ids[i]];
		uint64_t family = family_index(route->prefix.addr.family);
		const struct rib_attrs *attrs = attrs_of(a, route);
		keys[i].key = family << 63 | (attrs ? attrs->id : 0);
		keys[i].id = route->id;
	}
	qsort(keys, n, sizeof(*keys), batch_key_cmp);
	for (size_t i = 0; i < n; i++) {
		struct adj_slot *slot = &a->slots[keys[i].id];
		slot->flags = (uint8_t)((slot->flags & ~SLOT_IN_ANNOUNCE) | SLOT_IN_BATCH);
		queue_push(&a->batch, keys[i].id);
	}
	a->announce.n = 0;
	free(keys);
}

static void begin_announce(struct adj_out *a, const struct rib_route *route,
			   const struct rib_attrs *attrs, struct bgp_update_builder *b,
			   uint8_t *buf, size_t cap)
{
	struct bgp_merge_room room;
	struct bgp_attrs_out out;
	const struct bgp_merge_session session = {
		.local_as = a->session.local_as,
		.ibgp = a->session.ibgp,
		.four_octet_as = a->session.four_octet_as,
		.otc = a->session.otc,
		.peer_attrs = &a->session.peer_attrs,
	};
	bgp_attrs_merge(&session, attrs->origin, &attrs->route, &room, &out);
	out.next_hop = *next_hop_by(a, route, attrs);
	if (!has_own_next_hop(attrs))
		out.link_local = a->session.link_local;
	bgp_update_begin_announce(b, buf, cap, &out, route->prefix.addr.family);
}

/* One message of announcements that share attributes. */
static size_t next_announce(struct adj_out *a, uint8_t *buf, size_t cap)
{
	const struct rib_attrs *attrs = NULL;
	struct bgp_update_builder b = { 0 };
	while (!queue_empty(&a->batch) || !queue_empty(&a->announce)) {
		if (queue_empty(&a->batch))
			fill_batch(a);
		struct rib_route *route = a->rib->by_id[a->batch.ids[a->batch.head]];
		if (needs_announce(a, route)) {
			const struct rib_attrs *its = attrs_of(a, route);
			if (!attrs) {
				attrs = its;
				begin_announce(a, route, attrs, &b, buf, cap);
			}
			if (its != attrs || !bgp_update_add(&b, &route->prefix))
				break;
			log_announcement(a, route);
			slot_set_sent(a, route, attrs->id);
		}
		queue_pop(&a->batch);
		slot_clear_flags(a, route, SLOT_IN_BATCH | SLOT_RESEND | SLOT_FOR_PEER);
	}
	return attrs ? bgp_update_finish(&b) : 0;
}

static size_t next_marker(struct adj_out *a, uint8_t family, uint8_t *buf, size_t cap)
{
	struct adj_family *f = &a->families[family_index(family)];
	enum bgp_afi afi = bgp_afi_from_family(family);
	if (f->end_of_rib && !a->session.defer_end_of_rib) {
		f->end_of_rib = false;
		if (!adj_out_owes_end_of_rib(a))
			sent_log_end_of_rib(a->log);
		return bgp_encode_end_of_rib(buf, cap, afi);
	}
	if (!f->end_of_refresh)
		return 0;
	f->end_of_refresh = false;
	struct bgp_route_refresh end = { .afi = (uint16_t)afi,
					 .subtype = BGP_REFRESH_END,
					 .safi = BGP_SAFI_UNICAST };
	return bgp_encode_route_refresh(buf, cap, &end);
}

size_t adj_out_next(struct adj_out *a, uint8_t *buf, size_t cap)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	size_t n = 0;
	for (size_t i = 0; i < 2 && n == 0; i++)
		n = next_withdraw(a, families[i], buf, cap);
	if (is_limited(a))
		return n;
	for (size_t i = 0; i < 2 && n == 0; i++)
		if (can_begin_refresh(a, &a->families[i]))
			n = begin_refresh(a, families[i], buf, cap);
	if (n == 0)
		n = next_announce(a, buf, cap);
	/* Markers say that everything before them is complete. */
	for (size_t i = 0; i < 2 && n == 0; i++)
		n = next_marker(a, families[i], buf, cap);
	return n;
}

bool adj_out_pending(const struct adj_out *a)
{
	bool pending =
		!queue_empty(&a->families[0].withdraw) || !queue_empty(&a->families[1].withdraw);
	if (is_limited(a))
		return pending;
	pending = pending || !queue_empty(&a->announce) || !queue_empty(&a->batch);
	for (size_t i = 0; i < 2; i++)
		pending = pending || a->families[i].begin_refresh ||
			  a->families[i].end_of_refresh ||
			  (a->families[i].end_of_rib && !a->session.defer_end_of_rib);
	return pending;
}

size_t adj_out_n_queued(const struct adj_out *a)
{
	size_t n = queue_len(&a->announce) + queue_len(&a->batch);
	return n + queue_len(&a->families[0].withdraw) + queue_len(&a->families[1].withdraw);
}

/* BGP_ROUTE_SENT: there is none. */
static enum bgp_route_state obstacle_of(const struct adj_out *a, uint8_t family,
					const struct addr *next_hop)
{
	if (!a->up)
		return BGP_ROUTE_NO_SESSION;
	if (!family_negotiated(a, family))
		return BGP_ROUTE_NO_FAMILY;
	return addr_is_set(next_hop) ? BGP_ROUTE_SENT : BGP_ROUTE_NO_NEXT_HOP;
}

enum bgp_route_state adj_out_state_of_new(const struct adj_out *a, uint8_t family,
					  const struct addr *own_next_hop)
{
	return obstacle_of(a, family,
			   addr_is_set(own_next_hop) ? own_next_hop : next_hop(a, family));
}

enum bgp_route_state adj_out_state(const struct adj_out *a, const struct rib_route *route,
				   const struct bgp_peer_config *peer)
{
	const struct rib_attrs *attrs = route ? rib_attrs_for(route, peer) : NULL;
	if (!route || !route->attrs)
		return BGP_ROUTE_UNKNOWN;
	if (!attrs)
		return BGP_ROUTE_FILTERED;
	if (route->suppressed)
		return BGP_ROUTE_SUPPRESSED;
	enum bgp_route_state obstacle =
		obstacle_of(a, route->prefix.addr.family, next_hop_by(a, route, attrs));
	if (obstacle != BGP_ROUTE_SENT)
		return obstacle;
	bool sent = route->id < a->cap_slots && a->slots[route->id].sent == attrs->id;
	return sent ? BGP_ROUTE_SENT : BGP_ROUTE_PENDING;
}
