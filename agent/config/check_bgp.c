/* SPDX-License-Identifier: MIT */
#include "agent/config/check_bgp.h"

#include "agent/config/check_bfd.h"
#include "agent/config/check_peers.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define CONNECT_RETRY_MAX (10 * USEC_PER_SEC)

/* The mappings with the keys of a peer: its own, and `bgp` with the defaults. */
struct scope {
	struct config_findings *findings;
	const struct config_node *bgp;
	const struct config_node *item; /* NULL in the older form */
	const struct bgp_config *config;
};

static struct config_place at_key(const struct scope *s, const char *key)
{
	const struct config_node *node = config_node_get(s->item, key);
	if (!node)
		node = config_node_get(s->bgp, key);
	if (!node)
		node = s->item ? s->item : s->bgp;
	return config_at(node);
}

static const struct config_node *first_item(const struct scope *s)
{
	const struct config_node *list = config_node_get(s->bgp, "peers");
	return list ? list->first : NULL;
}

/* ---- which form ---- */

static const char *const old_form_keys[] = { "peer_ip", "peer_as", "remote_as" };

static bool has_old_form(const struct config_node *bgp)
{
	for (size_t i = 0; i < ARRAY_SIZE(old_form_keys); i++)
		if (config_node_get(bgp, old_form_keys[i]))
			return true;
	return false;
}

static void warn_of_both_forms(const struct scope *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(old_form_keys); i++) {
		const struct config_node *node = config_node_get(s->bgp, old_form_keys[i]);
		if (node)
			config_warn(s->findings, config_at_key(node),
				    "ignored: 'peers' takes precedence");
	}
}

/* GoCast makes every eBGP peer of this form multi-hop. */
static void use_old_form(const struct scope *s, struct config_draft_bgp *d)
{
	d->peers = mem_grow(d->peers, &d->cap_peers, 1, sizeof(*d->peers));
	struct bgp_peer_config *peer = &d->peers[d->n_peers++];
	*peer = d->session;
	if (peer->password)
		peer->password = mem_strdup(peer->password);
	if (peer->password_file)
		peer->password_file = mem_strdup(peer->password_file);
	if (!config_node_get(s->bgp, "peer_as") && !config_node_get(s->bgp, "remote_as"))
		config_error(s->findings, config_at_missing(s->bgp, "peer_as"),
			     "missing: AS number of the peer");
	bool ebgp = !bgp_peer_is_internal(&d->bgp, peer);
	peer->multi_hop = ebgp && !peer->ttl_security;
	if (ebgp && peer->ttl_security)
		config_warn(s->findings, at_key(s, "ttl_security"),
			    "disables multi_hop, the default of an eBGP peer directly under bgp");
}

static void report_no_peer(const struct scope *s)
{
	const struct config_node *list = config_node_get(s->bgp, "peers");
	if (list && list->kind != CONFIG_SEQUENCE)
		return; /* reported already */
	config_error(s->findings, list ? config_at(list) : config_at_missing(s->bgp, "peers"),
		     "no peer: expected a list of peers with peer_ip and peer_as each, or peer_as "
		     "directly under bgp to peer with the default gateway");
}

/* Of `bgp` it is for eBGP peers only. Without a role `role_strict` has no effect; it is not kept,
 * as `role: none`, which would keep it, is not shown. */
static void settle_role(const struct scope *s, struct bgp_peer_config *p)
{
	if (!bgp_peer_is_internal(s->config, p))
		return;
	if (s->item && !config_node_get(s->item, "role"))
		p->role = BGP_ROLE_NONE;
	if (p->role == BGP_ROLE_NONE)
		p->role_strict = false;
}

/* multihop_ttl and families of `bgp` are defaults: what the peer says itself is stronger. */
static void settle_peer(const struct scope *s, struct bgp_peer_config *p, unsigned families)
{
	bool longer = p->connect_retry > CONNECT_RETRY_MAX;
	bool ebgp = !bgp_peer_is_internal(s->config, p);
	bool own = !s->item || config_node_get(s->item, "multihop_ttl");
	bool direct = config_node_get(s->item, "multi_hop") && !p->multi_hop;
	bool gtsm = config_node_get(s->item, "ttl_security") && p->ttl_security;
	direct = direct || p->unnumbered;
	if (!own && (direct || gtsm))
		p->multihop_ttl = 0;
	p->multi_hop = p->multi_hop || (p->multihop_ttl && ebgp && !p->ttl_security && !direct);
	if (!p->families)
		p->families = families;
	if (p->connect_retry_max == 0)
		p->connect_retry_max = longer ? p->connect_retry : CONNECT_RETRY_MAX;
}

