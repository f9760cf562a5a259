/* SPDX-License-Identifier: MIT */
#include "net/gateways.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "net/nlnexthop.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

#define HOPS_MAX 256 /* of one route; the kernel allows more, of which the rest is left out */

/* A default route, or one hop of it; a next-hop object is resolved after the dump. */
struct candidate {
	uint32_t metric;
	uint32_t nexthop_id; /* 0: the hop is complete */
	struct nlroute_hop hop;
};

struct search {
	struct candidate *list;
	size_t n, room;
};

static void add(struct search *s, uint32_t metric, uint32_t nexthop_id,
		const struct nlroute_hop *hop)
{
	s->list = mem_grow(s->list, &s->room, s->n + 1, sizeof(*s->list));
	s->list[s->n++] = (struct candidate){ metric, nexthop_id, *hop };
}

static int on_route(const struct nlmsghdr *msg, void *userdata)
{
	struct search *s = userdata;
	struct nlroute_hop hops[HOPS_MAX];
	struct nlroute r;
	if (nlroute_parse(msg, &r) < 0 || r.dst.len != 0 || r.table != RT_TABLE_MAIN ||
	    r.type != RTN_UNICAST)
		return 0;
	size_t n = nlroute_hops(msg, hops, HOPS_MAX);
	bool shown = n > 1 || addr_is_set(&r.gateway);
	for (size_t i = 0; i < n && i < HOPS_MAX; i++)
		add(s, r.metric, shown ? 0 : r.nexthop_id, &hops[i]);
	return 0;
}

struct nexthop_answer {
	struct nlnexthop nexthop;
	uint32_t members[HOPS_MAX];
	bool found;
};

static int on_nexthop(const struct nlmsghdr *msg, void *userdata)
{
	struct nexthop_answer *a = userdata;
	a->found = nlnexthop_parse(msg, &a->nexthop, a->members, HOPS_MAX) == 0;
	return 0;
}

static int get_nexthop(struct nlsock *sock, uint32_t id, struct nexthop_answer *ret)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	ret->found = false;
	int r = nlsock_request(sock, nlnexthop_build_get(buf, id), on_nexthop, ret);
	return r == -ENOENT ? 0 : r; /* removed meanwhile, and its routes with it */
}

/* A group has no groups among its members. */
static int resolve(struct nlsock *sock, struct search *s, uint32_t metric, uint32_t id)
{
	struct nexthop_answer a, member;
	int r = get_nexthop(sock, id, &a);
	if (r < 0 || !a.found)
		return r;
	if (a.nexthop.n_members == 0)
		add(s, metric, 0, &a.nexthop.hop);
	for (size_t i = 0; r == 0 && i < a.nexthop.n_members && i < HOPS_MAX; i++) {
		r = get_nexthop(sock, a.members[i], &member);
		if (r == 0 && member.found)
			add(s, metric, 0, &member.nexthop.hop);
	}
	return r;
}

static int search(struct nlsock *sock, uint8_t family, struct search *s)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	int r = nlsock_request(sock, nlroute_build_dump(buf, family, RT_TABLE_MAIN), on_route, s);
	size_t n = s->n;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (s->list[i].nexthop_id)
			r = resolve(sock, s, s->list[i].metric, s->list[i].nexthop_id);
	return r;
}

static bool is_usable(const struct candidate *c)
{
	return !c->nexthop_id && addr_is_set(&c->hop.gateway) && !(c->hop.flags & RTNH_F_DEAD);
}

static void choose(struct gateways *g, const struct search *s, uint32_t metric, bool has_link)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct candidate *c = &s->list[i];
		struct gateway one = { .addr = c->hop.gateway, .ifindex = c->hop.ifindex };
		if (!is_usable(c) || c->metric != metric ||
		    has_link == !!(c->hop.flags & RTNH_F_LINKDOWN) || gateways_contain(g, &one))
			continue;
		g->list = mem_grow(g->list, &g->room, g->n + 1, sizeof(*g->list));
		g->list[g->n++] = one;
	}
}

static void choose_best(struct gateways *g, const struct search *s)
{
	const struct candidate *best = NULL;
	for (size_t i = 0; i < s->n; i++)
		if (is_usable(&s->list[i]) && (!best || s->list[i].metric < best->metric))
			best = &s->list[i];
	if (!best)
		return;
	choose(g, s, best->metric, true);
	choose(g, s, best->metric, false);
}

int gateways_find(struct gateways *ret, struct err *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct gateways g = { 0 };
	struct nlsock *sock;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < 2 && r == 0 && g.n == 0; i++) {
		struct search s = { 0 };
		r = search(sock, families[i], &s);
		if (r == 0)
			choose_best(&g, &s);
		free(s.list);
	}
	nlsock_free(sock);
	if (r < 0)
		return err_set(err, r, "cannot read the routes: %s", strerror(-r));
	if (g.n == 0)
		return err_set(err, -ENOENT, "there is no default route with a gateway");
	*ret = g;
	return 0;
}

void gateways_done(struct gateways *g)
{
	free(g->list);
	*g = (struct gateways){ 0 };
}

bool gateway_equal(const struct gateway *a, const struct gateway *b)
{
	return addr_equal(&a->addr, &b->addr) &&
	       (a->ifindex == b->ifindex || !addr_is_link_local(&a->addr));
}

bool gateways_contain(const struct gateways *g, const struct gateway *one)
{
	for (size_t i = 0; i < g->n; i++)
		if (gateway_equal(&g->list[i], one))
			return true;
	return false;
}
