/* SPDX-License-Identifier: MIT */
#include "bgp/discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bgp/link_end.h"
#include "lib/err.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/ndp.h"
#include "net/ndp_socket.h"
#include "process/loop.h"

#define PACKETS_PER_TURN 64
#define PACKET_MAX       1500

struct link {
	struct list_node node;
	struct bgp_discovery *owner;
	char ifname[IF_NAMESIZE];
	struct addr wanted; /* local_ip6, where it is link-local */
	bool watched;       /* while the peers are compared with the links */
	struct link_end end;
	bool unsure; /* the kernel could not be asked for it */
	int fd;
	sd_event_source *io, *timer;
	uint64_t cookie; /* of our echo requests */
	struct router_link state;
	uint64_t adverts;   /* that were heard */
	enum bgp_lack lack; /* why it is down */
	char why[200];
	bool told;
	struct addr told_router, told_other;
	char told_why[200];
};

struct bgp_discovery {
	sd_event *loop;
	bgp_discovery_cb *found;
	void *userdata;
	struct list links;
};

/* ---- Output. ---- */

static void send_to(const struct link *l, struct addr to, const uint8_t *message, size_t len)
{
	/* A lost message is repeated, and a link that is gone is reported by the kernel. */
	ndp_socket_send(l->fd, l->end.ifindex, &l->end.own, &to, message, len);
}

static void carry_out(const struct link *l, const struct router_link_actions *actions)
{
	uint8_t buf[NDP_MESSAGE_MAX];
	const uint8_t *mac = l->end.has_mac ? l->end.mac : NULL;
	const struct addr *router = &l->state.router;
	if (actions->advert)
		send_to(l, ndp_all_nodes(), buf, ndp_build_router_advert(buf, mac));
	if (actions->solicit) {
		send_to(l, ndp_all_routers(), buf, ndp_build_router_solicit(buf, mac));
		send_to(l, ndp_all_routers(), buf, ndp_build_echo(buf, l->cookie));
	}
	if (actions->probe)
		send_to(l, ndp_solicited_node(router), buf,
			ndp_build_neighbor_solicit(buf, router, mac));
}

