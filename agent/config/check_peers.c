/* SPDX-License-Identifier: MIT */
#include "agent/config/check_peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/check_bfd.h"
#include "lib/mem.h"
#include "lib/str.h"

struct peer_ref {
	const struct bgp_peer_config *peer;
	const struct config_node *item;
};

static int compare_peers(const void *a, const void *b)
{
	const struct peer_ref *x = a, *y = b;
	int c = addr_cmp(&x->peer->addr, &y->peer->addr);
	if (c == 0)
		c = strcmp(x->peer->ifname, y->peer->ifname);
	if (c == 0)
		c = (int)x->peer->port - (int)y->peer->port;
	return c;
}

static int compare_by_addr(const void *a, const void *b)
{
	const struct peer_ref *x = a, *y = b;
	int c = addr_cmp(&x->peer->addr, &y->peer->addr);
	return c ? c : (x->peer > y->peer) - (x->peer < y->peer);
}

static int compare_refs(const void *a, const void *b)
{
	const struct peer_ref *x = a, *y = b;
	int c = compare_peers(a, b);
	return c ? c : (x->peer > y->peer) - (x->peer < y->peer);
}

static int compare_by_link(const void *a, const void *b)
{
	const struct peer_ref *x = a, *y = b;
	int c = strcmp(x->peer->ifname, y->peer->ifname);
	if (c == 0)
		c = (int)y->peer->unnumbered - (int)x->peer->unnumbered;
	return c ? c : (x->peer > y->peer) - (x->peer < y->peer);
}

static void report_twice(struct config_findings *f, const struct peer_ref *first,
			 const struct peer_ref *second)
{
	char text[ADDR_TEXT_MAX];
	const struct config_node *node = config_node_get(second->item, "peer_ip");
	const struct config_node *link = config_node_get(second->item, "interface");
	if (link)
		config_error(f, config_at(link),
			     "duplicate peer on interface %s, first given in line %u",
			     second->peer->ifname, first->item->line);
	else if (node)
		config_error(f, config_at(node), "duplicate peer %s, first given in line %u",
			     addr_format(&second->peer->addr, text), first->item->line);
	else
		config_error(f, config_at_missing(second->item, "peer_ip"),
			     "missing: the peer in line %u is the default gateway already",
			     first->item->line);
}

/* An app whose VIPs the agent adds to lo, which is in no VRF; of those that are registered later
 * the agent's `bind` tells. An app that names an interface knows where its VIPs are. */
static bool binds_to_lo(const struct config_draft *draft, const struct bgp_peer_config *p,
			const char **ret_app)
{
	*ret_app = NULL;
	for (size_t i = 0; i < draft->n_apps && !*ret_app; i++) {
		const struct app_spec *app = &draft->apps[i];
		enum bind bind = app->bind == BIND_UNSET ? draft->agent.bind : app->bind;
		if (bind_is_ours(bind) && !app->interface[0] &&
		    bgp_peer_filter_allows(app->peers, p))
			*ret_app = app->name;
	}
	return *ret_app || (draft->n_apps == 0 && bind_is_ours(draft->agent.bind));
}

static void warn_of_lo(const struct config_draft *draft, const struct bgp_peer_config *p,
		       const struct config_node *device, struct config_findings *findings)
{
	const char *app;
	if (binds_to_lo(draft, p, &app))
		config_warn(findings, config_at(device),
			    "the VIPs of %s%s are added to lo, which is not in the VRF, so that "
			    "clients in %s do not reach them: specify interface: %s for what is "
			    "announced to this peer, and have the service listen in the VRF",
			    app ? "app " : "apps that are registered later", app ? app : "",
			    p->ifname, p->ifname);
}

void config_check_vrf(const struct config_draft *draft, const struct bgp_peer_config *p,
		      const struct config_node *item, struct config_findings *findings)
{
	const struct config_node *device = config_node_get(item, "device");
	bool link_local = p->addr.family == AF_INET6 && addr_is_link_local(&p->addr);
	if (!device || !p->in_vrf)
		return;
	if (p->unnumbered || link_local)
		config_error(findings, config_at(device),
			     "conflicts with %s: a link is in the VRF of its interface; remove it",
			     p->unnumbered ? "interface" : "a link-local peer_ip");
	else if (!config_node_get(item, "peer_ip"))
		config_error(findings, config_at(device),
			     "requires peer_ip: there is no default gateway of a VRF to peer with");
	else
		warn_of_lo(draft, p, device, findings);
}

/* The kernel finds the key of a connection to our listener by the source address alone (an
 * interface can be added for VRFs only): the last key set would count for all peers of that
 * address. The listener of a VRF has keys of its own. */
static void check_key(struct config_findings *f, const struct bgp_peer_config *x,
		      const struct bgp_peer_config *y, const struct config_node *item)
{
	char a[BGP_PEER_NAME_MAX], b[BGP_PEER_NAME_MAX];
	const struct config_node *node = config_node_get(item, "password");
	bool apart = (x->in_vrf || y->in_vrf) && strcmp(x->ifname, y->ifname) != 0;
	if (apart || str_same(x->password, y->password))
		return;
	config_error(f, node ? config_at(node) : config_at(item),
		     "peers %s and %s have different passwords: a listener has one TCP MD5 "
		     "key per address; use the same password for both, give one of them "
		     "another address, or remove bgp.listen",
		     bgp_peer_name(x, a), bgp_peer_name(y, b));
}

static bool is_near(const struct bgp_peer_config *p)
{
	bool link_local = p->addr.family == AF_INET6 && addr_is_link_local(&p->addr);
	return !p->in_vrf && (p->unnumbered || link_local);
}