static void settle_peers(struct scope *s, struct config_draft_bgp *d)
{
	if (d->n_peers > 0)
		warn_of_both_forms(s);
	else if (has_old_form(s->bgp))
		use_old_form(s, d);
	else
		report_no_peer(s);
	s->item = first_item(s);
	for (size_t i = 0; i < d->n_peers; i++) {
		settle_peer(s, &d->peers[i], d->session.families);
		settle_role(s, &d->peers[i]);
		config_settle_bfd(s->bgp, s->item ? s->item : s->bgp, &d->peers[i]);
		s->item = s->item ? s->item->next : NULL;
	}
	s->item = first_item(s);
}

/* ---- one peer ---- */

static void check_times(const struct scope *s, const struct bgp_peer_config *p)
{
	char hold[DURATION_TEXT_MAX], text[DURATION_TEXT_MAX];
	duration_format(p->hold_time, hold);
	if (p->hold_time == 0)
		config_warn(s->findings, at_key(s, "hold_time"),
			    "0 disables the hold timer: a peer that dies silently is not detected");
	else if (p->keepalive >= p->hold_time)
		config_error(s->findings, at_key(s, "keepalive"),
			     "'%s' is not less than the hold time of %s: the peer's hold timer "
			     "would expire",
			     duration_format(p->keepalive, text), hold);
	else if (p->keepalive * 3 > p->hold_time)
		config_warn(s->findings, at_key(s, "keepalive"),
			    "'%s' is more than a third of the hold time of %s: a late KEEPALIVE "
			    "may let the hold timer expire",
			    duration_format(p->keepalive, text), hold);
	if (p->send_hold_time > 0 && p->send_hold_time < p->hold_time)
		config_warn(s->findings, at_key(s, "send_hold_time"),
			    "'%s' is less than the hold time of %s, expected more (RFC 9687)",
			    duration_format(p->send_hold_time, text), hold);
	if (p->connect_retry_max < p->connect_retry)
		config_error(s->findings, at_key(s, "connect_retry_max"),
			     "'%s' is less than connect_retry",
			     duration_format(p->connect_retry_max, text));
}

static void warn_of_idle_restart_time(const struct scope *s, const struct config_node *mapping)
{
	static const char *const keys[] = { "restart_time", "long_lived_restart_time" };
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct config_node *node = config_node_get(mapping, keys[i]);
		if (node)
			config_warn(s->findings, config_at(node),
				    "has no effect without graceful_restart: true");
	}
}

static void check_restart(const struct scope *s, const struct bgp_peer_config *p)
{
	char text[DURATION_TEXT_MAX];
	if (!p->graceful_restart && s->item)
		warn_of_idle_restart_time(s, s->item);
	if (p->graceful_restart && p->restart_time < p->connect_retry_max)
		config_warn(s->findings, at_key(s, "restart_time"),
			    "'%s' is less than connect_retry_max: the router may flush our routes "
			    "before the session is up again",
			    duration_format(p->restart_time, text));
}

static void check_local_ip(const struct scope *s, const struct bgp_peer_config *p)
{
	char local[ADDR_TEXT_MAX];
	const struct addr *a = &p->local_ip;
	bool own = config_node_get(s->item ? s->item : s->bgp, "local_ip") != NULL;
	if (!addr_is_set(a) || !addr_is_set(&p->addr))
		return;
	addr_format(a, local);
	if (addr_equal(a, &p->addr) && !addr_is_loopback(a))
		config_error(s->findings, at_key(s, "local_ip"),
			     "'%s' is the address of the peer, expected one of this host", local);
	if (!own || a->family == p->addr.family)
		return;
	if (a->family == AF_INET6)
		config_error(s->findings, at_key(s, "local_ip"),
			     "'%s' is IPv6 but the peer is IPv4: use local_ip6 for the next hop of "
			     "IPv6 VIPs",
			     local);
	else
		config_warn(s->findings, at_key(s, "local_ip"),
			    "'%s' is IPv4 but the peer is IPv6: used as the next hop of IPv4 VIPs "
			    "only, the source address of the session is local_ip6",
			    local);
}

