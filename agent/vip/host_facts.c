/* SPDX-License-Identifier: MIT */
#include "agent/vip/host_facts.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/nexthops.h"
#include "net/nladdr.h"
#include "net/nlroute.h"
#include "net/nlsock.h"

/* Reading that takes long may have at most a twentieth of a CPU. */
#define CHEAP (5 * USEC_PER_MSEC)
#define PAUSE 20
/* A full table is not read to its end, since the loop waits: the routes of the host itself
 * (default, short and connected ones) are among the first of each family. */
#define ROUTES_MAX    50000
#define NETS_MAX      50000
#define NEXT_HOPS_MAX 4096
#define HOPS_MAX      64 /* of one route */

struct nets {
	struct vip_host_net *items;
	size_t n, cap;
};

struct host_facts {
	const struct actuator *actuator;
	struct vip_host host;
	struct nets addresses; /* of all interfaces but lo, then of lo, see add_lo() */
	size_t n_elsewhere;    /* those before */
	struct nets connected;
	struct addr *next_hops;
	size_t n_next_hops, cap_next_hops;
	uint64_t changes; /* as of the last reading */
	bool known;
	mono_t read_at;
	span_t cost;
	size_t n_routes;          /* while they are read */
	struct nexthops nexthops; /* likewise */
};

/* ---- addresses ---- */

static void add_net(struct nets *nets, const struct prefix *p, uint32_t ifindex)
{
	if (nets->n >= NETS_MAX)
		return;
	nets->items = mem_grow(nets->items, &nets->cap, nets->n + 1, sizeof(*nets->items));
	struct vip_host_net *net = &nets->items[nets->n++];
	*net = (struct vip_host_net){ .prefix = *p };
	if (!if_indextoname(ifindex, net->ifname))
		strcpy(net->ifname, "?");
}

/* On another interface than lo. */
static bool is_vip_of_ours(const struct host_facts *f, const struct nladdr *a)
{
	char ifname[IF_NAMESIZE];
	if (a->proto == NLADDR_PROTO_OURS)
		return true;
	return !actuator_has_tags(f->actuator) && if_indextoname(a->ifindex, ifname) &&
	       actuator_is_ours(f->actuator, &a->prefix, ifname);
}

/* Host addresses of lo are asked for one by one, since the VIPs are among them. */
static int on_address(const struct nlmsghdr *msg, void *userdata)
{
	struct host_facts *f = userdata;
	struct nladdr a;
	if (nladdr_parse(msg, &a) < 0 || addr_is_link_local(&a.prefix.addr))
		return 0;
	if (a.ifindex == NLADDR_LO_IFINDEX &&
	    (a.prefix.addr.family != AF_INET || a.prefix.len == 32 ||
	     addr_is_loopback(&a.prefix.addr)))
		return 0;
	if (is_vip_of_ours(f, &a))
		return 0;
	add_net(&f->addresses, &a.prefix, a.ifindex);
	/* The route may be missing (noprefixroute), or be in a table of its own. */
	struct prefix subnet = { .addr = addr_mask(&a.prefix.addr, a.prefix.len),
				 .len = a.prefix.len };
	if (a.ifindex != NLADDR_LO_IFINDEX && a.prefix.len < addr_size(subnet.addr.family) * 8)
		add_net(&f->connected, &subnet, a.ifindex);
	return 0;
}

/* ---- routes ---- */

static void add_next_hop(struct host_facts *f, const struct addr *a)
{
	for (size_t i = f->n_next_hops; i > 0; i--) /* routes of one router follow each other */
		if (addr_equal(&f->next_hops[i - 1], a))
			return;
	if (f->n_next_hops >= NEXT_HOPS_MAX || addr_is_link_local(a))
		return;
	f->next_hops = mem_grow(f->next_hops, &f->cap_next_hops, f->n_next_hops + 1, sizeof(*a));
	f->next_hops[f->n_next_hops++] = *a;
}

/* A route by a next-hop object may show nothing but its number. */
static size_t hops_of(const struct host_facts *f, const struct nlmsghdr *msg,
		      const struct nlroute *r, struct nlroute_hop ret[static HOPS_MAX])
{
	size_t n = nlroute_hops(msg, ret, HOPS_MAX);
	if (r->nexthop_id && n <= 1 && !addr_is_set(&r->gateway) && r->ifindex == 0)
		return nexthops_find(&f->nexthops, r->nexthop_id, ret, HOPS_MAX);
	return n < HOPS_MAX ? n : HOPS_MAX;
}

static int on_route(const struct nlmsghdr *msg, void *userdata)
{
	struct host_facts *f = userdata;
	struct nlroute r;
	if (++f->n_routes > ROUTES_MAX)
		return -E2BIG;
	if (nlroute_parse(msg, &r) < 0 || r.type != RTN_UNICAST || r.table == RT_TABLE_LOCAL)
		return 0;
	struct nlroute_hop hops[HOPS_MAX];
	size_t n = hops_of(f, msg, &r, hops);
	for (size_t i = 0; i < n; i++)
		if (addr_is_set(&hops[i].gateway))
			add_next_hop(f, &hops[i].gateway);
	if (n == 0 || addr_is_set(&hops[0].gateway))
		return 0;
	if (r.dst.len > 0 && hops[0].ifindex != NLADDR_LO_IFINDEX &&
	    !addr_is_link_local(&r.dst.addr) && !addr_is_multicast(&r.dst.addr))
		add_net(&f->connected, &r.dst, hops[0].ifindex);
	return 0;
}

