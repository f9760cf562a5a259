/* SPDX-License-Identifier: MIT */
#include "agent/vip/host_addresses.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "agent/model/router_id.h"
#include "bgp/path.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "net/iface.h"
#include "net/iface_addr.h"

bool host_addresses_explain_gateways(const struct host_addresses *h, struct strbuf *text)
{
	const struct gateways *g = &h->gateways;
	char name[ADDR_TEXT_MAX], ifname[IF_NAMESIZE];
	bool others = false;
	if (!gateways_contain(g, &h->gateway))
		return false;
	for (size_t i = 0; i < g->n; i++) {
		if (gateway_equal(&g->list[i], &h->gateway))
			continue;
		if (!others)
			strbuf_add(text,
				   "the default gateway %s is the peer, other default gateways get "
				   "no routes (list all of them in bgp.peers): ",
				   addr_format(&h->gateway.addr, name));
		strbuf_add(text, "%s%s", others ? ", " : "", addr_format(&g->list[i].addr, name));
		if (if_indextoname(g->list[i].ifindex, ifname))
			strbuf_add(text, " on %s", ifname);
		others = true;
	}
	return others;
}

static int use_gateway(const struct config *config, struct bgp_peer_config *peer,
		       struct host_addresses *h, struct err *err)
{
	char text[ADDR_TEXT_MAX], name[BGP_PEER_NAME_MAX], more[GATEWAYS_TEXT_MAX];
	struct strbuf others = strbuf_over(more, sizeof(more));
	gateways_done(&h->gateways);
	int rc = gateways_find(&h->gateways, err);
	if (rc < 0)
		return err_prefix(
			err, rc,
			"no peer is configured and the default gateway cannot be used as the "
			"peer (set bgp.peers): ");
	h->gateway = h->gateways.list[0];
	peer->addr = h->gateway.addr;
	addr_format(&peer->addr, text);
	if (config->gateway_family && config->gateway_family != peer->addr.family)
		return err_set(err, -EAFNOSUPPORT,
			       "no peer is configured and the default gateway %s is of another "
			       "address family than local_ip: set bgp.peers",
			       text);
	if (addr_is_link_local(&peer->addr))
		if_indextoname(h->gateway.ifindex, peer->ifname);
	log_info("bgp", "no peer is configured, using the default gateway %s",
		 bgp_peer_name(peer, name));
	if (host_addresses_explain_gateways(h, &others))
		log_warn("bgp", "%s", more);
	return 0;
}

/* Left to the host. */
static bool is_gateway(const struct bgp_peer_config *peer)
{
	return !addr_is_set(&peer->addr) && !peer->unnumbered;
}

static uint32_t scope_of(const struct bgp_peer_config *peer)
{
	return peer->ifname[0] ? if_nametoindex(peer->ifname) : 0;
}

/* The path to the peer; of an unnumbered one, whose address is not known here, its interface. */
static int path_towards(const struct bgp_peer_config *peer, struct fib_path *ret, struct err *err)
{
	if (!peer->unnumbered)
		return fib_lookup(&peer->addr, bgp_peer_source(peer), scope_of(peer), ret, err);
	*ret = (struct fib_path){ .ifindex = scope_of(peer) };
	return ret->ifindex ? 0 : err_set(err, -ENODEV, "no interface %s", peer->ifname);
}

/* With TTL 1 the connection to a distant peer only times out, without a reason. */
static void warn_if_distant(const struct bgp_config *bgp, const struct bgp_peer_config *peer)
{
	char text[BGP_PEER_NAME_MAX], gateway[ADDR_TEXT_MAX];
	struct fib_path path;
	struct err err = { "" };
	bgp_peer_name(peer, text);
	int rc = path_towards(peer, &path, &err);
	bool ebgp = !bgp_peer_is_internal(bgp, peer);
	if (rc < 0)
		log_warn("bgp", "peer %s: %s; connecting anyway", text, err.text);
	else if (!addr_is_set(&path.gateway) || !ebgp || peer->multi_hop)
		return;
	else if (peer->ttl_security)
		log_warn("bgp",
			 "peer %s: not on a connected network (reached by %s), but ttl_security "
			 "admits directly connected peers only",
			 text, addr_format(&path.gateway, gateway));
	else if (bgp_path_gateway_may_be_peer(&path.gateway, &peer->addr))
		log_info("bgp",
			 "peer %s: reached by %s; if that is not the peer itself, set multi_hop: "
			 "true for this peer, as eBGP sends with TTL 1",
			 text, addr_format(&path.gateway, gateway));
	else
		log_warn("bgp",
			 "peer %s: not on a connected network (reached by %s), but eBGP sends "
			 "with TTL 1: set multi_hop: true for this peer",
			 text, addr_format(&path.gateway, gateway));
}