static void check_reach(const struct scope *s, const struct bgp_peer_config *p)
{
	bool ibgp = bgp_peer_is_internal(s->config, p);
	const char *key = p->multihop_ttl ? "multihop_ttl" : "multi_hop";
	if ((p->multi_hop || p->multihop_ttl) && p->ttl_security)
		config_error(s->findings, at_key(s, key),
			     "conflicts with ttl_security, which accepts directly connected peers "
			     "only: remove one of them");
	else if (p->multihop_ttl && !ibgp && !p->multi_hop && !p->unnumbered)
		config_error(s->findings, at_key(s, key),
			     "conflicts with multi_hop: false: remove one of them");
	else if (p->multi_hop && ibgp)
		config_warn(s->findings, at_key(s, "multi_hop"), "has no effect on an iBGP peer");
	if (ibgp && !p->ttl_security && config_node_get(s->item ? s->item : s->bgp, "multihop_ttl"))
		config_warn(s->findings, at_key(s, "multihop_ttl"),
			    "has no effect on an iBGP peer, to which packets are sent with a TTL "
			    "of 255");
	if (p->passive && !s->config->listen)
		config_error(s->findings, at_key(s, "passive"),
			     "requires bgp.listen: otherwise neither side opens the session");
}

/* A peer by its interface is at the other end of that link. */
static void check_interface(const struct scope *s, const struct bgp_peer_config *p)
{
	const struct config_node *own = config_node_get(s->item, "interface");
	if (!own)
		return;
	if (config_node_get(s->item, "peer_ip"))
		config_error(
			s->findings, config_at(own),
			"conflicts with peer_ip: remove it, or interface (a link-local peer_ip "
			"has its own, like fe80::1%%%s)",
			p->ifname);
	if (config_node_get(s->item, "multi_hop") && p->multi_hop)
		config_error(
			s->findings, at_key(s, "multi_hop"),
			"conflicts with interface: the router of a link is directly connected");
	if (config_node_get(s->item, "multihop_ttl"))
		config_error(
			s->findings, at_key(s, "multihop_ttl"),
			"conflicts with interface: the router of a link is directly connected");
}

/* Only sessions between link-local addresses can have one as their source. */
static void check_local_ip6(const struct scope *s, const struct bgp_peer_config *p)
{
	char text[ADDR_TEXT_MAX];
	bool near = p->unnumbered || addr_is_link_local(&p->addr);
	const struct config_node *own = config_node_get(s->item ? s->item : s->bgp, "local_ip6");
	if (own && addr_is_link_local(&p->local_ip6) && addr_is_set(&p->addr) && !near)
		config_error(s->findings, config_at(own),
			     "'%s' is link-local and the peer is not: expected a global address",
			     addr_format(&p->local_ip6, text));
}

static void check_role(const struct scope *s, const struct bgp_peer_config *p)
{
	const struct config_node *own = s->item ? s->item : s->bgp;
	const struct config_node *strict = config_node_get(own, "role_strict");
	if (p->role != BGP_ROLE_NONE && bgp_peer_is_internal(s->config, p))
		config_error(
			s->findings, at_key(s, "role"),
			"'%s' for an iBGP peer: roles are between two AS (RFC 9234), remove it",
			bgp_role_name(p->role));
	else if (s->item && strict && p->role == BGP_ROLE_NONE)
		config_warn(s->findings, config_at(strict), "has no effect without role");
}

/* The defaults under `bgp`, where no peer makes use of them. */
static void check_shared_role(const struct scope *s, const struct config_draft_bgp *d)
{
	const struct config_node *role = config_node_get(s->bgp, "role");
	const struct config_node *strict = config_node_get(s->bgp, "role_strict");
	bool used = false;
	for (size_t i = 0; i < d->n_peers; i++)
		used = used || d->peers[i].role != BGP_ROLE_NONE;
	if (used)
		return;
	if (role && d->session.role != BGP_ROLE_NONE)
		config_warn(s->findings, config_at(role),
			    "has no effect: no peer is eBGP and without a role of its own");
	if (strict && d->session.role_strict)
		config_warn(s->findings, config_at(strict), "has no effect without role");
}