/* ---- reading ---- */

/* By a socket of its own: a dump that ends early leaves the rest in it. */
static int read_routes(uint8_t family, struct host_facts *f)
{
	_Alignas(struct nlmsghdr) char buf[NLROUTE_MSG_MAX];
	struct nlsock *sock;
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, NULL);
	if (r < 0)
		return r;
	f->n_routes = 0;
	r = nlsock_request(sock, nlroute_build_dump(buf, family, RT_TABLE_UNSPEC), on_route, f);
	nlsock_free(sock);
	return r == -E2BIG ? 0 : r;
}

static int read_all(struct host_facts *f, struct nlsock *sock)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	int r = 0;
	f->addresses.n = f->connected.n = f->n_next_hops = 0;
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = nlsock_request(sock, nladdr_build_dump(buf, families[i], 0), on_address, f);
	f->n_elsewhere = f->addresses.n;
	if (r == 0)
		r = nexthops_load(sock, &f->nexthops);
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = read_routes(families[i], f);
	nexthops_done(&f->nexthops);
	return r;
}

/* Of this thread: while another process has the CPU, the reading costs nothing. */
static span_t cpu_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (span_t)t.tv_sec * USEC_PER_SEC + (span_t)t.tv_nsec / 1000;
}

static void refresh(struct host_facts *f, uint64_t changes, mono_t now)
{
	struct nlsock *sock;
	struct err err = { "" };
	span_t began = cpu_time();
	int r = nlsock_open(NETLINK_ROUTE, NULL, &sock, &err);
	if (r == 0) {
		r = read_all(f, sock);
		nlsock_free(sock);
	}
	if (r < 0) /* the part that was read counts; all is read again for the next app */
		log_warn("vip", "cannot read the addresses and routes of this host: %s",
			 err.text[0] ? err.text : strerror(-r));
	f->known = r == 0;
	f->changes = changes;
	f->read_at = now;
	f->cost = usec_sub(cpu_time(), began);
}

static bool is_due(const struct host_facts *f, uint64_t changes, mono_t now)
{
	span_t pause = f->cost > CHEAP ? PAUSE * f->cost : 0;
	return !f->known || (f->changes != changes && usec_sub(now, f->read_at) >= pause);
}

/* VIPs of the app that another process has put on lo. */
static void add_lo(struct host_facts *f, const struct app_spec *spec)
{
	f->addresses.n = f->n_elsewhere;
	for (size_t i = 0; i < spec->n_vips; i++)
		if (actuator_lo_has_foreign(f->actuator, &spec->vips[i], spec->name))
			add_net(&f->addresses, &spec->vips[i], NLADDR_LO_IFINDEX);
}

const struct vip_host *host_facts_get(struct host_facts *f, const struct app_spec *spec,
				      uint64_t changes, mono_t now)
{
	if (is_due(f, changes, now))
		refresh(f, changes, now);
	add_lo(f, spec);
	f->host.addresses = f->addresses.items;
	f->host.n_addresses = f->addresses.n;
	f->host.connected = f->connected.items;
	f->host.n_connected = f->connected.n;
	f->host.next_hops = f->next_hops;
	f->host.n_next_hops = f->n_next_hops;
	return &f->host;
}

/* ---- life ---- */

/* "http://192.0.2.1:8500/v1", "https://[2001:db8::1]:8501", "192.0.2.1:8500": the address, if the
 * host is written as one. */
static struct addr address_of(const char *url)
{
	struct addr a = { 0 };
	char host[64];
	const char *p = url ? strstr(url, "://") : NULL;
	p = p ? p + 3 : url;
	if (!p)
		return a;
	const char *at = memchr(p, '@', strcspn(p, "/"));
	p = at ? at + 1 : p;
	bool bracket = *p == '[';
	size_t n = strcspn(p + bracket, bracket ? "]" : ":/");
	if (n >= sizeof(host))
		return a;
	memcpy(host, p + bracket, n);
	host[n] = 0;
	if (addr_parse(host, &a) < 0 || addr_is_loopback(&a))
		a = (struct addr){ 0 };
	return a;
}

struct host_facts *host_facts_new(const struct actuator *actuator, const char *consul_addr)
{
	struct host_facts *f = mem_new(1, sizeof(*f));
	f->actuator = actuator;
	f->host.consul = address_of(consul_addr);
	return f;
}

void host_facts_free(struct host_facts *f)
{
	if (!f)
		return;
	free(f->addresses.items);
	free(f->connected.items);
	free(f->next_hops);
	free(f);
}