static bool is_vip(const struct config *config, const struct addr *a)
{
	for (size_t i = 0; i < config->n_apps; i++)
		for (size_t j = 0; j < config->apps[i].n_vips; j++)
			if (prefix_contains(&config->apps[i].vips[j], a))
				return true;
	return false;
}

/* RFC 6286: any number but 0 that is unique in the AS; an address of the host is. A VIP is not. */
static bool serves_as_id(const struct config *config, const struct addr *a)
{
	return a->family == AF_INET && !addr_is_unspecified(a) && !addr_is_loopback(a) &&
	       !is_vip(config, a);
}

/* The source address towards the peer, or at least one of the same interface. */
static bool find_id_towards(const struct config *config, const struct bgp_peer_config *peer,
			    struct addr *ret)
{
	struct fib_path path;
	if (serves_as_id(config, &peer->local_ip)) {
		*ret = peer->local_ip;
		return true;
	}
	if (path_towards(peer, &path, NULL) < 0)
		return false;
	*ret = path.source;
	return serves_as_id(config, ret) ||
	       (iface_addr_global(path.ifindex, AF_INET, ret, NULL) == 0 &&
		serves_as_id(config, ret));
}

/* The interface to the peer, as far as it is there; 0: none. */
static uint32_t interface_towards(const struct bgp_peer_config *peer)
{
	struct fib_path path;
	uint32_t scope = peer->in_vrf ? 0 : scope_of(peer);
	return scope || path_towards(peer, &path, NULL) < 0 ? scope : path.ifindex;
}

/* The MAC address of the first peer's interface that has one; its index, 0: there is none. The
 * first peer before it whose interface is not known now, and would count at another start, is
 * *ret_missing; NULL: none. */
static uint32_t find_mac(const struct host_addresses *h, struct iface *ret,
			 const struct bgp_peer_config **ret_missing)
{
	*ret = (struct iface){ 0 };
	*ret_missing = NULL;
	for (size_t i = 0; i < h->bgp.n_peers; i++) {
		uint32_t ifindex = interface_towards(&h->peers[i]);
		if (ifindex)
			iface_read(ifindex, ret);
		else if (!*ret_missing)
			*ret_missing = &h->peers[i];
		if (ifindex && ret->mac_len > 0)
			return ifindex;
	}
	return 0;
}

/* It is derived from less than at other starts. */
static void warn_of_other_id(const struct bgp_peer_config *missing)
{
	char name[BGP_PEER_NAME_MAX];
	if (missing)
		log_warn("bgp",
			 "the interface to peer %s does not exist or is not known yet: the router "
			 "id is derived without its MAC address and may differ after the next "
			 "start; set bgp.router_id",
			 bgp_peer_configured_name(missing, name));
}

static int derive_router_id(struct host_addresses *h, struct err *err)
{
	char machine[SD_ID128_STRING_MAX] = "", text[ADDR_TEXT_MAX];
	const struct bgp_peer_config *missing;
	struct iface link;
	sd_id128_t id;
	bool has_machine = sd_id128_get_machine(&id) >= 0;
	bool has_mac = find_mac(h, &link, &missing);
	if (!has_machine && !has_mac)
		return err_set(err, -EADDRNOTAVAIL,
			       "no IPv4 address of this host towards a peer can be its BGP "
			       "identifier, and there is neither a machine-id nor the MAC address "
			       "of an interface to derive one from: set bgp.router_id to a number "
			       "like 192.0.2.10 that is unique in the AS");
	if (has_machine)
		sd_id128_to_string(id, machine);
	h->bgp.router_id = router_id_derive(machine, link.mac, has_mac ? link.mac_len : 0);
	struct addr a = addr_v4(h->bgp.router_id);
	log_info("bgp",
		 "router id %s, derived from %s%s%s%s, as no IPv4 address of this host leads to a "
		 "peer",
		 addr_format(&a, text), has_machine ? "the machine-id" : "",
		 has_machine && has_mac ? " and " : "", has_mac ? "the MAC address of " : "",
		 has_mac ? link.name : "");
	warn_of_other_id(missing);
	return 0;
}

static int find_router_id(const struct config *config, struct host_addresses *h, struct err *err)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;
	if (h->bgp.router_id)
		return 0;
	for (size_t i = 0; i < h->bgp.n_peers; i++) {
		if (!find_id_towards(config, &h->peers[i], &a))
			continue;
		h->bgp.router_id = addr_to_v4(&a);
		log_info("bgp", "router id %s", addr_format(&a, text));
		return 0;
	}
	return derive_router_id(h, err);
}

