/* SPDX-License-Identifier: MIT */
#include "agent/vip/places.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "net/nladdr.h"
#include "net/nlsock.h"

struct place {
	struct places *places;
	struct loopback *loopback;
};

struct places {
	sd_event *loop;
	struct place *items[PLACES_MAX]; /* the first is lo */
	size_t n;
	places_lost_cb *lost_cb;
	void *userdata;
};

static void on_lost(const struct prefix *prefix, enum loopback_loss why, void *userdata)
{
	const struct place *place = userdata;
	struct places *p = place->places;
	if (place->loopback) /* else it is being made, and holds nothing */
		p->lost_cb(place->loopback, prefix, why, p->userdata);
}

static void place_free(struct place *place)
{
	loopback_free(place->loopback);
	free(place);
}

static int add(struct places *p, const char *ifname, struct loopback **ret, struct err *err)
{
	struct place *place = mem_new(1, sizeof(*place));
	place->places = p;
	int r = loopback_new(p->loop, ifname, on_lost, place, &place->loopback, err);
	if (r < 0) {
		place_free(place);
		return r;
	}
	p->items[p->n++] = place;
	*ret = place->loopback;
	return 0;
}

/* Makes room; an app that still waits for an interface asks for it again. */
static void drop_unused(struct places *p)
{
	size_t n = 1;
	for (size_t i = 1; i < p->n; i++)
		if (loopback_is_unused(p->items[i]->loopback))
			place_free(p->items[i]);
		else
			p->items[n++] = p->items[i];
	p->n = n;
}

struct loopback *places_find(const struct places *p, const char *ifname)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_equal(loopback_name(p->items[i]->loopback), ifname))
			return p->items[i]->loopback;
	return NULL;
}

int places_get(struct places *p, const char *ifname, struct loopback **ret, struct err *err)
{
	struct loopback *found = places_find(p, ifname);
	if (found) {
		*ret = found;
		return 0;
	}
	if (p->n == PLACES_MAX)
		drop_unused(p);
	if (p->n == PLACES_MAX)
		return err_set(err, -ENOSPC,
			       "cannot bind VIPs to interface %s: the limit of %d interfaces is "
			       "reached",
			       ifname, PLACES_MAX);
	return add(p, ifname, ret, err);
}

struct loopback *places_lo(const struct places *p)
{
	return p->items[0]->loopback;
}

size_t places_n(const struct places *p)
{
	return p->n;
}

struct loopback *places_at(const struct places *p, size_t i)
{
	return p->items[i]->loopback;
}

/* Addresses of the previous instance. */

static int on_address(const struct nlmsghdr *msg, void *userdata)
{
	char ifname[IF_NAMESIZE];
	struct nladdr a;
	struct loopback *ignored;
	if (nladdr_parse(msg, &a) == 0 && a.proto == NLADDR_PROTO_OURS &&
	    a.ifindex != NLADDR_LO_IFINDEX && if_indextoname(a.ifindex, ifname))
		places_get(userdata, ifname, &ignored, NULL);
	return 0;
}

static int find_leftovers(struct places *p, struct err *err)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct nlsock *sock;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = nlsock_request(sock, nladdr_build_dump(buf, families[i], 0), on_address, p);
	nlsock_free(sock);
	return r < 0 ? err_set(err, r, "cannot list the addresses of this host") : 0;
}

int places_new(sd_event *loop, places_lost_cb *lost, void *userdata, struct places **ret,
	       struct err *err)
{
	struct loopback *lo;
	struct places *p = mem_new(1, sizeof(*p));
	p->loop = loop;
	p->lost_cb = lost;
	p->userdata = userdata;
	int r = add(p, vip_link_lo.name, &lo, err);
	if (r == 0)
		r = find_leftovers(p, err);
	if (r < 0) {
		places_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		place_free(p->items[i]);
	free(p);
}