static void tell(struct link *l)
{
	char why[sizeof(l->why)] = "";
	const struct router_link *s = &l->state;
	bool overdue = router_link_is_overdue(s, loop_now(l->owner->loop));
	if (!s->up)
		snprintf(why, sizeof(why), "%s", l->why);
	else if (overdue)
		snprintf(why, sizeof(why), "no router was heard on interface %s", l->ifname);
	const struct bgp_found found = { .router = s->router,
					 .other = s->both ? s->other : (struct addr){ 0 },
					 .lack = !s->up    ? l->lack
						 : overdue ? BGP_LACK_ROUTER
							   : BGP_LACK_NOTHING,
					 .why = why };
	if (l->told && addr_equal(&found.router, &l->told_router) &&
	    addr_equal(&found.other, &l->told_other) && str_equal(why, l->told_why))
		return;
	l->told = true;
	l->told_router = found.router;
	l->told_other = found.other;
	snprintf(l->told_why, sizeof(l->told_why), "%s", why);
	l->owner->found(l->ifname, &found, l->owner->userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata);

static void arm(struct link *l)
{
	loop_timer_set(l->owner->loop, &l->timer, router_link_deadline(&l->state), LOOP_BGP,
		       on_timer, l);
}

static void step(struct link *l)
{
	struct router_link_actions actions;
	if (!l->state.up)
		return;
	router_link_step(&l->state, loop_now(l->owner->loop), loop_random(), &actions);
	carry_out(l, &actions);
	arm(l);
	tell(l);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	step(userdata);
	return 0;
}

/* ---- Input. ---- */

static void on_packet(struct link *l, const struct ndp_packet *packet)
{
	struct ndp_message m;
	mono_t now = loop_now(l->owner->loop);
	if (!ndp_parse(packet, &m) || addr_equal(&packet->source, &l->end.own))
		return;
	l->adverts += m.type == NDP_ROUTER_ADVERT;
	if (m.type == NDP_ROUTER_ADVERT)
		router_link_advert(&l->state, &packet->source, now);
	else if (m.type == NDP_NEIGHBOR_ADVERT)
		router_link_neighbor(&l->state, &m.target, now);
	else if (m.type == NDP_ECHO_REPLY && m.cookie == l->cookie)
		router_link_echo(&l->state, &packet->source, now);
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct link *l = userdata;
	uint8_t buf[PACKET_MAX];
	struct ndp_packet packet;
	(void)source, (void)revents;
	for (int i = 0; i < PACKETS_PER_TURN; i++) {
		if (ndp_socket_receive(fd, buf, sizeof(buf), &packet) < 0)
			break;
		on_packet(l, &packet);
	}
	step(l);
	return 0;
}

/* ---- The link goes up and down. ---- */

static void close_link(struct link *l)
{
	l->io = sd_event_source_disable_unref(l->io);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->end = (struct link_end){ 0 };
	router_link_down(&l->state);
	arm(l);
}

static bool open_link(struct link *l)
{
	struct err err = { "" };
	l->fd = ndp_socket_open(l->ifname, &err);
	int r = l->fd < 0 ? l->fd
			  : loop_io_add(l->owner->loop, &l->io, l->fd, EPOLLIN, LOOP_INPUT,
					on_readable, l);
	if (r == 0)
		return true;
	if (l->fd >= 0)
		err_set(&err, r, "cannot watch the socket of interface %s: %s", l->ifname,
			strerror(-r));
	close_link(l);
	l->lack = BGP_LACK_SOCKET;
	l->unsure = err_is_unavailable(r);
	snprintf(l->why, sizeof(l->why), "%.*s", (int)sizeof(l->why) - 1, err.text);
	return false;
}

static void begin(struct link *l, const struct link_end *end)
{
	if (!open_link(l))
		return;
	l->end = *end;
	l->cookie = (uint64_t)loop_random() << 32 | loop_random();
	router_link_up(&l->state, loop_now(l->owner->loop));
}

static void update(struct link *l)
{
	struct link_end end = { 0 };
	char why[sizeof(l->why)] = "";
	enum link_answer answer =
		link_end_find(l->ifname, &l->wanted, &l->end, &end, why, sizeof(why));
	l->unsure = answer == LINK_END_UNSURE;
	bool same = answer == LINK_END_PRESENT && end.ifindex == l->end.ifindex &&
		    addr_equal(&end.own, &l->end.own);
	if (same)
		l->end = end;
	if (same || (l->unsure && l->state.up)) {
		tell(l);
		return;
	}
	close_link(l);
	l->lack = BGP_LACK_LINK;
	snprintf(l->why, sizeof(l->why), "%s", why);
	if (answer == LINK_END_PRESENT)
		begin(l, &end);
	step(l);
	tell(l);
}

/* ---- Life. ---- */

struct bgp_discovery *bgp_discovery_new(sd_event *loop, bgp_discovery_cb *found, void *userdata)
{
	struct bgp_discovery *d = mem_new(1, sizeof(*d));
	*d = (struct bgp_discovery){ .loop = sd_event_ref(loop),
				     .found = found,
				     .userdata = userdata };
	list_init(&d->links);
	return d;
}

static void link_free(struct link *l)
{
	list_remove(&l->node);
	close_link(l);
	sd_event_source_disable_unref(l->timer);
	free(l);
}

void bgp_discovery_free(struct bgp_discovery *d)
{
	if (!d)
		return;
	list_for_each (it, &d->links)
		link_free(list_entry(it, struct link, node));
	sd_event_unref(d->loop);
	free(d);
}

static struct link *find(const struct bgp_discovery *d, const char *ifname)
{
	list_for_each (it, &d->links) {
		struct link *l = list_entry(it, struct link, node);
		if (str_equal(l->ifname, ifname))
			return l;
	}
	return NULL;
}

static struct link *link_new(struct bgp_discovery *d, const char *ifname)
{
	struct link *l = mem_new(1, sizeof(*l));
	l->owner = d;
	l->fd = -1;
	snprintf(l->ifname, sizeof(l->ifname), "%s", ifname);
	router_link_init(&l->state);
	list_append(&d->links, &l->node);
	return l;
}

static void watch(struct bgp_discovery *d, const struct bgp_peer_config *peer)
{
	struct link *l = find(d, peer->ifname);
	if (!l)
		l = link_new(d, peer->ifname);
	l->watched = true;
	l->told = false;
	l->wanted = addr_is_link_local(&peer->local_ip6) ? peer->local_ip6 : (struct addr){ 0 };
}

void bgp_discovery_watch(struct bgp_discovery *d, const struct bgp_peer_config *peers, size_t n)
{
	list_for_each (it, &d->links)
		list_entry(it, struct link, node)->watched = false;
	for (size_t i = 0; i < n; i++)
		if (peers[i].unnumbered)
			watch(d, &peers[i]);
	list_for_each (it, &d->links)
		if (!list_entry(it, struct link, node)->watched)
			link_free(list_entry(it, struct link, node));
	bgp_discovery_host_changed(d);
}

void bgp_discovery_host_changed(struct bgp_discovery *d)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it misses that link_free() takes it off. */
	list_for_each (it, &d->links)
		update(list_entry(it, struct link, node));
}

bool bgp_discovery_is_unsure(const struct bgp_discovery *d)
{
	list_for_each (it, &d->links)
		if (list_entry(it, struct link, node)->unsure)
			return true;
	return false;
}

void bgp_discovery_session(struct bgp_discovery *d, const char *ifname, bool up)
{
	struct link *l = find(d, ifname);
	if (!l)
		return;
	router_link_session(&l->state, up, loop_now(d->loop));
	arm(l);
}

uint64_t bgp_discovery_adverts(const struct bgp_discovery *d, const char *ifname)
{
	const struct link *l = find(d, ifname);
	return l ? l->adverts : 0;
}