/* Of one peer: as configured, else as the kernel would send to it or on that interface. */
static bool own_address_towards(const struct bgp_peer_config *peer, uint8_t family,
				struct addr *ret)
{
	struct fib_path path;
	const struct addr *configured =
		peer->local_ip.family == family ? &peer->local_ip : &peer->local_ip6;
	if (configured->family == family) {
		*ret = *configured;
		return true;
	}
	if (path_towards(peer, &path, NULL) < 0)
		return false;
	if (path.source.family == family && !addr_is_link_local(&path.source)) {
		*ret = path.source;
		return true;
	}
	return iface_addr_global(path.ifindex, family, ret, NULL) == 0;
}

static int explain_no_own(uint8_t family, const struct addr *gone, struct err *err)
{
	bool v4 = family == AF_INET;
	char text[ADDR_TEXT_MAX];
	if (addr_is_set(gone))
		return err_set(err, -EADDRNOTAVAIL, "target %s is no longer assigned to this host",
			       addr_format(gone, text));
	return err_set(err, -EADDRNOTAVAIL,
		       "no %s address towards a peer can be the target: set bgp.%s",
		       v4 ? "IPv4" : "IPv6", v4 ? "local_ip" : "local_ip6");
}

int host_addresses_own(struct host_addresses *h, uint8_t family, struct addr *ret, struct err *err)
{
	size_t of = family == AF_INET6;
	struct addr a, gone = { 0 }, *own = &h->own[of];
	bool first = !h->wants_own[of];
	h->wants_own[of] = true;
	for (size_t i = 0; i < h->bgp.n_peers && !addr_is_set(own); i++) {
		if (!own_address_towards(&h->peers[i], family, &a))
			continue;
		if (fib_has_address(&a, 0))
			*own = a;
		else
			gone = a;
	}
	if (first)
		h->known_own[of] = *own;
	if (!addr_is_set(own))
		return explain_no_own(family, &gone, err);
	*ret = *own;
	return 0;
}

static void add_vital(struct host_addresses *h, const struct addr *a, const char *what)
{
	if (!addr_is_set(a) || addr_is_loopback(a))
		return;
	h->vital = mem_grow(h->vital, &h->cap_vital, h->n_vital + 1, sizeof(*h->vital));
	h->vital[h->n_vital++] = (struct vital){ .addr = *a, .what = what };
}

static void find_vital(struct host_addresses *h)
{
	h->n_vital = 0;
	for (size_t i = 0; i < h->bgp.n_peers; i++) {
		const struct bgp_peer_config *peer = &h->peers[i];
		struct fib_path path;
		add_vital(h, &peer->addr, "the address of a peer");
		add_vital(h, &peer->local_ip, "local_ip");
		add_vital(h, &peer->local_ip6, "local_ip6");
		if (path_towards(peer, &path, NULL) < 0)
			continue;
		add_vital(h, &path.source, "this host's own address towards a peer");
		add_vital(h, &path.gateway, "the gateway towards a peer");
	}
}

static bool update_own(struct host_addresses *h, size_t i, uint8_t family)
{
	struct addr before = h->known_own[i], now;
	if (!h->wants_own[i])
		return false;
	if (!addr_is_set(&h->own[i]) || !fib_has_address(&h->own[i], 0)) {
		h->own[i] = (struct addr){ 0 };
		host_addresses_own(h, family, &now, NULL);
	}
	h->known_own[i] = h->own[i];
	return !addr_equal(&h->own[i], &before);
}

static bool update_vital(struct host_addresses *h)
{
	size_t n = h->n_vital;
	struct vital *before = mem_copy(h->vital, n * sizeof(*before));
	find_vital(h);
	bool changed = n != h->n_vital;
	for (size_t i = 0; i < n && !changed; i++)
		changed = !addr_equal(&before[i].addr, &h->vital[i].addr);
	free(before);
	return changed;
}

static bool same_gateways(const struct gateways *a, const struct gateways *b)
{
	bool same = a->n == b->n;
	for (size_t i = 0; same && i < a->n; i++)
		same = gateways_contain(b, &a->list[i]);
	return same;
}

/* Several changes may reorder the list, so the peer is sought among all of them. */
static void update_gateways(struct host_addresses *h, struct host_address_change *ret)
{
	struct gateways now;
	if (!addr_is_set(&h->gateway.addr) || gateways_find(&now, NULL) < 0)
		return;
	if (gateways_contain(&now, &h->gateway)) {
		h->told_gateway = (struct gateway){ 0 };
	} else if (!gateways_contain(&now, &h->told_gateway)) {
		h->told_gateway = now.list[0];
		ret->gateway = h->told_gateway.addr;
	}
	ret->gateways = !same_gateways(&now, &h->gateways);
	gateways_done(&h->gateways);
	h->gateways = now;
}