/* The routers of two interfaces may have the same link-local address. */
static bool may_share_address(const struct bgp_peer_config *x, const struct bgp_peer_config *y)
{
	return is_near(x) && is_near(y) && (x->unnumbered || y->unnumbered) &&
	       strcmp(x->ifname, y->ifname) != 0;
}

static void check_near_key(struct config_findings *f, const struct bgp_peer_config *x,
			   const struct bgp_peer_config *y, const struct config_node *item)
{
	char a[BGP_PEER_NAME_MAX], b[BGP_PEER_NAME_MAX];
	const struct config_node *node = config_node_get(item, "password");
	if (!may_share_address(x, y) || str_same(x->password, y->password))
		return;
	config_warn(f, node ? config_at(node) : config_at(item),
		    "peers %s and %s have different passwords: a listener has one TCP MD5 key per "
		    "address, and their routers may have the same link-local one; use the same "
		    "password for both, or remove bgp.listen",
		    bgp_peer_configured_name(x, a), bgp_peer_configured_name(y, b));
}

/* One warning for a peer is enough. */
static void check_near_keys(struct config_findings *f, const struct peer_ref *refs, size_t n)
{
	const struct peer_ref *first = NULL;
	for (size_t i = 0; i < n; i++) {
		if (first)
			check_near_key(f, first->peer, refs[i].peer, refs[i].item);
		else if (is_near(refs[i].peer))
			first = &refs[i];
	}
}

static void check_keys(struct config_findings *f, struct peer_ref *refs, size_t n)
{
	check_near_keys(f, refs, n);
	qsort(refs, n, sizeof(*refs), compare_by_addr);
	for (size_t i = 1; i < n; i++)
		if (addr_is_set(&refs[i].peer->addr) &&
		    addr_cmp(&refs[i - 1].peer->addr, &refs[i].peer->addr) == 0 &&
		    compare_peers(&refs[i - 1], &refs[i]) != 0)
			check_key(f, refs[i - 1].peer, refs[i].peer, refs[i].item);
}

/* The router that is heard first may be the other one. */
static bool claims_link(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return (a->unnumbered || b->unnumbered) && is_near(a) && is_near(b) &&
	       !bgp_peer_is_same(a, b) && strcmp(a->ifname, b->ifname) == 0;
}

static void report_link(struct config_findings *f, const struct bgp_peer_config *p,
			const struct config_node *item, const char *where)
{
	const struct config_node *node = config_node_get(item, "interface");
	if (!node)
		node = config_node_get(item, "peer_ip");
	config_error(f, node ? config_at(node) : config_at(item),
		     "second peer on interface %s, where %s is a peer by the interface: it is the "
		     "router that is heard there first, whichever that is; give each its address, "
		     "like fe80::1%%%s",
		     p->ifname, where, p->ifname);
}

/* All of an interface are next to each other, those without an address first. */
static void check_links(struct config_findings *f, struct peer_ref *refs, size_t n)
{
	char where[40];
	qsort(refs, n, sizeof(*refs), compare_by_link);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (strcmp(refs[first].peer->ifname, refs[i].peer->ifname) != 0)
			first = i;
		if (first == i || !claims_link(refs[first].peer, refs[i].peer))
			continue;
		snprintf(where, sizeof(where), "that of line %u", refs[first].item->line);
		report_link(f, refs[i].peer, refs[i].item, where);
	}
}

void config_check_peer_pair(const struct bgp_peer_config *a, const struct bgp_peer_config *b,
			    bool listen, const struct config_node *item_of_b,
			    struct config_findings *findings)
{
	bool same_address = addr_is_set(&b->addr) && addr_equal(&a->addr, &b->addr);
	if (claims_link(a, b))
		report_link(findings, b, item_of_b, "another");
	if (listen && same_address)
		check_key(findings, a, b, item_of_b);
	else if (listen)
		check_near_key(findings, a, b, item_of_b);
	if (same_address && strcmp(a->ifname, b->ifname) == 0)
		config_check_bfd_pair(a, b, item_of_b, findings);
}

/* The same address with another port is another peer (several speakers on one host). */
void config_check_peers(const struct config_draft_bgp *d, const struct config_node *list,
			struct config_findings *f)
{
	struct peer_ref *refs = mem_new(d->n_peers, sizeof(*refs));
	const struct config_node *item = list ? list->first : NULL;
	size_t n = 0;
	for (size_t i = 0; i < d->n_peers && item; i++, item = item->next) {
		bool unreadable =
			!addr_is_set(&d->peers[i].addr) &&
			(item->kind != CONFIG_MAPPING || config_node_get(item, "peer_ip"));
		if (!unreadable)
			refs[n++] = (struct peer_ref){ &d->peers[i], item };
	}
	qsort(refs, n, sizeof(*refs), compare_refs);
	for (size_t i = 1; i < n; i++)
		if (addr_cmp(&refs[i - 1].peer->addr, &refs[i].peer->addr) == 0 &&
		    strcmp(refs[i - 1].peer->ifname, refs[i].peer->ifname) == 0)
			config_check_bfd_pair(refs[i - 1].peer, refs[i].peer, refs[i].item, f);
	for (size_t i = 1, first = 0; i < n; i++) {
		if (compare_peers(&refs[first], &refs[i]) == 0)
			report_twice(f, &refs[first], &refs[i]);
		else
			first = i;
	}
	if (d->bgp.listen)
		check_keys(f, refs, n);
	check_links(f, refs, n);
	free(refs);
}