/* A router that gets 127.0.0.1 as the next hop has no use for the route. */
static void check_next_hop(const struct scope *s, const struct bgp_peer_config *p)
{
	char text[ADDR_TEXT_MAX];
	bool is_v6 = p->addr.family == AF_INET6;
	const struct addr *fixed = is_v6 ? &p->next_hop6 : &p->next_hop;
	const struct addr *source = p->local_ip.family == p->addr.family ? &p->local_ip
				    : is_v6                              ? &p->local_ip6
									 : &p->local_ip;
	bool local = source->family == p->addr.family && !addr_is_loopback(source);
	if (addr_is_loopback(fixed) && addr_is_set(fixed))
		config_warn(s->findings, at_key(s, is_v6 ? "next_hop6" : "next_hop"),
			    "'%s' is a loopback address: other hosts cannot use it as the next hop",
			    addr_format(fixed, text));
	else if (addr_is_loopback(&p->addr) && !addr_is_set(fixed) && !local)
		config_warn(s->findings, at_key(s, "peer_ip"),
			    "'%s' is on this host: the next hop would be a loopback address, which "
			    "routers behind it cannot use: set next_hop and next_hop6 to addresses "
			    "of this host",
			    addr_format(&p->addr, text));
}

static void check_communities(const struct scope *s, const struct bgp_peer_config *p)
{
	if (s->config->communities.n + p->communities.n > BGP_COMMUNITIES_MAX)
		config_error(s->findings, at_key(s, "communities"),
			     "%zu communities including those of bgp, at most %d fit into a route",
			     s->config->communities.n + p->communities.n, BGP_COMMUNITIES_MAX);
	if (s->config->ext_communities.n + p->ext_communities.n > BGP_EXT_COMMUNITIES_MAX)
		config_error(s->findings, at_key(s, "ext_communities"),
			     "%zu extended communities including those of bgp, at most %d fit into "
			     "a route",
			     s->config->ext_communities.n + p->ext_communities.n,
			     BGP_EXT_COMMUNITIES_MAX);
	if (s->config->large_communities.n + p->large_communities.n > BGP_LARGE_COMMUNITIES_MAX)
		config_error(s->findings, at_key(s, "large_communities"),
			     "%zu large communities including those of bgp, at most %d fit into a "
			     "route",
			     s->config->large_communities.n + p->large_communities.n,
			     BGP_LARGE_COMMUNITIES_MAX);
}

/* Of the peer itself: under `bgp` they are for the peers that have a use for them. */
static void check_numbers(const struct scope *s, const struct bgp_peer_config *p)
{
	const struct config_node *local_pref = config_node_get(s->item, "local_pref");
	const struct config_node *prepend = config_node_get(s->item, "prepend");
	bool ibgp = bgp_peer_is_internal(s->config, p);
	if (local_pref && !ibgp && p->as_rule != BGP_AS_AUTO)
		config_warn(s->findings, config_at(local_pref),
			    "has no effect: LOCAL_PREF is sent to iBGP peers only");
	if (prepend && ibgp)
		config_warn(s->findings, config_at(prepend),
			    "has no effect: the AS path is prepended towards eBGP peers only");
}

/* ---- all of them ---- */

void config_check_bgp(struct config_draft *draft, const struct config_node *root,
		      struct config_findings *findings)
{
	struct config_draft_bgp *d = &draft->bgp;
	struct scope s = { .findings = findings,
			   .bgp = config_node_get(root, "bgp"),
			   .config = &d->bgp };
	if (!s.bgp || s.bgp->kind != CONFIG_MAPPING)
		return; /* reported already */
	settle_peers(&s, d);
	bool graceful = false;
	for (size_t i = 0; i < d->n_peers; i++) {
		const struct bgp_peer_config *p = &d->peers[i];
		check_times(&s, p);
		check_restart(&s, p);
		graceful = graceful || p->graceful_restart;
		check_local_ip(&s, p);
		check_interface(&s, p);
		config_check_vrf(draft, p, s.item, findings);
		check_local_ip6(&s, p);
		check_reach(&s, p);
		check_role(&s, p);
		config_check_bfd(s.bgp, s.item ? s.item : s.bgp, p, &d->bgp, findings);
		check_communities(&s, p);
		check_numbers(&s, p);
		check_next_hop(&s, p);
		if (s.item)
			s.item = s.item->next;
	}
	if (!graceful)
		warn_of_idle_restart_time(&s, s.bgp);
	check_shared_role(&s, d);
	config_check_peers(d, config_node_get(s.bgp, "peers"), findings);
}