void host_addresses_update(struct host_addresses *h, struct host_address_change *ret)
{
	*ret = (struct host_address_change){
		.own = { update_own(h, 0, AF_INET), update_own(h, 1, AF_INET6) },
		.vital = update_vital(h),
	};
	update_gateways(h, ret);
}

int host_addresses_check_vip(const struct host_addresses *h, const struct prefix *vip,
			     struct err *err)
{
	char prefix[PREFIX_TEXT_MAX], addr[ADDR_TEXT_MAX];
	for (size_t i = 0; i < h->n_vital; i++)
		if (prefix_contains(vip, &h->vital[i].addr))
			return err_set(
				err, -EEXIST,
				"vip %s covers %s, %s: bound to lo, it would disconnect this "
				"host",
				prefix_format(vip, prefix), addr_format(&h->vital[i].addr, addr),
				h->vital[i].what);
	return 0;
}

bool host_addresses_same_vital(const struct host_addresses *a, const struct host_addresses *b)
{
	bool same = a->n_vital == b->n_vital;
	for (size_t i = 0; same && i < a->n_vital; i++)
		same = addr_cmp(&a->vital[i].addr, &b->vital[i].addr) == 0;
	return same;
}

static int complete(const struct config *config, struct host_addresses *id, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < id->bgp.n_peers; i++)
		if (is_gateway(&id->peers[i]))
			rc = use_gateway(config, &id->peers[i], id, err);
	if (rc == 0)
		rc = find_router_id(config, id, err);
	for (size_t i = 0; rc == 0 && i < id->bgp.n_peers; i++)
		warn_if_distant(&id->bgp, &id->peers[i]);
	if (rc == 0)
		find_vital(id);
	return rc;
}

static struct host_addresses begin(const struct config *config)
{
	struct host_addresses id = { .bgp = config->bgp };
	id.peers = mem_new(config->bgp.n_peers + 1, sizeof(*id.peers));
	for (size_t i = 0; i < config->bgp.n_peers; i++)
		id.peers[i] = config->bgp.peers[i];
	id.bgp.peers = id.peers;
	return id;
}

static int finish(const struct config *config, struct host_addresses *id,
		  struct host_addresses *ret, struct err *err)
{
	int rc = complete(config, id, err);
	if (rc < 0)
		host_addresses_done(id);
	else
		*ret = *id;
	return rc;
}

int host_addresses_find(const struct config *config, struct host_addresses *ret, struct err *err)
{
	struct host_addresses id = begin(config);
	return finish(config, &id, ret, err);
}

static const struct bgp_peer_config *gateway_peer(const struct config *present,
						  const struct host_addresses *before)
{
	for (size_t i = 0; i < present->bgp.n_peers; i++)
		if (is_gateway(&present->bgp.peers[i]))
			return &before->peers[i];
	return NULL;
}

int host_addresses_find_again(const struct config *present, const struct host_addresses *before,
			      const struct config *next, struct host_addresses *ret,
			      struct err *err)
{
	struct host_addresses id = begin(next);
	const struct bgp_peer_config *gateway = gateway_peer(present, before);
	for (size_t i = 0; gateway && i < id.bgp.n_peers; i++) {
		if (!is_gateway(&id.peers[i]))
			continue;
		id.peers[i].addr = gateway->addr;
		memcpy(id.peers[i].ifname, gateway->ifname, sizeof(gateway->ifname));
		id.gateway = before->gateway;
	}
	if (!present->bgp.router_id && !next->bgp.router_id)
		id.bgp.router_id = before->bgp.router_id;
	id.bgp.listen_if_allowed = before->bgp.listen_if_allowed;
	return finish(next, &id, ret, err);
}

void host_addresses_replace(struct host_addresses *h, const struct host_addresses *next,
			    struct host_address_change *ret)
{
	struct host_addresses now = *next;
	for (size_t i = 0; i < 2; i++) {
		now.wants_own[i] = h->wants_own[i];
		now.known_own[i] = h->known_own[i];
	}
	if (addr_is_set(&now.gateway.addr) && now.gateways.n == 0) { /* the one that it was */
		now.gateways = h->gateways;
		now.told_gateway = h->told_gateway;
		h->gateways = (struct gateways){ 0 };
	}
	host_addresses_done(h);
	*h = now;
	*ret = (struct host_address_change){
		.own = { update_own(h, 0, AF_INET), update_own(h, 1, AF_INET6) },
	};
}

void host_addresses_done(struct host_addresses *h)
{
	free(h->peers);
	free(h->vital);
	gateways_done(&h->gateways);
	*h = (struct host_addresses){ 0 };
}
