/* SPDX-License-Identifier: MIT */
#include "bgp/path.h"

#include <stdio.h>
#include <string.h>

#include "lib/err.h"
#include "lib/str.h"
#include "net/fib.h"
#include "net/iface.h"
#include "net/iface_addr.h"

/* Fills in the trouble with the interface; false when there is none. `name`, of IF_NAMESIZE, is its
 * last known name, and becomes its present one. */
static bool link_trouble(struct bgp_path *now, uint32_t ifindex, char *name)
{
	struct iface link;
	if (!ifindex)
		return false;
	iface_read(ifindex, &link);
	const char *words = iface_state_text(link.state);
	if (link.name[0])
		snprintf(name, IF_NAMESIZE, "%s", link.name);
	if (words)
		snprintf(now->trouble, sizeof(now->trouble), "interface %s %s", name, words);
	now->link = words;
	return words;
}

/* The interface of the last good path. */
static bool good_link_trouble(struct bgp_path *now)
{
	return link_trouble(now, now->good.ifindex, now->good.ifname);
}

static void no_route(struct bgp_path *now, bool near, const char *why)
{
	now->state = near ? BGP_PATH_LOST : BGP_PATH_DOUBTFUL;
	if (!good_link_trouble(now))
		snprintf(now->trouble, sizeof(now->trouble), "%.*s", (int)sizeof(now->trouble) - 1,
			 why);
}

bool bgp_path_gateway_may_be_peer(const struct addr *gateway, const struct addr *peer)
{
	return gateway->family != peer->family ||
	       (addr_is_link_local(gateway) && !addr_is_link_local(peer));
}

/* The interface that the source address belongs to is out of order, and the kernel would send from
 * that address over another: where policy routing chose the first one, its routes are gone, and
 * what is sent takes the default route of another network. */
static bool source_left_behind(struct bgp_path *now, const struct fib_path *found)
{
	return now->good.ifindex && found->ifindex != now->good.ifindex &&
	       addr_is_set(&found->source) && addr_equal(&found->source, &now->good.source) &&
	       iface_addr_is_on(now->good.ifindex, &found->source) && good_link_trouble(now);
}

/* The path that was direct is not any more. */
static bool leads_elsewhere(const struct bgp_path *now, const struct fib_path *found,
			    const struct addr *peer)
{
	return now->good.direct && addr_is_set(&found->gateway) &&
	       (found->ifindex != now->good.ifindex ||
		!bgp_path_gateway_may_be_peer(&found->gateway, peer));
}

/* Where policy routing has chosen the path by the address of the last session, it does so again for
 * a session that the peer makes, wherever our own attempts would lead. */
static void follow_last_session(struct bgp_path *now, const struct addr *peer, uint32_t scope,
				struct fib_path *found)
{
	struct fib_path path;
	const struct addr *last = &now->good.source;
	if (!leads_elsewhere(now, found, peer) || last->family != peer->family ||
	    addr_equal(last, &found->source) || !fib_has_address(last, scope))
		return;
	int r = fib_lookup(peer, last, scope, &path, NULL);
	now->unsure = now->unsure || err_is_unavailable(r);
	if (r == 0 && !leads_elsewhere(now, &path, peer))
		*found = path;
}

/* The connected route is gone, and the kernel would use the default route. */
static void not_connected(struct bgp_path *now)
{
	char text[ADDR_TEXT_MAX];
	now->state = BGP_PATH_LOST;
	if (!good_link_trouble(now))
		snprintf(now->trouble, sizeof(now->trouble),
			 "no longer directly connected: the route to it leads through %s",
			 addr_format(&now->gateway, text));
}

static bool leaves_vrf(struct bgp_path *now, const struct bgp_peer_config *c, uint32_t vrf,
		       const struct fib_path *found, bool near)
{
	struct iface link;
	char why[sizeof(now->trouble)];
	if (!c->in_vrf || !fib_leaves_vrf(found, vrf, &link))
		return false;
	snprintf(why, sizeof(why), "no route in the VRF %s: that of the main table leads to %s",
		 c->ifname, link.name);
	no_route(now, near, why);
	return true;
}

static void update_from_fib(struct bgp_path *now, const struct bgp_peer_config *c,
			    const struct addr *own, bool near)
{
	char name[IF_NAMESIZE] = "";
	struct err err = { "" };
	struct fib_path found;
	uint32_t scope = c->ifname[0] ? iface_index(c->ifname, &now->unsure) : 0;
	if (c->ifname[0] && !scope) {
		now->state = BGP_PATH_LOST;
		now->link = true;
		snprintf(now->trouble, sizeof(now->trouble), "interface %s is gone", c->ifname);
		return;
	}
	const struct addr *source = bgp_session_source(c, own);
	int r = fib_lookup(&c->addr, source, scope, &found, &err);
	if (r < 0) {
		now->unsure = err_is_unavailable(r);
		no_route(now, near, err.text);
		return;
	}
	if (leaves_vrf(now, c, scope, &found, near))
		return;
	if (!source && near)
		follow_last_session(now, &c->addr, scope, &found);
	now->source = found.source;
	now->gateway = found.gateway;
	bool no_link = link_trouble(now, found.ifindex, name);
	if (!no_link && near && leads_elsewhere(now, &found, &c->addr))
		not_connected(now);
	else if (no_link || source_left_behind(now, &found))
		now->state = near ? BGP_PATH_LOST : BGP_PATH_DOUBTFUL;
	else
		now->state = BGP_PATH_GOOD;
	if (now->state == BGP_PATH_GOOD) {
		now->good.ifindex = found.ifindex;
		memcpy(now->good.ifname, name, sizeof(name));
		(void)iface_vrf(found.ifindex, now->good.vrf); /* else as it was */
		now->good.source = found.source;
		now->good.direct = !addr_is_set(&found.gateway) || (now->good.direct && near);
	}
}

static void check_source(struct bgp_path *now, const struct bgp_peer_config *c)
{
	char text[ADDR_TEXT_MAX];
	const struct addr *source = bgp_peer_source(c);
	uint32_t scope = c->ifname[0] ? iface_index(c->ifname, NULL) : 0;
	if (!source || fib_has_address(source, scope))
		return;
	if (!now->link)
		snprintf(now->trouble, sizeof(now->trouble), "%s %s is not an address of this host",
			 source == &c->local_ip ? "local_ip" : "local_ip6",
			 addr_format(source, text));
	now->state = BGP_PATH_LOST;
}

bool bgp_path_update(struct bgp_path *p, const struct bgp_peer_config *c, const struct addr *own,
		     bool near)
{
	struct bgp_path before = *p;
	*p = (struct bgp_path){ .good = before.good };
	update_from_fib(p, c, own, near);
	if (p->unsure) {
		*p = before;
		p->unsure = true;
		return false;
	}
	check_source(p, c);
	return p->state != before.state || !str_equal(p->trouble, before.trouble) ||
	       !addr_equal(&p->source, &before.source) ||
	       !addr_equal(&p->gateway, &before.gateway) ||
	       p->good.ifindex != before.good.ifindex || !str_equal(p->good.vrf, before.good.vrf);
}
